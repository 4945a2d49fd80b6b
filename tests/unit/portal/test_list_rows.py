"""The rows of a list's table: each kind of cell as people read it, and nothing unescaped."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from governance.portal.list_rows import table_rows
from governance.portal.lists import Cell, Column, Listing, ListSpec, Wishes

HOSTILE = """<script>alert('x')</script>" onmouseover="y&"""


@dataclass
class Row:
    value: Cell = ""
    link: str | None = None


def rows(*several: Row, **column: Any) -> str:
    shown: Column[Row] = Column("name", "Name", lambda r: r.value, **column)
    first: Column[Row] = Column("n", "No.", lambda _: 1)
    spec = ListSpec("things", "Things", (first, shown), sort="name")
    return str(table_rows(Listing(spec, Wishes(), several, len(several), "/things")))


def cell(value: Cell, **column: Any) -> str:
    return rows(Row(value), **column).split("</th>")[1].removesuffix("</tr>\n")


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        ("plain", {}, "plain"),
        (None, {}, "—"),
        ("", {}, "—"),
        (True, {}, "Yes"),
        (False, {}, "No"),
        (12345, {"kind": "number"}, "12,345"),
        (None, {"kind": "number"}, "—"),
        (None, {"kind": "day"}, "—"),
        (None, {"kind": "instant"}, "—"),
        ("x", {"shown": lambda _: "In words"}, "In words"),
    ],
)
def test_a_cell_is_worded_by_its_kind(value: Cell, column: dict[str, Any], shown: str) -> None:
    number = ' class="portal-number"' if column.get("kind") == "number" else ""
    assert cell(value, **column) == f'<td data-label="Name"{number}>{shown}</td>'


def test_days_and_instants_are_read_by_machines_too() -> None:
    day = cell(date(2026, 3, 12), kind="day")
    assert '<time datetime="2026-03-12">March 12, 2026</time>' in day
    instant = cell(datetime(2026, 3, 12, 14, 0, tzinfo=UTC), kind="instant")
    assert '<time datetime="2026-03-12T14:00:00Z">March 12, 2026, 10:00 a.m. EDT</time>' in instant


def test_a_status_has_its_color_and_its_words() -> None:
    tag = '<span class="usa-tag portal-tag portal-tag--info">Owner review</span>'
    assert tag in cell("owner_review", kind="status")
    assert ">Waits<" in cell("owner_review", kind="status", shown=lambda _: "Waits")


def test_whatever_stands_in_a_cell_is_escaped() -> None:
    for column in (
        {},
        {"kind": "status"},
        {"kind": "number"},
        {"kind": "day"},
        {"shown": lambda r: r.value},
        {"kind": "status", "shown": lambda r: r.value},
        {"link": lambda r: r.value},
    ):
        found = rows(Row(HOSTILE), **column)
        assert "<script" not in found, column
        assert '" onmouseover' not in found, column
    titles: list[Column[Row]] = [Column(name, HOSTILE, lambda _: 1) for name in ("a", "b")]
    spec = ListSpec("things", "Things", tuple(titles), sort="a")
    found = str(table_rows(Listing(spec, Wishes(), [Row()], 1, "/")))
    assert "<script" not in found
    assert '" onmouseover' not in found


def test_a_link_leads_where_the_column_says_and_none_where_it_does_not() -> None:
    assert '<a href="/a?b=1&amp;c=2">x</a>' in rows(Row("x"), link=lambda _: "/a?b=1&c=2")
    assert "<a" not in rows(Row("x"), link=lambda _: None)


def test_the_first_cell_of_a_row_is_its_heading() -> None:
    found = rows(Row("x"), Row("y"))
    assert found.count('<th scope="row" data-label="No.">1</th>') == 2
    assert found.count("<tr>") == found.count("</tr>") == 2
