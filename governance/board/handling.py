"""Each command on a body, checked against its state and bylaws.

What a command refuses is what would have no effect or mislead; the outcome itself never relies on
these checks: `decide_motion` judges the facts again, whoever wrote them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from governance.audit.tags import Tag
from governance.board import events as ev
from governance.board.bylaws import MotionKind
from governance.board.commands import (
    Arrive,
    BodyCommand,
    CastVote,
    CloseVote,
    DeclareInterest,
    Depart,
    EndMeeting,
    FileProxy,
    FillSeat,
    MoveMotion,
    NameAlternate,
    NoticeMeeting,
    OpenMeeting,
    PutMotion,
    VacateSeat,
    WithdrawProxy,
)
from governance.board.recusal import find_recusals
from governance.board.seating import present_at, seat_everyone
from governance.board.state import BodyState, MeetingState, apply
from governance.board.voting import decide_motion
from governance.calendar import legal_date
from governance.decisions import Denial
from governance.facts import Handled, judge

_AGENCY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


def handle(state: BodyState, command: BodyCommand) -> Handled:
    """Judge a command; the events when it permits.

    Args:
        state: The body, replayed.
        command: What is wanted, by whom, when.
    """
    return _HANDLERS[type(command)](state, command)


def _deny(state: BodyState, rule: str, reason: str, remedy: str, clause: str) -> Denial:
    return Denial(rule, reason, remedy, state.rules.clause(clause))


def _fill(state: BodyState, command: FillSeat) -> Handled:
    rule, denials = "seat.person", []
    if any(s.member == command.person for a, s in state.seats.items() if a != command.agency):
        reason = f"{command.person} holds another seat."
        denials.append(_deny(state, rule, reason, "Name another person.", "jurisdiction"))
    facts = {"agency": command.agency, "person": command.person, "name": command.name}
    return judge((rule,), denials, _event(ev.SeatFilled, state.rules.body, command, **facts))


def _on_seat(kind: Callable[..., ev.BodyEvent], *names: str) -> Callable[..., Handled]:
    def handler(state: BodyState, command: Any) -> Handled:  # noqa: ANN401  one of several commands
        rule, denials = "seat.known", []
        seat = state.seats.get(command.agency)
        if seat is None:
            reason = f"{command.agency} has no seat."
            denials.append(_deny(state, rule, reason, "Fill its seat first.", "jurisdiction"))
        facts = {name: getattr(command, name) for name in ("agency", *names)}
        return judge((rule,), denials, _event(kind, state.rules.body, command, **facts))

    return handler


def _file_proxy(state: BodyState, command: FileProxy) -> Handled:
    rules = ("proxy.allowed", "proxy.member", "proxy.period")
    denials, seat = [], state.seats.get(command.agency)
    if not state.rules.proxies:
        reason = "The bylaws allow no proxies."
        denials.append(_deny(state, rules[0], reason, "The member comes.", "proxy"))
    if seat is None or seat.member != command.by:
        reason = f"Only the member for {command.agency} gives its proxy."
        denials.append(_deny(state, rules[1], reason, "The member files it.", "proxy"))
    if command.valid_until < max(command.valid_from, legal_date(command.at)):
        reason = "The period is over, or ends before it begins."
        denials.append(_deny(state, rules[2], reason, "Name the period to come.", "proxy"))
    event = _event(
        ev.ProxyFiled,
        state.rules.body,
        command,
        agency=command.agency,
        given_by=command.by,
        holder=command.holder,
        holder_facts=command.holder_facts,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
    )
    return judge(rules, denials, event)


def _withdraw_proxy(state: BodyState, command: WithdrawProxy) -> Handled:
    rule, denials = "proxy.member", []
    letters = [p for p in state.proxies if (p.agency, p.holder) == (command.agency, command.holder)]
    if not any(p.given_by == command.by and p.withdrawn_at is None for p in letters):
        reason = f"You gave {command.holder} no letter for {command.agency} that stands."
        denials.append(_deny(state, rule, reason, "Who gave it withdraws it.", "proxy"))
    event = _event(
        ev.ProxyWithdrawn,
        state.rules.body,
        command,
        agency=command.agency,
        holder=command.holder,
    )
    return judge((rule,), denials, event)


def _notice(state: BodyState, command: NoticeMeeting) -> Handled:
    rules = ("meeting.once", "meeting.notice", "meeting.public", "meeting.rescheduled")
    denials = []
    if command.meeting in state.meetings:
        reason = f"{command.meeting} was noticed."
        denials.append(_deny(state, rules[0], reason, "Choose another id.", "notice"))
    again = command.rescheduled_from is not None
    needed = state.rules.rescheduled_notice_days if again else state.rules.notice_days
    days = (legal_date(command.starts_at) - legal_date(command.at)).days
    if days < needed:
        reason = f"The meeting is in {days} day(s); {needed} days of notice are needed."
        denials.append(_deny(state, rules[1], reason, "Choose a later day.", "notice"))
    if state.rules.public and not command.public:
        reason = "The body meets in public."
        denials.append(_deny(state, rules[2], reason, "Notice it as public.", "public"))
    if command.rescheduled_from is not None:
        old = state.meetings.get(command.rescheduled_from)
        if old is None or old.adjourned is not True:
            reason = f"{command.rescheduled_from} was not adjourned."
            denials.append(_deny(state, rules[3], reason, "Adjourn it first.", "session"))
    event = _event(
        ev.MeetingNoticed,
        command.meeting,
        command,
        starts_at=command.starts_at,
        public=command.public,
        rescheduled_from=command.rescheduled_from,
    )
    return judge(rules, denials, event)


def _open(state: BodyState, command: OpenMeeting) -> Handled:
    rules = ("meeting.known", "meeting.once", "meeting.time")
    held, denials = state.meetings.get(command.meeting), []
    if held is None:
        denials.append(_unknown(state, rules[0], command.meeting))
    elif held.meeting.opened_at is not None:
        reason = "The meeting was opened."
        denials.append(_deny(state, rules[1], reason, "Notice another.", "session"))
    elif command.at < held.meeting.starts_at:
        reason = f"The meeting is noticed for {held.meeting.starts_at:%Y-%m-%d %H:%M %Z}."
        denials.append(_deny(state, rules[2], reason, "Wait until then.", "notice"))
    return judge(rules, denials, _event(ev.MeetingOpened, command.meeting, command))


def _in_session(state: BodyState, meeting: str) -> Iterator[Denial]:
    held = state.meetings.get(meeting)
    if held is None or not held.in_session:
        reason = f"{meeting} is not in session."
        yield _deny(state, "meeting.session", reason, "Open it first.", "session")


def _end(state: BodyState, command: EndMeeting) -> Handled:
    tag = Tag.MEETING_ADJOURNED if command.adjourn else Tag.MEETING_CLOSED
    event = _event(ev.MeetingEnded, command.meeting, command, tag=tag, reason=command.reason)
    return judge(("meeting.session",), [*_in_session(state, command.meeting)], event)


def _arrive(state: BodyState, command: Arrive) -> Handled:
    rules, denials = ("meeting.known", "attendance.once"), []
    held = state.meetings.get(command.meeting)
    if held is None or held.meeting.ended_at is not None:
        denials.append(_unknown(state, rules[0], command.meeting))
    elif held.present(command.person):
        reason = f"{command.person} is present."
        denials.append(_deny(state, rules[1], reason, "Nothing is left to do.", "session"))
    event = _event(ev.PersonArrived, command.meeting, command, person=command.person)
    return judge(rules, denials, event)


def _depart(state: BodyState, command: Depart) -> Handled:
    rule, denials = "attendance.present", []
    held = state.meetings.get(command.meeting)
    if held is None or not held.present(command.person):
        reason = f"{command.person} is not present."
        denials.append(_deny(state, rule, reason, "Nothing is left to do.", "session"))
    event = _event(ev.PersonDeparted, command.meeting, command, person=command.person)
    return judge((rule,), denials, event)


def _move(state: BodyState, command: MoveMotion) -> Handled:
    rules = (
        "meeting.session",
        "motion.once",
        "motion.jurisdiction",
        "motion.mover",
        "motion.agency",
    )
    denials = [*_in_session(state, command.meeting)]
    if command.motion in state.motions:
        reason = f"{command.motion} was moved."
        denials.append(_deny(state, rules[1], reason, "Choose another id.", "votes"))
    if command.kind not in state.rules.decides:
        reason = f"The {state.rules.title} does not decide motions of that kind."
        remedy = "Move it in the body that does."
        denials.append(_deny(state, rules[2], reason, remedy, "jurisdiction"))
    if command.kind is MotionKind.ADMIT_AGENCY and not _AGENCY.fullmatch(command.about):
        reason = "The motion names no agency's code."
        remedy = "Name it in lower-case letters, digits and underscores."
        denials.append(_deny(state, rules[4], reason, remedy, "jurisdiction"))
    held = state.meetings.get(command.meeting)
    denials += _mover_denials(state, command, held)
    event = _event(
        ev.MotionMoved,
        command.motion,
        command,
        meeting=command.meeting,
        kind=command.kind,
        text=command.text,
        about=command.about,
        about_digest=command.about_digest,
        requestors=command.requestors,
        requestor_employers=command.requestor_employers,
        conditions=command.conditions,
    )
    return judge(rules, denials, event)


def _mover_denials(
    state: BodyState, command: MoveMotion, held: MeetingState | None
) -> Iterator[Denial]:
    sits = {s.member for s in state.seats.values()}
    sits |= {a.person for s in state.seats.values() for a in s.alternates}
    sits |= {p.holder for p in state.proxies}
    if command.by not in sits or held is None or not held.present(command.by):
        reason = "Only somebody present who may sit in a seat moves a motion."
        yield _deny(state, "motion.mover", reason, "A member moves it.", "votes")
    conflicted = {s.member for a, s in state.seats.items() if a in command.requestor_employers}
    if command.by in command.requestors or command.by in conflicted:
        reason = "You are recused from it."
        yield _deny(state, "motion.mover", reason, "Another member moves it.", "recusal")


def _declare(state: BodyState, command: DeclareInterest) -> Handled:
    rule, denials = "motion.open", []
    motion = state.motions.get(command.motion)
    if motion is None or motion.passed is not None:
        reason = "There is no such motion, or its vote is closed."
        denials.append(_deny(state, rule, reason, "Tell the chair for the record.", "recusal"))
    event = _event(
        ev.InterestDeclared, command.motion, command, person=command.by, text=command.text
    )
    return judge((rule,), denials, event)


def _put(state: BodyState, command: PutMotion) -> Handled:
    rules = ("motion.open", "meeting.session", "meeting.quorum")
    motion, denials = state.motions.get(command.motion), []
    event = _event(ev.MotionPut, command.motion, command, interests=command.interests)
    if motion is None or motion.put_at is not None:
        reason = "There is no such motion, or its vote was called."
        denials.append(_deny(state, rules[0], reason, "Move it first.", "votes"))
        return judge(rules, denials, event)
    denials += _in_session(state, motion.moved.meeting)
    if not denials:
        outcome = decide_motion(apply(state, event).facts(command.motion))
        denials += [d for d in outcome.decision.denials if d.rule == "meeting.quorum"]
    return judge(rules, denials, event)


def _vote(state: BodyState, command: CastVote) -> Handled:
    rules = ("motion.open", "meeting.session", "vote.seat", "vote.locked", "vote.rationale")
    motion, denials = state.motions.get(command.motion), []
    event = _event(
        ev.VoteCast,
        command.motion,
        command,
        agency=command.agency,
        person=command.by,
        choice=command.choice,
        rationale=command.rationale,
    )
    if motion is None or motion.put_at is None or motion.passed is not None:
        reason = "The vote is not open."
        denials.append(_deny(state, rules[0], reason, "Vote when it is called.", "votes"))
        return judge(rules, denials, event)
    denials += [*_in_session(state, motion.moved.meeting)]
    facts = state.facts(command.motion)
    recusals = find_recusals(facts)
    sitting = {p.seat.agency: p.person for p in seat_everyone(facts, recusals).places}
    if command.by in recusals:
        reason = f"You are recused: {recusals[command.by].words}."
        denials.append(_deny(state, rules[2], reason, "Leave the vote to others.", "recusal"))
    elif sitting.get(command.agency) != command.by:
        reason = f"You did not sit for {command.agency} when the vote was called."
        remedy = "Whoever sits in the seat votes."
        denials.append(_deny(state, rules[2], reason, remedy, "votes"))
    elif command.by not in present_at(facts, command.at):
        reason = "You left the room; only who is present votes."
        remedy = "Come back, and have the office record it, while the vote is open."
        denials.append(_deny(state, rules[2], reason, remedy, "votes"))
    if any(v.agency == command.agency for v in motion.votes):
        reason = f"{command.agency} has voted; a vote once cast is locked."
        denials.append(_deny(state, rules[3], reason, "Nothing is left to do.", "votes"))
    if state.rules.rationale_required and not command.rationale.strip():
        reason = "A vote needs its reason."
        denials.append(_deny(state, rules[4], reason, "Give one sentence.", "votes"))
    return judge(rules, denials, event)


def _close(state: BodyState, command: CloseVote) -> Handled:
    rule = "motion.open"
    motion = state.motions.get(command.motion)
    if motion is None or motion.put_at is None or motion.passed is not None:
        reason = "The vote is not open."
        return judge((rule,), [_deny(state, rule, reason, "Call it first.", "votes")])
    facts = state.facts(command.motion)
    closing = facts.motion.model_copy(update={"closed_at": command.at})
    outcome = decide_motion(facts.model_copy(update={"motion": closing}))
    decided = _event(
        ev.MotionDecided,
        command.motion,
        command,
        tag=Tag.MOTION_PASSED if outcome.passed else Tag.MOTION_FAILED,
        in_favor=outcome.in_favor,
        represented=outcome.represented,
        quorum_needed=outcome.quorum_needed,
        approval_needed=outcome.approval_needed,
        reasons=tuple(d.reason for d in outcome.decision.denials),
    )
    events = [decided]
    if outcome.passed and motion.moved.kind is MotionKind.ADMIT_AGENCY:
        agency = motion.moved.about
        events.append(_event(ev.AgencyAdmitted, command.motion, command, agency=agency))
    return judge((rule,), [], *events)


def _event(
    kind: Callable[..., ev.BodyEvent], subject: str, command: BodyCommand, /, **facts: object
) -> ev.BodyEvent:
    return kind(subject=subject, at=command.at, by=command.by, **facts)


def _unknown(state: BodyState, rule: str, meeting: str) -> Denial:
    return _deny(state, rule, f"There is no meeting {meeting} to come.", "Notice it.", "notice")


_HANDLERS: Final[Mapping[type[BodyCommand], Callable[..., Handled]]] = {
    FillSeat: _fill,
    VacateSeat: _on_seat(ev.SeatVacated),
    NameAlternate: _on_seat(ev.AlternateNamed, "person", "person_facts", "until"),
    FileProxy: _file_proxy,
    WithdrawProxy: _withdraw_proxy,
    NoticeMeeting: _notice,
    OpenMeeting: _open,
    EndMeeting: _end,
    Arrive: _arrive,
    Depart: _depart,
    MoveMotion: _move,
    DeclareInterest: _declare,
    PutMotion: _put,
    CastVote: _vote,
    CloseVote: _close,
}
