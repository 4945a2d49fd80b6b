"""What is due on a day, along a request's life."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.board.events import MeetingNoticed, MeetingOpened
from governance.board.state import apply as apply_body
from governance.clocks import due_today
from governance.clocks.model import CommandDue, PacketDue, RejectedSubmission, RepublishDue
from governance.mail.notices import Notice, NoticeKind
from governance.people.model import PortalRole
from governance.register.matches import MatchInputs
from governance.requests import commands as c
from governance.requests.deadlines import bracket, due_on, waiting_since
from governance.requests.links import LinkDestructions
from governance.requests.states import Act, Role, Status
from tests.lib.clocks import build_board, build_people, build_person, build_state, noon
from tests.lib.notices import PROFILE
from tests.lib.requests import DIGEST, RULES, Life, build_content

K = NoticeKind
ENDS = date(2026, 12, 31)
"""Last day of the built request's grant; it is submitted on 2 February and granted the same day."""
START = date(2026, 2, 2)


def due(state: Any, day: date) -> list[Any]:
    return due_today(state, noon(day), RULES, PROFILE)


def told(found: Iterable[Any]) -> set[tuple[str, str]]:
    return {(n.kind.value, n.to) for n in found if isinstance(n, Notice)}


def kinds(state: Any, day: date) -> set[str]:
    return {kind for kind, _ in told(due(state, day))}


def of_kind(state: Any, day: date, kind: NoticeKind) -> list[Notice]:
    return [n for n in due(state, day) if isinstance(n, Notice) and n.kind is kind]


def test_a_draft_is_nobodys_business() -> None:
    life = Life()
    life.do(c.SaveDraft, Role.REQUESTOR, content=build_content())
    assert due(build_state(life), START) == []
    assert due(build_state(), START) == []


def test_each_step_tells_who_acts_next_and_by_when() -> None:
    life = Life()
    life.submit()
    first = of_kind(build_state(life), START, K.ACTION_WAITING)
    assert [(n.to, n.by) for n in first] == [("p-office", date(2026, 2, 18))]
    life.do(c.Return, Role.OPERATOR, mend=("One.", "Two."))
    back = of_kind(build_state(life), START, K.RETURNED)
    assert [(n.to, n.count, n.by) for n in back] == [
        ("p-chen", 2, date(2026, 3, 4)),
        ("p-ruiz", 2, date(2026, 3, 4)),
    ]
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    waiting = of_kind(build_state(life), START, K.ACTION_WAITING)
    assert [(n.to, n.office) for n in waiting] == [("p-dol", "DOL"), ("p-sde", "SDE")]
    life.review("sde")
    assert told(due(build_state(life), START)) == {("action_waiting", "p-dol")}
    life.review("dol")
    assert told(due(build_state(life), START)) == {("action_waiting", "p-office")}


def test_a_recused_owners_agency_is_told_through_its_alternate() -> None:
    life = Life()
    life.submit(build_content(requestor_agency="sde"))
    life.do(c.AcceptComplete, Role.OPERATOR)
    waiting = of_kind(build_state(life), START, K.ACTION_WAITING)
    assert [n.to for n in waiting] == ["p-dol", "alt-sde"]


def test_what_is_overdue_is_said_once_a_week_to_who_acts_and_to_the_office() -> None:
    life = Life()
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    state = build_state(life)
    last = due_on(life.request.latest, waiting_since(life.events)[1], RULES)  # type: ignore[union-attr]  # it is there
    assert last is not None
    assert of_kind(state, last, K.OVERDUE) == []
    ids = Counter(
        notice.once
        for day in range(1, 15)
        for notice in of_kind(state, last + timedelta(days=day), K.OVERDUE)
    )
    assert set(ids.values()) == {7}
    assert len(ids) == 2 * len(("p-dol", "p-sde", "p-office"))
    late = of_kind(state, last + timedelta(days=3), K.OVERDUE)
    assert {(n.to, n.days) for n in late} == {("p-dol", 3), ("p-sde", 3), ("p-office", 3)}


def test_signing_tells_parties_and_persons_what_is_missing() -> None:
    life = Life()
    life.to_agreement()
    found = told(due(build_state(life), START))
    assert {to for kind, to in found if kind == "agreement_to_sign"} == {
        "sign-sde", "sign-dol", "p-university",
    }  # fmt: skip
    named = {"p-ruiz", "p-chen", "p-okafor"}
    assert {to for kind, to in found if kind == "nda_missing"} == named
    assert {to for kind, to in found if kind == "training_missing"} == named
    assert {to for kind, to in found if kind == "decided"} == {"p-ruiz", "p-chen"}
    life.do(c.SignNda, Role.PERSON, by="p-ruiz", person="p-ruiz", signed_on=START)
    valid = date(2026, 3, 1)
    life.do(c.RecordTraining, Role.OPERATOR, person="p-ruiz", valid_until=valid)
    state = build_state(life)
    assert ("nda_missing", "p-ruiz") not in told(due(state, START))
    assert {n.days for n in of_kind(state, START, K.TRAINING_EXPIRING)} == {27}
    assert ("training_missing", "p-ruiz") in told(due(state, valid + timedelta(days=1)))
    news = of_kind(state, START, K.DECIDED)
    assert {n.status for n in news} == {Status.APPROVED}
    assert of_kind(state, START + timedelta(days=15), K.DECIDED) == []


@pytest.mark.parametrize(
    ("left", "reached"),
    [(61, None), (60, 60), (45, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7)],
)
def test_a_grant_is_said_to_expire_60_30_and_7_days_before(left: int, reached: int | None) -> None:
    life = Life()
    life.to_grant()
    found = of_kind(build_state(life), ENDS - timedelta(days=left), K.GRANT_EXPIRING)
    assert bracket(left, RULES.deadlines.grant_reminders) == reached
    assert {n.anchor for n in found} == (set() if reached is None else {f"{ENDS}/{reached}"})
    assert {n.days for n in found} == (set() if reached is None else {left})


@pytest.mark.parametrize(
    ("day", "act"),
    [
        (date(2026, 10, 31), None),
        (date(2026, 11, 1), Act.MARK_EXPIRING),
        (ENDS, Act.MARK_EXPIRING),
        (date(2027, 1, 1), Act.END),
    ],
)
def test_the_clock_gives_each_command_on_its_day_and_it_is_accepted(
    day: date, act: Act | None
) -> None:
    life = Life()
    life.to_grant()
    state = build_state(life)
    found = [d for d in due(state, day) if isinstance(d, CommandDue)]
    assert [(d.number, d.version, d.act) for d in found] == ([("Q0042", 1, act)] if act else [])
    for command in found:
        kind = c.End if command.act is Act.END else c.MarkExpiring
        life.do(kind, Role.CLOCK, by="clock", on=command.on, reason=command.reason)
        again = [d for d in due(build_state(life), day) if isinstance(d, CommandDue)]
        assert again == []


def test_a_grant_is_published_anew_before_its_bundle_is_stale() -> None:
    life = Life()
    life.to_grant()
    state = build_state(life)
    fresh_until = START + timedelta(days=RULES.bundle_days)
    days = {
        day: [d for d in due(state, START + timedelta(days=day)) if isinstance(d, RepublishDue)]
        for day in range(10)
    }
    assert {day for day, found in days.items() if found} == set(range(5, 10))
    assert days[5] == [RepublishDue("Q0042", 1, fresh_until)]
    assert not [d for d in due(state, date(2027, 1, 1)) if isinstance(d, RepublishDue)]
    stale = of_kind(state, START + timedelta(days=5), K.BUNDLES_STALE)
    assert [(n.to, n.count, n.by) for n in stale] == [("p-office", 1, fresh_until)]
    later = replace(state, fresh_until={"Q0042": noon(START + timedelta(days=12))})
    anew = [d for d in due(later, START + timedelta(days=9)) if isinstance(d, RepublishDue)]
    assert anew == []


def test_a_silent_data_plane_is_told_to_the_office_once_a_day() -> None:
    state = build_state(feed_at=noon(START))
    assert due(state, START + timedelta(days=1)) == []
    silent = of_kind(state, START + timedelta(days=2), K.FEED_SILENT)
    assert [(n.to, n.on) for n in silent] == [("p-office", START)]
    next_day = of_kind(state, START + timedelta(days=3), K.FEED_SILENT)
    assert {n.once for n in next_day}.isdisjoint(n.once for n in silent)


def test_the_end_asks_for_destruction_until_it_is_certified() -> None:
    life = Life()
    life.to_grant()
    day = date(2027, 1, 1)
    life.at = noon(day).astimezone(UTC)
    life.do(c.End, Role.CLOCK, by="clock", on=day, reason="Over.")
    state = build_state(life)
    assert kinds(state, day) == {"grant_ended", "destruction_due"}
    assert {n.days for n in of_kind(state, day, K.DESTRUCTION_DUE)} == {30}
    assert {to for _, to in told(due(state, date(2027, 2, 1)))} == {"p-ruiz", "p-chen", "p-office"}
    assert kinds(state, date(2027, 2, 1)) == {"destruction_overdue"}
    life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="nothing")
    assert told(due(build_state(life), day)) == {("action_waiting", "p-office")}


def test_a_revocation_is_told_to_all_and_shortens_destruction() -> None:
    life = Life()
    life.to_grant()
    life.do(c.Revoke, Role.OPERATOR, on=START, reason="Terms were broken.")
    state = build_state(life)
    revoked = of_kind(state, START, K.GRANT_REVOKED)
    assert {n.to for n in revoked} == {"p-ruiz", "p-chen", "p-okafor", "p-sde", "p-dol"}
    assert "Terms" not in "".join(n.model_dump_json() for n in revoked)
    assert {n.by for n in of_kind(state, START, K.DESTRUCTION_DUE)} == {START + timedelta(days=30)}


def test_a_leaver_is_told_by_the_request_or_by_the_record() -> None:
    life = Life()
    life.to_grant()
    people = build_people()
    people["p-okafor"] = people["p-okafor"].model_copy(update={"employed_until": START})
    after = START + timedelta(days=1)
    found = of_kind(build_state(life, people=people), after, K.LEAVER)
    assert {n.to for n in found} == {"p-ruiz", "p-chen", "p-office"}
    assert all("okafor" not in n.model_dump_json(exclude={"anchor"}) for n in found)
    life.do(c.RecordLeaver, Role.REQUESTOR, person="p-okafor", left_on=START)
    again = of_kind(build_state(life, people=people), after, K.LEAVER)
    assert {n.to for n in again} == {"p-ruiz", "p-chen", "p-office"}
    assert not {
        n.to for n in due(build_state(life, people=people), after) if isinstance(n, Notice)
    } & {"p-okafor"}


def test_who_left_gets_no_mail() -> None:
    life = Life()
    life.submit()
    people = build_people()
    office = people["p-office"].model_copy(update={"employed_until": START - timedelta(days=1)})
    state = build_state(life, people=people | {"p-office": office})
    assert due(state, START) == []


def test_meetings_are_noticed_to_members_and_alternates_until_they_open() -> None:
    starts = datetime(2026, 2, 12, 15, 0, tzinfo=UTC)
    noticed = MeetingNoticed(
        subject="DGB-2", at=noon(START), by="p-office", starts_at=starts, public=True
    )
    body = apply_body(build_board(), noticed)
    state = build_state(bodies=(body,))
    soon = [PacketDue("data_governing_board", "DGB-2")]
    assert [d for d in due(state, date(2026, 2, 6)) if isinstance(d, PacketDue)] == []
    assert [d for d in due(state, date(2026, 2, 7)) if isinstance(d, PacketDue)] == soon
    sitting = {"p-sde", "p-dol", "alt-sde", "alt-dol"}
    assert told(due(state, START)) == {("meeting_noticed", p) for p in sitting}
    packed = replace(state, packets={"DGB-2": START})
    assert kinds(packed, START) == {"meeting_noticed", "packet_ready"}
    assert due(packed, date(2026, 2, 13)) == []
    opened = apply_body(body, MeetingOpened(subject="DGB-2", at=starts, by="p-office"))
    assert due(replace(packed, bodies=(opened,)), date(2026, 2, 12)) == []


def test_a_rejected_submission_is_told_to_owner_and_stewards() -> None:
    rejected = RejectedSubmission("sub-1", "sde", "enrollment", START)
    state = build_state(rejected=(rejected,))
    assert told(due(state, START)) == {
        ("submission_rejected", "steward-sde"),
        ("submission_rejected", "p-sde"),
    }
    assert due(state, START + timedelta(days=20)) == []


def test_matching_files_are_due_then_overdue_until_destroyed() -> None:
    match = MatchInputs("match-1", "Q0042", ("sde",), confirmed_at=noon(START))
    state = build_state(matches=(match,))
    found = due(state, START)
    assert told(found) == {
        ("match_destruction_due", p) for p in ("steward-dol", "steward-sde", "p-office")
    }
    assert {n.by_at for n in found} == {noon(date(2026, 2, 10)) - timedelta(hours=12)}
    assert kinds(state, date(2026, 2, 10)) == {"match_destruction_overdue"}
    done = replace(match, destroyed_at=noon(date(2026, 2, 5)))
    assert due(replace(state, matches=(done,)), date(2026, 2, 10)) == []


def test_files_destroyed_late_are_told_to_the_stewards_and_the_office_once() -> None:
    match = MatchInputs("match-1", "Q0042", ("sde",), confirmed_at=noon(START))
    late = replace(match, destroyed_at=noon(date(2026, 2, 10)))
    state = build_state(matches=(late,))
    found = of_kind(state, date(2026, 2, 12), NoticeKind.MATCH_DESTRUCTION_AMISS)
    assert {n.to for n in found} == {"steward-dol", "steward-sde", "p-office"}
    assert "were destroyed after the clock ended" in found[0].because
    again = of_kind(state, date(2026, 2, 13), NoticeKind.MATCH_DESTRUCTION_AMISS)
    assert {n.once for n in again} == {n.once for n in found}
    assert due(state, date(2026, 3, 2)) == []  # no news any more


def test_a_match_nobody_confirmed_is_asked_about() -> None:
    monday = date(2026, 2, 2)
    match = MatchInputs("match-1", "Q0042", ("sde",), matrix_at=noon(monday) - timedelta(hours=12))
    state = build_state(matches=(match,))
    waiting = "match_confirmation_waiting"
    assert waiting not in kinds(state, date(2026, 2, 4))
    assert waiting in kinds(state, date(2026, 2, 5))
    (first, *_) = of_kind(state, date(2026, 2, 5), NoticeKind.MATCH_DESTRUCTION_DUE)
    assert "from the day of the matrix, 2026-02-02" in first.because
    confirmed = replace(match, confirmed_at=noon(date(2026, 2, 5)))
    assert waiting not in kinds(replace(state, matches=(confirmed,)), date(2026, 2, 9))


def test_the_notice_says_that_a_sender_is_unknown() -> None:
    match = MatchInputs("m", "Q0042", (), noon(START), asked=("sde",), unknown_senders=1)
    found = due(build_state(matches=(match,)), START)
    assert {n.to for n in found} == {"steward-dol", "steward-sde", "p-office"}
    assert all("the log names a sender that is no agency" in n.because for n in found)
    assert {n.by_at for n in found} == {noon(START) + timedelta(hours=24)}


def test_an_agency_that_analyzes_its_own_data_is_asked_for_its_link() -> None:
    life = Life()
    life.to_grant()
    state = build_state(life)
    assert of_kind(state, START, K.LINK_DESTRUCTION_WAITING) == []
    life = Life()
    content = build_content(requestor_agency="sde")
    life.submit(content)
    # what follows is as in any life; only who is asked matters here
    assert life.request is not None
    version = replace(life.request.latest, status=Status.GRANTED)
    granted = replace(life.request, versions=(version,))
    request = replace(build_state(life).requests[0], request=granted)
    state = build_state(requests=(request,))
    assert [n.to for n in of_kind(state, START, K.LINK_DESTRUCTION_WAITING)] == ["steward-sde"]
    links = {"Q0042": LinkDestructions("Q0042", {"sde": START})}
    assert of_kind(replace(state, links=links), START, K.LINK_DESTRUCTION_WAITING) == []


def test_a_person_in_two_capacities_is_told_once() -> None:
    life = Life()
    life.submit()
    people = build_people()
    people["p-ruiz"] = build_person("p-ruiz", PortalRole.REQUESTOR, PortalRole.OPERATOR)
    life.do(c.Return, Role.OPERATOR, mend=("One.",))
    state = build_state(life, people=people)
    late = of_kind(state, START + timedelta(days=40), K.OVERDUE)
    assert Counter(n.to for n in late) == {"p-ruiz": 1, "p-chen": 1, "p-office": 1}


def test_asked_again_the_same_is_due() -> None:
    life = Life()
    life.to_grant()
    state = build_state(life)
    for day in (START, date(2026, 11, 30), date(2027, 1, 1)):
        assert due(state, day) == due(state, day)
        ids = [n.once for n in due(state, day) if isinstance(n, Notice)]
        assert len(ids) == len(set(ids))
