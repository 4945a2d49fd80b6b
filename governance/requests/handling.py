"""Handle a command: the decision, and the events when it permits."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.decisions import Decision, Denial
from governance.facts import Handled, judge
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.completeness import decide_completeness
from governance.requests.leaving import RULES as LEAVING
from governance.requests.leaving import leaver_denials
from governance.requests.making import content_digest, make_event, submitted
from governance.requests.reviewing import (
    accept_complete,
    declare_interest,
    record_vote,
    review_part,
)
from governance.requests.state import DataRequest, Version
from governance.requests.states import (
    LIVE,
    STATUSES,
    TOGETHER,
    Act,
    Role,
    Status,
    allowed,
    transition,
)
from governance.requests.training import decide_training

_TABLE: Final = "docs/reference/request-states.md"
_MOVES: Final = {
    Act.MARK_EXPIRING: Tag.DATA_REQUEST_EXPIRING,
    Act.END: Tag.DATA_REQUEST_ENDED,
    Act.REVOKE: Tag.DATA_REQUEST_REVOKED,
    Act.SUPERSEDE: Tag.DATA_REQUEST_SUPERSEDED,
    Act.CLOSE: Tag.DATA_REQUEST_CLOSED,
    Act.WITHDRAW: Tag.DATA_REQUEST_WITHDRAWN,
}
_GATE: Final = (
    "request.exists",
    "request.transition",
    "request.role",
    "request.own",
    "request.revoked",
)


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
    denials = _gate(request, version, command)
    if denials:
        return judge(_GATE, denials)
    handled = _HANDLERS[command.act](request, version, command, context)
    return Handled(Decision(_GATE) & handled.decision, handled.events)


def _begin(command: c.RequestCommand) -> Handled:
    if isinstance(command, c.SaveDraft) and command.version == 1:
        if command.role is not Role.REQUESTOR:
            return judge(_GATE, [_wrong_role(Status.DRAFT, command)])
        return judge(
            _GATE, [], make_event(ev.Drafted, command, Status.DRAFT, content=command.content)
        )
    return judge(_GATE, [_no_version(command)])


def _gate(request: DataRequest, version: Version, command: c.RequestCommand) -> list[Denial]:
    row = transition(version.status, command.act)
    if row is None and version.status is Status.REVOKED and request.revoked is not None:
        reason = f"The request was revoked on {request.revoked.on}: {request.revoked.reason}"
        remedy = "Destroy what was received and certify it; make a new request for further use."
        return [Denial("request.revoked", reason, remedy, _TABLE)]
    if row is None:
        facts = STATUSES[version.status]
        reason = f"A request that is {version.status.value} knows no {command.act.value}."
        remedy = f"Next: the {facts.next.value} {facts.what}."
        return [Denial("request.transition", reason, remedy, _TABLE)]
    if command.role not in row.roles:
        return [_wrong_role(version.status, command)]
    if command.role is Role.REQUESTOR and command.by not in _requestors(request):
        reason = "It is not your request."
        return [Denial("request.own", reason, "Who made it, or signs for it, does that.", _TABLE)]
    return []


def _requestors(request: DataRequest) -> set[str]:
    """Who acts for the request: who began it, and its requestor and representative as named."""
    named = request.latest.submitted or request.latest.content
    return {request.requestor} | {p.id for p in named.people if p.role != "analyst"}


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


def _save_draft(_: DataRequest, version: Version, command: c.SaveDraft, __: c.Context) -> Handled:
    event = make_event(ev.Drafted, command, version.status, content=command.content)
    return judge(("request.draft",), [], event)


def _amend(request: DataRequest, version: Version, command: c.Amend, context: c.Context) -> Handled:
    rule = "request.amendment"
    if version is not request.latest:
        reason = f"Version {request.latest.number} is already open."
        remedy = "Change that version, or withdraw it first."
        return judge((rule,), [Denial(rule, reason, remedy, context.rules.amendment_clause)])
    new = command.model_copy(update={"version": version.number + 1})
    event = make_event(ev.Drafted, new, Status.DRAFT, content=command.content)
    return judge((rule,), [], event)


def _submit(_: DataRequest, version: Version, command: c.Submit, context: c.Context) -> Handled:
    decision = decide_completeness(version.content, context.rules)
    digest = content_digest(version.content)
    event = make_event(ev.Submitted, command, Status.SUBMITTED, content_digest=digest)
    return judge(decision.checked, list(decision.denials), event)


def _return(_: DataRequest, __: Version, command: c.Return, ___: c.Context) -> Handled:
    event = make_event(
        ev.Returned, command, Status.RETURNED, sent_by="operating_office", mend=command.mend
    )
    return judge(("request.return",), [], event)


def _send(_: DataRequest, version: Version, command: c.SendAgreement, ctx: c.Context) -> Handled:
    rule = "sharing_agreement.term"
    denials = []
    content = submitted(version)
    if command.ends_on < command.effective_on or (
        content.ends_on is not None and command.ends_on < content.ends_on
    ):
        reason = f"The agreement ends on {command.ends_on}, before the approved use does."
        denials.append(Denial(rule, reason, "Draft it for the whole term.", ctx.rules.chain_clause))
    event = make_event(
        ev.AgreementSent,
        command,
        Status.AGREEMENTS_OUT,
        agreement=command.agreement,
        digest=command.digest,
        parties=command.parties,
        effective_on=command.effective_on,
        ends_on=command.ends_on,
        terms=command.terms,
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
    event = make_event(
        ev.AgreementSigned,
        command,
        version.status,
        party=command.party,
        signed_on=command.signed_on,
        digest=command.digest,
        name=command.name,
        uploaded=command.uploaded,
    )
    return judge(rules, denials, event)


def _person(
    request: DataRequest,
    version: Version,
    command: c.SignNda | c.RecordTraining | c.RecordLeaver,
    ctx: c.Context,
) -> Handled:
    rules: tuple[str, ...] = ("person.named", "person.self")
    denials: list[Denial] = []
    if command.person not in submitted(version).requestors:
        reason = "The request does not name that person."
        denials.append(Denial(rules[0], reason, "Amend the request.", ctx.rules.chain_clause))
    if command.act is Act.SIGN_NDA and command.by != command.person:
        reason = "A confidentiality statement is signed by the person alone."
        denials.append(Denial(rules[1], reason, "The person signs.", ctx.rules.chain_clause))
    if isinstance(command, c.RecordLeaver):
        rules = (*rules, *LEAVING)
        denials += leaver_denials(request, version, command, ctx.rules)
    if isinstance(command, c.RecordTraining):
        day = legal_date(command.at)
        trained = decide_training(command.valid_until, command.completed_on, day, ctx.rules)
        rules = (*rules, *trained.checked)
        denials += trained.denials
    kind, names = _PERSON_EVENTS[command.act]
    facts = {name: getattr(command, name) for name in names}
    return judge(rules, denials, make_event(kind, command, version.status, **facts))


_PERSON_EVENTS: Final[dict[Act, tuple[Callable[..., ev.RequestEvent], tuple[str, ...]]]] = {
    Act.SIGN_NDA: (ev.NdaSigned, ("person", "signed_on", "digest", "name")),
    Act.RECORD_TRAINING: (
        ev.TrainingRecorded,
        ("person", "valid_until", "completed_on"),
    ),
    Act.RECORD_LEAVER: (ev.PersonLeft, ("person", "left_on", "mistaken")),
}


def _condition(
    _: DataRequest, version: Version, command: c.MeetCondition, ctx: c.Context
) -> Handled:
    rule, denials = "condition.known", []
    if version.decided is None or command.condition not in version.decided.conditions:
        reason = f"The approval has no condition {command.condition}."
        denials.append(Denial(rule, reason, "Name one of its conditions.", ctx.rules.chain_clause))
    event = make_event(
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
    event = make_event(
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
    if command.role is Role.DATA_OWNER and not _owns_a_part(version, command, ctx):
        reason = "None of your agency's data is in this request."
        remedy = "An owner whose data is in it, or the operating office, revokes it."
        denials.append(Denial("review.owner", reason, remedy, ctx.rules.review_clause))
    facts = {"tag": _MOVES[command.act], "on": command.on, "reason": command.reason}
    return judge((rule,), denials, *_of_all(request, version, command, ev.Moved, to, **facts))


def _of_all(
    request: DataRequest,
    version: Version,
    command: c.RequestCommand,
    kind: Callable[..., ev.RequestEvent],
    to: Status,
    **facts: object,
) -> Iterator[ev.RequestEvent]:
    """The event, and the same of every other version where the command is of the whole request."""
    yield make_event(kind, command, to, **facts)
    for other in reversed(request.versions):
        if other is not version and other.status in TOGETHER.get(command.act, ()):
            same = command.model_copy(update={"version": other.number})
            yield make_event(kind, same, to, **facts)


def _owns_a_part(version: Version, command: c.Moving, ctx: c.Context) -> bool:
    seats = [ctx.seats.get(agency) for agency in submitted(version).agencies]
    return any(
        command.by == seat.member or command.by in {a.person for a in seat.alternates}
        for seat in seats
        if seat is not None
    )


def _too_early(
    request: DataRequest, version: Version, command: c.Moving, ctx: c.Context
) -> Iterator[tuple[str, str]]:
    last = submitted(version).ends_on if version.submitted else None
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


def _certify(
    request: DataRequest, version: Version, command: c.CertifyDestruction, _: c.Context
) -> Handled:
    facts = {"digest": command.digest, "survives": command.survives}
    events = _of_all(request, version, command, ev.Certified, Status.DESTRUCTION_CERTIFIED, **facts)
    return judge(("destruction.certificate",), [], *events)


_HANDLERS: Final[dict[Act, Callable[..., Handled]]] = {
    Act.SAVE_DRAFT: _save_draft,
    Act.AMEND: _amend,
    Act.SUBMIT: _submit,
    Act.RETURN: _return,
    Act.ACCEPT_COMPLETE: accept_complete,
    Act.DECLARE_INTEREST: declare_interest,
    Act.REVIEW_PART: review_part,
    Act.RECORD_VOTE: record_vote,
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
