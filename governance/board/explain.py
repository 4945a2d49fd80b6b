"""Why a motion passed or failed, in words: arithmetic, roll call, and the bylaw for each step."""

from governance.board.model import Choice
from governance.board.seating import Capacity
from governance.board.voting import MotionOutcome, SeatOutcome
from governance.calendar import LEGAL_ZONE, legal_date

_CHOICES = {Choice.IN_FAVOR: "in favor", Choice.AGAINST: "against", Choice.ABSTAIN: "abstained"}


def explain(outcome: MotionOutcome) -> str:
    """Print the outcome so that a member can check it by hand.

    The same outcome always gives the same text.
    """
    facts = outcome.facts
    rules, motion, meeting = facts.rules, facts.motion, facts.meeting
    verdict = "PASSED" if outcome.passed else "FAILED"
    conditions = f" with {len(outcome.conditions)} condition(s)" if outcome.conditions else ""
    lines = [
        (
            f"{verdict}{conditions}: motion {motion.id} ({motion.subject}), {rules.title}, "
            f"meeting {meeting.id}, {legal_date(motion.put_at)}."
        ),
        f"  {motion.text}",
        "",
        _notice(outcome),
        (
            f"Vote called: {motion.put_at.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M %Z}. "
            f"[{rules.clause('session')}]"
        ),
        _quorum(outcome),
        _approval(outcome),
        "",
        "Roll call:",
        *(_seat(seat, outcome) for seat in outcome.seats),
    ]
    if outcome.ignored:
        lines += ["", "Without effect:"]
        lines += [f"  - {i.what}: {i.reason} [{i.clause}]" for i in outcome.ignored]
    if outcome.conditions:
        lines += ["", "Conditions:"]
        lines += [
            f"  - {c.id}: {c.text}" + (" (before access)" if c.blocks_access else "")
            for c in outcome.conditions
        ]
    if outcome.decision.denials:
        lines += ["", "Why it failed:"]
        lines += [f"  - {d.reason} {d.remedy} [{d.clause}]" for d in outcome.decision.denials]
    return "\n".join(lines)


def _notice(outcome: MotionOutcome) -> str:
    meeting, rules = outcome.facts.meeting, outcome.facts.rules
    needed = rules.rescheduled_notice_days if meeting.rescheduled_from else rules.notice_days
    start = legal_date(meeting.starts_at)
    if meeting.noticed_at is None:
        said = "none"
    else:
        posted = legal_date(meeting.noticed_at)
        said = f"posted {posted}, meeting {start}: {(start - posted).days} day(s)"
    again = f"; takes up {meeting.rescheduled_from}" if meeting.rescheduled_from else ""
    public = "public" if meeting.public else "not public"
    return f"Notice: {said}, {needed} needed; {public}{again}. [{rules.clause('notice')}]"


def _quorum(outcome: MotionOutcome) -> str:
    rules = outcome.facts.rules
    share, filled = rules.quorum, outcome.filled_seats
    exact = share.numerator * filled / share.denominator
    met = "a quorum" if outcome.quorate else "no quorum"
    return (
        f"Quorum: {share} of {filled} filled seats is {exact:.2f}, so {outcome.quorum_needed}; "
        f"{outcome.represented} represented: {met}. [{rules.clause('quorum')}]"
    )


def _approval(outcome: MotionOutcome) -> str:
    rules = outcome.facts.rules
    over = "seats represented" if rules.approval.counted == "present" else "filled seats"
    enough = "enough" if outcome.in_favor >= outcome.approval_needed else "not enough"
    return (
        f"Approval: {rules.approval.share} of {outcome.counted} {over} is "
        f"{outcome.approval_needed}; in favor {outcome.in_favor}, against {outcome.against}, "
        f"abstained {outcome.abstained}, no vote {outcome.silent}: {enough}. "
        f"[{rules.clause('approval')}]"
    )


def _seat(seat: SeatOutcome, outcome: MotionOutcome) -> str:
    rules = outcome.facts.rules
    recused = f"; {_name(seat.member, outcome)} is recused: {seat.recused}" if seat.recused else ""
    if recused:
        recused += f" [{rules.clause('recusal')}]"
    if seat.capacity is Capacity.VACANT:
        return f"  {seat.agency}: vacant, not counted"
    if seat.person is None:
        return f"  {seat.agency}: not represented" + (recused or "; absent")
    who = f"{_name(seat.person, outcome)} ({seat.capacity.value})"
    if seat.capacity is not Capacity.MEMBER:
        who += f" [{rules.clause(seat.capacity.value)}]"
    said = "cast no vote" if seat.choice is None else _CHOICES[seat.choice]
    reason = f": {seat.rationale.strip()}" if seat.rationale.strip() else ""
    return f"  {seat.agency}: {who}: {said}{reason}{recused}"


def _name(person: str | None, outcome: MotionOutcome) -> str:
    if person is None:
        return "nobody"
    return outcome.facts.name(person)
