"""What programs and newsrooms take from the register: logs, catalog, feed, calendar, yearly report.

Each is the public copy: what the profile withholds is empty and says why. The office and the
auditor take the whole logs from addresses of their own.
"""

from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from governance.canonical import canonical_json
from governance.permissions import Action
from governance.portal.downloads import ATOM, CALENDAR, CSV, JSON, PDF, download
from governance.portal.navigation import Area, NavItem, everybody, may
from governance.portal.numbers import whole_number
from governance.portal.pages import register
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.public_records import public_records
from governance.services.published import (
    LOGS,
    OPEN_TABLES,
    TABLE_FORMATS,
    calendar_file,
    catalog_document,
    changes_feed,
    open_table,
    report_figures,
    report_html,
    report_paper,
    report_pdf,
    report_years,
    table_file,
    whole_log,
)

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.REGISTER, "Open data", "/register/open-data", everybody),
    NavItem(Area.REGISTER, "Annual report", "/report", everybody),
    NavItem(Area.OFFICE, "Whole logs", "/office/logs", may(Action.LIST_ALL_REQUESTS)),
)
_MEDIA_TYPES: Final = {"csv": CSV, "json": JSON}


@router.page("GET", "/register/open-data", asks=Action.READ_REGISTER)
def show_open_data(visit: VisitDep) -> Response:
    """Everything that can be taken, with what is withheld and why."""
    p = visit.programme
    tables = [open_table(p, name) for name in OPEN_TABLES]
    as_of = public_records(p).source.as_of
    return visit.page("register/open_data.html", tables=tables, as_of=as_of)


def _register_table(name: str, kind: str) -> None:
    @router.page("GET", f"/register/open-data/{name}.{kind}", asks=Action.READ_REGISTER)
    def take(visit: VisitDep) -> Response:
        content = table_file(visit.programme, name, kind)
        return download(content, _MEDIA_TYPES[kind], f"{name}.{kind}")

    if name not in LOGS:
        return

    @router.page("GET", f"/office/logs/{name}.{kind}", asks=Action.LIST_ALL_REQUESTS)
    def take_whole(visit: VisitDep) -> Response:
        content = TABLE_FORMATS[kind](whole_log(visit.programme, visit.actor, name))
        return download(content, _MEDIA_TYPES[kind], f"{name}-whole.{kind}")


for _name in OPEN_TABLES:
    for _kind in TABLE_FORMATS:
        _register_table(_name, _kind)

# After the pages beside it: a number is any one segment.
router.page("GET", "/register/{number}", asks=Action.READ_REGISTER)(register.show_row)


@router.page("GET", "/office/logs", asks=Action.LIST_ALL_REQUESTS)
def show_whole_logs(visit: VisitDep) -> Response:
    """The logs with personal columns, for the office and the auditor."""
    return visit.page("register/whole_logs.html", withheld=visit.programme.profile.withheld)


@router.page("GET", "/register.atom", asks=Action.READ_REGISTER)
def show_feed(visit: VisitDep) -> Response:
    """Changes of requests' statuses, the newest first (RFC 4287)."""
    return Response(changes_feed(visit.programme), media_type=ATOM)


@router.page("GET", "/data.json", asks=Action.READ_REGISTER)
def show_catalog(visit: VisitDep) -> Response:
    """The catalog of datasets, DCAT-US 1.1."""
    return Response(catalog_document(visit.programme), media_type=JSON)


@router.page("GET", "/meetings.ics", asks=Action.READ_REGISTER)
def show_calendar(visit: VisitDep) -> Response:
    """Public meetings (RFC 5545)."""
    return download(calendar_file(visit.programme), CALENDAR, "meetings.ics")


@router.page("GET", "/report", asks=Action.READ_REGISTER)
def show_reports(visit: VisitDep) -> Response:
    """The years there is something to report of."""
    years = report_years(visit.programme)
    return visit.page("register/reports.html", years=years, today=visit.today)


@router.page("GET", "/report/{year}", asks=Action.READ_REGISTER)
def show_report(visit: VisitDep, year: str) -> Response:
    """The annual report: with charts in the page, as a PDF, or its figures as JSON.

    Raises:
        NotFoundError: Nothing is on record of that year.
    """
    p, number = visit.programme, whole_number(year)
    kind = visit.request.query_params.get("format")
    if kind == "json":
        figures = report_figures(p, number).to_dict()
        return download(canonical_json(figures), JSON, f"annual-report-{number}.json")
    if kind == "pdf":
        return download(report_pdf(p, number), PDF, f"annual-report-{number}.pdf")
    html = Markup(report_html(p, number))  # noqa: S704  the renderer escapes every text
    paper = report_paper(p, number)
    return visit.page("register/report.html", paper=paper, year=number, paper_html=html)
