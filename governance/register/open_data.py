"""Tables as open data: CSV (RFC 4180) and JSON, with what is withheld and why.

Dates are ISO 8601. A CSV cell that a spreadsheet would take for a formula gets an apostrophe in
front (CWE-1236); JSON carries the text as it is.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from governance.canonical import Json, canonical_json

Cell = str | int | bool | date | datetime | tuple[str, ...] | None
_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table as published.

    Attributes:
        name: Of the file, without ending.
        columns: Names, in the published order; those withheld among them, their cells empty.
        rows: As many cells as columns.
        withheld: Column to the reason why its cells are empty.
        as_of: UTC.
    """

    name: str
    title: str
    publisher: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    as_of: datetime
    withheld: Mapping[str, str] = field(default_factory=dict)


def withhold(table: OpenTable, columns: Mapping[str, str]) -> OpenTable:
    """The table with those columns' cells emptied; columns it does not have are ignored."""
    emptied = {c: why for c, why in columns.items() if c in table.columns}
    places = {n for n, c in enumerate(table.columns) if c in emptied}
    rows = tuple(
        tuple(None if n in places else cell for n, cell in enumerate(row)) for row in table.rows
    )
    return OpenTable(
        table.name, table.title, table.publisher, table.columns, rows, table.as_of,
        {**table.withheld, **emptied},
    )  # fmt: skip


def to_csv(table: OpenTable) -> bytes:
    """UTF-8 without a byte order mark, names in the first line, lines ended by CR LF."""
    return write_csv(table.columns, table.rows)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180; a reader gets back what `safe_cell` gave."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return out.getvalue().encode()


def safe_cell(cell: Cell) -> str:
    """A cell as CSV has it, which no spreadsheet takes for a formula."""
    text = _text(cell)
    if isinstance(cell, str | tuple) and (
        text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    ):
        return f"'{text}"
    return text


def to_json(table: OpenTable) -> bytes:
    """An object with `columns`, `rows` (objects), `withheld` and where it comes from."""
    document: Json = {
        "title": table.title,
        "publisher": table.publisher,
        "as_of": table.as_of.isoformat(),
        "columns": list(table.columns),
        "withheld": dict(table.withheld),
        "rows": [
            {c: _json(v) for c, v in zip(table.columns, row, strict=True)} for row in table.rows
        ],
    }
    return canonical_json(document)


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case date():
            return cell.isoformat()
        case tuple():
            return _BETWEEN.join(cell)
        case _:
            return str(cell)


def _json(cell: Cell) -> Json:
    if isinstance(cell, tuple):
        return list(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return cell
