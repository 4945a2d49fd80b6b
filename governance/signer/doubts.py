"""Events of the board that were not their authors' to write, kept for the motions they touch. Pure.

Such an event is replayed like the others, so that what the signer sees is what the portal saw, but
no motion that it may have carried leads to a grant:

- of a motion (moved, put, a vote, an interest): that motion;
- of a meeting (notice, session, arrivals and departures): every motion decided in it afterwards;
- of the roster: every motion whose vote is called while it stands. A seat stands until the seat is
  rightly filled or vacated, an alternate until rightly named again, a proxy letter to its last day
  or until rightly withdrawn, a withdrawal until the letter is rightly filed again.
"""

from dataclasses import dataclass
from datetime import date
from itertools import chain

from governance.board import events as b
from governance.board.state import BodyState
from governance.calendar import legal_date
from governance.decisions import Denial

_Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A doubt about the roster, and the days on which it counts."""

    denials: tuple[Denial, ...]
    first: date = date.min
    last: date = date.max


class BoardDoubts:
    """What speaks against motions; takes the board's events in their order."""

    def __init__(self) -> None:
        """Nothing does yet."""
        self._roster: dict[_Place, list[_Standing]] = {}
        self._meetings: dict[str, list[Denial]] = {}
        self._motions: dict[str, list[Denial]] = {}

    def take(self, event: b.BodyEvent, denials: tuple[Denial, ...], after: BodyState) -> None:
        """The next event.

        Args:
            event: What happened.
            denials: Why it was not its author's to write; empty when it was.
            after: The board with it.
        """
        place = _place(event)
        if place is not None:
            self._take_roster(event, place, denials)
        elif denials:
            found = self._meetings if _of_meeting(event) else self._motions
            found.setdefault(event.subject, []).extend(denials)
        if isinstance(event, b.MotionPut):
            on = legal_date(event.at)
            for standing in chain.from_iterable(self._roster.values()):
                if standing.first <= on <= standing.last:
                    self._motions.setdefault(event.subject, []).extend(standing.denials)
        elif isinstance(event, b.MotionDecided):
            meeting = after.motions[event.subject].moved.meeting
            self._motions.setdefault(event.subject, []).extend(self._meetings.get(meeting, ()))

    def of_motion(self, motion: str) -> tuple[Denial, ...]:
        """What speaks against it."""
        return tuple(self._motions.get(motion, ()))

    def _take_roster(self, event: b.BodyEvent, place: _Place, denials: tuple[Denial, ...]) -> None:
        if not denials:
            self._roster.pop(_mends(event, place), None)
            return
        standing = _Standing(denials)
        if isinstance(event, b.ProxyFiled):
            standing = _Standing(denials, event.valid_from, event.valid_until)
        self._roster.setdefault(place, []).append(standing)


def _place(event: b.BodyEvent) -> _Place | None:
    """What of the roster the event says; None when it says nothing of it."""
    match event:
        case b.SeatFilled() | b.SeatVacated():
            return ("seat", event.agency)
        case b.AlternateNamed():
            return ("alternate", event.agency, event.person)
        case b.ProxyFiled():
            return ("letter", event.agency, event.holder)
        case b.ProxyWithdrawn():
            return ("withdrawal", event.agency, event.holder)
        case _:
            return None


def _mends(event: b.BodyEvent, place: _Place) -> _Place:
    """The doubt that a rightful event ends: a withdrawal ends a letter, a letter a withdrawal."""
    match event:
        case b.ProxyFiled():
            return ("withdrawal", *place[1:])
        case b.ProxyWithdrawn():
            return ("letter", *place[1:])
        case _:
            return place


def _of_meeting(event: b.BodyEvent) -> bool:
    return isinstance(
        event,
        b.MeetingNoticed | b.MeetingOpened | b.MeetingEnded | b.PersonArrived | b.PersonDeparted,
    )
