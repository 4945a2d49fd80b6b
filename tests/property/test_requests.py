"""Invariants of a request's life, over whatever people try."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.requests import commands as c
from governance.requests.changes import agencies_to_review, compare
from governance.requests.events import ReviewChoice, parse_event
from governance.requests.handling import handle
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.state import apply, replay
from governance.requests.states import LIVE, STATUSES, Role, Status, transition
from tests.lib.requests import (
    CHEN,
    DIGEST,
    NUMBER,
    OKAFOR,
    RUIZ,
    SUBMITTED_AT,
    Life,
    build_content,
    build_vote_on,
)

pytestmark = pytest.mark.property

PARTIES = ("SDE", "DOL", "Example University")
DAY = date(2026, 3, 16)
MOVES = (c.MarkExpiring, c.End, c.Revoke, c.Supersede, c.Close, c.Withdraw)


@st.composite
def contents(draw: st.DrawFn) -> RequestContent:
    variables = st.lists(st.sampled_from(["grade", "year", "town"]), unique=True, min_size=1)
    datasets = draw(
        st.lists(
            st.builds(
                RequestedDataset,
                dataset=st.sampled_from(["sde/enrollment", "dol/quarterly_wages", "oec/centers"]),
                variables=variables.map(tuple),
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda d: d.dataset,
        )
    )
    return build_content(
        datasets=tuple(datasets),
        title=draw(st.sampled_from(["One", "Two"])),
        purpose=draw(st.sampled_from(["To learn.", "To know."])),
        people=draw(st.sampled_from([(RUIZ, CHEN), (RUIZ, CHEN, OKAFOR)])),
    )


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[type[c.RequestCommand], Role, dict[str, Any]]]:
    one: list[st.SearchStrategy[Any]] = [
        st.just((c.Submit, Role.REQUESTOR, {})),
        st.just((c.AcceptComplete, Role.OPERATOR, {})),
        st.just((c.Return, Role.OPERATOR, {"mend": ("More.",)})),
        st.builds(
            lambda agency, choice: (
                c.ReviewPart,
                Role.DATA_OWNER,
                {"agency": agency, "by": f"p-{agency}", "choice": choice, "reason": "Said."},
            ),
            st.sampled_from(["sde", "dol"]),
            st.sampled_from([ReviewChoice.APPROVE] * 3 + [ReviewChoice.ASK_CHANGES]),
        ),
        st.builds(
            lambda votes: (
                c.RecordVote,
                Role.OPERATOR,
                {"motion": build_vote_on(build_content(), votes=votes)},
            ),
            st.sampled_from(["yyyyy", "yyyyn", "yy---"]),
        ),
        st.just(
            (
                c.SendAgreement,
                Role.OPERATOR,
                {
                    "agreement": "DSA-1",
                    "digest": DIGEST,
                    "parties": PARTIES,
                    "effective_on": DAY,
                    "ends_on": date(2027, 3, 1),
                },
            )
        ),
        st.builds(
            lambda party: (
                c.SignAgreement,
                Role.PARTY,
                {"party": party, "digest": DIGEST, "signed_on": DAY},
            ),
            st.sampled_from(PARTIES),
        ),
        st.builds(
            lambda n: (c.Grant, Role.SIGNER, {"bundle_version": n, "bundle_digest": DIGEST}),
            st.integers(1, 3),
        ),
        st.just((c.Amend, Role.REQUESTOR, {"content": build_content(funder="X")})),
        st.builds(
            lambda kind, role, days: (
                kind,
                role,
                {"on": DAY + timedelta(days=days), "reason": "Said."},
            ),
            st.sampled_from(MOVES),
            st.sampled_from(list(Role)),
            st.integers(0, 400),
        ),
        st.just((c.CertifyDestruction, Role.REQUESTOR, {"digest": DIGEST, "survives": "nothing"})),
    ]
    return draw(st.lists(st.one_of(one), max_size=30))


def walk(taken: list[tuple[type[c.RequestCommand], Role, dict[str, Any]]], until: int) -> Life:
    """Begin somewhere along the way, then try whatever comes."""
    life = Life()
    (life.submit, life.to_vote, life.to_agreement, life.to_grant)[until]()
    for kind, role, facts in taken:
        for version in (v.number for v in life.request.versions) if life.request else ():
            before = life.request
            handled = life.give(kind, role, version=version, **dict(facts))
            assert bool(handled.events) == handled.decision.permitted
            assert before is not None
            found = before.version(version)
            assert found is not None
            if handled.events:
                row = transition(found.status, kind.act)
                assert row is not None
                assert role in row.roles
                life.take(handled.events)
    return life


@given(steps(), st.integers(0, 3))
def test_whatever_is_tried_the_state_is_the_events_and_follows_the_table(
    taken: list[tuple[type[c.RequestCommand], Role, dict[str, Any]]], until: int
) -> None:
    life = walk(taken, until)
    stored = [event.model_dump_json() for event in life.events]
    assert replay(parse_event(text) for text in stored) == life.request
    assert life.request is not None
    assert life.request.events == len(life.events)
    for version in life.request.versions:
        assert STATUSES[version.status].what
        if version.status in LIVE:
            # No grant without every owner, the board and every party.
            assert version.submitted is not None
            assert set(version.approved) >= set(version.submitted.agencies)
            assert version.decided is not None
            assert version.agreement is not None
            assert set(version.signatures) >= set(version.agreement.parties)
            for agency in version.submitted.agencies:
                same = agencies_to_review(version.approved[agency], version.submitted)
                assert agency not in same


def in_order(content: RequestContent) -> RequestContent:
    """The order in which something is listed is no difference."""
    parts = sorted(content.datasets, key=lambda d: d.dataset)
    listed = (d.model_copy(update={"variables": tuple(sorted(d.variables))}) for d in parts)
    return content.model_copy(update={"datasets": tuple(listed)})


@given(contents(), contents())
def test_only_what_changed_is_reviewed_again(old: RequestContent, new: RequestContent) -> None:
    review = agencies_to_review(old, new)
    assert set(review) <= set(new.agencies)
    assert agencies_to_review(old, old) == ()
    assert compare(old, old) == ()
    assert bool(compare(old, new)) == (in_order(old) != in_order(new))
    for agency in set(new.agencies) - set(review):
        before = {d.dataset: set(d.variables) for d in old.part(agency)}
        assert before == {d.dataset: set(d.variables) for d in new.part(agency)}
        assert old.purpose == new.purpose


@given(st.sampled_from(list(Status)), st.sampled_from(list(Role)))
def test_a_command_on_another_request_never_passes(status: Status, role: Role) -> None:
    from dataclasses import replace

    life = Life()
    life.submit()
    assert life.request is not None
    request = replace(
        life.request, number="Q9999", versions=(replace(life.request.latest, status=status),)
    )
    command = c.Return(by="p-x", at=SUBMITTED_AT, role=role, request=NUMBER, mend=("x",))
    assert not handle(request, command, life.context).decision.permitted
    assert apply(None, life.events[0]).number == NUMBER
