"""Whether a motion passed: computed from facts alone, with all its arithmetic.

Every rule is judged and every reason given, not only the first:

1. the body may decide such a motion;
2. the meeting was noticed in time, is public, and was in session when the vote was called;
3. a quorum of all filled seats was represented at that instant;
4. enough of the seats counted are in favor. An abstention is not in favor; nor is silence.

A passed motion about a data request is not yet access: the chain of `governance.grants.access` is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from governance.board.model import Choice, MotionCondition, MotionFacts, Vote
from governance.board.recusal import Recusal, find_recusals
from governance.board.seating import Capacity, Ignored, Place, present_at, seat_everyone
from governance.calendar import legal_date
from governance.canonical import Json
from governance.decisions import Decision, Denial, denial_facts

MOTION_RULES = (
    "motion.jurisdiction",
    "meeting.notice",
    "meeting.public",
    "meeting.session",
    "meeting.quorum",
    "motion.approval",
)
_OFFICE = "The operating office"


@dataclass(frozen=True, slots=True)
class SeatOutcome:
    """One line of the roll call.

    Attributes:
        member: Who holds the seat; None when vacant.
        person: Who sat; None when nobody did.
        recused: The member's recusal in words, or empty.
        choice: None: nothing was cast (or the seat is not counted).
    """

    agency: str
    member: str | None
    capacity: Capacity
    person: str | None
    recused: str
    choice: Choice | None
    rationale: str


@dataclass(frozen=True, slots=True)
class MotionOutcome:
    """What became of a motion, with everything needed to check it by hand.

    Attributes:
        filled_seats: The quorum's denominator.
        represented: Seats represented when the vote was called.
        quorum_needed: Seats that make a quorum.
        counted: Seats the approval is counted over.
        approval_needed: Of them, how many must be in favor.
        decision: Every rule checked, every reason why it failed.
        ignored: Letters and votes without effect, and why.
        conditions: What a passed motion carries; empty for a failed one.
        decided_on: Legal date of the vote.
    """

    facts: MotionFacts
    seats: tuple[SeatOutcome, ...]
    filled_seats: int
    represented: int
    quorum_needed: int
    counted: int
    approval_needed: int
    in_favor: int
    against: int
    abstained: int
    silent: int
    decision: Decision
    ignored: tuple[Ignored, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule was kept."""
        return self.decision.permitted

    @property
    def quorate(self) -> bool:
        """Whether a quorum was represented."""
        return self.represented >= self.quorum_needed

    @property
    def conditions(self) -> tuple[MotionCondition, ...]:
        """Conditions of the approval."""
        return self.facts.motion.conditions if self.passed else ()

    def to_dict(self) -> dict[str, Json]:
        """For `--json`, events and the minutes."""
        return {
            "motion": self.facts.motion.id,
            "kind": self.facts.motion.kind.value,
            "subject": self.facts.motion.subject,
            "body": self.facts.rules.body,
            "meeting": self.facts.meeting.id,
            "passed": self.passed,
            "decided_on": legal_date(self.facts.motion.put_at).isoformat(),
            "filled_seats": self.filled_seats,
            "represented": self.represented,
            "quorum_needed": self.quorum_needed,
            "quorate": self.quorate,
            "counted": self.counted,
            "approval_needed": self.approval_needed,
            "in_favor": self.in_favor,
            "against": self.against,
            "abstained": self.abstained,
            "silent": self.silent,
            "roll_call": [
                {
                    "agency": s.agency,
                    "member": s.member,
                    "capacity": s.capacity.value,
                    "person": s.person,
                    "recused": s.recused,
                    "choice": None if s.choice is None else s.choice.value,
                    "rationale": s.rationale,
                }
                for s in self.seats
            ],
            "denials": [denial_facts(d) for d in self.decision.denials],
            "ignored": [
                {"what": i.what, "reason": i.reason, "clause": i.clause} for i in self.ignored
            ],
            "conditions": [
                {"id": c.id, "text": c.text, "blocks_access": c.blocks_access}
                for c in self.conditions
            ],
        }


def decide_motion(facts: MotionFacts) -> MotionOutcome:
    """Judge a motion by the body's bylaws.

    Args:
        facts: Of the seats, the meeting, the motion and the votes; nothing else is looked at.

    Returns:
        The outcome; `governance.board.explain.explain` prints why.
    """
    rules = facts.rules
    recusals = find_recusals(facts)
    seating = seat_everyone(facts, recusals)
    votes, ignored = _count_votes(facts, seating.places, recusals)
    seats = tuple(_seat_outcome(place, votes) for place in seating.places)
    filled = sum(s.capacity is not Capacity.VACANT for s in seats)
    represented = sum(s.person is not None for s in seats)
    counted = represented if rules.approval.counted == "present" else filled
    tally = {choice: sum(s.choice is choice for s in seats) for choice in Choice}
    quorum, needed = rules.quorum.of(filled), rules.approval.share.of(counted)
    denials = [*_meeting_denials(facts)]
    if represented < quorum:
        denials.append(_no_quorum(facts, represented, quorum, filled))
    if tally[Choice.IN_FAVOR] < needed:
        denials.append(_not_enough(facts, seats, tally[Choice.IN_FAVOR], needed))
    return MotionOutcome(
        facts=facts,
        seats=seats,
        filled_seats=filled,
        represented=represented,
        quorum_needed=quorum,
        counted=counted,
        approval_needed=needed,
        in_favor=tally[Choice.IN_FAVOR],
        against=tally[Choice.AGAINST],
        abstained=tally[Choice.ABSTAIN],
        silent=represented - sum(tally.values()),
        decision=Decision(MOTION_RULES, tuple(denials)),
        ignored=(*seating.ignored, *ignored),
    )


def _seat_outcome(place: Place, votes: Mapping[str, Vote]) -> SeatOutcome:
    vote = votes.get(place.seat.agency)
    return SeatOutcome(
        agency=place.seat.agency,
        member=place.seat.member,
        capacity=place.capacity,
        person=place.person,
        recused="" if place.recused is None else place.recused.words,
        choice=None if vote is None else vote.choice,
        rationale="" if vote is None else vote.rationale,
    )


def _count_votes(
    facts: MotionFacts, places: list[Place], recusals: Mapping[str, Recusal]
) -> tuple[dict[str, Vote], list[Ignored]]:
    """The vote that stands for each represented seat; a vote once cast is locked."""
    standing: dict[str, Vote] = {}
    ignored: list[Ignored] = []
    sitting = {place.seat.agency: place.person for place in places if place.person}
    for vote in sorted(facts.votes, key=lambda v: (v.cast_at, v.agency, v.person, v.choice)):
        reason = _vote_problem(facts, vote, sitting, standing)
        if reason:
            clause = "recusal" if vote.person in recusals else "votes"
            what = f"Vote of {facts.name(vote.person)} for {vote.agency}"
            ignored.append(Ignored(what, reason, facts.rules.clause(clause)))
        else:
            standing[vote.agency] = vote
    return standing, ignored


def _vote_problem(
    facts: MotionFacts, vote: Vote, sitting: Mapping[str, str], standing: Mapping[str, Vote]
) -> str:
    called, closed = facts.motion.put_at, facts.motion.closed_at
    open_then = called <= vote.cast_at and (closed is None or vote.cast_at <= closed)
    problems = (
        (
            sitting.get(vote.agency) != vote.person,
            "That person did not sit in the seat when the vote was called.",
        ),
        (not in_session(facts, vote.cast_at), "It was not cast in session."),
        (not open_then, "It was cast before the vote was called or after it was closed."),
        (
            vote.person not in present_at(facts, vote.cast_at),
            "That person had left the room when the vote was cast.",
        ),
        (vote.agency in standing, "The seat had voted; a vote once cast is locked."),
        (facts.rules.rationale_required and not vote.rationale.strip(), "It gives no reason."),
    )
    return next((reason for wrong, reason in problems if wrong), "")


def in_session(facts: MotionFacts, at: datetime) -> bool:
    """Whether the meeting was open at that instant, both ends included."""
    opened, ended = facts.meeting.opened_at, facts.meeting.ended_at
    return opened is not None and opened <= at and (ended is None or at <= ended)


def _meeting_denials(facts: MotionFacts) -> list[Denial]:
    rules, meeting, motion = facts.rules, facts.meeting, facts.motion
    denials = []
    if motion.kind not in rules.decides:
        reason = f"The {rules.title} does not decide motions of the kind {motion.kind.value}."
        remedy = "Move it in the body that does."
        denials.append(Denial(MOTION_RULES[0], reason, remedy, rules.clause("jurisdiction")))
    if problem := notice_problem(facts):
        remedy = f"{_OFFICE} notices a new meeting in time."
        denials.append(Denial("meeting.notice", problem, remedy, rules.clause("notice")))
    if rules.public and not meeting.public:
        reason = "The meeting is not public."
        remedy = "Vote in a public meeting."
        denials.append(Denial("meeting.public", reason, remedy, rules.clause("public")))
    if not in_session(facts, motion.put_at) or motion.put_at < motion.moved_at:
        reason = "The vote was not called in session, after the motion was moved."
        remedy = "Call the vote while the meeting is in session."
        denials.append(Denial("meeting.session", reason, remedy, rules.clause("session")))
    return denials


def notice_problem(facts: MotionFacts) -> str:
    """What is wrong with the meeting's notice; empty when it was in time."""
    meeting = facts.meeting
    if meeting.noticed_at is None:
        return "The meeting was not noticed."
    rules = facts.rules
    needed = rules.notice_days if not meeting.rescheduled_from else rules.rescheduled_notice_days
    days = (legal_date(meeting.starts_at) - legal_date(meeting.noticed_at)).days
    if days < needed:
        return f"The notice was posted {days} day(s) before the meeting; {needed} are needed."
    if meeting.opened_at is not None and meeting.opened_at < meeting.starts_at:
        return "The meeting was opened before the noticed time."
    return ""


def _no_quorum(facts: MotionFacts, represented: int, quorum: int, filled: int) -> Denial:
    return Denial(
        "meeting.quorum",
        f"No quorum: {facts.rules.quorum} of {filled} filled seats is {quorum}; "
        f"{represented} were represented.",
        "Adjourn and reschedule; the rescheduled meeting may do the business if it has a quorum.",
        facts.rules.clause("quorum"),
    )


def _not_enough(
    facts: MotionFacts, seats: tuple[SeatOutcome, ...], in_favor: int, needed: int
) -> Denial:
    missing = [
        f"{s.agency} ({_how(s)})"
        for s in seats
        if s.choice is not Choice.IN_FAVOR
        and (s.person is not None or facts.rules.approval.counted == "filled_seats")
        and s.capacity is not Capacity.VACANT
    ]
    clause = facts.rules.clause("approval")
    if any(s.choice is Choice.ABSTAIN for s in seats):
        clause += "; " + facts.rules.clause("abstention")
    listed = f" Not in favor: {', '.join(missing)}." if missing else ""
    return Denial(
        "motion.approval",
        f"{needed} must be in favor; {in_favor} were.{listed}",
        "Amend the motion so that they can agree, and move it again.",
        clause,
    )


def _how(seat: SeatOutcome) -> str:
    match seat.choice:
        case Choice.AGAINST:
            return "against"
        case Choice.ABSTAIN:
            return "abstained"
        case _:
            if seat.person is not None:
                return "cast no vote"
            return "recused" if seat.recused else "absent"
