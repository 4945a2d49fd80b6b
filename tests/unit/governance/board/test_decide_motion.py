"""Truth tables of the vote: each row can be checked by hand against the bylaws."""

from datetime import timedelta
from typing import Any

import pytest

from governance.board.bylaws import MotionKind, Share
from governance.board.explain import explain
from governance.board.model import Attendance, BoardPerson, MotionFacts, Seat
from governance.board.seating import Capacity
from governance.board.voting import MOTION_RULES, MotionOutcome, decide_motion
from tests.lib.board import (
    AGENCIES,
    BOARD,
    EXECUTIVE,
    START,
    build_alternate,
    build_facts,
    build_interest,
    build_meeting,
    build_motion,
    build_proxy,
    build_vote,
    minutes,
)


def rules_of(outcome: MotionOutcome) -> set[str]:
    return {denial.rule for denial in outcome.decision.denials}


def ignored_of(outcome: MotionOutcome) -> str:
    return " ".join(f"{i.what}: {i.reason} [{i.clause}]" for i in outcome.ignored)


# y in favor, n against, a abstains, s present and silent, - absent, v vacant
BOARD_TABLE = [
    # votes     quorum of  represented  in favor of  passed  rules that deny
    ("yyyyy", 4, 5, 5, 5, True, set[str]()),
    ("yyyy-", 4, 4, 4, 4, True, set[str]()),
    ("yyy--", 4, 3, 3, 3, False, {"meeting.quorum"}),
    ("-----", 4, 0, 0, 1, False, {"meeting.quorum", "motion.approval"}),
    ("yyyyn", 4, 5, 4, 5, False, {"motion.approval"}),
    ("yyyya", 4, 5, 4, 5, False, {"motion.approval"}),
    ("yyyys", 4, 5, 4, 5, False, {"motion.approval"}),
    ("yyn--", 4, 3, 2, 3, False, {"meeting.quorum", "motion.approval"}),
    ("yyyyv", 3, 4, 4, 4, True, set[str]()),
    ("yyy-v", 3, 3, 3, 3, True, set[str]()),
    ("yy--v", 3, 2, 2, 2, False, {"meeting.quorum"}),
    ("vvvvv", 1, 0, 0, 1, False, {"meeting.quorum", "motion.approval"}),
]


@pytest.mark.parametrize("row", BOARD_TABLE)
def test_all_present_in_favor_with_a_quorum_of_two_thirds(
    row: tuple[str, int, int, int, int, bool, set[str]],
) -> None:
    votes, quorum, represented, in_favor, needed, passed, denied = row
    outcome = decide_motion(build_facts(votes))
    assert (outcome.quorum_needed, outcome.represented) == (quorum, represented)
    assert (outcome.in_favor, outcome.approval_needed) == (in_favor, needed)
    assert outcome.passed is passed
    assert rules_of(outcome) == denied
    assert outcome.decision.checked == MOTION_RULES


@pytest.mark.parametrize(
    ("votes", "passed"),
    [("yyyyy", True), ("yyyy-", False), ("yyyyn", False), ("yyyya", False), ("yyyyv", True)],
)
def test_of_the_executive_board_every_member_agrees(votes: str, passed: bool) -> None:
    motion = build_motion(kind=MotionKind.ADMIT_AGENCY, subject="ocme")
    outcome = decide_motion(build_facts(votes, rules=EXECUTIVE, motion=motion))
    assert outcome.passed is passed
    assert outcome.counted == sum(v != "v" for v in votes)


@pytest.mark.parametrize(
    ("seats", "quorum"),
    [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (14, 10), (15, 10), (16, 11)],
)
def test_two_thirds_round_up(seats: int, quorum: int) -> None:
    assert Share(numerator=2, denominator=3).of(seats) == quorum


NOTICE_TABLE = [
    # days of notice, rescheduled, passed
    (8, False, True),
    (7, False, True),
    (6, False, False),
    (0, False, False),
    (7, True, True),
    (6, True, False),
]


@pytest.mark.parametrize(("days", "rescheduled", "passed"), NOTICE_TABLE)
def test_notice(days: int, rescheduled: bool, passed: bool) -> None:
    meeting = build_meeting(
        noticed_at=START - timedelta(days=days),
        rescheduled_from="DGB-2026-02" if rescheduled else None,
    )
    outcome = decide_motion(build_facts(meeting=meeting))
    assert outcome.passed is passed
    assert rules_of(outcome) == (set() if passed else {"meeting.notice"})


def test_a_rescheduled_meeting_may_have_its_own_notice() -> None:
    rules = BOARD.model_copy(update={"rescheduled_notice_days": 1})
    meeting = build_meeting(noticed_at=START - timedelta(days=1), rescheduled_from="DGB-2026-02")
    assert decide_motion(build_facts(rules=rules, meeting=meeting)).passed


@pytest.mark.parametrize(
    ("meeting", "motion", "rule"),
    [
        ({"noticed_at": None}, {}, "meeting.notice"),
        ({"opened_at": START - timedelta(minutes=5)}, {}, "meeting.notice"),
        ({"public": False}, {}, "meeting.public"),
        ({"opened_at": None, "ended_at": None}, {}, "meeting.session"),
        ({"ended_at": minutes(20)}, {}, "meeting.session"),
        ({}, {"moved_at": minutes(60)}, "meeting.session"),
        ({}, {"kind": MotionKind.ADMIT_AGENCY}, "motion.jurisdiction"),
    ],
)
def test_a_vote_outside_a_noticed_public_session_decides_nothing(
    meeting: dict[str, Any], motion: dict[str, Any], rule: str
) -> None:
    facts = build_facts(meeting=build_meeting(**meeting), motion=build_motion(**motion))
    outcome = decide_motion(facts)
    assert not outcome.passed
    assert rule in rules_of(outcome)


def with_proxy(votes: str = "yy-yy", **changes: Any) -> MotionFacts:
    """The member for DOL is absent; a proxy sits and votes."""
    proxy = build_proxy(**changes)
    vote = build_vote("dol", person=proxy.holder)
    return build_facts(votes, others=("p-holder",), proxies=(proxy,), more_votes=(vote,))


DAY = START.date()
PROXY_TABLE = [
    # change of the letter, in effect
    ({}, True),
    ({"filed_at": START - timedelta(seconds=1)}, True),
    ({"filed_at": START}, False),
    ({"filed_at": START + timedelta(minutes=1)}, False),
    ({"valid_from": DAY + timedelta(days=1), "valid_until": DAY + timedelta(days=9)}, False),
    ({"valid_from": DAY - timedelta(days=9), "valid_until": DAY - timedelta(days=1)}, False),
    ({"valid_from": DAY - timedelta(days=9), "valid_until": DAY + timedelta(days=9)}, True),
    ({"given_by": "p-sde"}, False),
    ({"withdrawn_at": START}, False),
    ({"withdrawn_at": minutes(90)}, True),
    ({"holder": "p-elsewhere"}, False),
]


@pytest.mark.parametrize(("change", "in_effect"), PROXY_TABLE)
def test_a_proxy_is_filed_before_the_start_and_names_person_and_period(
    change: dict[str, Any], in_effect: bool
) -> None:
    outcome = decide_motion(with_proxy(**change))
    dol = outcome.seats[AGENCIES.index("dol")]
    assert dol.capacity is (Capacity.PROXY if in_effect else Capacity.EMPTY)
    assert outcome.represented == (5 if in_effect else 4)
    assert bool(outcome.ignored) is not in_effect


def test_a_proxy_makes_the_quorum_and_a_late_one_does_not() -> None:
    assert decide_motion(with_proxy("yy-y-")).passed
    late = decide_motion(with_proxy("yy-y-", filed_at=START))
    assert rules_of(late) == {"meeting.quorum"}
    assert "filed after the meeting began" in ignored_of(late)


def test_the_member_s_presence_and_a_newer_letter_set_a_proxy_aside() -> None:
    present = decide_motion(with_proxy("yyyyy"))
    assert present.seats[2].capacity is Capacity.MEMBER
    assert "The member is present." in ignored_of(present)
    older = build_proxy(holder="p-first", filed_at=START - timedelta(days=3))
    newer = build_proxy()
    vote = build_vote("dol", person="p-holder")
    outcome = decide_motion(
        build_facts(
            "yy-yy",
            others=("p-holder", "p-first"),
            proxies=(older, newer, build_proxy("ocme")),
            more_votes=(vote,),
        )
    )
    assert outcome.passed
    assert "A newer letter is in effect." in ignored_of(outcome)
    assert "no such seat" in ignored_of(outcome)


def test_one_person_represents_one_seat_unless_the_bylaws_say_otherwise() -> None:
    proxy = build_proxy(holder="p-sde")
    vote = build_vote("dol", person="p-sde")
    facts = build_facts("yy-yy", proxies=(proxy,), more_votes=(vote,))
    outcome = decide_motion(facts)
    assert outcome.represented == 4
    assert "already represents 1 seat(s)" in ignored_of(outcome)
    rules = BOARD.model_copy(update={"seats_per_person": 2})
    assert decide_motion(facts.model_copy(update={"rules": rules})).represented == 5


def test_bylaws_may_allow_no_proxies() -> None:
    rules = BOARD.model_copy(update={"proxies": False})
    outcome = decide_motion(with_proxy().model_copy(update={"rules": rules}))
    assert "allow no proxies" in ignored_of(outcome)


RECUSAL_TABLE = [
    # what makes the member for DOL recused
    {"motion": build_motion(requestors=("p-dol",))},
    {"motion": build_motion(requestor_employers=("dol",))},
    {"interests": (build_interest("p-dol"),)},
    {"interests": (build_interest("p-dol", declared_at=minutes(42)),)},
]


@pytest.mark.parametrize("change", RECUSAL_TABLE)
def test_a_recused_member_is_neither_present_nor_voting(change: dict[str, Any]) -> None:
    for letter in "yna":
        outcome = decide_motion(build_facts(f"yy{letter}yy", **change))
        assert (outcome.represented, outcome.in_favor, outcome.passed) == (4, 4, True)
        assert "did not sit" in ignored_of(outcome)
        assert BOARD.clause("recusal") in explain(outcome)
    breaks_quorum = decide_motion(build_facts("yyyy-", **change))
    assert rules_of(breaks_quorum) == {"meeting.quorum"}


def test_an_agency_whose_data_is_asked_for_is_not_recused_by_that() -> None:
    assert decide_motion(build_facts(motion=build_motion(requestor_employers=("opm",)))).passed


def test_an_interest_declared_after_the_vote_does_not_undo_it() -> None:
    late = build_interest("p-dol", declared_at=START + timedelta(hours=3))
    assert decide_motion(build_facts(interests=(late,))).represented == 5
    closed = build_motion(closed_at=minutes(50))
    after = build_interest("p-dol", declared_at=minutes(55))
    assert decide_motion(build_facts(motion=closed, interests=(after,))).represented == 5


def with_alternate(votes: str, *, choice: str = "y", **changes: Any) -> MotionFacts:
    facts = build_facts(
        votes,
        others=("p-deputy",),
        more_votes=(build_vote("dol", choice, person="p-deputy"),),
        **changes,
    )
    seats = tuple(
        Seat(agency=s.agency, member=s.member, alternates=(build_alternate("p-deputy"),))
        if s.agency == "dol"
        else s
        for s in facts.seats
    )
    return facts.model_copy(update={"seats": seats})


def test_a_recused_owner_s_agency_decides_through_its_alternate() -> None:
    employer: dict[str, Any] = {"motion": build_motion(requestor_employers=("dol",))}
    for change in ({"interests": (build_interest("p-dol"),)}, employer):
        outcome = decide_motion(with_alternate("yysyy", **change))
        assert outcome.seats[2].capacity is Capacity.ALTERNATE
        assert (outcome.represented, outcome.passed) == (5, True)
        assert not decide_motion(with_alternate("yysyy", choice="n", **change)).passed
    own: dict[str, Any] = {"motion": build_motion(requestors=("p-dol", "p-deputy"))}
    assert decide_motion(with_alternate("yysyy", **own)).represented == 4
    strict = BOARD.model_copy(update={"employer_bars_alternate": True})
    assert decide_motion(with_alternate("yysyy", rules=strict, **employer)).represented == 4
    none = BOARD.model_copy(update={"alternates": False})
    assert decide_motion(with_alternate("yysyy", rules=none, **employer)).represented == 4


def test_an_alternate_named_too_late_or_whose_term_ended_does_not_sit() -> None:
    for alternate in (
        build_alternate("p-deputy", named_at=START),
        build_alternate("p-deputy", until=START.date() - timedelta(days=1)),
    ):
        facts = with_alternate("yy-yy")
        seats = tuple(
            s.model_copy(update={"alternates": (alternate,)}) if s.alternates else s
            for s in facts.seats
        )
        assert decide_motion(facts.model_copy(update={"seats": seats})).represented == 4


def test_a_recused_member_s_proxy_letter_is_void() -> None:
    facts = with_proxy("yy-yy").model_copy(update={"interests": (build_interest("p-dol"),)})
    outcome = decide_motion(facts)
    assert outcome.represented == 4
    assert "The member is recused" in ignored_of(outcome)
    holder = with_proxy("yy-yy").model_copy(update={"interests": (build_interest("p-holder"),)})
    assert "The holder is recused." in ignored_of(decide_motion(holder))


def test_votes_are_locked_and_count_only_in_session_by_who_sits() -> None:
    second = build_vote("dol", "n", cast_at=minutes(46))
    outcome = decide_motion(build_facts(more_votes=(second,)))
    assert outcome.passed
    assert "locked" in ignored_of(outcome)
    for vote, reason in (
        (build_vote("dol", cast_at=minutes(39)), "before the vote was called"),
        (build_vote("dol", cast_at=START + timedelta(hours=3)), "not cast in session"),
        (build_vote("dol", rationale=" "), "gives no reason"),
        (build_vote("dol", person="p-sde"), "did not sit"),
    ):
        outcome = decide_motion(build_facts("yysyy", more_votes=(vote,)))
        assert not outcome.passed
        assert reason in ignored_of(outcome)
    closed = build_motion(closed_at=minutes(44))
    assert not decide_motion(build_facts(motion=closed)).passed


def test_who_came_late_or_left_before_the_vote_is_not_counted() -> None:
    facts = build_facts("yyyyy")
    stays = (
        Attendance(person="p-dol", arrived_at=START, left_at=minutes(40)),
        Attendance(person="p-oec", arrived_at=minutes(41)),
    )
    others = tuple(a for a in facts.attendance if a.person not in {"p-dol", "p-oec"})
    outcome = decide_motion(facts.model_copy(update={"attendance": others + stays}))
    assert (outcome.represented, outcome.quorate) == (3, False)


def test_who_leaves_the_room_before_voting_has_no_vote() -> None:
    facts = build_facts("yyyyy")
    others = tuple(a for a in facts.attendance if a.person != "p-dol")
    for left_at, back_at, passed in (
        (minutes(43), None, False),
        (minutes(43), minutes(44), True),
        (minutes(46), None, True),
    ):
        room = [Attendance(person="p-dol", arrived_at=START, left_at=left_at)]
        room += [Attendance(person="p-dol", arrived_at=back_at)] if back_at else []
        changed = facts.model_copy(update={"attendance": (*others, *room)})
        outcome = decide_motion(changed)
        assert (outcome.represented, outcome.passed) == (5, passed)
        assert ("had left the room" in ignored_of(outcome)) is not passed


def test_conditions_are_carried_by_a_passed_motion_only() -> None:
    from governance.board.model import MotionCondition

    condition = MotionCondition(id="C1", text="Show the tables to DOL first.")
    motion = build_motion(conditions=(condition,))
    passed = decide_motion(build_facts(motion=motion))
    assert passed.conditions == (condition,)
    assert "PASSED with 1 condition(s)" in explain(passed)
    assert "C1: Show the tables to DOL first. (before access)" in explain(passed)
    assert decide_motion(build_facts("yyyyn", motion=motion)).conditions == ()


def test_the_explanation_shows_arithmetic_and_clauses() -> None:
    text = explain(decide_motion(with_proxy("yn-y-")))
    assert "FAILED: motion M-1 (Q0042), Data Governing Board" in text
    assert "Quorum: 2/3 of 5 filled seats is 3.33, so 4; 4 represented: a quorum." in text
    assert "all of 4 seats represented is 4; in favor 3, against 1" in text
    assert "dol: Hollis Older (proxy)" in text
    assert "sde: not represented; absent" in text
    assert "Not in favor: dcf (against)." in text
    for rule in ("notice", "session", "quorum", "approval", "proxy"):
        assert f"[{BOARD.clause(rule)}]" in text


def test_the_outcome_as_json_holds_the_roll_call() -> None:
    outcome: Any = decide_motion(with_proxy("yy-y-")).to_dict()
    assert outcome["passed"] is True
    capacities = [s["capacity"] for s in outcome["roll_call"]]
    assert capacities == ["member", "member", "proxy", "member", "empty"]


def test_a_letter_filed_while_a_late_meeting_is_awaited_is_late() -> None:
    late = build_meeting(opened_at=minutes(20))
    facts = with_proxy(filed_at=minutes(10)).model_copy(update={"meeting": late})
    assert "was due to begin" in ignored_of(decide_motion(facts))


def test_the_alternate_of_a_requesting_agency_sits_for_that_agency_alone() -> None:
    motion = build_motion(requestor_employers=("dol",))
    people = {"p-deputy": BoardPerson(employer="dol"), "p-clerk": BoardPerson(employer="dol")}
    own = with_alternate("yysyy", motion=motion, people=people)
    assert decide_motion(own).seats[2].capacity is Capacity.ALTERNATE
    for holder in ("p-deputy", "p-clerk"):
        facts = with_alternate("yyyy-", motion=motion, people=people)
        room = (*facts.attendance, Attendance(person="p-clerk", arrived_at=START))
        letter = build_proxy("sde", holder)
        outcome = decide_motion(facts.model_copy(update={"proxies": (letter,), "attendance": room}))
        assert outcome.seats[-1].capacity is Capacity.EMPTY
        assert "The holder" in ignored_of(outcome)
