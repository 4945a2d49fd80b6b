"""Legal days: America/New_York dates and Connecticut state holidays.

Instants are UTC everywhere; a legal date is a date in America/New_York; a business day is neither
a Saturday, a Sunday nor a legal holiday.

Source:
    Conn. Gen. Stat. § 1-4 (legal holidays; one that falls on a Sunday is kept on the Monday, one
    on a Saturday on the Friday before). Good Friday, appointed by proclamation, is left out: a
    clock that counts one day fewer destroys earlier, never later.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("America/New_York")

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def utc_now() -> datetime:
    """This instant, UTC."""
    return datetime.now(UTC)


def legal_date(instant: datetime) -> date:
    """The date in America/New_York at that instant."""
    return instant.astimezone(LEGAL_ZONE).date()


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=last.weekday())


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1)
    if day.weekday() == _SUNDAY:
        return day + timedelta(days=1)
    return day


@lru_cache(maxsize=64)
def state_holidays(year: int) -> frozenset[date]:
    """Legal holidays of the state as observed, for the year they belong to."""
    fixed = ((1, 1), (2, 12), (6, 19), (7, 4), (11, 11), (12, 25))
    floating = (
        _nth_weekday(year, 1, _MONDAY, 3),
        _nth_weekday(year, 2, _MONDAY, 3),
        _last_monday(year, 5),
        _nth_weekday(year, 9, _MONDAY, 1),
        _nth_weekday(year, 10, _MONDAY, 2),
        _nth_weekday(year, 11, _THURSDAY, 4),
    )
    return frozenset(_observed(date(year, *day)) for day in fixed) | frozenset(floating)


def is_business_day(day: date) -> bool:
    """Whether the state works on that date."""
    # New Year's Day of the next year may be observed on 31 December of this one.
    holidays = state_holidays(day.year) | state_holidays(day.year + 1)
    return day.weekday() < _SATURDAY and day not in holidays


def add_business_days(start: date, days: int) -> date:
    """The date `days` business days after `start` (which itself is not counted)."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if is_business_day(day):
            days -= 1
    return day


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
