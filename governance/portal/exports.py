"""Exports of a list: CSV for people's spreadsheets, JSON for programs; dates ISO 8601 in both.

A CSV cell that a spreadsheet would take for a formula gets an apostrophe before it (CWE-1236);
JSON has the values as they are. Where there are more rows than an export has, the file's name says
so (`requests-first-10000-of-12345.csv`); the header `X-Total-Rows` always has their number.
"""

import csv
import io
import json
from datetime import date, datetime

from starlette.responses import Response

from governance.portal.downloads import JSON, download
from governance.portal.lists import Cell, Listing, Row
from governance.portal.times import iso_utc

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def export(listing: Listing[Row]) -> Response:
    """The rows of a listing as a file, in the format the reader asked for."""
    kind = listing.wishes.format or "csv"
    body = as_csv(listing) if kind == "csv" else as_json(listing)
    media = "text/csv; charset=utf-8" if kind == "csv" else JSON
    cut = listing.exports < listing.total
    part = f"-first-{listing.exports}-of-{listing.total}" if cut else ""
    answer = download(body, media, f"{listing.spec.name}{part}.{kind}")
    answer.headers["x-total-rows"] = str(listing.total)
    return answer


def as_csv(listing: Listing[Row]) -> bytes:
    """RFC 4180, UTF-8, column names in the first line."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    columns = listing.spec.columns
    writer.writerow(c.name for c in columns)
    for row in listing.rows:
        writer.writerow(safe_cell(c.value(row)) for c in columns)
    return out.getvalue().encode()


def as_json(listing: Listing[Row]) -> bytes:
    """An array of objects, one a row."""
    columns = listing.spec.columns
    rows = [{c.name: _plain(c.value(row)) for c in columns} for row in listing.rows]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def safe_cell(value: Cell) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if not isinstance(plain, str):
        return str(plain)
    # A spreadsheet may trim white space before it looks.
    risky = plain.startswith(_FORMULA) or plain.lstrip().startswith(_FORMULA)
    return f"'{plain}" if risky else plain


def _plain(value: Cell) -> str | int | float | bool | None:
    if isinstance(value, datetime):
        return iso_utc(value)
    return value.isoformat() if isinstance(value, date) else value
