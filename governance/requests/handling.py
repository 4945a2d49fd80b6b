"""Handle a command: the decision, and the events when it permits."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from governance.audit.tags import Tag
from governance.board.bylaws import MotionKind
from governance.board.voting import decide_motion
from governance.calendar import legal_date
from governance.canonical import canonical_json
from governance.decisions import Decision, Denial
from governance.digests import sha256_of
from governance.facts import Handled, judge
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.changes import agencies_to_review
from governance.requests.completeness import decide_completeness
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest, Version
from governance.requests.states import LIVE, STATUSES, Act, Role, Status, allowed, transition

_TABLE: Final = "docs/reference/request-states.md"
_MOVES: Final = {
    Act.MARK_EXPIRING: Tag.DATA_REQUEST_EXPIRING,
    Act.END: Tag.DATA_REQUEST_ENDED,
    Act.REVOKE: Tag.DATA_REQUEST_REVOKED,
    Act.SUPERSEDE: Tag.DATA_REQUEST_SUPERSEDED,
    Act.CLOSE: Tag.DATA_REQUEST_CLOSED,
    Act.WITHDRAW: Tag.DATA_REQUEST_WITHDRAWN,
}
_GATE: Final = ("request.exists", "request.transition", "request.role")


def content_digest(content: RequestContent) -> str:
    """SHA-256 of the content as canonical JSON: what a submission and its approvals are about."""
    return sha256_of(canonical_json(content.model_dump(mode="json")))


def handle(request: DataRequest | None, command: c.RequestCommand, context: c.Context) -> Handled:
    """Judge a command against the request's state.

    Args:
        request: The replayed state; None for a request that does not exist yet.
        command: What is wanted, by whom, in which role, when.
        context: The programme's rules and the board's roster.

    Returns:
        The decision, and the events to append when it permits.
    """
    if request is None:
        return _begin(command)
    version = request.version(command.version)
    if version is None or command.request != request.number:
        return judge(_GATE, [_no_version(command)])
    denials = _gate(version, command)
    if denials:
        return judge(_GATE, denials)
    handled = _HANDLERS[command.act](request, version, command, context)
    return Handled(Decision(_GATE) & handled.decision, handled.events)


def _begin(command: c.RequestCommand) -> Handled:
    if isinstance(command, c.SaveDraft) and command.version == 1:
        if command.role is not Role.REQUESTOR:
            return judge(_GATE, [_wrong_role(Status.DRAFT, command)])
        return judge(_GATE, [], _event(ev.Drafted, command, Status.DRAFT, content=command.content))
    return judge(_GATE, [_no_version(command)])


def _gate(version: Version, command: c.RequestCommand) -> list[Denial]:
    row = transition(version.status, command.act)
    if row is None:
        facts = STATUSES[version.status]
        reason = f"A request that is {version.status.value} knows no {command.act.value}."
        remedy = f"Next: the {facts.next.value} {facts.what}."
        return [Denial("request.transition", reason, remedy, _TABLE)]
    if command.role not in row.roles:
        return [_wrong_role(version.status, command)]
    return []


def _wrong_role(status: Status, command: c.RequestCommand) -> Denial:
    may = ", ".join(a.value for a in allowed(status, command.role)) or "nothing"
    row = transition(status, command.act)
    who = ", ".join(r.value for r in row.roles) if row else "nobody"
    return Denial(
        "request.role",
        f"As {command.role.value} you may not {command.act.value} here; you may: {may}.",
        f"Ask: {who}.",
        _TABLE,
    )


def _no_version(command: c.RequestCommand) -> Denial:
    reason = f"There is no version {command.version} of request {command.request}."
    return Denial("request.exists", reason, "Look at the request's versions.", _TABLE)


def _event(
    kind: Callable[..., ev.RequestEvent], command: c.RequestCommand, status: Status, **facts: object
) -> ev.RequestEvent:
    return kind(
        subject=command.request,
        at=command.at,
        by=command.by,
        version=command.version,
        status=status,
        **facts,
    )


def _save_draft(_: DataRequest, version: Version, command: c.SaveDraft, __: c.Context) -> Handled:
    event = _event(ev.Drafted, command, version.status, content=command.content)
    return judge(("request.draft",), [], event)


def _amend(request: DataRequest, version: Version, command: c.Amend, context: c.Context) -> Handled:
    rule = "request.amendment"
    if version is not request.latest:
        reason = f"Version {request.latest.number} is already open."
        remedy = "Change that version, or withdraw it first."
        return judge((rule,), [Denial(rule, reason, remedy, context.rules.amendment_clause)])
    new = command.model_copy(update={"version": version.number + 1})
    event = _event(ev.Drafted, new, Status.DRAFT, content=command.content)
    return judge((rule,), [], event)


def _submit(_: DataRequest, version: Version, command: c.Submit, context: c.Context) -> Handled:
    decision = decide_completeness(version.content, context.rules)
    digest = content_digest(version.content)
    event = _event(ev.Submitted, command, Status.SUBMITTED, content_digest=digest)
    return judge(decision.checked, list(decision.denials), event)


def _return(_: DataRequest, __: Version, command: c.Return, ___: c.Context) -> Handled:
    event = _event(
        ev.Returned, command, Status.RETURNED, sent_by="operating_office", mend=command.mend
    )
    return judge(("request.return",), [], event)


def _accept(
    _: DataRequest, version: Version, command: c.AcceptComplete, context: c.Context
) -> Handled:
    content = _submitted(version)
    decision = decide_completeness(content, context.rules)
    review = tuple(
        a for a in content.agencies if a in agencies_to_review(version.approved.get(a), content)
    )
    carried = tuple(a for a in content.agencies if a not in review)
    status = Status.OWNER_REVIEW if review else Status.BOARD_VOTE
    event = _event(ev.FoundComplete, command, status, review=review, carried_over=carried)
    return judge(decision.checked, list(decision.denials), event)


def _review(_: DataRequest, version: Version, command: c.ReviewPart, context: c.Context) -> Handled:
    content = _submitted(version)
    denials = [*_reviewer_denials(content, version, command, context)]
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
    event = _event(ev.PartReviewed, command, after, **reviewed)
    rules = ("review.agency", "review.owner", "review.recusal")
    return judge(rules, denials, event, *closing)


def _reviewer_denials(
    content: RequestContent, version: Version, command: c.ReviewPart, context: c.Context
) -> Iterator[Denial]:
    rules = context.rules
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
    ground = _ground(content, owner, command.agency, context, as_owner=True)
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
    elif own := _ground(content, command.by, command.agency, context, as_owner=False):
        remedy = "The agency names another alternate."
        yield Denial("review.recusal", f"You are recused: {own}.", remedy, rules.recusal_clause)


def _ground(
    content: RequestContent, person: str | None, agency: str, context: c.Context, *, as_owner: bool
) -> str:
    """Why the person is recused; the employer's request bars the owner, not its alternate."""
    if person in content.requestors:
        return "the request is your own"
    if as_owner and agency in content.requestor_employers:
        return "your employer is the requestor"
    if any(i.person == person for i in context.interests):
        return "you declared an interest"
    return ""


def _rejection(command: c.ReviewPart, standing: list[ev.PartReviewed]) -> ev.RequestEvent:
    rejected = [(r.agency, r.reason) for r in standing if r.choice is ev.ReviewChoice.REJECT]
    if command.choice is ev.ReviewChoice.REJECT:
        rejected.append((command.agency, command.reason))
    return _event(
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
    return _event(ev.Returned, command, Status.RETURNED, sent_by=asked[0][0], mend=mend)


def _record_vote(
    request: DataRequest, version: Version, command: c.RecordVote, _: c.Context
) -> Handled:
    facts, content = command.motion, _submitted(version)
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
    known = set(facts.motion.requestors) >= set(content.requestors)
    employers = set(facts.motion.requestor_employers) >= set(content.requestor_employers)
    if not (known and employers):
        reason = "The motion does not name every requestor and employer, so recusals may be missed."
        remedy = "Move it with the request's persons and employers."
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
    event = _event(
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


def _send(_: DataRequest, version: Version, command: c.SendAgreement, ctx: c.Context) -> Handled:
    rule = "sharing_agreement.term"
    denials = []
    content = _submitted(version)
    if command.ends_on < command.effective_on or (
        content.ends_on is not None and command.ends_on < content.ends_on
    ):
        reason = f"The agreement ends on {command.ends_on}, before the approved use does."
        denials.append(Denial(rule, reason, "Draft it for the whole term.", ctx.rules.chain_clause))
    event = _event(
        ev.AgreementSent,
        command,
        Status.AGREEMENTS_OUT,
        agreement=command.agreement,
        digest=command.digest,
        parties=command.parties,
        effective_on=command.effective_on,
        ends_on=command.ends_on,
    )
    return judge((rule,), denials, event)


def _sign(_: DataRequest, version: Version, command: c.SignAgreement, ctx: c.Context) -> Handled:
    sent, clause = version.agreement, ctx.rules.chain_clause
    rules = ("sharing_agreement.party", "sharing_agreement.digest", "sharing_agreement.once")
    denials = []
    if sent is None or command.party not in sent.parties:
        reason = f"{command.party} is no party to the agreement."
        denials.append(Denial(rules[0], reason, "A party named in it signs.", clause))
    elif command.digest != sent.digest:
        reason = "What was signed is not the document that was sent."
        denials.append(Denial(rules[1], reason, "Sign the document as sent.", clause))
    if command.party in version.signatures:
        reason = f"{command.party} has signed."
        denials.append(Denial(rules[2], reason, "Nothing is left to do.", clause))
    event = _event(
        ev.AgreementSigned,
        command,
        version.status,
        party=command.party,
        signed_on=command.signed_on,
        digest=command.digest,
    )
    return judge(rules, denials, event)


def _person(
    _: DataRequest,
    version: Version,
    command: c.SignNda | c.RecordTraining | c.RecordLeaver,
    ctx: c.Context,
) -> Handled:
    rules = ("person.named", "person.self")
    denials = []
    if command.person not in _submitted(version).requestors:
        reason = "The request does not name that person."
        denials.append(Denial(rules[0], reason, "Amend the request.", ctx.rules.chain_clause))
    if command.act is Act.SIGN_NDA and command.by != command.person:
        reason = "A confidentiality statement is signed by the person alone."
        denials.append(Denial(rules[1], reason, "The person signs.", ctx.rules.chain_clause))
    kind, names = _PERSON_EVENTS[command.act]
    facts = {name: getattr(command, name) for name in names}
    return judge(rules, denials, _event(kind, command, version.status, **facts))


_PERSON_EVENTS: Final[dict[Act, tuple[Callable[..., ev.RequestEvent], tuple[str, ...]]]] = {
    Act.SIGN_NDA: (ev.NdaSigned, ("person", "signed_on")),
    Act.RECORD_TRAINING: (ev.TrainingRecorded, ("person", "valid_until")),
    Act.RECORD_LEAVER: (ev.PersonLeft, ("person", "left_on")),
}


def _condition(
    _: DataRequest, version: Version, command: c.MeetCondition, ctx: c.Context
) -> Handled:
    rule, denials = "condition.known", []
    if version.decided is None or command.condition not in version.decided.conditions:
        reason = f"The approval has no condition {command.condition}."
        denials.append(Denial(rule, reason, "Name one of its conditions.", ctx.rules.chain_clause))
    event = _event(
        ev.ConditionMet,
        command,
        version.status,
        condition=command.condition,
        met_on=command.met_on,
    )
    return judge((rule,), denials, event)


def _grant(request: DataRequest, version: Version, command: c.Grant, ctx: c.Context) -> Handled:
    clause = ctx.rules.chain_clause
    rules = ("grant.signed", "grant.conditions", "grant.version")
    denials = []
    sent = version.agreement
    waiting = [p for p in sent.parties if p not in version.signatures] if sent else ["every party"]
    if waiting:
        reason = f"The sharing agreement is not signed by: {', '.join(waiting)}."
        denials.append(Denial(rules[0], reason, "Each of them signs.", clause))
    asked = version.decided.conditions if version.decided else {}
    unmet = [k for k in asked if k not in version.conditions_met]
    if unmet:
        reason = f"Conditions are not met: {', '.join(unmet)}."
        denials.append(Denial(rules[1], reason, "Meet them and show the office.", clause))
    seen = [v.granted.bundle_version for v in request.versions if v.granted is not None]
    if command.bundle_version <= max(seen, default=0):
        reason = f"Bundle {max(seen)} was published before."
        denials.append(Denial(rules[2], reason, "Publish a higher version.", clause))
    status = version.status if version.status in LIVE else Status.GRANTED
    event = _event(
        ev.Granted,
        command,
        status,
        bundle_version=command.bundle_version,
        bundle_digest=command.bundle_digest,
    )
    return judge(rules, denials, event)


def _move(request: DataRequest, version: Version, command: c.Moving, ctx: c.Context) -> Handled:
    rule = f"request.{command.act.value}"
    row = transition(version.status, command.act)
    to = row.to[0] if row else version.status
    denials = [
        Denial(rule, reason, remedy, ctx.rules.chain_clause)
        for reason, remedy in _too_early(request, version, command, ctx)
    ]
    event = _event(
        ev.Moved, command, to, tag=_MOVES[command.act], on=command.on, reason=command.reason
    )
    return judge((rule,), denials, event)


def _too_early(
    request: DataRequest, version: Version, command: c.Moving, ctx: c.Context
) -> Iterator[tuple[str, str]]:
    last = _submitted(version).ends_on if version.submitted else None
    if command.act is Act.END and (last is None or command.on <= last):
        yield f"The grant lasts until {last}, that day included.", "Wait for the day after."
    if command.act is Act.MARK_EXPIRING:
        days = ctx.rules.expiring_days
        if last is None or command.on < last - timedelta(days=days):
            yield f"The grant ends on {last}.", f"Wait until {days} days before."
    if command.act is Act.SUPERSEDE and not any(
        v.number > version.number and v.status in LIVE for v in request.versions
    ):
        yield "No newer version is granted.", "Grant the amendment first."


def _certify(_: DataRequest, __: Version, command: c.CertifyDestruction, ___: c.Context) -> Handled:
    event = _event(
        ev.Certified,
        command,
        Status.DESTRUCTION_CERTIFIED,
        digest=command.digest,
        survives=command.survives,
    )
    return judge(("destruction.certificate",), [], event)


def _submitted(version: Version) -> RequestContent:
    """What is under review: the content as submitted, never a later draft."""
    return version.submitted or version.content


_HANDLERS: Final[dict[Act, Callable[..., Handled]]] = {
    Act.SAVE_DRAFT: _save_draft,
    Act.AMEND: _amend,
    Act.SUBMIT: _submit,
    Act.RETURN: _return,
    Act.ACCEPT_COMPLETE: _accept,
    Act.REVIEW_PART: _review,
    Act.RECORD_VOTE: _record_vote,
    Act.SEND_AGREEMENT: _send,
    Act.SIGN_AGREEMENT: _sign,
    Act.SIGN_NDA: _person,
    Act.RECORD_TRAINING: _person,
    Act.RECORD_LEAVER: _person,
    Act.MEET_CONDITION: _condition,
    Act.GRANT: _grant,
    Act.CERTIFY_DESTRUCTION: _certify,
    **dict.fromkeys(_MOVES, _move),
}
