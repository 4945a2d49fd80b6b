"""The programme's two logs in their published columns, and the register as a table.

`*_log(source)` holds everything, for the office; `public(...)` withholds the columns that the
profile names (`withheld`), each with its reason, and takes persons out of the rest.
"""

from collections.abc import Iterator
from dataclasses import replace

from governance.papers.words import STATUS_WORDS
from governance.profile import Profile
from governance.register.open_data import Cell, OpenTable, withhold
from governance.register.rows import Withholders, register_rows, submitted_versions
from governance.register.source import RegisterSource, RequestRecord
from governance.register.withholding import Withholder
from governance.requests.statements import has_accepted

REQUEST_LOG = (
    "number",
    "name",
    "received",
    "type",
    "requestor",
    "organization",
    "agencies",
    "board_decision_date",
    "status",
    "ndas_needed",
    "ndas_received",
)
"""The columns the programme publishes of its request log."""
MATCH_LOG = (
    "received",
    "sender",
    "receiver",
    "file_name",
    "request_number",
    "fields",
    "match_date",
    "matrix_date",
    "authorized_representative",
    "destroyed_date",
)
"""The columns the programme publishes of its match log."""
REGISTER = (
    "number",
    "title",
    "type",
    "organization",
    "agencies",
    "datasets",
    "purpose",
    "status",
    "next",
    "received",
    "decision",
    "decided",
    "vote",
    "conditions",
    "ends",
    "publications",
)

_NUMBERS = frozenset({"number", "request_number"})
"""Columns that say which request a line is about."""


def request_log(source: RegisterSource) -> OpenTable:
    """Every request ever submitted, by number; personal columns included."""
    records = sorted(source.requests, key=lambda r: r.request.number)
    rows = tuple(row for record in records for row in _request_line(record, source.profile))
    return _table(source, "request-log", "Request log", REQUEST_LOG, rows)


def match_log(source: RegisterSource) -> OpenTable:
    """Every match, by the day its files were received; personal columns included."""
    lines = sorted(source.matches, key=lambda m: (m.received, m.request, m.file_name))
    rows = tuple(
        (
            m.received,
            m.sender,
            m.receiver,
            m.file_name,
            m.request,
            m.fields,
            m.match_date,
            m.matrix_date,
            m.authorized_representative,
            m.destroyed_date,
        )
        for m in lines
    )
    return _table(source, "match-log", "Match log", MATCH_LOG, rows)


def register_table(source: RegisterSource) -> OpenTable:
    """The public register."""
    rows = tuple(
        (
            r.number,
            r.title,
            r.type,
            r.organization,
            r.agency_codes,
            tuple(i for i, _ in r.datasets),
            r.purpose,
            r.status.value,
            r.next_who,
            r.received_on,
            r.decision,
            r.decided_on,
            r.vote.words if r.vote else None,
            r.conditions,
            r.ends_on,
            tuple(p.address or p.title for p in r.publications),
        )
        for r in register_rows(source)
    )
    return _table(source, "register", "Register of data requests", REGISTER, rows)


def public(table: OpenTable, source: RegisterSource) -> OpenTable:
    """The table as the public gets it."""
    kept = withhold(table, source.profile.withheld)
    withholders = Withholders(source)
    place = next((n for n, c in enumerate(kept.columns) if c in _NUMBERS), None)
    rows = []
    for row in kept.rows:
        number = None if place is None else row[place]
        withholder = withholders.of_number(str(number))
        rows.append(tuple(_public(cell, withholder) for cell in row))
    return replace(kept, rows=tuple(rows))


def _public(cell: Cell, withholder: Withholder) -> Cell:
    if isinstance(cell, str):
        return withholder.text(cell)
    if isinstance(cell, tuple):
        return tuple(withholder.text(c) for c in cell)
    return cell


def _table(
    source: RegisterSource,
    name: str,
    title: str,
    columns: tuple[str, ...],
    rows: tuple[tuple[Cell, ...], ...],
) -> OpenTable:
    publisher = f"{source.profile.name}, {source.profile.office.name}"
    return OpenTable(name, title, publisher, columns, rows, source.as_of)


def _request_line(record: RequestRecord, profile: Profile) -> Iterator[tuple[Cell, ...]]:
    versions = submitted_versions(record)
    if record.received_on is None or not versions:
        return
    version, request = versions[-1], record.request
    content = version.submitted or version.content
    requestors = [p for p in content.people if p.role == "requestor"]
    signed = sum(has_accepted(request, p.id) for p in content.people)
    yield (
        request.number,
        content.title,
        record.received_on,
        content.type.value,
        tuple(p.name for p in requestors),
        content.organization,
        tuple(profile.agency_code(a) for a in content.agencies),
        version.decided.decided_on if version.decided else None,
        STATUS_WORDS[version.status],
        len(content.people),
        signed,
    )
