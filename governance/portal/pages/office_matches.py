"""The match log as the office keeps it: every line, one more, and what became of a file."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from governance.calendar import LEGAL_ZONE
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.register import MatchLine
from governance.services.matches import LineAct, MatchRow, act_on_line, list_match_lines
from governance.services.records import record_match
from governance.store import NotFoundError

router = PortalRouter()
PAGE: Final = "/office/matches"
NAVIGATION = (NavItem(Area.OFFICE, "Match log", PAGE, may(Action.RECORD_MATCH)),)
add_said(
    match_recorded="The line stands in the match log.",
    match_confirmed="The stewards' confirmation is recorded: the clock runs from it.",
    match_destroyed="The destruction is recorded.",
)
STANDINGS: Final = {
    "unstarted": "No matrix or confirmation yet",
    "running": "To be destroyed",
    "overdue": "Overdue",
    "in_time": "Destroyed in time",
    "amiss": "Destroyed late, or unconfirmed",
}
_LONGEST: Final = 300
_AT: Final = "Eastern time, as 2026-11-22 14:30. Leave it empty until it happened."
FORM: Final = FormSpec(
    (
        Field("request", "Request number", required=True, maximum=63),
        Field("received", "Received", "day", required=True),
        Field("sender", "Sender", required=True, maximum=_LONGEST,
              hint="The agency or the institution, as the programme's profile names it. A name "
                   "that stands nowhere there takes the shorter destruction clock."),
        Field("receiver", "Receiver", required=True, maximum=_LONGEST),
        Field("file_name", "File name", required=True, maximum=_LONGEST),
        Field("fields", "Fields", "textarea", rows=3, maximum=4000,
              hint="Names of the columns sent for matching, a line each."),
        Field("match_date", "Matched", "day"),
        Field("matrix_date", "Matrix returned", "day"),
        Field("confirmed_at", "Stewards confirmed the match", hint=_AT, when_empty=None),
        Field("destroyed_at", "File destroyed", hint=_AT, when_empty=None),
        Field("authorized_representative", "Authorized representative", maximum=_LONGEST,
              when_empty=None, autocomplete="off"),
    )
)  # fmt: skip


def _spec(visit: Visit) -> ListSpec[MatchRow]:
    profile = visit.programme.profile

    def agency(row: MatchRow) -> str:
        return profile.agency_name(row.agency) if row.agency else "Nobody in the profile"

    return ListSpec(
        "match-lines",
        "Files sent for matching",
        (
            Column("file_name", "File", lambda m: m.line.file_name,
                   link=lambda m: f"{PAGE}?line={m.id}"),
            Column("received", "Received", lambda m: m.line.received, kind="day"),
            Column("request", "Request", lambda m: m.line.request,
                   link=lambda m: f"/requests/{m.line.request}"),
            Column("sender", "Sender", lambda m: m.line.sender),
            Column("agency", "Whose data", agency,
                   choices={a.name: a.name for a in profile.agencies}),
            Column("receiver", "Receiver", lambda m: m.line.receiver, only_export=True),
            Column("match_date", "Matched", lambda m: m.line.match_date, kind="day"),
            Column("matrix_date", "Matrix", lambda m: m.line.matrix_date, kind="day"),
            Column("confirmed_at", "Confirmed", lambda m: m.line.confirmed_at, kind="instant"),
            Column("due_at", "To be gone by", lambda m: m.due_at, kind="instant"),
            Column("hours", "Clock counts hours", lambda m: m.hours,
                   choices={"yes": "Yes", "no": "No"}),
            Column("destroyed_date", "Destroyed", lambda m: m.line.destroyed_date, kind="day"),
            Column("destroyed_at", "Destroyed at", lambda m: m.line.destroyed_at, kind="instant",
                   only_export=True),
            Column("standing", "The match's files", lambda m: m.standing, choices=STANDINGS,
                   shown=lambda m: STANDINGS[m.standing]),
        ),
        sort="received",
        descending=True,
        search="requests, senders and files",
        empty="No file is in the match log yet.",
    )  # fmt: skip


@router.page("GET", PAGE, asks=Action.RECORD_MATCH)
def show_matches(visit: VisitDep) -> Response:
    """The lines, and the form for one more; with `line`, that one, to be acted on or corrected.

    Raises:
        NotFoundError: There is no such line.
    """
    chosen = visit.request.query_params.get("line", "")
    if not chosen:
        return _show(visit, FORM.bind({"received": visit.today.isoformat()}))
    row = _row(visit, chosen)
    return _show(visit, FORM.bind(_typed(row.line)), row=row)


def _show(visit: Visit, form: Form, status: int = 200, *, row: MatchRow | None = None) -> Response:
    rows = list_match_lines(visit.programme, visit.actor)
    listing = held_list(visit, _spec(visit), rows)
    return show_list(
        visit, "office/matches.html", listing, status=status, form=form, row=row,
        standings=STANDINGS,
    )  # fmt: skip


def _row(visit: Visit, line: str) -> MatchRow:
    rows = list_match_lines(visit.programme, visit.actor)
    found = next((row for row in rows if row.id == line), None)
    if found is None:
        raise NotFoundError("There is no such line in the match log.")
    return found


@router.page("POST", PAGE, asks=Action.RECORD_MATCH)
def take_match(visit: VisitDep) -> Response:
    """Record a line; about a file that has one, it takes its place."""
    form = FORM.read(visit.form)
    try:
        record_match(visit.programme, visit.actor, _facts(form.content()), once=form.token)
    except DocumentError as error:
        return _show(visit, form.refused(error), 422)
    except NotFoundError:
        lacking = form.with_problems(["request: there is no request of that number"])
        return _show(visit, lacking, 422)
    return visit.redirect(PAGE, said="match_recorded")


@router.page("POST", f"{PAGE}/confirmed", asks=Action.RECORD_MATCH)
def confirm(visit: VisitDep) -> Response:
    """The stewards confirmed the match, now."""
    return _act(visit, "confirmed_at", "match_confirmed")


@router.page("POST", f"{PAGE}/destroyed", asks=Action.RECORD_MATCH)
def destroy(visit: VisitDep) -> Response:
    """The file was destroyed, now."""
    return _act(visit, "destroyed_at", "match_destroyed")


def _act(visit: Visit, act: LineAct, said: str) -> Response:
    line, sent = str(visit.form.get("line", "")), FORM.read(visit.form)
    try:
        act_on_line(visit.programme, visit.actor, line, act, once=sent.token)
    except DocumentError as error:
        row = _row(visit, line)
        return _show(visit, FORM.bind(_typed(row.line)).refused(error), 422, row=row)
    return visit.redirect(f"{PAGE}?line={line}", said=said)


def _typed(line: MatchLine) -> dict[str, Any]:
    """A line as the form has it."""
    instants = {"confirmed_at": line.confirmed_at, "destroyed_at": line.destroyed_at}
    told = {n: f"{at.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M}" for n, at in instants.items() if at}
    empty = dict.fromkeys(instants)
    return line.model_dump(mode="json") | empty | told | {"fields": "\n".join(line.fields)}


def _facts(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as a line's facts.

    Raises:
        DocumentError: An instant is none.
    """
    problems, told = [], {}
    for name in ("confirmed_at", "destroyed_at"):
        try:
            told[name] = _eastern(typed[name])
        except ValueError:
            problems.append(f"{name}: write a day and a time, as 2026-11-22 14:30")
    if problems:
        raise DocumentError.counted("The form has", *problems)
    fields = [x.strip() for x in str(typed["fields"]).splitlines() if x.strip()]
    return typed | told | {"fields": fields}


def _eastern(text: str | None) -> str | None:
    if text is None:
        return None
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LEGAL_ZONE).isoformat()
