"""What programs and newsrooms take: open tables, whole logs, feed, calendar, catalog, reports."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse, Response

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS
from governance.portal.api.papers import PAPER, EditionAsked, answer_paper
from governance.portal.downloads import ATOM, CALENDAR, CSV, JSON, PDF, download
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.published import (
    OPEN_TABLES,
    TABLE_FORMATS,
    calendar_file,
    catalog_document,
    changes_feed,
    open_table,
    report_figures,
    report_paper,
    report_pdf,
    report_years,
    table_file,
    whole_log,
)

router = PortalRouter(prefix="/api/v1", tags=("open data",))
NAVIGATION: tuple[NavItem, ...] = ()
Year = Annotated[int, Path(ge=1900, le=9999)]


class FileAsked(BaseModel):
    """As which file."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["json", "csv"] = "json"


AsFile = Annotated[FileAsked, Query()]


class TableAnswer(BaseModel):
    """A table that can be taken, and what it withholds with the reason."""

    name: str
    title: str
    publisher: str
    columns: tuple[str, ...]
    rows: Annotated[int, Field(description="How many.")]
    as_of: datetime
    withheld: dict[str, str]


class ReportsAnswer(BaseModel):
    """Years there is something to report of, the newest first; the first is not over."""

    years: tuple[int, ...]
    as_of: date


def _content(media_type: str, description: str) -> dict[str, Any]:
    """A file in the OpenAPI document; JSON stands there by its model."""
    told = {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}
    return {"response_class": Response, "responses": {**PROBLEMS, 200: told}}


_TABLE: dict[str, Any] = {
    "response_model": dict[str, JsonValue],
    "responses": {
        **PROBLEMS,
        200: {
            "description": "The table, with its columns and what is withheld.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
    },
}


@router.api(
    "GET",
    "/open-data",
    asks=Action.READ_REGISTER,
    response_model=tuple[TableAnswer, ...],
    responses=PROBLEMS,
    summary="The tables that anybody may take",
)
def tables(visit: VisitDep) -> tuple[TableAnswer, ...]:
    """Register, request log and match log, with what is withheld and why."""
    found = (open_table(visit.programme, name) for name in OPEN_TABLES)
    return tuple(
        TableAnswer(
            name=t.name,
            title=t.title,
            publisher=t.publisher,
            columns=t.columns,
            rows=len(t.rows),
            as_of=t.as_of,
            withheld=dict(t.withheld),
        )
        for t in found
    )


@router.api(
    "GET",
    "/open-data/{table}",
    asks=Action.READ_REGISTER,
    summary="A table, as the public takes it",
    **_TABLE,
)
def table_of(visit: VisitDep, table: str, asked: AsFile) -> Response:
    """In the programme's published columns."""
    content = table_file(visit.programme, table, asked.format)
    return _file(content, asked.format, table)


@router.api(
    "GET",
    "/office/logs/{table}",
    asks=Action.LIST_ALL_REQUESTS,
    summary="A log with its personal columns",
    **_TABLE,
)
def log_of(visit: VisitDep, table: str, asked: AsFile) -> Response:
    """For the operating office and the auditor."""
    content = TABLE_FORMATS[asked.format](whole_log(visit.programme, visit.actor, table))
    return _file(content, asked.format, f"{table}-whole")


def _file(content: bytes, kind: str, name: str) -> Response:
    if kind == "json":
        return Response(content, media_type=JSON)
    return download(content, CSV, f"{name}.csv")


@router.api(
    "GET",
    "/changes",
    asks=Action.READ_REGISTER,
    summary="Changes of requests' statuses as an Atom feed",
    **_content("application/atom+xml", "RFC 4287, the newest first."),
)
def changes(visit: VisitDep) -> Response:
    """For feed readers."""
    return Response(changes_feed(visit.programme), media_type=ATOM)


@router.api(
    "GET",
    "/calendar",
    asks=Action.READ_REGISTER,
    summary="Public meetings as a calendar",
    **_content("text/calendar", "iCalendar, RFC 5545."),
)
def calendar(visit: VisitDep) -> Response:
    """For calendars to subscribe to."""
    return Response(calendar_file(visit.programme), media_type=CALENDAR)


@router.api(
    "GET",
    "/catalog",
    asks=Action.READ_REGISTER,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="The catalog of datasets as DCAT-US",
)
def catalog(visit: VisitDep) -> Response:
    """DCAT-US 1.1, as data.gov harvests it."""
    return Response(catalog_document(visit.programme), media_type=JSON)


@router.api(
    "GET",
    "/reports",
    asks=Action.READ_REGISTER,
    response_model=ReportsAnswer,
    responses=PROBLEMS,
    summary="Years there is an annual report of",
)
def reports(visit: VisitDep) -> ReportsAnswer:
    """The newest first."""
    return ReportsAnswer(years=report_years(visit.programme), as_of=visit.today)


@router.api(
    "GET",
    "/reports/{year}",
    asks=Action.READ_REGISTER,
    summary="The annual report",
    **PAPER,
)
def report(visit: VisitDep, year: Year, asked: Annotated[EditionAsked, Query()]) -> Response:
    """Its charts as figures, as a page or as a PDF."""
    if asked.format == "pdf":
        content = report_pdf(visit.programme, year)
        return download(content, PDF, f"annual-report-{year}.pdf")
    return answer_paper(visit, report_paper(visit.programme, year), asked.format)


@router.api(
    "GET",
    "/reports/{year}/figures",
    asks=Action.READ_REGISTER,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="The figures of the annual report",
)
def figures(visit: VisitDep, year: Year) -> Response:
    """Requests, times to decide, agencies, datasets, outputs, refusals and costs."""
    return JSONResponse(report_figures(visit.programme, year).to_dict())
