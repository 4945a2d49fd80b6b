"""Layouts accept the calendar and nothing else."""

import calendar
import re
from datetime import date, datetime, timedelta

import pytest

from governance.contracts.layouts import parse_layout
from governance.contracts.patterns import to_python
from governance.errors import ContractError

LAYOUTS = ("%m/%d/%Y", "%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%B %d, %Y", "%d-%b-%Y", "%m%d%y")


def accepts(layout: str, text: str) -> bool:
    return re.match(to_python(parse_layout(layout).pattern), text) is not None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_day_of_several_years_is_accepted(layout: str) -> None:
    day = date(1999, 1, 1)
    while day < date(2005, 1, 1):
        assert accepts(layout, day.strftime(layout))
        day += timedelta(days=1)


@pytest.mark.parametrize("layout", ["%m/%d/%Y", "%Y%m%d", "%Y-%m-%d", "%d.%m.%Y"])
def test_days_past_the_end_of_a_month_are_refused(layout: str) -> None:
    for year in (1900, 2000, 2023, 2024, 2100):
        for month in range(1, 13):
            for day in range(29, 33):
                text = (layout.replace("%Y", f"{year:04d}").replace("%m", f"{month:02d}")
                        .replace("%d", f"{day:02d}"))  # fmt: skip
                assert accepts(layout, text) == (day <= calendar.monthrange(year, month)[1]), text


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("%m/%d/%Y", "1/2/2024"), ("%m/%d/%Y", "01/02/24"), ("%m/%d/%Y", " 01/02/2024"),
        ("%m/%d/%Y", "01/02/2024 "), ("%m/%d/%Y", "01/02/2024\n"), ("%m/%d/%Y", "01-02-2024"),
        ("%m/%d/%Y", "01/02/2024x"), ("%m/%d/%Y", "00/02/2024"), ("%m/%d/%Y", "13/02/2024"),
        ("%m/%d/%Y", "01/00/2024"), ("%m/%d/%Y", "01/02/0000"),
        ("%m/%d/%Y", "\u0660\u0661/02/2024"),
        ("%Y%m%d", "2024021"), ("%Y%m%d", "202402011"), ("%Y%m%d", "20240230"),
        ("%m/%d/%Y %I:%M:%S %p", "01/02/2024 00:10:00 AM"),
        ("%m/%d/%Y %I:%M:%S %p", "01/02/2024 13:10:00 PM"),
        ("%m/%d/%Y %I:%M:%S %p", "01/02/2024 12:60:00 PM"),
        ("%m/%d/%Y %I:%M:%S %p", "01/02/2024 12:10:00"),
        ("%A, %B %d, %Y", "Someday, May 01, 2024"), ("%A, %B %d, %Y", "Friday, Mai 01, 2024"),
        ("%A, %B %d, %Y", "Friday, February 30, 2024"),
        ("%H:%M %Y-%m-%d", "24:00 2024-01-01"),
    ],
)  # fmt: skip
def test_what_is_not_written_so_is_refused(layout: str, text: str) -> None:
    assert not accepts(layout, text)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("%-m/%-d/%Y", "1/2/2024"), ("%-m/%-d/%Y", "01/02/2024"), ("%-m/%-d/%Y", "12/31/2024"),
        ("%A, %B %d, %Y", "TUESDAY, OCTOBER 01, 2019"), ("%F", "2024-02-29"),
        ("%D %T", "02/29/24 23:59:59"), ("%Y-%m", "2024-12"), ("%Y-%m-%dT%H:%M:%S.%f",
        "2024-01-01T00:00:00.123"),
    ],
)  # fmt: skip
def test_what_is_written_so_is_accepted(layout: str, text: str) -> None:
    assert accepts(layout, text)


@pytest.mark.parametrize(
    "layout",
    ["%m/%d", "%Q", "%Y-%Y", "%Y %y", "%Y-%d", "%I:%M %Y", "%H:%M %p %Y", "%-m%-d%Y", "%Y%", "",
     "%Y-%m-%b", "%B%A%d%Y"],
)  # fmt: skip
def test_unreadable_layouts_are_refused(layout: str) -> None:
    with pytest.raises(ContractError):
        parse_layout(layout)


def test_words_for_people() -> None:
    assert parse_layout("%m/%d/%Y").in_words == "MM/DD/YYYY"
    assert datetime(2024, 1, 2).strftime("%F") == "2024-01-02"  # noqa: DTZ001  no zone is meant
