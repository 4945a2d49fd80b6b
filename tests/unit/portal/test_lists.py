"""Lists and their exports: the address says it all, nothing in it can hurt."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.portal.exports import as_csv, as_json, safe_cell
from governance.portal.lists import (
    Column,
    Filter,
    ListSpec,
    Wishes,
    arrange,
    ask_for,
    read_wishes,
)
from governance.store.paging import Page
from tests.lib.portal_pages import LIST, WIDGETS


@dataclass(frozen=True)
class Thing:
    name: str | None
    day: date | None = None


SPEC: ListSpec[Thing] = ListSpec(
    "things",
    "Things",
    (Column("name", "Name", lambda t: t.name), Column("day", "Day", lambda t: t.day)),
    sort="name",
    search="name",
)


def _wishes(text: str) -> Wishes:
    return read_wishes(LIST, dict(parse_qsl(text)))


def test_it_filters_searches_sorts_and_pages() -> None:
    wishes = _wishes("status=granted&sort=rows&order=descending&text=cohort&page=1")
    listing = arrange(LIST, wishes, WIDGETS, "/w")
    assert all(w.status == "granted" and "cohort" in w.title for w in listing.rows)
    assert [w.rows for w in listing.rows] == sorted((w.rows for w in listing.rows), reverse=True)
    assert listing.said == f"{listing.total} results"
    column = LIST.column("rows")
    assert column is not None
    assert listing.sorted_by(column) == "descending"
    assert "order=ascending" in listing.sort_address(column)


def test_a_search_finds_the_words_of_a_status() -> None:
    assert arrange(LIST, _wishes("text=ends+soon"), WIDGETS, "/w").total == 12


@pytest.mark.parametrize(
    "nonsense",
    ["sort=evil", "page=-1", "page=" + "9" * 99, "page=1e9", "per_page=7", "per_page=100000",
     "status=<script>", "format=exe", "order=up", "page=%00"],
)  # fmt: skip
def test_nonsense_in_the_address_is_left_out(nonsense: str) -> None:
    listing = arrange(LIST, _wishes(nonsense), WIDGETS, "/w")
    assert len(listing.rows) == 25
    assert listing.wishes.page == 1
    assert listing.wishes.format is None
    assert listing.total == 60


def test_a_page_past_the_end_is_the_last_one() -> None:
    listing = arrange(LIST, _wishes("page=99"), WIDGETS, "/w")
    assert (listing.wishes.page, listing.said) == (3, "51 to 60 of 60 results")


def test_nothing_sorts_last_both_ways() -> None:
    things = [Thing(None), Thing("b"), Thing("A"), Thing(None)]
    for order in ("ascending", "descending"):
        wishes = read_wishes(SPEC, {"sort": "name", "order": order})
        names = [t.name for t in arrange(SPEC, wishes, things, "/").rows]
        assert names[2:] == [None, None]
        assert sorted(filter(None, names), key=str.casefold, reverse=order == "descending") == [
            n for n in names if n
        ]


def test_empty_and_narrowed_are_told_apart() -> None:
    assert arrange(SPEC, Wishes(sort="name"), [], "/").said == SPEC.empty
    assert arrange(SPEC, Wishes(text="zz", sort="name"), [Thing("a")], "/").said == (
        "Nothing matches."
    )
    assert arrange(SPEC, Wishes(sort="name"), [Thing("a")], "/").said == "1 result"


def test_pages_offered_leave_out_the_middle() -> None:
    listing = arrange(LIST, _wishes("page=10"), WIDGETS * 10, "/w")
    assert listing.pages == 24
    assert listing.around == (1, None, 9, 10, 11, None, 24)


@given(
    text=st.text(max_size=30),
    status=st.sampled_from(["", "granted", "draft"]),
    sort=st.sampled_from(["number", "title", "rows", "received_on"]),
    descending=st.booleans(),
    per_page=st.sampled_from([25, 50, 100]),
)
def test_an_address_says_what_was_chosen(
    text: str, status: str, sort: str, descending: bool, per_page: int
) -> None:
    wishes = Wishes(
        text.strip(), {"status": status} if status else {}, sort, descending, 1, per_page
    )
    address = arrange(LIST, wishes, WIDGETS, "/w").address()
    again = read_wishes(LIST, dict(parse_qsl(urlsplit(address).query)))
    assert again == wishes


NAME: Column[Thing] = Column("name", "Name", lambda t: t.name)
DULL: Column[Thing] = Column("name", "Name", lambda t: t.name, sortable=False)
CHOICES = {"x": "X"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": {"whose": Filter("Whose", CHOICES)}},  # it would do nothing
        {"filters": {"name": Filter("Name", CHOICES, lambda _row, _value: True)}},
        {"filters": {"name": Filter("Name", CHOICES)}, "by_service": True},
        {"columns": (NAME, NAME)},
        {"columns": (DULL,)},
        {"sort": "nothing"},
    ],
)
def test_a_list_that_would_ignore_something_is_not_made(wrong: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"columns": (NAME,), "sort": "name"}
    ListSpec("things", "Things", **facts)
    with pytest.raises(TypeError, match=r"list things|column"):
        ListSpec("things", "Things", **(facts | wrong))


def test_a_further_filter_keeps_what_its_predicate_says() -> None:
    long = Filter[Thing]("Long", {"yes": "Yes"}, lambda t, _: len(t.name or "") > 1)
    spec = ListSpec("things", "Things", (NAME,), "name", filters={"long": long})
    wishes = read_wishes(spec, {"long": "yes"})
    assert [t.name for t in arrange(spec, wishes, [Thing("a"), Thing("bb")], "/").rows] == ["bb"]


def test_rows_that_a_service_arranges_are_not_arranged_here() -> None:
    served = ListSpec("things", "Things", (NAME,), "name", by_service=True)
    with pytest.raises(TypeError, match="by its service"):
        arrange(served, Wishes(sort="name"), [Thing("a")], "/")


@pytest.mark.parametrize(("asked", "got"), [("1", 1), ("3", 3), ("4", 3), ("99", 3)])
def test_a_service_is_asked_again_for_the_last_page(asked: str, got: int) -> None:
    served = ListSpec("things", "Things", (NAME,), "name", by_service=True)
    things = tuple(Thing(f"{n:02}") for n in range(60))

    def find(wishes: Wishes) -> Page[Thing]:
        start = (wishes.page - 1) * wishes.per_page
        found = things[start : start + wishes.per_page]
        return Page(found, len(things), wishes.page, wishes.per_page)

    listing = ask_for(served, read_wishes(served, {"page": asked}), find, "/")
    assert (listing.wishes.page, listing.pages) == (got, 3)
    assert listing.rows == things[25 * (got - 1) : 25 * got]


def test_every_word_of_a_search_is_looked_for() -> None:
    things = [Thing("a big red ball"), Thing("a red kite")]
    found = arrange(SPEC, Wishes(text="ball big", sort="name"), things, "/")
    assert [t.name for t in found.rows] == ["a big red ball"]


def test_csv_is_for_people_and_runs_nothing() -> None:
    listing = arrange(LIST, _wishes("format=csv"), WIDGETS, "/w")
    rows = list(csv.DictReader(io.StringIO(as_csv(listing).decode())))
    assert len(rows) == 60
    assert rows[6]["title"] == "'=HYPERLINK(1)"
    assert rows[0]["received_on"] == "2026-01-06"
    assert rows[0]["changed_at"] == "2026-01-06T21:30:00Z"
    assert rows[10]["received_on"] == ""
    assert rows[0]["rows"] == "1234"


def test_json_is_as_it_is() -> None:
    listing = arrange(LIST, _wishes("format=json"), WIDGETS, "/w")
    rows = json.loads(as_json(listing))
    assert rows[6]["title"] == "=HYPERLINK(1)"
    assert rows[10]["received_on"] is None
    assert rows[0]["rows"] == 1234


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "|"))
    assert cell in {text, f"'{text}"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, "-5"), (-1.5, "-1.5"), (True, "yes"), (None, ""), ("-5", "'-5"), ("\t=1", "'\t=1"),
     (datetime(2026, 7, 1, 4, tzinfo=UTC), "2026-07-01T04:00:00Z")],
)  # fmt: skip
def test_numbers_stay_numbers(value: str | float | bool | datetime | None, cell: str) -> None:
    assert safe_cell(value) == cell
