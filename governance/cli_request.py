"""Data requests at the command line: list, show, draft, submit, withdraw, amend, act."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from governance.canonical import Json
from governance.cli_board import request_app
from governance.cli_session import As, AsJson, Home, Session, Version, session
from governance.decisions import denial_facts
from governance.facts import parse_facts
from governance.requests.making import content_digest
from governance.requests.model import RequestContent
from governance.requests.state import Version as RequestVersion
from governance.requests.states import Act, Status
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import (
    RequestView,
    act_on_request,
    begin_request,
    read_request,
)
from governance.store.lists import RequestRow

Number = Annotated[str, typer.Argument(help="The request's number, as Q0042.")]
Form = Annotated[
    Path,
    typer.Argument(
        help="The form, YAML or JSON, complete or not (schemas/meta/request.schema.json).",
        exists=True,
        dir_okay=False,
    ),
]
_STATUSES = ", ".join(status.value for status in Status)


def register(_: typer.Typer) -> None:
    """Add these commands to `governance request`."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_all,
        "show": show,
        "draft": draft,
        "submit": submit,
        "amend": amend,
        "withdraw": withdraw,
        "act": act,
    }
    for name, command in commands.items():
        request_app.command(name)(command)


def list_all(
    status: Annotated[
        list[Status] | None, typer.Option(help="Only in that status; may be given several times.")
    ] = None,
    agency: Annotated[list[str] | None, typer.Option(help="Only with that agency's data.")] = None,
    text: Annotated[str, typer.Option(help="Words in number, title, organization.")] = "",
    scope: Annotated[
        str, typer.Option(help="all: all you may see; mine: yours; waiting: you act next.")
    ] = "all",
    sort: Annotated[str, typer.Option(help="number, title, status, received_on, ends_on, …")] = (
        "number"
    ),
    page: Annotated[int, typer.Option(help="Fifty to a page.", min=1)] = 1,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List the requests you may see: number, status, agencies, who acts next."""
    with session(home, as_, as_json=as_json, command="request list") as here:
        query = ListQuery(
            text=text,
            status=tuple(s.value for s in status or ()),
            agency=tuple(agency or ()),
            scope=_scope(scope),
            sort=sort,
            descending=False,
            page=page,
            per_page=50,
        )
        found = list_requests(here.programme, here.actor, query)
        facts: dict[str, Json] = {
            "requests": [_row(row) for row in found.items],
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
        }
        lines = [_line(row) for row in found.items]
        lines.append(f"{found.total} request(s), page {found.page} of {found.pages}.")
        here.say(facts, lines)


def show(number: Number, home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """Show a request as you may see it: where it stands, what changed, what you may do now."""
    with session(home, as_, as_json=as_json, command="request show") as here:
        view = read_request(here.programme, here.actor, number)
        here.say(_view(view), _view_lines(view))


def draft(
    file: Form,
    number: Annotated[
        str | None, typer.Option(help="Save the form of that request; unset: begin a new one.")
    ] = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Begin a request with a form, or save the form of one; the form may be incomplete.

    `governance request precheck` says beforehand what is missing and what agreements refuse.
    """
    with session(home, as_, as_json=as_json, command="request draft") as here:
        content = _form(file)
        if number is None:
            number = begin_request(here.programme, here.actor, content)
        else:
            facts = {"content": content.model_dump(mode="json")}
            act_on_request(here.programme, here.actor, number, Act.SAVE_DRAFT, facts)
        _answer(here, read_request(here.programme, here.actor, number))


def submit(number: Number, home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """Hand the form in; refused with everything it lacks."""
    _act(Act.SUBMIT, number, {}, home=home, as_=as_, as_json=as_json)


def amend(
    number: Number,
    file: Form,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Open the next version of a granted request; the grant in force goes on unchanged."""
    with session(home, as_, as_json=as_json, command="request amend") as here:
        facts = {"content": _form(file).model_dump(mode="json")}
        view = act_on_request(here.programme, here.actor, number, Act.AMEND, facts)
        _answer(here, view)


def withdraw(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a request back before it is granted."""
    facts = {"reason": reason}
    _act(Act.WITHDRAW, number, facts, home=home, as_=as_, as_json=as_json, version=version)


class OtherAct(StrEnum):
    """Acts without a command or a paper of their own."""

    DECLARE_INTEREST = Act.DECLARE_INTEREST.value
    RECORD_TRAINING = Act.RECORD_TRAINING.value
    RECORD_LEAVER = Act.RECORD_LEAVER.value
    MEET_CONDITION = Act.MEET_CONDITION.value
    REVOKE = Act.REVOKE.value
    CLOSE = Act.CLOSE.value


def act(
    number: Number,
    what: Annotated[OtherAct, typer.Argument(help="The act.")],
    fact: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE of the act, as person=p-7; may be given several times."),
    ] = None,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Do what has no command of its own: revoke, close, training, leavers, conditions, interests.

    Facts by act: revoke, close: reason. declare_interest: text. meet_condition: condition, met_on.
    record_training: person, valid_until, completed_on. record_leaver: person, left_on. Days are
    ISO dates. A revocation ends access at once, in every version.
    """
    facts = dict(_named(f) for f in fact or ())
    _act(Act(what.value), number, facts, home=home, as_=as_, as_json=as_json, version=version)


def _named(fact: str) -> tuple[str, str]:
    name, found, value = fact.partition("=")
    if not found or not name.isidentifier():
        raise typer.BadParameter("write NAME=VALUE", param_hint="--fact")
    return name, value


def _act(
    act: Act,
    number: str,
    facts: dict[str, Any],
    *,
    home: Path | None,
    as_: str | None,
    as_json: bool,
    version: int | None = None,
) -> None:
    name = act.value.replace("_", " ")
    with session(home, as_, as_json=as_json, command=f"request {name}") as here:
        if act in {Act.WITHDRAW, Act.REVOKE, Act.CLOSE}:
            facts = {**facts, "on": here.programme.today}
        view = act_on_request(here.programme, here.actor, number, act, facts, version=version)
        _answer(here, view)


def _answer(here: Session, view: RequestView) -> None:
    latest = view.latest
    lines = [
        f"{view.request.number} version {latest.number} is {_words(latest.status.value)}.",
        f"Next: {view.next}",
    ]
    here.say(_view(view), lines)


def _form(file: Path) -> RequestContent:
    return parse_facts(RequestContent, file.read_bytes(), file.name)


def _scope(text: str) -> Literal["mine", "waiting", "all"]:
    if text == "mine":
        return "mine"
    if text == "waiting":
        return "waiting"
    if text == "all":
        return "all"
    raise typer.BadParameter("--scope is all, mine or waiting")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def _row(row: RequestRow) -> dict[str, Json]:
    return {
        "number": row.number,
        "version": row.version,
        "status": row.status,
        "next": row.next_role,
        "type": row.type,
        "title": row.title,
        "organization": row.organization,
        "agencies": list(row.agencies),
        "received_on": _day(row.received_on),
        "decided_on": _day(row.decided_on),
        "ends_on": _day(row.ends_on),
        "live_version": row.live_version,
    }


def _line(row: RequestRow) -> str:
    status = _words(row.status) + (f" (v{row.version})" if row.version > 1 else "")
    return (
        f"{row.number:8s} {status:26s} {','.join(row.agencies) or '-':20s} "
        f"next: {_words(row.next_role):12s} {row.title}"
    )


def _view(view: RequestView) -> dict[str, Json]:
    request = view.request
    return {
        "number": request.number,
        "requestor": request.requestor,
        "position": view.position,
        "next": view.next,
        "versions": [_version(v, view) for v in request.versions],
        "changes": [{"field": c.field, "words": c.words} for c in view.changes],
        "missing": [denial_facts(d) for d in view.missing.denials],
        "precheck": [denial_facts(d) for d in view.precheck.decision.denials],
    }


def _version(version: RequestVersion, view: RequestView) -> dict[str, Json]:
    content = version.submitted or version.content
    granted = version.granted
    return {
        "version": version.number,
        "status": version.status.value,
        "content": content.model_dump(mode="json", exclude_defaults=True),
        "content_digest": content_digest(content),
        "to_review": list(version.to_review),
        "reviews": {a: r.choice.value for a, r in version.reviews.items()},
        "mend": list(version.mend),
        "conditions": dict(version.decided.conditions) if version.decided else {},
        "conditions_met": [*sorted(version.conditions_met)],
        "agreement": None
        if version.agreement is None
        else {
            "id": version.agreement.agreement,
            "digest": version.agreement.digest,
            "parties": list(version.agreement.parties),
            "signed": [*sorted(version.signatures)],
        },
        "bundle_version": granted.bundle_version if granted else None,
        "acts": [act.value for act in view.acts.get(version.number, ())],
    }


def _view_lines(view: RequestView) -> list[str]:
    request = view.request
    lines = [f"{request.number}: {view.latest.content.title or 'without a title'}"]
    for version in request.versions:
        lines.append(f"Version {version.number}: {_words(version.status.value)}")
        lines += [f"  {text}" for text in _version_lines(version)]
        acts = ", ".join(_words(a.value) for a in view.acts.get(version.number, ()))
        lines.append(f"  You may now: {acts or 'nothing'}.")
    lines.append(f"Next: {view.next}")
    if view.changes:
        lines.append("Changed since the reviewers saw it last:")
        lines += [f"  - {change.words}" for change in view.changes]
    for denial in (*view.missing.denials, *view.precheck.decision.denials):
        lines.append(f"  ! {denial.reason} {denial.remedy} [{denial.clause}]")
    return lines


def _version_lines(version: RequestVersion) -> list[str]:
    content = version.submitted or version.content
    lines = [f"{d.dataset}: {', '.join(d.variables) or 'no variables'}" for d in content.datasets]
    if content.organization:
        lines.insert(0, f"{content.organization}; until {content.ends_on or 'not said'}")
    if version.to_review:
        lines.append(f"Waits for the owners of: {', '.join(version.to_review)}")
    lines += [f"{a}: {_words(r.choice.value)}: {r.reason}" for a, r in version.reviews.items()]
    lines += [f"To mend: {text}" for text in version.mend]
    for key, text in (version.decided.conditions if version.decided else {}).items():
        met = version.conditions_met.get(key)
        lines.append(f"Condition {key} ({f'met on {met}' if met else 'not met yet'}): {text}")
    sent = version.agreement
    if sent is not None:
        waiting = ", ".join(x for x in sent.parties if x not in version.signatures)
        lines.append(f"{sent.agreement}: " + (f"waits for {waiting}" if waiting else "signed"))
    return lines
