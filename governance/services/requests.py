"""Data requests: begin, type, act, read. Lists are in `governance.services.request_lists`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from governance.audit.chain import format_instant
from governance.board.state import BodyState
from governance.canonical import canonical_json
from governance.decisions import Decision, check_permitted
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.permissions import (
    Action,
    Actor,
    Target,
    acting_role,
    acts_open_to,
    decide_action,
    visible_request,
)
from governance.requests import commands as c
from governance.requests.changes import Change, compare
from governance.requests.completeness import decide_completeness
from governance.requests.confirming import confirmed_people, with_people
from governance.requests.deadlines import due_on, waiting_since
from governance.requests.events import parse_event
from governance.requests.handling import handle
from governance.requests.model import RequestContent
from governance.requests.persons import fold_name
from governance.requests.precheck import PrecheckReport, precheck
from governance.requests.state import DataRequest, Version
from governance.requests.states import Act, Status
from governance.services.named_people import candidates, settle_named
from governance.services.outbox import announce
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.services.request_commands import COMMANDS, check_fields, recorded_motion
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store.drafts import Draft, read_draft, write_draft

MAX_DRAFT_BYTES: Final = 400_000
_EDITABLE: Final = (Status.DRAFT, Status.RETURNED)
_TODAY: Final = frozenset({Act.REVOKE, Act.WITHDRAW, Act.CLOSE})
"""What a person does takes effect at once: nobody dates a revocation into the future."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as one actor sees it.

    Attributes:
        request: Without what the actor may not see.
        position: What a change must be based on.
        acts: What the actor may do now, by version.
        changes: What the newest version changed since the reviewers saw it last.
        precheck: What the agreements say of the newest version.
        missing: What the newest version's form lacks.
        draft: What was typed since it was saved; None for nothing, or who may not edit.
        due: Last legal date of the step the newest version waits for; None when it has none.
        overdue_days: How long it is past; 0 when it is not.
    """

    request: DataRequest
    position: int
    acts: Mapping[int, tuple[Act, ...]]
    changes: tuple[Change, ...]
    precheck: PrecheckReport
    missing: Decision
    draft: Draft | None = None
    due: date | None = None
    overdue_days: int = 0

    @property
    def latest(self) -> Version:
        """The newest version the actor may see."""
        return self.request.latest

    @property
    def next(self) -> str:
        """Who acts next, and what happens then."""
        facts = self.latest.facts
        return f"The {facts.next.value.replace('_', ' ')} {facts.what}."

    def may(self, act: Act, version: int | None = None) -> bool:
        """Whether the actor may do that now; with the newest version unless told."""
        return act in self.acts.get(version or self.latest.number, ())


def begin_request(
    p: Programme,
    actor: Actor,
    content: RequestContent | Mapping[str, Any],
    *,
    once: str | None = None,
) -> str:
    """Begin a request as a draft.

    Args:
        p: The programme.
        actor: Who asks.
        content: The form as far as it is filled.
        once: The form's token: submitted twice, the same request is meant.

    Returns:
        Its number.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The form has mistakes.
    """
    with denials_recorded(p, actor, Action.BEGIN_REQUEST.value, "programme"):
        check_permitted(decide_action(actor, Action.BEGIN_REQUEST, today=p.today))
        form = _content(content)
        with p.store.begin() as unit:
            mark = None if once is None else f"begin:{actor.by}:{once}"
            if mark is not None and (seq := unit.find_once(mark)) is not None:
                return unit.subject_of(seq)
            number = _next_number(p, unit)
            facts = {"content": plain(form), "request": number, "version": 1}
            command = _command(p, unit, actor, c.SaveDraft, Target(), facts=facts)
            handled = handle(None, command, c.Context(p.rules))
            check_permitted(handled.decision)
            unit.append("request", number, handled.events, based_on=0, actor=actor.by, once=mark)
            return number


def autosave(
    p: Programme,
    actor: Actor,
    number: str,
    content: Mapping[str, Any],
    *,
    based_on: int,
    version: int | None = None,
) -> int:
    """Keep what was typed so far, mistakes and all; no entry of the ledger.

    Args:
        p: The programme.
        actor: Who types.
        number: The request.
        content: The form's plain values.
        based_on: Revision of the draft the form was opened with; 0: none.
        version: The newest unless told.

    Returns:
        The new revision.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: It is too large.
        StaleError: Another window saved meanwhile; nothing was overwritten.
    """
    with denials_recorded(p, actor, Act.SAVE_DRAFT.value, number), p.store.aside() as unit:
        request, _ = _load(unit, number)
        target = _target(p, unit, request, version)
        check_permitted(decide_action(actor, Act.SAVE_DRAFT, target, today=p.today))
        typed = plain(content)
        if len(_json(typed)) > MAX_DRAFT_BYTES:
            raise DocumentError(f"The form is larger than {MAX_DRAFT_BYTES} bytes; shorten it.")
        draft = Draft(typed, 0, actor.by, format_instant(p.clock()))
        meant = target.version.number if target.version else 1
        return write_draft(unit, number, meant, draft, based_on=based_on)


def act_on_request(
    p: Programme,
    actor: Actor,
    number: str,
    act: Act,
    facts: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
    based_on: int | None = None,
    once: str | None = None,
) -> RequestView:
    """Give a command on a request: who may, then the command's own rules, then the entry.

    Args:
        p: The programme.
        actor: Who acts.
        number: The request.
        act: What.
        facts: What the command needs besides who, when and which, as plain or typed values.
            `RECORD_VOTE` takes the motion's id; `SUBMIT` may bring the form's `content`.
        version: The newest unless told.
        based_on: Position of the request when the actor opened the form; None: any.
        once: The form's token: submitted twice, it happens once.

    Returns:
        The request afterwards, as the actor sees it.

    Raises:
        AccessDeniedError: Policy says no; recorded, with every reason.
        DocumentError: The form has mistakes; `problems` says where.
        NotFoundError: There is no such request.
        StaleError: Something happened since `based_on`; nothing was written.
    """
    with denials_recorded(p, actor, act.value, number), p.store.begin() as unit:
        mark = None if once is None else f"{act.value}:{number}:{actor.by}:{once}"
        if mark is None or unit.find_once(mark) is None:
            unit.check_current("request", number, based_on)
            _act(p, unit, actor, _Wanted(number, act, plain(facts or {}), version, mark))
        return _view(p, unit, actor, number)


def read_request(p: Programme, actor: Actor, number: str) -> RequestView:
    """A request as the actor may see it.

    Raises:
        AccessDeniedError: The actor may not read it; recorded.
        NotFoundError: There is none of that number.
    """
    with denials_recorded(p, actor, Action.READ_REQUEST.value, number), p.store.read() as unit:
        return _view(p, unit, actor, number)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A command before it is judged."""

    number: str
    act: Act
    facts: dict[str, Any]
    version: int | None
    mark: str | None


def _act(p: Programme, unit: UnitOfWork, actor: Actor, wanted: _Wanted) -> None:
    request, position = _load(unit, wanted.number)
    version = wanted.version
    if version is None:
        version = request.meant_by(wanted.act).number
    target = _target(p, unit, request, version, wanted.facts)
    check_permitted(decide_action(actor, wanted.act, target, today=p.today))
    facts, meant = dict(wanted.facts), target.version.number if target.version else 1
    if wanted.act is Act.SUBMIT:
        request = _save_typed(p, unit, actor, target, facts.pop("content", None))
        target = _target(p, unit, request, meant)
        position = unit.load("request", wanted.number).position
    if wanted.act is Act.RECORD_VOTE:
        facts["motion"] = recorded_motion(p, target.body, facts.get("motion"))
    facts |= {"request": wanted.number, "version": meant}
    command = _command(p, unit, actor, COMMANDS[wanted.act], target, facts=facts)
    check_fields(p, command)
    handled = handle(request, command, _context(p, unit, command, target))
    check_permitted(handled.decision)
    entries = unit.append(
        "request",
        wanted.number,
        handled.events,
        based_on=position,
        actor=actor.by,
        once=wanted.mark,
    )
    if isinstance(command, c.SaveDraft | c.Amend):
        number = meant + 1 if isinstance(command, c.Amend) else meant
        saved = Draft(plain(command.content), 0, actor.by, format_instant(p.clock()))
        write_draft(unit, wanted.number, number, saved, based_on=None)
    asked = target.version.submitted if target.version else None
    if isinstance(command, c.AcceptComplete) and asked is not None:
        settle_named(p, unit, actor, wanted.number, meant, before=asked)
    announce(p, unit, handled.events, entries)


def _save_typed(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    target: Target,
    typed: Any,  # noqa: ANN401
) -> DataRequest:
    """Save what stands in the form, or was typed since, before it is submitted."""
    request, version = target.request, target.version
    if request is None or version is None:
        raise NotFoundError("There is no such request.")
    if typed is None:
        draft = read_draft(unit, request.number, version.number)
        typed = None if draft is None else draft.content
    if typed is None:
        return request
    content = _content(typed)
    if content == version.content:
        return request
    facts = {"content": plain(content), "request": request.number, "version": version.number}
    command = _command(p, unit, actor, c.SaveDraft, target, facts=facts)
    handled = handle(request, command, c.Context(p.rules))
    check_permitted(handled.decision)
    position = unit.load("request", request.number).position
    unit.append("request", request.number, handled.events, based_on=position, actor=actor.by)
    saved = Draft(plain(content), 0, actor.by, format_instant(p.clock()))
    write_draft(unit, request.number, version.number, saved, based_on=None)
    return _load(unit, request.number)[0]


def _context(
    p: Programme, unit: UnitOfWork, command: c.RequestCommand, target: Target
) -> c.Context:
    """What the rules look at besides the request; the completeness check looks at most."""
    context = c.Context(p.rules, target.body.seats if target.body else {})
    asked = target.version.submitted if target.version else None
    if not isinstance(command, c.AcceptComplete) or asked is None:
        return context
    named = candidates(unit, asked)
    meant = with_people(asked, confirmed_people(asked, command.same, named))
    agreed = precheck(meant, p.contracts, p.agreements, p.today, p.rules).decision
    return replace(context, named=named, agreed=agreed)


def _command(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    kind: type[c.RequestCommand],
    target: Target,
    *,
    facts: Mapping[str, Any],
) -> c.RequestCommand:
    """The command, with who and when as they are, whatever the facts say."""
    role = acting_role(actor, kind.act, target)
    given = {"by": actor.by, "at": p.clock().isoformat(), "role": role.value if role else None}
    if kind.act in _TODAY:
        given["on"] = _today(p, facts.get("on"))
    command = facts_of(kind, {**facts, **given}, "The form")
    if isinstance(command, c.SaveDraft | c.Amend):
        recorded = {"content": _as_recorded(p, unit, command.content)}
        return command.model_copy(update=recorded)
    return command


def _today(p: Programme, said: object) -> str:
    """The legal date of an act that takes effect at once; a form that says another is mistaken."""
    today = p.today.isoformat()
    if said not in {None, today}:
        problem = f"on: it takes effect today, {today}"
        raise DocumentError.counted("The form has", problem)
    return today


def _as_recorded(p: Programme, unit: UnitOfWork, content: RequestContent) -> RequestContent:
    """The content with persons as the office keeps them: a form says nobody's employer.

    An id alone tells nobody's name: a form that names a person of the records otherwise than they
    are called is refused. Who is on no record is of no kind that opens a restricted dataset. Who
    asks under an agency's name asks as that agency: it signs, and its own owner is recused.

    Raises:
        DocumentError: A name is not the one on record for its id.
    """
    people, problems = [], []
    for n, named in enumerate(content.people):
        person = unit.person(named.id)
        if person is None:
            people.append(named.model_copy(update={"agency": None, "employment_class": "other"}))
        elif fold_name(person.name) != fold_name(named.name):
            words = "this is not the name on record for that id; name the person by address"
            problems.append(f"content.people.{n}.name: {words}")
        else:
            facts = {
                "name": person.name,
                "employer": person.employer,
                "agency": person.agency,
                "employment_class": person.employment_class,
            }
            people.append(named.model_copy(update=facts))
    if problems:
        raise DocumentError.counted("The form has", *problems)
    agency = content.requestor_agency or p.profile.agency_named(content.organization)
    return content.model_copy(update={"people": tuple(people), "requestor_agency": agency})


def _content(content: RequestContent | Mapping[str, Any]) -> RequestContent:
    if isinstance(content, RequestContent):
        return content
    return facts_of(RequestContent, plain(content), "The form")


def _load(unit: UnitOfWork, number: str) -> tuple[DataRequest, int]:
    return unit.known_request(number), unit.load("request", number).position


def _target(
    p: Programme,
    unit: UnitOfWork,
    request: DataRequest,
    version: int | None,
    facts: Mapping[str, Any] | None = None,
) -> Target:
    meant = request.latest if version is None else request.version(version)
    if meant is None:
        raise NotFoundError("The request has no such version.")
    named = {
        k: v for k in ("agency", "person", "party") if isinstance(v := (facts or {}).get(k), str)
    }
    return Target(request=request, version=meant, body=_board(p, unit), **named)


def _board(p: Programme, unit: UnitOfWork) -> BodyState:
    return unit.body(p.board)[0]


def _view(p: Programme, unit: UnitOfWork, actor: Actor, number: str) -> RequestView:
    request, position = _load(unit, number)
    body, today = _board(p, unit), p.today
    seen = visible_request(actor, request, today=today, body=body)
    if seen is None:
        target = Target(request=request, body=body)
        check_permitted(decide_action(actor, Action.READ_REQUEST, target, today=today))
        raise NotFoundError("There is nothing of that request you may read.")
    acts = {
        v.number: acts_open_to(actor, Target(request=request, version=v, body=body), today=today)
        for v in request.versions
    }
    latest = seen.latest
    content = latest.submitted or latest.content
    editing = latest.status in _EDITABLE and Act.SAVE_DRAFT in acts.get(latest.number, ())
    shown = latest.content if editing else content
    due = _due(p, unit, latest, number)
    return RequestView(
        request=seen,
        position=position,
        acts={v.number: acts[v.number] for v in seen.versions},
        changes=() if latest.before is None else compare(latest.before, content),
        precheck=precheck(shown, p.contracts, p.agreements, today, p.rules),
        missing=decide_completeness(shown, p.rules),
        draft=read_draft(unit, number, latest.number) if editing else None,
        due=due,
        overdue_days=max(0, (today - due).days) if due else 0,
    )


def _due(p: Programme, unit: UnitOfWork, version: Version, number: str) -> date | None:
    """The deadline of the step that waits; a draft has none."""
    since = waiting_since(parse_event(e) for e in unit.load("request", number).events)
    at = since.get(version.number)
    return None if at is None else due_on(version, at, p.rules)


def _next_number(p: Programme, unit: UnitOfWork) -> str:
    while True:
        number = p.rules.numbers.number(unit.next_number("request"))
        if not unit.load("request", number).position:
            return number


def _json(value: object) -> bytes:
    try:
        return canonical_json(value)
    except (TypeError, ValueError):
        raise DocumentError("The form holds something that is no text, number or list.") from None
