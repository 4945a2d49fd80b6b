"""A body lived through its commands: roster, notice, session, motion, vote, outcome."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.tags import Tag
from governance.board import commands as c
from governance.board.bylaws import BodyRules, MotionKind
from governance.board.events import parse_event
from governance.board.explain import explain
from governance.board.handling import handle
from governance.board.model import BoardPerson, Choice
from governance.board.seating import Capacity
from governance.board.state import BodyState, apply, replay
from governance.board.voting import decide_motion
from governance.errors import LedgerError
from tests.lib.board import AGENCIES, BOARD, EXECUTIVE, START, minutes

DAY = START.date()
MEETING = "DGB-2026-03"


class Body:
    """Gives commands in turn, one minute apart unless told when."""

    def __init__(self, rules: BodyRules = BOARD, *, roster: bool = True) -> None:
        self.state = BodyState(rules)
        self.events: list[Any] = []
        self.at = START - timedelta(days=30)
        if roster:
            for agency in AGENCIES:
                self.do(c.FillSeat, agency=agency, person=f"p-{agency}", name=agency.upper())
            self.do(c.NoticeMeeting, meeting=MEETING, starts_at=START)

    def give(self, command: type[c.BodyCommand], /, **facts: Any) -> Any:
        self.at = facts.pop("at", self.at + timedelta(minutes=1))
        by = facts.pop("by", "p-office")
        return handle(self.state, command(by=by, at=self.at, **facts))

    def do(self, command: type[c.BodyCommand], /, **facts: Any) -> None:
        handled = self.give(command, **facts)
        assert handled.decision.permitted, handled.decision.denials
        for event in handled.events:
            self.state = apply(self.state, event)
            self.events.append(event)

    def refuse(self, command: type[c.BodyCommand], rule: str, /, **facts: Any) -> None:
        handled = self.give(command, **facts)
        assert rule in {d.rule for d in handled.decision.denials}
        assert all(d.remedy and d.clause for d in handled.decision.denials)
        assert not handled.events

    def open(self, *present: str, at: Any = START) -> None:
        self.do(c.OpenMeeting, meeting=MEETING, at=at)
        for person in present or tuple(f"p-{a}" for a in AGENCIES):
            self.do(c.Arrive, meeting=MEETING, person=person)

    def move(self, **facts: Any) -> None:
        given = {
            "by": "p-sde",
            "meeting": MEETING,
            "motion": "M-1",
            "kind": MotionKind.DATA_REQUEST,
            "text": "Approve request Q0042.",
            "about": "Q0042",
        }
        self.do(c.MoveMotion, **(given | facts))

    def vote(self, agency: str, choice: str = "in_favor", **facts: Any) -> None:
        given = {"by": f"p-{agency}", "motion": "M-1", "agency": agency, "rationale": "Good."}
        self.do(c.CastVote, choice=Choice(choice), **(given | facts))

    def check_replay(self) -> None:
        """Stored events give the same state, and each motion the same outcome in the same words."""
        stored = [event.model_dump_json() for event in self.events]
        again = replay(self.state.rules, (parse_event(text) for text in stored))
        assert again == self.state
        for motion_id, motion in self.state.motions.items():
            if motion.put_at is not None:
                outcome = decide_motion(again.facts(motion_id))
                assert motion.passed in (None, outcome.passed)
                assert explain(outcome) == explain(decide_motion(self.state.facts(motion_id)))


def test_a_meeting_from_notice_to_outcome() -> None:
    body = Body()
    body.open()
    body.move()
    body.do(c.PutMotion, motion="M-1")
    for agency in AGENCIES:
        body.vote(agency)
    body.do(c.CloseVote, motion="M-1")
    assert body.events[-1].tag is Tag.MOTION_PASSED
    assert body.state.motions["M-1"].passed is True
    body.do(c.EndMeeting, meeting=MEETING, adjourn=False, reason="Done.")
    body.check_replay()


def test_without_a_quorum_it_is_adjourned_and_the_rescheduled_meeting_decides() -> None:
    body = Body()
    body.open("p-sde", "p-dol", "p-oec")
    body.move()
    body.refuse(c.PutMotion, "meeting.quorum", motion="M-1")
    body.refuse(
        c.NoticeMeeting,
        "meeting.rescheduled",
        meeting="DGB-2026-03b",
        starts_at=START + timedelta(days=9),
        rescheduled_from=MEETING,
    )
    body.do(c.EndMeeting, meeting=MEETING, adjourn=True, reason="No quorum.")
    again = START + timedelta(days=9)
    body.do(c.NoticeMeeting, meeting="DGB-2026-03b", starts_at=again, rescheduled_from=MEETING)
    letter = {"agency": "oec", "holder": "p-holder", "by": "p-oec"}
    body.do(
        c.FileProxy,
        valid_from=again.date(),
        valid_until=again.date(),
        holder_facts=BoardPerson(name="Hollis Older"),
        **letter,
    )
    body.do(c.OpenMeeting, meeting="DGB-2026-03b", at=again)
    for person in ("p-sde", "p-dol", "p-cscu", "p-holder"):
        body.do(c.Arrive, meeting="DGB-2026-03b", person=person)
    body.move(meeting="DGB-2026-03b", motion="M-2")
    body.do(c.DeclareInterest, motion="M-2", text="A relative.", by="p-dcf")
    body.do(c.PutMotion, motion="M-2")
    for agency in ("sde", "dol", "cscu"):
        body.vote(agency, motion="M-2")
    body.vote("oec", motion="M-2", by="p-holder")
    body.do(c.CloseVote, motion="M-2")
    outcome = decide_motion(body.state.facts("M-2"))
    assert outcome.passed
    assert outcome.seats[AGENCIES.index("oec")].capacity is Capacity.PROXY
    assert "takes up DGB-2026-03" in explain(outcome)
    body.check_replay()


def test_votes_are_refused_as_the_rules_say() -> None:
    body = Body()
    body.refuse(c.OpenMeeting, "meeting.time", meeting=MEETING)
    body.refuse(
        c.MoveMotion,
        "meeting.session",
        meeting=MEETING,
        motion="M-1",
        kind=MotionKind.DATA_REQUEST,
        text="x",
        about="Q0042",
    )
    body.open("p-sde", "p-dol", "p-oec", "p-cscu", "p-dcf")
    vote = {"motion": "M-1", "agency": "sde", "choice": Choice.IN_FAVOR, "rationale": "Good."}
    body.refuse(c.CastVote, "motion.open", by="p-sde", **vote)
    body.move()
    body.do(c.DeclareInterest, motion="M-1", text="A relative.", by="p-dcf")
    body.do(c.PutMotion, motion="M-1")
    body.refuse(c.PutMotion, "motion.open", motion="M-1")
    body.refuse(c.CastVote, "vote.seat", by="p-dol", **vote)
    body.refuse(c.CastVote, "vote.seat", by="p-dcf", **(vote | {"agency": "dcf"}))
    body.refuse(c.CastVote, "vote.rationale", by="p-sde", **(vote | {"rationale": " "}))
    body.do(c.Depart, meeting=MEETING, person="p-sde")
    body.refuse(c.CastVote, "vote.seat", by="p-sde", **vote)
    body.do(c.Arrive, meeting=MEETING, person="p-sde")
    body.vote("sde")
    body.refuse(c.CastVote, "vote.locked", by="p-sde", **vote)
    body.vote("dol", "abstain")
    body.do(c.CloseVote, motion="M-1")
    assert body.state.motions["M-1"].passed is False
    body.refuse(c.CloseVote, "motion.open", motion="M-1")
    body.refuse(c.DeclareInterest, "motion.open", motion="M-1", text="Late.", by="p-oec")
    body.check_replay()


def test_who_takes_a_seat_later_changes_nothing_decided_before() -> None:
    body = Body()
    body.open()
    body.move()
    body.do(c.PutMotion, motion="M-1")
    for agency in AGENCIES:
        body.vote(agency)
    body.do(c.CloseVote, motion="M-1")
    before = explain(decide_motion(body.state.facts("M-1")))
    body.do(c.FillSeat, agency="sde", person="p-new")
    body.do(c.VacateSeat, agency="dol")
    assert explain(decide_motion(body.state.facts("M-1"))) == before
    body.check_replay()


def test_an_alternate_whom_the_requestor_employs_does_not_sit() -> None:
    """The requestor's own member is recused: with that alternate four of five make the quorum."""
    for employer, sits in (("sde", False), ("dcf", True)):
        body = Body()
        known = BoardPerson(name="Deputy", employer=employer)
        body.do(c.NameAlternate, agency="dcf", person="p-deputy", person_facts=known)
        body.open("p-sde", "p-dol", "p-oec", "p-cscu", "p-deputy")
        body.move(by="p-dol", requestor_employers=("sde",))
        if sits:
            body.do(c.PutMotion, motion="M-1")
        else:
            body.refuse(c.PutMotion, "meeting.quorum", motion="M-1")
        body.check_replay()


def test_the_executive_board_admits_an_agency_unanimously() -> None:
    body = Body(EXECUTIVE)
    for choice, passed in (("in_favor", True), ("abstain", False)):
        body = Body(EXECUTIVE)
        body.open()
        body.move(kind=MotionKind.ADMIT_AGENCY, about="ocme", text="Admit OCME.")
        body.do(c.PutMotion, motion="M-1")
        for agency in AGENCIES[1:]:
            body.vote(agency)
        body.vote(AGENCIES[0], choice)
        body.do(c.CloseVote, motion="M-1")
        assert body.state.admitted == (("ocme",) if passed else ())
        body.check_replay()
    bad = {"meeting": MEETING, "motion": "M-2", "text": "x", "by": "p-sde"}
    body.refuse(c.MoveMotion, "motion.agency", kind=MotionKind.ADMIT_AGENCY, about="O.C.M.E", **bad)
    board = Body()
    board.open()
    board.refuse(
        c.MoveMotion, "motion.jurisdiction", kind=MotionKind.ADMIT_AGENCY, about="ocme", **bad
    )


def test_roster_letters_and_attendance_are_checked() -> None:
    body = Body()
    body.refuse(c.FillSeat, "seat.person", agency="dmhas", person="p-sde")
    body.refuse(c.VacateSeat, "seat.known", agency="dmhas")
    body.refuse(c.NameAlternate, "seat.known", agency="dmhas", person="p-x")
    body.do(c.NameAlternate, agency="dol", person="p-deputy")
    body.do(c.NameAlternate, agency="dol", person="p-deputy", until=DAY)
    assert len(body.state.seats["dol"].alternates) == 1
    letter = {"agency": "dol", "holder": "p-holder", "valid_from": DAY, "valid_until": DAY}
    body.refuse(c.FileProxy, "proxy.member", by="p-sde", **letter)
    past = DAY - timedelta(days=99)
    body.refuse(
        c.FileProxy,
        "proxy.period",
        by="p-dol",
        **(letter | {"valid_from": past, "valid_until": past}),
    )
    body.do(c.FileProxy, by="p-dol", **letter)
    body.refuse(c.WithdrawProxy, "proxy.member", by="p-sde", agency="dol", holder="p-holder")
    body.do(c.WithdrawProxy, by="p-dol", agency="dol", holder="p-holder")
    body.refuse(c.WithdrawProxy, "proxy.member", by="p-dol", agency="dol", holder="p-holder")
    body.refuse(c.NoticeMeeting, "meeting.once", meeting=MEETING, starts_at=START)
    body.refuse(c.NoticeMeeting, "meeting.notice", meeting="X", starts_at=START, at=START)
    body.refuse(c.NoticeMeeting, "meeting.public", meeting="X", starts_at=START, public=False)
    body.refuse(c.OpenMeeting, "meeting.known", meeting="X")
    body.refuse(c.Arrive, "meeting.known", meeting="X", person="p-sde")
    body.open("p-sde")
    body.refuse(c.OpenMeeting, "meeting.once", meeting=MEETING)
    body.refuse(c.Arrive, "attendance.once", meeting=MEETING, person="p-sde")
    body.refuse(c.Depart, "attendance.present", meeting=MEETING, person="p-dol")
    body.do(c.Depart, meeting=MEETING, person="p-sde")
    body.do(c.Arrive, meeting=MEETING, person="p-sde")
    body.refuse(
        c.MoveMotion, "motion.mover", by="p-dol", meeting=MEETING, motion="M-1", text="x",
        kind=MotionKind.OTHER, about="X",
    )  # fmt: skip
    body.refuse(
        c.MoveMotion, "motion.mover", by="p-sde", meeting=MEETING, motion="M-1", text="x",
        kind=MotionKind.DATA_REQUEST, about="Q1", requestor_employers=("sde",),
    )  # fmt: skip
    body.move()
    body.refuse(
        c.MoveMotion, "motion.once", by="p-sde", meeting=MEETING, motion="M-1", text="x",
        kind=MotionKind.OTHER, about="X",
    )  # fmt: skip
    none = Body(BOARD.model_copy(update={"proxies": False}))
    none.refuse(c.FileProxy, "proxy.allowed", by="p-dol", **letter)
    body.check_replay()


def test_facts_and_events_of_what_does_not_exist_are_refused() -> None:
    body = Body()
    with pytest.raises(LedgerError):
        body.state.facts("M-1")
    body.open()
    body.move()
    event = body.events[-1].model_copy(update={"subject": "M-9"})
    put: Any = handle(body.state, c.PutMotion(by="p-office", at=minutes(9), motion="M-1")).events[0]
    with pytest.raises(LedgerError):
        apply(body.state, put.model_copy(update={"subject": "M-8"}))
    assert "M-9" in apply(body.state, event).motions


_PEOPLE = st.sampled_from([*(f"p-{a}" for a in AGENCIES), "p-holder"])
_SEATS = st.sampled_from(AGENCIES)
_STEPS = st.one_of(
    st.tuples(st.just(c.Arrive), st.fixed_dictionaries({"person": _PEOPLE})),
    st.tuples(st.just(c.Depart), st.fixed_dictionaries({"person": _PEOPLE})),
    st.tuples(
        st.just(c.CastVote),
        st.fixed_dictionaries(
            {"by": _PEOPLE, "agency": _SEATS, "choice": st.sampled_from(list(Choice))}
        ),
    ),
    st.tuples(st.just(c.DeclareInterest), st.fixed_dictionaries({"by": _PEOPLE})),
    st.tuples(st.just(c.PutMotion), st.just({})),
    st.tuples(st.just(c.FillSeat), st.fixed_dictionaries({"agency": _SEATS, "person": _PEOPLE})),
    st.tuples(st.just(c.VacateSeat), st.fixed_dictionaries({"agency": _SEATS})),
    st.tuples(st.just(c.FileProxy), st.fixed_dictionaries({"by": _PEOPLE, "agency": _SEATS})),
    st.tuples(st.just(c.CloseVote), st.just({})),
)
_EXTRA: dict[type[c.BodyCommand], dict[str, Any]] = {
    c.Arrive: {"meeting": MEETING},
    c.Depart: {"meeting": MEETING},
    c.CastVote: {"motion": "M-1", "rationale": "Said."},
    c.DeclareInterest: {"motion": "M-1", "text": "Mine."},
    c.PutMotion: {"motion": "M-1"},
    c.CloseVote: {"motion": "M-1"},
    c.FileProxy: {"holder": "p-holder", "valid_from": DAY, "valid_until": DAY},
}


@pytest.mark.property
@given(st.lists(_STEPS, max_size=25))
def test_whatever_is_commanded_the_events_replay_to_the_same_outcome(
    steps: list[tuple[type[c.BodyCommand], dict[str, Any]]],
) -> None:
    body = Body()
    body.open()
    body.move()
    for kind, facts in steps:
        handled = body.give(kind, **(facts | _EXTRA.get(kind, {})))
        assert bool(handled.events) == handled.decision.permitted
        for event in handled.events:
            body.state = apply(body.state, event)
            body.events.append(event)
    body.check_replay()
    motion = body.state.motions["M-1"]
    if motion.passed:
        outcome = decide_motion(body.state.facts("M-1"))
        assert outcome.represented * 3 >= outcome.filled_seats * 2
        seats = [v.agency for v in motion.votes]
        assert len(set(seats)) == len(seats)
