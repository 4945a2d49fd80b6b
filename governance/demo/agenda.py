"""Simulated time: a clock that is set, and an agenda that is worked off in the order of time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from governance.calendar import LEGAL_ZONE, is_business_day


class SimulatedClock:
    """Now, as the demonstration says; never goes back."""

    def __init__(self, at: datetime) -> None:
        """Begin at an instant, UTC."""
        self._now = at.astimezone(UTC)

    def __call__(self) -> datetime:
        """Now, UTC."""
        return self._now

    def turn_to(self, at: datetime) -> None:
        """Go on to an instant, or stay when it is past."""
        self._now = max(self._now, at.astimezone(UTC))

    def pass_seconds(self, seconds: int) -> None:
        """Let some seconds pass."""
        self._now += timedelta(seconds=seconds)


@dataclass(order=True)
class _Item:
    at: datetime
    order: int
    do: Callable[[], None] = field(compare=False)


class Agenda:
    """What will be done when; doing something may add more."""

    def __init__(self, clock: SimulatedClock) -> None:
        """Work by that clock."""
        self._clock = clock
        self._items: list[_Item] = []
        self._order = count()

    def add(self, at: datetime, do: Callable[[], None]) -> None:
        """Do something at an instant."""
        heapq.heappush(self._items, _Item(at, next(self._order), do))

    def work(self, until: datetime, told: Callable[[datetime], None]) -> None:
        """Do everything that is due before an instant, telling the time before each."""
        while self._items and self._items[0].at < until:
            item = heapq.heappop(self._items)
            self._clock.turn_to(item.at)
            told(self._clock())
            item.do()


def office_hours(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """An instant on that day, or the next the state works on; Eastern time."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(hour, minute), LEGAL_ZONE).astimezone(UTC)
