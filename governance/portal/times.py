"""Instants and dates as people read them: Eastern time with its zone, in the words of the office.

Exports and programming interfaces have ISO 8601 instead.
"""

from datetime import UTC, date, datetime

from markupsafe import Markup

from governance.calendar import LEGAL_ZONE

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NOON = 12


def say_day(day: date) -> str:
    """A date: `November 22, 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def say_eastern(instant: datetime) -> str:
    """An instant in Eastern time: `November 22, 2026, 9:00 a.m. EST`.

    Raises:
        ValueError: The instant has no zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    local = instant.astimezone(LEGAL_ZONE)
    half = "a.m." if local.hour < _NOON else "p.m."
    return f"{say_day(local)}, {local.hour % _NOON or _NOON}:{local:%M} {half} {local:%Z}"


def iso_utc(instant: datetime) -> str:
    """An instant for exports: UTC, whole seconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_eastern(instant: datetime | None) -> Markup | str:
    """A `time` element; an em dash for no instant."""
    if instant is None:
        return "—"
    return _time(iso_utc(instant), say_eastern(instant))


def show_day(day: date | None) -> Markup | str:
    """A `time` element of a legal date; an em dash for none."""
    if day is None:
        return "—"
    return _time(day.isoformat(), say_day(day))


def _time(machine: str, human: str) -> Markup:
    return Markup(f'<time datetime="{machine}">{human}</time>')  # noqa: S704  both made here
