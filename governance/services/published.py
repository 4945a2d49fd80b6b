"""What programs and newsrooms take of the programme: open tables, whole logs, yearly reports.

Each is the public copy, made once a head of the ledger: what the profile withholds is empty and
says why. The office and the auditor take the logs whole.
"""

from collections.abc import Callable, Mapping
from typing import Final

from governance.canonical import canonical_json
from governance.decisions import check_permitted
from governance.papers import Paper, render_html, render_pdf
from governance.permissions import Action, Actor, decide_action
from governance.register import (
    AnnualFigures,
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
from governance.services.programme import Programme
from governance.services.public_records import PublicRecords, public_records
from governance.services.recording import denials_recorded
from governance.store import NotFoundError
from governance.store.streams import PROGRAMME

LOGS: Final[Mapping[str, Callable[[RegisterSource], OpenTable]]] = {
    "request-log": request_log,
    "match-log": match_log,
}
OPEN_TABLES: Final = ("register", *LOGS)
TABLE_FORMATS: Final[Mapping[str, Callable[[OpenTable], bytes]]] = {"csv": to_csv, "json": to_json}
_FIRST_YEAR: Final = 2000


def open_table(p: Programme, name: str) -> OpenTable:
    """A table as the public takes it.

    Raises:
        NotFoundError: There is none of that name.
    """
    if name not in OPEN_TABLES:
        raise NotFoundError("There is no table of that name.")
    records = public_records(p)
    return records.once(f"table:{name}", lambda: _open_table(records, name))


def table_file(p: Programme, name: str, kind: str) -> bytes:
    """The same as a file.

    Args:
        p: The programme.
        name: Of the table.
        kind: A key of `TABLE_FORMATS`.

    Raises:
        NotFoundError: There is none of that name.
    """
    table = open_table(p, name)
    return public_records(p).once(f"{name}.{kind}", lambda: TABLE_FORMATS[kind](table))


def _open_table(records: PublicRecords, name: str) -> OpenTable:
    if name == "register":
        return register_table(records.source)
    return public(LOGS[name](records.source), records.source)


def whole_log(p: Programme, actor: Actor, name: str) -> OpenTable:
    """A log with its personal columns.

    Raises:
        AccessDeniedError: The actor is neither of the operating office nor the auditor; recorded.
        NotFoundError: There is none of that name.
    """
    with denials_recorded(p, actor, Action.LIST_ALL_REQUESTS.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.LIST_ALL_REQUESTS, today=p.today))
    if name not in LOGS:
        raise NotFoundError("There is no log of that name.")
    return LOGS[name](public_records(p).source)


def changes_feed(p: Programme) -> bytes:
    """Changes of requests' statuses, the newest first: Atom (RFC 4287)."""
    records = public_records(p)
    return records.once("atom", lambda: register_feed(records.source))


def catalog_document(p: Programme) -> bytes:
    """The catalog of datasets: DCAT-US 1.1, JSON."""
    records = public_records(p)
    return records.once("dcat", lambda: canonical_json(data_json(records.source)))


def calendar_file(p: Programme) -> bytes:
    """Public meetings: iCalendar (RFC 5545)."""
    records = public_records(p)
    return records.once("ics", lambda: meeting_calendar(records.source))


def report_years(p: Programme) -> tuple[int, ...]:
    """Years of requests, costs and publications until today, the newest first."""
    records = public_records(p)
    source, last = records.source, records.source.today.year
    found = {
        last,
        *(c.year for c in source.costs),
        *(x.published_on.year for x in source.publications),
    }
    found |= {row.received_on.year for row in records.rows}
    return tuple(sorted((y for y in found if _FIRST_YEAR <= y <= last), reverse=True))


def report_figures(p: Programme, year: int | None) -> AnnualFigures:
    """The figures of a year's report.

    Raises:
        NotFoundError: Nothing is on record of that year.
    """
    return annual_figures(public_records(p).source, _known(p, year))


def report_paper(p: Programme, year: int | None) -> Paper:
    """A year's report.

    Raises:
        NotFoundError: Nothing is on record of that year.
    """
    number, records = _known(p, year), public_records(p)
    return records.once(f"report:{number}", lambda: draft_annual_report(records.source, number))


def report_html(p: Programme, year: int | None) -> str:
    """The same as part of a page, its headings from the second level."""
    paper = report_paper(p, year)
    return public_records(p).once(f"report-html:{year}", lambda: render_html(paper, level=2))


def report_pdf(p: Programme, year: int | None) -> bytes:
    """The same as a PDF."""
    paper = report_paper(p, year)
    return public_records(p).once(f"report-pdf:{year}", lambda: render_pdf(paper))


def _known(p: Programme, year: int | None) -> int:
    if year is None or year not in report_years(p):
        raise NotFoundError("There is no report of that year.")
    return year
