"""Handlers of the reviews: completeness, the owners' own parts, and the board's vote."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from governance.audit.tags import Tag
from governance.board.bylaws import MotionKind
from governance.board.voting import decide_motion
from governance.calendar import legal_date
from governance.decisions import Denial
from governance.facts import Handled, judge
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.changes import agencies_to_review
from governance.requests.completeness import decide_completeness
from governance.requests.confirming import (
    RULES,
    confirmed_people,
    confirming_denials,
    with_people,
)
from governance.requests.making import content_digest, make_event, submitted
from governance.requests.state import DataRequest, Version
from governance.requests.states import Status


def accept_complete(
    _: DataRequest, version: Version, command: c.AcceptComplete, context: c.Context
) -> Handled:
    """Pass the completeness check; only agencies for which something changed review again.

    What the agreements in force do not allow goes no further: no owner and no board could give it.
    """
    confirmed = confirmed_people(submitted(version), command.same, context.named)
    content = with_people(submitted(version), confirmed)
    decision = decide_completeness(content, context.rules)
    clause = context.rules.completeness_clause
    settled = confirming_denials(
        submitted(version), command.same, context.named, by=command.by, clause=clause
    )
    denials = [*decision.denials, *context.agreed.denials, *settled]
    review = tuple(
        a for a in content.agencies if a in agencies_to_review(version.approved.get(a), content)
    )
    carried = tuple(a for a in content.agencies if a not in review)
    status = Status.OWNER_REVIEW if review else Status.BOARD_VOTE
    found = {"review": review, "carried_over": carried, "confirmed": confirmed}
    event = make_event(ev.FoundComplete, command, status, **found)
    return judge((*decision.checked, *context.agreed.checked, *RULES), denials, event)


def declare_interest(
    request: DataRequest, version: Version, command: c.DeclareInterest, context: c.Context
) -> Handled:
    """Take somebody's own interest: from now on they are recused from review and vote.

    What they decided in this review no longer stands: the agency decides through another.
    """
    rules = ("interest.seat", "interest.once")
    denials = []
    seats = context.seats.values()
    sits = {s.member for s in seats} | {a.person for s in seats for a in s.alternates}
    if command.by not in sits:
        reason = "Only members of the board and their alternates declare an interest here."
        remedy = "Tell the operating office."
        denials.append(Denial(rules[0], reason, remedy, context.rules.recusal_clause))
    if any(i.person == command.by for i in request.interests):
        reason = "You declared your interest."
        remedy = "Nothing is left to do."
        denials.append(Denial(rules[1], reason, remedy, context.rules.recusal_clause))
    reopens = tuple(
        agency
        for agency, review in sorted(version.reviews.items())
        if review.by == command.by and agency not in version.carried_over
    )
    status = Status.OWNER_REVIEW if reopens else version.status
    told = {"person": command.by, "text": command.text, "reopens": reopens}
    return judge(rules, denials, make_event(ev.InterestDeclared, command, status, **told))


def review_part(
    request: DataRequest, version: Version, command: c.ReviewPart, context: c.Context
) -> Handled:
    """Take an owner's decision; the last one of all moves the request on."""
    denials = [*_reviewer_denials(request, version, command, context)]
    seat = context.seats.get(command.agency)
    as_alternate = seat is not None and command.by != seat.member
    reviewed = {
        "agency": command.agency,
        "choice": command.choice,
        "reason": command.reason,
        "conditions": command.conditions,
        "as_alternate": as_alternate,
    }
    left = [a for a in version.to_review if a != command.agency]
    standing = [r for a, r in version.reviews.items() if a != command.agency]
    choices = {r.choice for r in standing} | {command.choice}
    after, closing = Status.OWNER_REVIEW, []
    if not left:
        if ev.ReviewChoice.REJECT in choices:
            closing = [_rejection(command, standing)]
        elif ev.ReviewChoice.ASK_CHANGES in choices:
            closing = [_changes_asked(command, standing)]
        else:
            after = Status.BOARD_VOTE
    event = make_event(ev.PartReviewed, command, after, **reviewed)
    rules = ("review.agency", "review.owner", "review.recusal")
    return judge(rules, denials, event, *closing)


def _reviewer_denials(
    request: DataRequest, version: Version, command: c.ReviewPart, context: c.Context
) -> Iterator[Denial]:
    rules, content = context.rules, submitted(version)
    own = request.owned_by(content)
    declared = {i.person for i in (*request.interests, *context.interests)}
    if command.agency not in version.to_review:
        reason = f"{command.agency} has no part of this request that waits for a decision."
        remedy = f"Waiting: {', '.join(version.to_review) or 'none'}."
        yield Denial("review.agency", reason, remedy, rules.review_clause)
    seat = context.seats.get(command.agency)
    on = legal_date(command.at)
    alternates = {
        a.person
        for a in (seat.alternates if seat else ())
        if a.named_at <= command.at and (a.until is None or on <= a.until)
    }
    owner = seat.member if seat else None
    employer = command.agency in content.requestor_employers
    ground = _ground(owner, own, declared, employer=employer)
    if command.by == owner:
        if ground:
            reason = f"You are recused: {ground}."
            remedy = "The agency decides through its alternate."
            yield Denial("review.recusal", reason, remedy, rules.recusal_clause)
        return
    if command.by not in alternates:
        reason = f"You are not the data owner of {command.agency}."
        yield Denial(
            "review.owner", reason, "The agency's data owner decides.", rules.review_clause
        )
    elif owner is not None and not ground:
        reason = "The alternate decides only while the data owner is recused or the seat is vacant."
        yield Denial(
            "review.owner", reason, "The agency's data owner decides.", rules.review_clause
        )
    elif why := _ground(command.by, own, declared, employer=False):
        remedy = "The agency names another alternate."
        yield Denial("review.recusal", f"You are recused: {why}.", remedy, rules.recusal_clause)


def _ground(
    person: str | None, own: AbstractSet[str], declared: AbstractSet[str], *, employer: bool
) -> str:
    """Why the person is recused; the employer's request bars the owner, not its alternate."""
    if person in own:
        return "the request is your own"
    if employer:
        return "your employer is the requestor"
    if person in declared:
        return "you declared an interest"
    return ""


def _rejection(command: c.ReviewPart, standing: list[ev.PartReviewed]) -> ev.RequestEvent:
    rejected = [(r.agency, r.reason) for r in standing if r.choice is ev.ReviewChoice.REJECT]
    if command.choice is ev.ReviewChoice.REJECT:
        rejected.append((command.agency, command.reason))
    return make_event(
        ev.Decided,
        command,
        Status.DENIED,
        tag=Tag.DATA_REQUEST_DENIED,
        agency=rejected[0][0],
        decided_on=legal_date(command.at),
        reasons=tuple(f"{agency}: {reason}" for agency, reason in rejected),
    )


def _changes_asked(command: c.ReviewPart, standing: list[ev.PartReviewed]) -> ev.RequestEvent:
    asked = [(r.agency, r.reason) for r in standing if r.choice is ev.ReviewChoice.ASK_CHANGES]
    if command.choice is ev.ReviewChoice.ASK_CHANGES:
        asked.append((command.agency, command.reason))
    mend = tuple(f"{agency}: {reason}" for agency, reason in asked)
    return make_event(ev.Returned, command, Status.RETURNED, sent_by=asked[0][0], mend=mend)


def record_vote(
    request: DataRequest, version: Version, command: c.RecordVote, _: c.Context
) -> Handled:
    """Record the vote, computed from the meeting's facts; without a quorum nothing was decided."""
    facts, content = command.motion, submitted(version)
    outcome = decide_motion(facts)
    clause = facts.rules.clause("session")
    rules = ("vote.subject", "vote.recusals", "vote.finished", "vote.content")
    denials = []
    if facts.motion.subject != request.number or facts.motion.kind is not MotionKind.DATA_REQUEST:
        reason = f"The motion is not about request {request.number}."
        denials.append(Denial(rules[0], reason, "Record the motion that is.", clause))
    if facts.motion.subject_digest != content_digest(content):
        reason = "The motion is about another content than was submitted."
        denials.append(Denial(rules[3], reason, "The board votes on what was submitted.", clause))
    known = set(facts.motion.requestors) >= request.owned_by(content)
    employers = set(facts.motion.requestor_employers) >= set(content.requestor_employers)
    declared = {i.person for i in request.interests if i.declared_at <= facts.motion.put_at}
    named = {i.person for i in facts.interests} >= declared
    if not (known and employers and named):
        reason = (
            "The motion does not name every requestor, employer and declared interest, so recusals "
            "may be missed."
        )
        remedy = "Move it with the request's persons, employers and interests."
        denials.append(Denial(rules[1], reason, remedy, facts.rules.clause("recusal")))
    if not outcome.quorate:
        reason = "Without a quorum nothing was decided."
        remedy = "Reschedule; the rescheduled meeting may do the business."
        denials.append(Denial(rules[2], reason, remedy, facts.rules.clause("quorum")))
    conditions = {k.id: k.text for k in outcome.conditions} | _owner_conditions(version)
    if not outcome.passed:
        tag, status = Tag.DATA_REQUEST_DENIED, Status.DENIED
    elif conditions:
        tag, status = (
            Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS,
            Status.APPROVED_WITH_CONDITIONS,
        )
    else:
        tag, status = Tag.DATA_REQUEST_APPROVED, Status.APPROVED
    event = make_event(
        ev.Decided,
        command,
        status,
        tag=tag,
        motion=facts.motion.id,
        decided_on=legal_date(facts.motion.put_at),
        reasons=tuple(d.reason for d in outcome.decision.denials),
        conditions=conditions if outcome.passed else {},
    )
    return judge(rules, denials, event)


def _owner_conditions(version: Version) -> dict[str, str]:
    return {
        f"{agency}-{n}": text
        for agency, review in sorted(version.reviews.items())
        for n, text in enumerate(review.conditions, start=1)
    }
