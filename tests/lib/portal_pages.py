"""An area made up for tests of the shell: a list, a form, files, and every kind of refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from jinja2 import ChoiceLoader, FileSystemLoader
from starlette.responses import JSONResponse, Response

from governance.errors import DocumentError, LedgerError
from governance.permissions import Action
from governance.portal.app import PortalApp
from governance.portal.declared import Declared
from governance.portal.exports import export
from governance.portal.forms import Field, FormSpec
from governance.portal.lists import Column, ListSpec, arrange, read_wishes
from governance.portal.navigation import Area, NavItem, everybody, may
from governance.portal.routes import PortalRouter
from governance.portal.uploads import ACCEPT, read_upload
from governance.portal.visits import VisitDep
from governance.store import NotFoundError, StaleError

OWN: list[Declared] = []
router = PortalRouter(registry=OWN)
NAVIGATION = (
    NavItem(Area.CATALOGUE, "Data sets", "/widgets", everybody),
    NavItem(Area.REQUESTS, "My requests", "/widgets/mine", may(Action.LIST_OWN_REQUESTS)),
    NavItem(Area.REQUESTS, "New request", "/widgets/new", may(Action.BEGIN_REQUEST)),
    NavItem(Area.OFFICE, "All requests", "/widgets/all", may(Action.LIST_ALL_REQUESTS)),
)
STATUSES = {
    "draft": "Draft", "owner_review": "Owners review", "granted": "Granted",
    "revoked": "Revoked", "expiring": "Ends soon",
}  # fmt: skip


@dataclass(frozen=True)
class Widget:
    number: int
    title: str
    status: str
    received_on: date | None
    changed_at: datetime
    rows: int


def build_widgets(count: int = 60) -> list[Widget]:
    kinds = list(STATUSES)
    begun = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    return [
        Widget(
            n,
            f"Outcomes of cohort {n} after leaving school" if n % 7 else "=HYPERLINK(1)",
            kinds[n % len(kinds)],
            None if n % 11 == 0 else date(2026, 1, 5) + timedelta(days=n),
            begun + timedelta(hours=31 * n),
            n * 1234,
        )
        for n in range(1, count + 1)
    ]


WIDGETS = build_widgets()
LIST: ListSpec[Widget] = ListSpec(
    "widgets",
    "Data requests",
    (
        Column(
            "number", "Number", lambda w: f"R-{w.number:04}", link=lambda w: f"/widgets/{w.number}"
        ),
        Column("title", "Title", lambda w: w.title),
        Column(
            "status", "Status", lambda w: w.status, shown=lambda w: STATUSES[w.status],
            kind="status", choices=STATUSES,
        ),
        Column("received_on", "Received", lambda w: w.received_on, kind="day"),
        Column("changed_at", "Last change", lambda w: w.changed_at, kind="instant"),
        Column("rows", "Cells", lambda w: w.rows, kind="number"),
    ),
    sort="number",
    search="number or title",
)  # fmt: skip
FORM = FormSpec(
    (
        Field("title", "Title", required=True, maximum=80, hint="What the study is called."),
        Field("purpose", "Purpose", "textarea", hint="What you want to find out, and for whom."),
        Field("kind", "Type", "radios", choices={"initial": "Initial", "repeat": "Repeat"}),
        Field("agencies", "Agencies", "checkboxes", choices={"sde": "SDE", "dol": "DOL"}),
        Field("sector", "Sector", "select", choices={"k12": "K-12", "work": "Workforce"}),
        Field("ends_on", "Last day of use", "day", hint="The grant ends with that day."),
        Field("people.0.name", "First person's name", autocomplete="name"),
        Field("agree", "I have read the rules", "checkbox"),
    )
)
PAPER = FormSpec((Field("paper", "Paper", "file", hint="A PDF.", accept=ACCEPT),))
SAVED: list[dict[str, object]] = []


@router.page("GET", "/widgets", asks=Action.READ_REGISTER)
def list_widgets(visit: VisitDep) -> Response:
    wishes = read_wishes(LIST, visit.request.query_params)
    listing = arrange(LIST, wishes, WIDGETS, visit.path)
    return export(listing) if wishes.format else visit.page("widgets/list.html", listing=listing)


@router.page("GET", "/widgets/all", asks=Action.LIST_ALL_REQUESTS)
def list_all(visit: VisitDep) -> Response:
    return list_widgets(visit)


@router.page("GET", "/widgets/new", asks=Action.BEGIN_REQUEST)
def show_new(visit: VisitDep) -> Response:
    return visit.page("widgets/form.html", form=FORM.bind(based_on=3))


@router.page("POST", "/widgets/new", asks=Action.BEGIN_REQUEST)
def make_new(visit: VisitDep) -> Response:
    form = FORM.read(visit.form)
    content = form.content()
    problems: tuple[str, ...] = () if content["title"] else ("title: Field required",)
    if not content["ends_on"]:
        problems += ("ends_on: Input should be a valid date in the format YYYY-MM-DD",)
    if not content["people"][0]["name"]:
        problems += ("people.0.name: String should have at least 1 character",)
    if content["title"] == "stale":
        raise StaleError(("Omar Operator returned it",), position=4)
    if problems:
        refused = form.refused(DocumentError("The form has mistakes", problems=problems))
        return visit.page("widgets/form.html", form=refused, status=422)
    SAVED.append(content)
    return visit.redirect(f"/widgets/{len(SAVED)}", said="saved")


@router.page("POST", "/widgets/draft", asks=Action.BEGIN_REQUEST)
def save_draft(visit: VisitDep) -> Response:
    SAVED.append(FORM.read(visit.form).content())
    return JSONResponse({"based_on": 4, "said": "Draft saved at 9:00 a.m. EST."})


@router.page("GET", "/widgets/paper", asks=Action.BEGIN_REQUEST)
def show_paper(visit: VisitDep) -> Response:
    return visit.page("widgets/paper.html", form=PAPER.bind())


@router.page("POST", "/widgets/paper", asks=Action.BEGIN_REQUEST, uploads=True)
def file_paper(visit: VisitDep) -> Response:
    sent = read_upload(visit, "paper")
    if sent is None:
        refused = PAPER.read(visit.form).with_problems(("paper: Field required",))
        return visit.page("widgets/paper.html", form=refused, status=422)
    SAVED.append({"name": sent.name, "type": sent.media_type, "size": len(sent.content)})
    return visit.redirect("/widgets", said="saved")


@router.page("GET", "/widgets/broken", asks=Action.READ_REGISTER)
def break_ledger(visit: VisitDep) -> Response:
    raise LedgerError("An entry does not follow.")


@router.page("GET", "/widgets/fails", asks=Action.READ_REGISTER)
def fail(visit: VisitDep) -> Response:
    raise ValueError("secret-value-123456789 of a row")


@router.page("GET", "/widgets/{number}", asks=Action.READ_REGISTER)
def show_widget(visit: VisitDep, number: int) -> Response:
    if number > len(WIDGETS):
        raise NotFoundError("There is no request of that number.")
    return visit.page("widgets/show.html", widget=WIDGETS[number - 1])


@router.api("GET", "/api/widgets/all", asks=Action.LIST_ALL_REQUESTS)
def api_all(visit: VisitDep) -> dict[str, int]:
    return {"count": len(WIDGETS)}


@router.api("POST", "/api/widgets", asks=Action.BEGIN_REQUEST)
def api_make(visit: VisitDep, title: str) -> dict[str, str]:
    return {"title": title}


def add_widgets(app: PortalApp, *, also: Callable[[PortalApp], None] | None = None) -> None:
    """Add the area to an application; for `run_portal(change=…)`."""
    app.include_router(router)
    app.portal.navigation = [*app.portal.navigation, *NAVIGATION]
    loader = app.portal.templates.loader
    assert loader is not None
    own = FileSystemLoader(Path(__file__).parent / "portal_templates")
    app.portal.templates.loader = ChoiceLoader([loader, own])
    if also is not None:
        also(app)
