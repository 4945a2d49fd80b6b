"""How far a forged event of the board reaches: which motions it speaks against, and until when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.audit.tags import Tag
from governance.board import events as b
from governance.board.bylaws import MotionKind, default_bylaws
from governance.board.model import Choice
from governance.board.state import BodyState, apply
from governance.decisions import Denial
from governance.signer.doubts import BoardDoubts

BODY = "data_governing_board"
AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
WHY = (Denial("chain.authority", "Forged.", "Mend it.", "ADR"),)


class Board:
    """A board of two seats; `forged` events are somebody else's."""

    def __init__(self) -> None:
        self.state = BodyState(default_bylaws().body(BODY))
        self.doubts = BoardDoubts()
        self.at = AT
        for agency in ("sde", "dol"):
            self.happens(b.SeatFilled, agency=agency, person=f"p-{agency}")

    def happens(
        self, what: type[b.BodyEvent], subject: str = BODY, /, *, forged: bool = False, **facts: Any
    ) -> None:
        self.at += timedelta(seconds=1)
        event = what(subject=subject, at=self.at, by="p-office", **facts)
        self.state = apply(self.state, event)
        self.doubts.take(event, WHY if forged else (), self.state)

    def motion(self, name: str, meeting: str | None = None, /, **forged: bool) -> bool:
        """Whether anything speaks against a motion that is moved, put, voted and decided now."""
        if meeting is None:
            meeting = f"of-{name}"
            self.happens(b.MeetingNoticed, meeting, starts_at=self.at, public=True)
            self.happens(b.MeetingOpened, meeting)
        said = {k: forged.get(k, False) for k in ("moved", "put", "vote", "decided")}
        self.happens(b.MotionMoved, name, meeting=meeting, kind=MotionKind.DATA_REQUEST,
                     text="It.", about="Q0001", forged=said["moved"])  # fmt: skip
        self.happens(b.MotionPut, name, forged=said["put"])
        self.happens(b.VoteCast, name, agency="sde", person="p-sde", choice=Choice.IN_FAVOR,
                     forged=said["vote"])  # fmt: skip
        self.happens(b.MotionDecided, name, tag=Tag.MOTION_PASSED, in_favor=1, represented=1,
                     quorum_needed=1, approval_needed=1, forged=said["decided"])  # fmt: skip
        return bool(self.doubts.of_motion(name))


def test_nothing_speaks_against_what_was_everybodys_own_to_write() -> None:
    assert not Board().motion("M-1")


@pytest.mark.parametrize("what", ["moved", "put", "vote", "decided"])
def test_an_event_of_a_motion_speaks_against_that_motion_alone(what: str) -> None:
    board = Board()
    assert board.motion("M-1", **{what: True})
    assert not board.motion("M-2")


LETTER = {"agency": "sde", "given_by": "p-sde", "holder": "p-x"}
DAY = AT.date()
ROSTER: dict[str, tuple[type[b.BodyEvent], dict[str, Any], type[b.BodyEvent], dict[str, Any]]] = {
    "seat": (b.SeatFilled, {"agency": "sde", "person": "p-x"},
             b.SeatFilled, {"agency": "sde", "person": "p-sde"}),
    "seat vacated": (b.SeatVacated, {"agency": "sde"},
                     b.SeatFilled, {"agency": "sde", "person": "p-sde"}),
    "alternate": (b.AlternateNamed, {"agency": "sde", "person": "p-x"},
                  b.AlternateNamed, {"agency": "sde", "person": "p-x", "until": date(2026, 1, 1)}),
    "letter": (b.ProxyFiled, {**LETTER, "valid_from": DAY, "valid_until": DAY},
               b.ProxyWithdrawn, {"agency": "sde", "holder": "p-x"}),
    "withdrawal": (b.ProxyWithdrawn, {"agency": "sde", "holder": "p-x"},
                   b.ProxyFiled, {**LETTER, "valid_from": DAY, "valid_until": DAY}),
}  # fmt: skip


@pytest.mark.parametrize("case", ROSTER)
def test_an_event_of_the_roster_speaks_against_motions_until_it_is_mended(case: str) -> None:
    kind, facts, mends, mended = ROSTER[case]
    board = Board()
    assert not board.motion("M-0")
    board.happens(kind, forged=True, **facts)
    assert board.motion("M-1")
    board.happens(b.SeatFilled, agency="dol", person="p-dol")  # another seat mends nothing
    assert board.motion("M-2")
    board.happens(mends, **mended)
    assert not board.motion("M-3")
    assert board.doubts.of_motion("M-1") == WHY
    assert not board.doubts.of_motion("M-0")


def test_a_letter_speaks_against_motions_of_its_days_and_a_second_hides_none() -> None:
    board = Board()
    far = date(2026, 12, 1)
    board.happens(b.ProxyFiled, forged=True, **LETTER, valid_from=far, valid_until=far)
    assert not board.motion("M-1")
    board.happens(b.ProxyFiled, forged=True, **LETTER, valid_from=DAY, valid_until=DAY)
    board.happens(b.ProxyFiled, forged=True, **LETTER, valid_from=far, valid_until=far)
    assert board.motion("M-2")


MEETING: dict[str, tuple[type[b.BodyEvent], dict[str, Any]]] = {
    "arrived": (b.PersonArrived, {"person": "p-x"}),
    "departed": (b.PersonDeparted, {"person": "p-x"}),
    "opened": (b.MeetingOpened, {}),
}


@pytest.mark.parametrize("case", MEETING)
def test_an_event_of_a_meeting_speaks_against_what_it_decides_afterwards(case: str) -> None:
    kind, facts = MEETING[case]
    board = Board()
    board.happens(b.MeetingNoticed, "DGB-1", starts_at=AT, public=True)
    board.happens(b.MeetingOpened, "DGB-1")
    assert not board.motion("M-0", "DGB-1")
    board.happens(kind, "DGB-1", forged=True, **facts)
    assert board.motion("M-1", "DGB-1")
    assert not board.doubts.of_motion("M-0")
    assert not board.motion("M-2")
