"""How papers say dates, lists, numbers, years and rows."""

from datetime import UTC, date, datetime

import pytest

from governance.grants.model import Comparison
from governance.papers.words import (
    ROLE_WORDS,
    STATUS_WORDS,
    count_words,
    day_words,
    filter_words,
    instant_words,
    list_words,
    text_or,
    time_words,
    years_words,
)
from governance.requests.model import RequestedDataset
from governance.requests.states import Role, Status


def test_instants_are_said_in_legal_time() -> None:
    assert day_words(date(2026, 3, 2)) == "March 2, 2026"
    assert time_words(datetime(2026, 1, 5, 17, 0, tzinfo=UTC)) == "12:00 p.m. EST"
    assert time_words(datetime(2026, 7, 5, 4, 5, tzinfo=UTC)) == "12:05 a.m. EDT"
    assert instant_words(datetime(2026, 7, 1, 2, 0, tzinfo=UTC)) == (
        "Tuesday, June 30, 2026, 10:00 p.m. EDT"
    )


@pytest.mark.parametrize(
    ("items", "words"),
    [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists(items: list[str], words: str) -> None:
    assert list_words(items) == words


def test_counts_and_gaps() -> None:
    assert [count_words(n, "vote") for n in (0, 1, 1200)] == ["0 votes", "1 vote", "1,200 votes"]
    assert count_words(2, "person", "people") == "2 people"
    assert (text_or(" x "), text_or("  "), text_or("", "none")) == ("x", "Not stated.", "none")


def test_years_and_rows_asked_for() -> None:
    part = RequestedDataset(dataset="sde/enrollment", variables=("year",))
    assert (years_words(part), filter_words(part)) == ("all years", "all rows")
    part = RequestedDataset(
        dataset="sde/enrollment",
        years=(2023, 2024),
        row_filter=(
            Comparison(column="grade", operator="between", values=("09", "12")),
            Comparison(column="town", operator="in", values=("Hartford",)),
            Comparison(column="sex", operator="not_in", values=("U", "X")),
        ),
    )
    assert years_words(part) == "2023, 2024"
    assert filter_words(part) == ("grade from 09 to 12; town one of Hartford; sex none of U, X")


def test_every_status_and_role_has_words() -> None:
    assert set(STATUS_WORDS) == set(Status)
    assert set(ROLE_WORDS) == set(Role)
