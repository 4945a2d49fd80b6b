"""What programs and newsrooms take from the register: logs, catalog, feed, calendar, yearly report.

Each is the public copy: what the profile withholds is empty and says why. The office and the
auditor take the whole logs from addresses of their own.
"""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from governance.canonical import canonical_json
from governance.papers import Paper, render_pdf
from governance.permissions import Action
from governance.portal.downloads import JSON, PDF, download
from governance.portal.navigation import Area, NavItem, everybody, may
from governance.portal.numbers import whole_number
from governance.portal.pages import register
from governance.portal.papers_shown import paper_html
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.register import (
    OpenTable,
    RegisterSource,
    annual_figures,
    data_json,
    draft_annual_report,
    match_log,
    meeting_calendar,
    public,
    register_feed,
    register_table,
    request_log,
    to_csv,
    to_json,
)
from governance.services.public_records import PublicRecords, public_records
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.REGISTER, "Open data", "/register/open-data", everybody),
    NavItem(Area.REGISTER, "Annual report", "/report", everybody),
    NavItem(Area.OFFICE, "Whole logs", "/office/logs", may(Action.LIST_ALL_REQUESTS)),
)
_LOGS: Final[Mapping[str, Callable[[RegisterSource], OpenTable]]] = {
    "request-log": request_log,
    "match-log": match_log,
}
_FORMATS: Final[Mapping[str, tuple[str, Callable[[OpenTable], bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "json": (JSON, to_json),
}
_FIRST_YEAR: Final = 2000


def _public_table(records: PublicRecords, name: str) -> OpenTable:
    if name == "register":
        return register_table(records.source)
    return public(_LOGS[name](records.source), records.source)


@router.page("GET", "/register/open-data", asks=Action.READ_REGISTER)
def show_open_data(visit: VisitDep) -> Response:
    """Everything that can be taken, with what is withheld and why."""
    records = public_records(visit.programme)
    tables = [
        records.once(f"table:{n}", lambda n=n: _public_table(records, n))  # type: ignore[misc]
        for n in ("register", *_LOGS)
    ]
    return visit.page("register/open_data.html", tables=tables, as_of=records.source.as_of)


def _register_table(name: str, kind: str) -> None:
    media_type, write = _FORMATS[kind]

    @router.page("GET", f"/register/open-data/{name}.{kind}", asks=Action.READ_REGISTER)
    def take(visit: VisitDep) -> Response:
        records = public_records(visit.programme)
        table = records.once(f"table:{name}", lambda: _public_table(records, name))
        content = records.once(f"{name}.{kind}", lambda: write(table))
        return download(content, media_type, f"{name}.{kind}")

    if name not in _LOGS:
        return

    @router.page("GET", f"/office/logs/{name}.{kind}", asks=Action.LIST_ALL_REQUESTS)
    def take_whole(visit: VisitDep) -> Response:
        source = public_records(visit.programme).source
        return download(write(_LOGS[name](source)), media_type, f"{name}-whole.{kind}")


for _name in ("register", *_LOGS):
    for _kind in _FORMATS:
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
    records = public_records(visit.programme)
    feed = records.once("atom", lambda: register_feed(records.source))
    return Response(feed, media_type="application/atom+xml; charset=utf-8")


@router.page("GET", "/data.json", asks=Action.READ_REGISTER)
def show_catalog(visit: VisitDep) -> Response:
    """The catalog of datasets, DCAT-US 1.1."""
    records = public_records(visit.programme)
    made = records.once("dcat", lambda: canonical_json(data_json(records.source)))
    return Response(made, media_type=JSON)


@router.page("GET", "/meetings.ics", asks=Action.READ_REGISTER)
def show_calendar(visit: VisitDep) -> Response:
    """Public meetings (RFC 5545)."""
    records = public_records(visit.programme)
    made = records.once("ics", lambda: meeting_calendar(records.source))
    return download(made, "text/calendar; charset=utf-8", "meetings.ics")


@router.page("GET", "/report", asks=Action.READ_REGISTER)
def show_reports(visit: VisitDep) -> Response:
    """The years there is something to report of."""
    records = public_records(visit.programme)
    return visit.page("register/reports.html", years=_years(records), today=visit.today)


@router.page("GET", "/report/{year}", asks=Action.READ_REGISTER)
def show_report(visit: VisitDep, year: str) -> Response:
    """The annual report: with charts in the page, as a PDF, or its figures as JSON.

    Raises:
        NotFoundError: Nothing is on record of that year.
    """
    records = public_records(visit.programme)
    number = whole_number(year)
    if number is None or number not in _years(records):
        raise NotFoundError("There is no report of that year.")
    kind = visit.request.query_params.get("format")
    if kind == "json":
        figures = annual_figures(records.source, number).to_dict()
        return download(canonical_json(figures), JSON, f"annual-report-{number}.json")
    paper: Paper = records.once(
        f"report:{number}", lambda: draft_annual_report(records.source, number)
    )
    if kind == "pdf":
        pdf = records.once(f"report-pdf:{number}", lambda: render_pdf(paper))
        return download(pdf, PDF, f"annual-report-{number}.pdf")
    html = records.once(f"report-html:{number}", lambda: paper_html(paper))
    return visit.page("register/report.html", paper=paper, year=number, paper_html=html)


def _years(records: PublicRecords) -> tuple[int, ...]:
    """Years of requests, costs and publications until today, the newest first."""
    source, last = records.source, records.source.today.year
    found = {
        last,
        *(c.year for c in source.costs),
        *(p.published_on.year for p in source.publications),
    }
    found |= {row.received_on.year for row in records.rows}
    return tuple(sorted((y for y in found if _FIRST_YEAR <= y <= last), reverse=True))
