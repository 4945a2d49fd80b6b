from datetime import UTC, date, datetime

import pytest

from governance.calendar import add_business_days, is_business_day, legal_date, state_holidays


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 27), True),
        (date(2026, 7, 3), False),  # 4 July 2026 is a Saturday
        (date(2027, 7, 5), False),  # 4 July 2027 is a Sunday
        (date(2027, 12, 31), False),  # 1 January 2028 is a Saturday
        (date(2026, 2, 12), False),  # Lincoln
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 23), True),
    ],
)
def test_business_days(day: date, works: bool) -> None:
    assert is_business_day(day) is works


def test_five_business_days_over_thanksgiving() -> None:
    assert add_business_days(date(2026, 11, 23), 5) == date(2026, 12, 1)


def test_every_year_has_twelve_holidays() -> None:
    assert {len(state_holidays(year)) for year in range(2020, 2040)} == {12}


def test_legal_date_is_eastern() -> None:
    assert legal_date(datetime(2026, 11, 22, 3, 0, tzinfo=UTC)) == date(2026, 11, 21)
