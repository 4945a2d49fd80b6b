"""A person's access under a version implies a signature under terms equal to that version's."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.tags import Tag
from governance.requests import events as ev
from governance.requests.chain import Outside, gather_chain
from governance.requests.compile import compile_grant
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest, apply
from governance.requests.states import Status
from tests.lib.requests import (
    CHEN,
    NOW,
    NUMBER,
    OKAFOR,
    RUIZ,
    RULES,
    build_agreements,
    build_content,
    build_contracts,
    build_ledger,
    build_vote_on,
)

pytestmark = pytest.mark.property

AT = datetime(2026, 3, 16, 15, 0, tzinfo=UTC)
DAY = date(2026, 3, 17)
CONTRACTS, AGREEMENTS = build_contracts(), build_agreements()
PEOPLE = ("p-ruiz", "p-chen", "p-okafor")
BINDING = ("datasets", "purpose", "ends_on")
"""Fields the generated contents differ in, and that bind."""
GRADES, WAGES = build_content().datasets


@st.composite
def contents(draw: st.DrawFn) -> RequestContent:
    variables = draw(st.sampled_from([("grade",), ("grade", "year")]))
    return build_content(
        title=draw(st.sampled_from(["One", "Two"])),
        purpose=draw(st.sampled_from(["To learn.", "To know."])),
        people=draw(st.sampled_from([(RUIZ, CHEN), (RUIZ, CHEN, OKAFOR)])),
        datasets=(GRADES.model_copy(update={"variables": variables}), WAGES),
        ends_on=draw(st.sampled_from([date(2026, 12, 31), date(2026, 11, 30)])),
    )


@st.composite
def acts(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Versions that go out, one after the other, and signatures in between."""
    version = st.tuples(st.just("out"), st.tuples(contents(), st.sampled_from([None, "a", "b"])))
    signature = st.tuples(st.just("sign"), st.sampled_from(PEOPLE))
    return [draw(version), *draw(st.lists(st.one_of(version, signature), max_size=9))]


def facts(version: int, status: Status) -> dict[str, Any]:
    return {"subject": NUMBER, "at": AT, "by": "p-office", "version": version, "status": status}


def step(content: RequestContent, number: int, terms: str | None) -> list[ev.RequestEvent]:
    """Everything of a version up to its agreement."""

    def at(status: Status) -> dict[str, Any]:
        return facts(number, status)

    digest = "ab" * 32
    return [
        ev.Drafted(**(at(Status.DRAFT) | {"by": "p-ruiz"}), content=content),
        ev.Submitted(**at(Status.SUBMITTED), content_digest=digest),
        ev.FoundComplete(**at(Status.OWNER_REVIEW), review=content.agencies),
        *(
            ev.PartReviewed(
                **at(Status.BOARD_VOTE if last else Status.OWNER_REVIEW), agency=agency,
                choice=ev.ReviewChoice.APPROVE, reason="So.",
            )
            for agency, last in (("dol", False), ("sde", True))
        ),
        ev.Decided(
            **at(Status.APPROVED), tag=Tag.DATA_REQUEST_APPROVED, motion="M-1", decided_on=DAY
        ),
        ev.AgreementSent(
            **at(Status.AGREEMENTS_OUT), agreement=f"DSA-{number}", digest=digest,
            parties=("SDE", "DOL", "Example University"), effective_on=date(2026, 3, 15),
            ends_on=date(2027, 3, 14), terms=None if terms is None else (terms * 64),
        ),
        *(
            ev.AgreementSigned(
                **at(Status.AGREEMENTS_OUT), party=party, signed_on=DAY, digest=digest
            )
            for party in ("SDE", "DOL", "Example University")
        ),
        *(
            ev.TrainingRecorded(
                **at(Status.AGREEMENTS_OUT), person=person, valid_until=date(2026, 12, 1)
            )
            for person in PEOPLE
        ),
    ]  # fmt: skip


def named_in_bundle(request: DataRequest, number: int) -> set[str]:
    """Whom the signer would name, from the replayed events."""
    version = request.version(number)
    assert version is not None
    assert version.submitted is not None
    outside = Outside(
        motion=build_vote_on(version.submitted),
        owner_entries={a: build_ledger(10) for a in version.submitted.agencies},
        board_entry=build_ledger(20),
        employed=dict.fromkeys(PEOPLE, (date(2020, 1, 1), None)),
    )
    chain = gather_chain(request, version, outside, rules=RULES, bundle_version=1, issued_at=NOW)
    compiled = compile_grant(chain, CONTRACTS, AGREEMENTS, RULES)
    everybody = {p.id for p in version.submitted.people}
    if compiled.bundle is None:
        assert {p.person for p in compiled.left_out} == everybody, compiled.decision.denials
        return set()
    named = {p.id for p in compiled.bundle.people}
    assert {p.id for p in compiled.bundle.left_out} == everybody - named
    return named


@given(acts())
def test_access_under_a_version_implies_a_signature_under_its_terms(
    taken: list[tuple[str, Any]],
) -> None:
    """Against a plain reference: the fields that bind, compared as they are."""
    request: DataRequest | None = None
    number, bound = 0, ()
    out: dict[int, tuple[Any, ...]] = {}
    signed: list[tuple[str, int, tuple[Any, ...]]] = []
    for kind, what in taken:
        if kind == "out":
            content, terms = what
            number += 1
            bound = (terms, *(getattr(content, f) for f in BINDING))
            out[number] = bound
            for event in step(content, number, terms):
                request = apply(request, event)
        else:
            event = ev.NdaSigned(
                **(facts(number, Status.AGREEMENTS_OUT) | {"by": what}), person=what, signed_on=DAY
            )
            request = apply(request, event)
            signed.append((what, number, bound))
    assert request is not None
    for version, terms_out in out.items():
        named = request.version(version)
        assert named is not None
        assert named.submitted is not None
        expected = {
            person
            for person, given_for, under in signed
            if given_for <= version and under == terms_out
        }
        assert named_in_bundle(request, version) == expected & set(named.submitted.requestors)
