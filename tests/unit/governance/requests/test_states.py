"""The table itself: complete, reachable, and the only way."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.tags import Tag
from governance.errors import LedgerError
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.handling import _HANDLERS, handle
from governance.requests.state import apply, replay
from governance.requests.states import (
    STATUSES,
    TRANSITIONS,
    Act,
    Role,
    Status,
    allowed,
    transition,
)
from governance.requests.table import state_page
from tests.lib.board import build_facts
from tests.lib.requests import (
    DIGEST,
    NUMBER,
    SUBMITTED_AT,
    Life,
    build_content,
    build_context,
)

ROOT = Path(__file__).parents[4]


def test_every_status_can_be_reached_has_an_owner_and_a_tag() -> None:
    reached, frontier = {Status.DRAFT}, [Status.DRAFT]
    while frontier:
        status = frontier.pop()
        for row in TRANSITIONS:
            if row.status is status:
                frontier += [to for to in row.to if to not in reached]
                reached.update(row.to)
    assert reached == set(Status) == set(STATUSES)
    for status, facts in STATUSES.items():
        assert facts.tags
        assert facts.what
        leaves = [t for t in TRANSITIONS if t.status is status]
        assert (facts.next is Role.NOBODY) == (not leaves), status


def test_who_acts_next_can_act() -> None:
    helped = {Status.DENIED, Status.WITHDRAWN, Status.SUPERSEDED, Status.CLOSED}
    for status, facts in STATUSES.items():
        assert status in helped or allowed(status, facts.next), status


def test_a_tag_that_leads_to_a_status_is_written_by_a_command() -> None:
    for status, facts in STATUSES.items():
        written = {tag for row in TRANSITIONS if status in row.to for tag in row.tags}
        assert set(facts.tags) <= written, status


def test_every_act_is_in_the_table_and_handled() -> None:
    assert {row.act for row in TRANSITIONS} == set(Act) == set(_HANDLERS)
    assert len({(row.status, row.act) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert all(row.roles and row.to and row.tags for row in TRANSITIONS)


COMMANDS: dict[Act, Any] = {
    Act.SAVE_DRAFT: (c.SaveDraft, {"content": build_content()}),
    Act.AMEND: (c.Amend, {"content": build_content()}),
    Act.SUBMIT: (c.Submit, {}),
    Act.RETURN: (c.Return, {"mend": ("More.",)}),
    Act.ACCEPT_COMPLETE: (c.AcceptComplete, {}),
    Act.DECLARE_INTEREST: (c.DeclareInterest, {"text": "A relative works on it."}),
    Act.REVIEW_PART: (
        c.ReviewPart,
        {"agency": "sde", "choice": ev.ReviewChoice.APPROVE, "reason": "Good."},
    ),
    Act.RECORD_VOTE: (c.RecordVote, {"motion": build_facts()}),
    Act.SEND_AGREEMENT: (
        c.SendAgreement,
        {
            "agreement": "DSA-1",
            "digest": DIGEST,
            "parties": ("A", "B"),
            "effective_on": date(2026, 1, 1),
            "ends_on": date(2027, 1, 1),
        },
    ),
    Act.SIGN_AGREEMENT: (
        c.SignAgreement,
        {"party": "A", "digest": DIGEST, "signed_on": date(2026, 1, 1)},
    ),
    Act.SIGN_NDA: (c.SignNda, {"person": "p-ruiz", "signed_on": date(2026, 1, 1)}),
    Act.RECORD_TRAINING: (
        c.RecordTraining,
        {"person": "p-ruiz", "valid_until": date(2027, 1, 1)},
    ),
    Act.MEET_CONDITION: (c.MeetCondition, {"condition": "C1", "met_on": date(2026, 1, 1)}),
    Act.RECORD_LEAVER: (c.RecordLeaver, {"person": "p-ruiz", "left_on": date(2026, 1, 1)}),
    Act.GRANT: (c.Grant, {"bundle_version": 9, "bundle_digest": DIGEST}),
    Act.CERTIFY_DESTRUCTION: (
        c.CertifyDestruction,
        {"digest": DIGEST, "survives": "nothing"},
    ),
    **{
        act: (kind, {"on": date(2026, 1, 1), "reason": "Said."})
        for act, kind in (
            (Act.MARK_EXPIRING, c.MarkExpiring),
            (Act.END, c.End),
            (Act.REVOKE, c.Revoke),
            (Act.SUPERSEDE, c.Supersede),
            (Act.CLOSE, c.Close),
            (Act.WITHDRAW, c.Withdraw),
        )
    },
}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", list(Role))
def test_every_command_by_every_role_in_every_status(act: Act, role: Role) -> None:
    """What the table does not allow is refused, and says why; nothing passes by another door."""
    from dataclasses import replace

    life = Life()
    life.submit()
    assert life.request is not None
    kind, facts = COMMANDS[act]
    for status in Status:
        version = replace(life.request.latest, status=status)
        request = replace(life.request, versions=(version,))
        command = kind(by="p-ruiz", at=SUBMITTED_AT, role=role, request=NUMBER, **facts)
        handled = handle(request, command, build_context())
        row = transition(status, act)
        if row is None or role not in row.roles:
            assert not handled.decision.permitted
            assert not handled.events
            (denial,) = handled.decision.denials
            assert denial.rule == ("request.transition" if row is None else "request.role")
            assert denial.remedy
            assert denial.clause
        for event in handled.events:
            assert row is not None
            assert event.tag in row.tags
            after = event if isinstance(event, ev.RequestEvent) else None
            assert after is not None
            if act is not Act.AMEND:
                assert after.status in row.to


@given(st.sampled_from(list(Status)), st.sampled_from(list(Tag)), st.sampled_from(list(Status)))
def test_no_event_is_replayed_that_the_table_does_not_know(
    status: Status, tag: Tag, after: Status
) -> None:
    from dataclasses import replace

    life = Life()
    life.submit()
    assert life.request is not None
    request = replace(life.request, versions=(replace(life.request.latest, status=status),))
    event = ev.Moved.model_construct(
        tag=tag, subject=NUMBER, at=SUBMITTED_AT, by="p-x", version=1, status=after,
        on=date(2026, 1, 1), reason="x",
    )  # fmt: skip
    known = any(
        row.status is status and tag in row.tags and after in row.to and row.act is not Act.AMEND
        for row in TRANSITIONS
    )
    if known:
        assert apply(request, event).latest.status is after
    else:
        with pytest.raises(LedgerError):
            apply(request, event)


def test_a_version_must_follow_the_one_before() -> None:
    assert replay([]) is None
    life = Life()
    life.submit()
    with pytest.raises(LedgerError):
        apply(None, life.events[1])
    with pytest.raises(LedgerError):
        apply(life.request, life.events[0].model_copy(update={"version": 3}))


def test_the_reference_page_is_current() -> None:
    page = ROOT / "docs" / "reference" / "request-states.md"
    assert page.read_text(encoding="utf-8") == state_page(), "Run: python -m tests.lib.generated"
