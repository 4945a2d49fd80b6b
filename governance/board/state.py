"""The state of a body: its events replayed; and the facts of each motion, read off that state.

A motion keeps the roster as it was when the vote was called: who takes a seat later changes nothing
that was decided before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from governance.audit.tags import Tag
from governance.board import events as ev
from governance.board.bylaws import BodyRules
from governance.board.model import (
    Alternate,
    Attendance,
    BoardPerson,
    Interest,
    Meeting,
    Motion,
    MotionFacts,
    Proxy,
    Seat,
    Vote,
)
from governance.errors import LedgerError


@dataclass(frozen=True, slots=True)
class MotionState:
    """One motion.

    Attributes:
        put_at: When the vote was called; None: not yet.
        seats, people, proxies: The roster as it was then.
        passed: None until the vote is closed.
    """

    id: str
    moved: ev.MotionMoved
    interests: tuple[Interest, ...] = ()
    put_at: datetime | None = None
    seats: tuple[Seat, ...] = ()
    people: Mapping[str, BoardPerson] = field(default_factory=dict)
    proxies: tuple[Proxy, ...] = ()
    votes: tuple[Vote, ...] = ()
    closed_at: datetime | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class MeetingState:
    """One meeting; `adjourned` is True when it broke off, False when it was closed."""

    meeting: Meeting
    attendance: tuple[Attendance, ...] = ()
    adjourned: bool | None = None

    @property
    def in_session(self) -> bool:
        """Whether it is open now."""
        return self.meeting.opened_at is not None and self.meeting.ended_at is None

    def present(self, person: str) -> bool:
        """Whether the person is in the room now."""
        return any(a.person == person and a.left_at is None for a in self.attendance)


@dataclass(frozen=True, slots=True)
class BodyState:
    """A body with roster, meetings and motions."""

    rules: BodyRules
    seats: Mapping[str, Seat] = field(default_factory=dict)
    people: Mapping[str, BoardPerson] = field(default_factory=dict)
    proxies: tuple[Proxy, ...] = ()
    meetings: Mapping[str, MeetingState] = field(default_factory=dict)
    motions: Mapping[str, MotionState] = field(default_factory=dict)
    admitted: tuple[str, ...] = ()
    events: int = 0

    def facts(self, motion_id: str) -> MotionFacts:
        """The facts of a motion whose vote was called.

        Raises:
            LedgerError: There is no such motion, or its vote was not called.
        """
        motion = self.motions.get(motion_id)
        if motion is None or motion.put_at is None:
            raise LedgerError("There is no motion of that id whose vote was called.")
        moved, meeting = motion.moved, self.meetings[motion.moved.meeting]
        return MotionFacts(
            rules=self.rules,
            seats=motion.seats,
            people=motion.people,
            meeting=meeting.meeting,
            attendance=meeting.attendance,
            proxies=motion.proxies,
            interests=motion.interests,
            motion=Motion(
                id=motion.id,
                kind=moved.kind,
                text=moved.text,
                subject=moved.about,
                subject_digest=moved.about_digest,
                requestors=moved.requestors,
                requestor_employers=moved.requestor_employers,
                conditions=moved.conditions,
                moved_by=moved.by,
                moved_at=moved.at,
                put_at=motion.put_at,
                closed_at=motion.closed_at,
            ),
            votes=motion.votes,
        )


def replay(rules: BodyRules, events: Iterable[ev.BodyEvent]) -> BodyState:
    """The state after the events, in their order.

    Raises:
        LedgerError: An event is about a meeting or motion that does not exist.
    """
    state = BodyState(rules)
    for event in events:
        state = apply(state, event)
    return state


def apply(state: BodyState, event: ev.BodyEvent) -> BodyState:
    """The state after one more event.

    Raises:
        LedgerError: It is about a meeting or motion that does not exist.
    """
    try:
        for fold in (_fold_roster, _fold_proxies, _fold_meeting, _fold_motion):
            state = fold(state, event)
    except KeyError:
        raise LedgerError(
            f"Event {state.events + 1} is about something that does not exist.",
            tag=event.tag.value,
            seq=state.events + 1,
        ) from None
    return replace(state, events=state.events + 1)


def _fold_roster(state: BodyState, event: ev.BodyEvent) -> BodyState:
    match event:
        case ev.SeatFilled():
            old = state.seats.get(event.agency, Seat(agency=event.agency, member=None))
            seats = {**state.seats, event.agency: old.model_copy(update={"member": event.person})}
            people = _know(state, event.person, BoardPerson(name=event.name, employer=event.agency))
            return replace(state, seats=seats, people=people)
        case ev.SeatVacated():
            empty = state.seats[event.agency].model_copy(update={"member": None})
            return replace(state, seats={**state.seats, event.agency: empty})
        case ev.AlternateNamed():
            seat = state.seats[event.agency]
            named = Alternate(person=event.person, named_at=event.at, until=event.until)
            others = tuple(a for a in seat.alternates if a.person != event.person)
            changed = seat.model_copy(update={"alternates": (*others, named)})
            people = _met(state, event.person, event.person_facts)
            return replace(state, seats={**state.seats, event.agency: changed}, people=people)
        case ev.AgencyAdmitted():
            return replace(state, admitted=(*state.admitted, event.agency))
        case _:
            return state


def _know(state: BodyState, person: str, facts: BoardPerson) -> dict[str, BoardPerson]:
    return {**state.people, person: facts}


def _met(state: BodyState, person: str, facts: BoardPerson) -> dict[str, BoardPerson]:
    """Who holds a seat is known by it already."""
    return dict(state.people) if person in state.people else _know(state, person, facts)


def _fold_proxies(state: BodyState, event: ev.BodyEvent) -> BodyState:
    match event:
        case ev.ProxyFiled():
            letter = Proxy(
                agency=event.agency,
                given_by=event.given_by,
                holder=event.holder,
                valid_from=event.valid_from,
                valid_until=event.valid_until,
                filed_at=event.at,
            )
            people = _met(state, event.holder, event.holder_facts)
            return replace(state, proxies=(*state.proxies, letter), people=people)
        case ev.ProxyWithdrawn():
            proxies = tuple(
                p.model_copy(update={"withdrawn_at": event.at})
                if (p.agency, p.holder, p.withdrawn_at) == (event.agency, event.holder, None)
                else p
                for p in state.proxies
            )
            return replace(state, proxies=proxies)
        case _:
            return state


def _fold_meeting(state: BodyState, event: ev.BodyEvent) -> BodyState:
    match event:
        case ev.MeetingNoticed():
            new = Meeting(
                id=event.subject,
                starts_at=event.starts_at,
                noticed_at=event.at,
                public=event.public,
                rescheduled_from=event.rescheduled_from,
            )
            return _with_meeting(state, MeetingState(new))
        case ev.MeetingOpened() | ev.MeetingEnded():
            held = state.meetings[event.subject]
            field_ = "opened_at" if isinstance(event, ev.MeetingOpened) else "ended_at"
            meeting = held.meeting.model_copy(update={field_: event.at})
            adjourned = None if field_ == "opened_at" else event.tag is Tag.MEETING_ADJOURNED
            return _with_meeting(state, replace(held, meeting=meeting, adjourned=adjourned))
        case ev.PersonArrived():
            held = state.meetings[event.subject]
            stay = Attendance(person=event.person, arrived_at=event.at)
            return _with_meeting(state, replace(held, attendance=(*held.attendance, stay)))
        case ev.PersonDeparted():
            held = state.meetings[event.subject]
            stays = tuple(
                a.model_copy(update={"left_at": event.at})
                if a.person == event.person and a.left_at is None
                else a
                for a in held.attendance
            )
            return _with_meeting(state, replace(held, attendance=stays))
        case _:
            return state


def _with_meeting(state: BodyState, held: MeetingState) -> BodyState:
    return replace(state, meetings={**state.meetings, held.meeting.id: held})


def _fold_motion(state: BodyState, event: ev.BodyEvent) -> BodyState:
    match event:
        case ev.MotionMoved():
            motion = MotionState(event.subject, event)
        case ev.InterestDeclared():
            old = state.motions[event.subject]
            interest = Interest(person=event.person, text=event.text, declared_at=event.at)
            motion = replace(old, interests=(*old.interests, interest))
        case ev.MotionPut():
            old = state.motions[event.subject]
            motion = replace(
                old,
                interests=(*old.interests, *event.interests),
                put_at=event.at,
                seats=tuple(state.seats.values()),
                people=state.people,
                proxies=state.proxies,
            )
        case ev.VoteCast():
            old = state.motions[event.subject]
            vote = Vote(
                agency=event.agency,
                person=event.person,
                choice=event.choice,
                rationale=event.rationale,
                cast_at=event.at,
            )
            motion = replace(old, votes=(*old.votes, vote))
        case ev.MotionDecided():
            motion = replace(
                state.motions[event.subject],
                closed_at=event.at,
                passed=event.tag is Tag.MOTION_PASSED,
            )
        case _:
            return state
    return replace(state, motions={**state.motions, motion.id: motion})
