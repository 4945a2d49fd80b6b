"""The rows of a list's table, written straight: a list page is mostly cells.

The same cells by a template's macro take three times as long, which is most of a list page.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final, TypeVar

from markupsafe import Markup, escape

from governance.portal.lists import Cell, Column, Listing
from governance.portal.times import show_day, show_eastern
from governance.portal.tones import tone_of, words

Row = TypeVar("Row")
_NOTHING: Final = "—"
_TAG: Final = '<span class="usa-tag portal-tag portal-tag--{}">{}</span>'


def table_rows(listing: Listing[Row]) -> Markup:
    """Every row of the page; whatever stands in a cell is escaped."""
    columns = [
        (column, *_tags(column, first=n == 0)) for n, column in enumerate(listing.spec.shown)
    ]
    return Markup("".join(_rows(listing, columns)))  # noqa: S704  each cell is escaped below


def _rows(listing: Listing[Row], columns: list[tuple[Column[Row], str, str]]) -> Iterator[str]:
    for row in listing.rows:
        yield "<tr>"
        for column, opening, closing in columns:
            shown = str(escape(_cell(column, row, column.value(row))))
            href = column.link(row) if column.link else None
            yield opening
            yield f'<a href="{escape(href)}">{shown}</a>' if href else shown
            yield closing
        yield "</tr>\n"


def _tags(column: Column[Row], *, first: bool) -> tuple[str, str]:
    label = f'data-label="{escape(column.title)}"'
    if first:
        return f'<th scope="row" {label}>', "</th>"
    number = ' class="portal-number"' if column.kind == "number" else ""
    return f"<td {label}{number}>", "</td>"


def _cell(column: Column[Row], row: Row, value: Cell) -> Markup | str:
    shown = column.shown(row) if column.shown else ""
    if column.kind == "status":
        tag = _TAG.format(escape(tone_of(value)), escape(shown or words(value)))
        return Markup(tag)  # noqa: S704  both parts are escaped
    return shown if column.shown else _worded(column.kind, value)


def _worded(kind: str, value: Cell) -> Markup | str:
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if kind == "instant" and isinstance(value, datetime):
        return show_eastern(value)
    if kind == "day" and isinstance(value, date):
        return show_day(value)
    return f"{value:,}" if kind == "number" and isinstance(value, int | float) else str(value)
