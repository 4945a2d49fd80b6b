"""From an approved, signed request to a bundle; every missing link refuses, each by its name."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.board.model import MotionCondition
from governance.digests import sha256_of
from governance.grants import Condition, GrantBundle, PartySignature, decide_access, decide_dataset
from governance.grants.model import TOTALS_ONLY, Revocation
from governance.requests.changes import agencies_to_review, compare
from governance.requests.compile import (
    ApprovedRequest,
    BoardApproval,
    Compiled,
    compile_grant,
)
from governance.requests.making import content_digest
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.persons import PersonFacts
from governance.requests.words import say_compiled
from tests.lib.grants import Keys
from tests.lib.requests import (
    DIGEST,
    NOW,
    RULES,
    TODAY,
    build_agreements,
    build_approved,
    build_content,
    build_contracts,
    build_ledger,
    build_signed,
    build_vote_on,
)


def compiled(approved: ApprovedRequest | None = None, **agreements: Any) -> Compiled:
    return compile_grant(
        approved or build_approved(), build_contracts(), build_agreements(**agreements), RULES
    )


def bundle_of(approved: ApprovedRequest | None = None, **agreements: Any) -> GrantBundle:
    result = compiled(approved, **agreements)
    assert result.bundle is not None, result.decision.denials
    return result.bundle


def test_who_is_employed_otherwise_by_now_is_left_out() -> None:
    approved = build_approved()
    people = tuple(
        p.model_copy(update={"employment_class": "university"}) if p.id == "p-chen" else p
        for p in approved.people
    )
    left = compiled(approved.model_copy(update={"people": people})).left_out
    rules = {p.person: [d.rule for d in p.denials] for p in left}
    assert "person.employment_class" in rules["p-chen"]
    same = tuple(
        p.model_copy(update={"employment_class": "state_employee"}) if p.id == "p-chen" else p
        for p in approved.people
    )
    kept = compiled(approved.model_copy(update={"people": same})).left_out
    assert "p-chen" not in {p.person for p in kept}


def test_the_bundle_carries_the_approved_scope_and_the_chain() -> None:
    bundle = bundle_of()
    assert (bundle.project, bundle.request, bundle.version) == ("p20-q0042", "Q0042", 1)
    wages, grades = bundle.datasets
    assert wages.columns == ("amount", "year")
    assert wages.employment_classes == ("state_employee", "state_official")
    assert "MOU-DOL §2; 20 CFR Part 603" in wages.clause
    assert grades.employment_classes == ()
    assert bundle.output.minimum_cell_count == 11
    assert [a.body for a in bundle.approvals] == [
        "data owner of dol",
        "data owner of sde",
        "Data Governing Board",
    ]
    assert bundle.granted_until == date(2026, 12, 31)
    assert bundle.expires_at - bundle.issued_at == timedelta(days=7)
    assert [p.id for p in bundle.people] == ["p-ruiz", "p-chen", "p-okafor"]


def test_what_is_for_totals_only_is_masked_in_the_bundle() -> None:
    wages = CONTENT.datasets[1].model_copy(update={"totals_only": ("amount",)})
    content = CONTENT.model_copy(update={"datasets": (CONTENT.datasets[0], wages)})
    masked, plain = bundle_of(build_approved(content)).datasets
    assert (masked.dataset, dict(masked.masks)) == (wages.dataset, {"amount": TOTALS_ONLY})
    assert not plain.masks
    assert agencies_to_review(CONTENT, content) == ("dol",)
    (change,) = compare(CONTENT, content)
    assert change.words == "dol/quarterly_wages: only in totals and means: amount"
    with pytest.raises(ValueError, match="only variables that are asked for"):
        RequestedDataset(dataset="dol/quarterly_wages", totals_only=("amount",))


def test_the_data_plane_takes_the_bundle_and_judges_by_it() -> None:
    """Compiled, signed, verified: then the queries' own decision."""
    verified = Keys(expires_at=NOW + timedelta(days=99)).verified(bundle_of(), NOW)
    assert decide_access(verified, "p-ruiz", TODAY).permitted
    wages = verified.bundle.dataset("dol/quarterly_wages")
    assert wages is not None
    assert not decide_dataset(verified, wages, "p-ruiz").permitted
    assert decide_dataset(verified, wages, "p-chen").permitted


def test_compiling_twice_gives_the_same_bundle() -> None:
    assert bundle_of() == bundle_of(
        ApprovedRequest.model_validate_json(build_approved().model_dump_json())
    )


CONTENT = build_content()
LATER = build_content(purpose="Something else.")
BOARD = BoardApproval(motion=build_vote_on(CONTENT), ledger=build_ledger(20))
OWNERS = build_approved().owners
LINKS = [
    # what is missing, the rule that refuses, what it says
    ({"owners": OWNERS[:1]}, "chain.owners", "data owner of sde has not approved"),
    ({"owners": ()}, "chain.owners", "data owner of dol has not approved"),
    ({"board": None}, "chain.board", "The board has not voted."),
    ({"requestor": "p-sde"}, "chain.board", "recusals may be missed"),
    (
        {"board": BOARD.model_copy(update={"motion": build_vote_on(CONTENT, votes="yyy--")})},
        "chain.board",
        "No quorum",
    ),
    (
        {"board": BOARD.model_copy(update={"motion": build_vote_on(CONTENT, votes="yyyyn")})},
        "chain.board",
        "5 must be in favor; 4 were.",
    ),
    (
        {"board": BOARD.model_copy(update={"motion": build_vote_on(CONTENT, number="Q0001")})},
        "chain.board",
        "not about Q0042",
    ),
    (
        {"board": BOARD.model_copy(update={"motion": build_vote_on(CONTENT, requestors=())})},
        "chain.board",
        "recusals may be missed",
    ),
    (
        {"board": BOARD.model_copy(update={"motion": build_vote_on(LATER)})},
        "chain.content",
        "What the board voted on is not",
    ),
    (
        {"owners": tuple(o.model_copy(update={"content_digest": "x"}) for o in OWNERS)},
        "chain.content",
        "data owner of sde approved is not",
    ),
    ({"sharing_agreement": None}, "chain.agreement", "no sharing agreement"),
    (
        {"sharing_agreement": build_signed(digest=None)},
        "chain.agreement",
        "is not recorded",
    ),
    (
        {
            "sharing_agreement": build_signed(
                signatures=(PartySignature(party="SDE", signed_on=TODAY),)
            )
        },
        "chain.parties",
        "Example University is no party",
    ),
    (
        {
            "sharing_agreement": build_signed(
                signatures=tuple(
                    PartySignature(party=p, signed_on=d)
                    for p, d in (
                        ("SDE", None),
                        ("DOL", TODAY + timedelta(days=1)),
                        ("Example University", TODAY),
                    )
                )
            )
        },
        "chain.signatures",
        "DOL has not signed DSA-0042",
    ),
    (
        {"conditions": (Condition(id="C1", text="Two checkers."),)},
        "chain.conditions",
        "Condition C1 is not met",
    ),
    (
        {"owners": tuple(o.model_copy(update={"conditions": ("Ask us.",)}) for o in OWNERS)},
        "chain.conditions",
        "condition of the data owner of dol is missing",
    ),
    ({"granted_from": date(2026, 3, 1)}, "chain.term", "takes effect on 2026-03-15"),
    ({"granted_from": date(2027, 3, 1)}, "chain.term", "would have ended on 2026-12-31"),
    ({"people": ()}, "chain.people", "Nobody named has a whole chain"),
]


@pytest.mark.parametrize(("change", "rule", "words"), LINKS)
def test_a_missing_link_refuses(change: dict[str, Any], rule: str, words: str) -> None:
    result = compiled(build_approved(**change))
    assert result.bundle is None
    assert rule in {d.rule for d in result.decision.denials}
    assert words in say_compiled(result)
    assert all(d.remedy and d.clause for d in result.decision.denials)


def test_every_missing_link_is_named_at_once() -> None:
    result = compiled(build_approved(owners=(), board=None, sharing_agreement=None, people=()))
    rules = {d.rule for d in result.decision.denials}
    assert {"chain.owners", "chain.board", "chain.agreement", "chain.people"} <= rules


def test_conditions_of_the_board_are_carried_and_must_be_met() -> None:
    motion = build_vote_on(CONTENT, conditions=(MotionCondition(id="C1", text="Two checkers."),))
    board = BOARD.model_copy(update={"motion": motion})
    met = Condition(id="C1", text="Two checkers.", met_on=TODAY)
    assert bundle_of(build_approved(board=board, conditions=(met,))).conditions == (met,)
    for conditions in (
        (),
        (met.model_copy(update={"text": "One checker."}),),
        (met.model_copy(update={"blocks_access": False}),),
    ):
        result = compiled(build_approved(board=board, conditions=conditions))
        assert {d.rule for d in result.decision.denials} == {"chain.conditions"}


PERSONS = [
    ({"nda_signed_on": None}, "person.nda"),
    ({"nda_signed_on": TODAY + timedelta(days=1)}, "person.nda"),
    ({"training_valid_until": None}, "person.training"),
    ({"training_valid_until": TODAY - timedelta(days=1)}, "person.training"),
    ({"employed_from": None}, "person.employment"),
    ({"employed_from": TODAY + timedelta(days=1)}, "person.employment"),
    ({"employed_until": TODAY - timedelta(days=1)}, "person.employment"),
]


@pytest.mark.parametrize(("change", "rule"), PERSONS)
def test_a_person_without_a_whole_chain_is_left_out_with_the_reason(
    change: dict[str, Any], rule: str
) -> None:
    people = tuple(
        p.model_copy(update=change) if p.id == "p-okafor" else p for p in build_approved().people
    )
    result = compiled(build_approved(people=people))
    assert result.bundle is not None
    assert [p.id for p in result.bundle.people] == ["p-ruiz", "p-chen"]
    (left,) = result.left_out
    assert (left.person, [d.rule for d in left.denials]) == ("p-okafor", [rule])
    assert "Left out: Ada Okafor" in say_compiled(result)


def test_a_person_of_whom_nothing_is_recorded_lacks_everything() -> None:
    people = tuple(p for p in build_approved().people if p.id != "p-okafor")
    (left,) = compiled(build_approved(people=people)).left_out
    assert len(left.denials) == 3
    assert PersonFacts(id="p-x").nda_signed_on is None


def test_the_grant_ends_with_the_first_of_its_foundations() -> None:
    assert bundle_of(ends_on=date(2026, 9, 30)).granted_until == date(2026, 9, 30)
    soon = build_signed(ends_on=date(2026, 8, 1))
    assert bundle_of(build_approved(sharing_agreement=soon)).granted_until == date(2026, 8, 1)
    ended = compiled(ends_on=date(2026, 3, 1))
    assert "agreement.in_force" in {d.rule for d in ended.decision.denials}


def test_an_owner_s_earlier_approval_stands_for_an_unchanged_part() -> None:
    old = build_content()
    new = build_content(
        datasets=(
            RequestedDataset(dataset="sde/enrollment", variables=("grade", "disability")),
            old.datasets[1],
        )
    )
    owners = tuple(
        o.model_copy(update={"content_digest": content_digest(old if o.agency == "dol" else new)})
        for o in OWNERS
    )
    assert len(bundle_of(build_approved(new, owners=owners, carried_over=(old,))).datasets) == 2
    result = compiled(build_approved(new, owners=owners))
    assert {d.rule for d in result.decision.denials} == {"chain.content"}
    changed = build_content(datasets=(new.datasets[0], RequestedDataset(
        dataset="dol/quarterly_wages", variables=("amount",))))  # fmt: skip
    wrong = build_approved(changed, owners=owners, carried_over=(old, new))
    assert {d.rule for d in compiled(wrong).decision.denials} == {"chain.content"}


def test_a_revocation_is_carried() -> None:
    revoked = Revocation(on=TODAY, reason="Terms were broken.")
    bundle = bundle_of(build_approved(revoked=revoked, bundle_version=2))
    verified = Keys(expires_at=NOW + timedelta(days=99)).verified(bundle, NOW)
    assert not decide_access(verified, "p-ruiz", TODAY).permitted


def test_an_agreement_s_digest_and_time_are_the_document_s() -> None:
    bundle = bundle_of()
    assert bundle.sharing_agreement.digest == DIGEST
    assert bundle.issued_at == datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
    facts: Any = compiled().to_dict()
    assert facts["permitted"] is True
    assert facts["bundle"]["project"] == "p20-q0042"


def test_a_request_without_an_end_is_not_granted() -> None:
    endless = build_content(ends_on=None)
    result = compiled(build_approved(endless))
    assert "The request has no last day of use." in say_compiled(result)
    other = build_approved(owners=(*OWNERS, OWNERS[0].model_copy(update={"agency": "oec"})))
    assert len(bundle_of(other).approvals) == 3
    kept = Condition(id="o1", text="Ask us.", met_on=TODAY)
    asked = tuple(o.model_copy(update={"conditions": ("Ask us.",)}) for o in OWNERS)
    assert bundle_of(build_approved(owners=asked, conditions=(kept,))).conditions == (kept,)


def test_the_digest_is_of_what_was_filled_in() -> None:
    assert content_digest(RequestContent()) == sha256_of(b"{}")
    assert content_digest(CONTENT) == content_digest(
        RequestContent.model_validate_json(CONTENT.model_dump_json())
    )
    assert content_digest(CONTENT) != content_digest(LATER)


def test_a_recipient_that_is_an_agency_signs_under_its_code_alone() -> None:
    """The Department of Labor asks: DOL is a party already, not once more under its name."""
    content = build_content(organization="Department of Labor", requestor_agency="dol")
    signed = build_signed(
        signatures=tuple(PartySignature(party=p, signed_on=TODAY) for p in ("SDE", "DOL"))
    )
    digest = content_digest(content)
    approved = build_approved(
        content=content,
        sharing_agreement=signed,
        owners=tuple(o.model_copy(update={"content_digest": digest}) for o in OWNERS),
        board=BoardApproval(motion=build_vote_on(content), ledger=build_ledger(20)),
    )
    compiled = compile_grant(approved, build_contracts(), build_agreements(), RULES)
    assert "chain.parties" not in [d.rule for d in compiled.decision.denials]
    asks = approved.model_copy(
        update={"content": content.model_copy(update={"requestor_agency": "oec"})}
    )
    refused = compile_grant(asks, build_contracts(), build_agreements(), RULES).decision.denials
    assert [d.reason for d in refused if d.rule == "chain.parties"] == [
        "oec is no party to DSA-0042."
    ]
