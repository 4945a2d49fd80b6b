"""Builders of board facts: a data governing board of five agencies that agrees, unless told."""

from datetime import UTC, datetime, timedelta
from typing import Any

from governance.board.bylaws import BodyRules, MotionKind, default_bylaws
from governance.board.model import (
    Alternate,
    Attendance,
    BoardPerson,
    Choice,
    Interest,
    Meeting,
    Motion,
    MotionFacts,
    Proxy,
    Seat,
    Vote,
)

AGENCIES = ("cscu", "dcf", "dol", "oec", "sde")
START = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)
"""A Thursday, 10:00 in Connecticut."""
PUT = START + timedelta(minutes=40)
BYLAWS = default_bylaws()
BOARD = BYLAWS.body("data_governing_board")
EXECUTIVE = BYLAWS.body("executive_board")
LETTERS = {"y": Choice.IN_FAVOR, "n": Choice.AGAINST, "a": Choice.ABSTAIN}


def minutes(after: int) -> datetime:
    """That many minutes after the noticed beginning."""
    return START + timedelta(minutes=after)


def build_meeting(**changes: Any) -> Meeting:
    facts: dict[str, Any] = {
        "id": "DGB-2026-03",
        "starts_at": START,
        "noticed_at": START - timedelta(days=8),
        "public": True,
        "opened_at": START,
        "ended_at": START + timedelta(hours=2),
    }
    return Meeting(**(facts | changes))


def build_motion(**changes: Any) -> Motion:
    facts: dict[str, Any] = {
        "id": "M-1",
        "kind": MotionKind.DATA_REQUEST,
        "text": "Approve request Q0042.",
        "subject": "Q0042",
        "moved_by": "p-sde",
        "moved_at": minutes(30),
        "put_at": PUT,
    }
    return Motion(**(facts | changes))


def build_proxy(agency: str = "dol", holder: str = "p-holder", **changes: Any) -> Proxy:
    facts: dict[str, Any] = {
        "agency": agency,
        "given_by": f"p-{agency}",
        "holder": holder,
        "valid_from": START.date(),
        "valid_until": START.date(),
        "filed_at": START - timedelta(days=1),
    }
    return Proxy(**(facts | changes))


def build_alternate(person: str, **changes: Any) -> Alternate:
    facts: dict[str, Any] = {"person": person, "named_at": START - timedelta(days=90)}
    return Alternate(**(facts | changes))


def build_interest(person: str, **changes: Any) -> Interest:
    facts: dict[str, Any] = {"person": person, "text": "A relative.", "declared_at": START}
    return Interest(**(facts | changes))


def build_vote(agency: str, choice: str = "y", *, person: str = "", **changes: Any) -> Vote:
    facts: dict[str, Any] = {
        "agency": agency,
        "person": person or f"p-{agency}",
        "choice": LETTERS[choice],
        "rationale": "As discussed.",
        "cast_at": minutes(45),
    }
    return Vote(**(facts | changes))


def build_facts(
    votes: str = "yyyyy",
    *,
    agencies: tuple[str, ...] = AGENCIES,
    rules: BodyRules = BOARD,
    others: tuple[str, ...] = (),
    **changes: Any,
) -> MotionFacts:
    """A motion's facts.

    Args:
        votes: One letter an agency, in their order: `y`, `n`, `a` abstains, `s` present and
            silent, `-` absent, `v` vacant.
        agencies: The seats.
        rules: The body's bylaws.
        others: Further persons in the room.
        changes: Fields of `MotionFacts`; `more_votes` are added to the votes of the letters.
    """
    letters = dict(zip(agencies, votes, strict=True))
    room = [*(f"p-{a}" for a, v in letters.items() if v not in "-v"), *others]
    cast = tuple(build_vote(a, v) for a, v in letters.items() if v in LETTERS)
    facts: dict[str, Any] = {
        "rules": rules,
        "seats": tuple(
            Seat(agency=a, member=None if v == "v" else f"p-{a}") for a, v in letters.items()
        ),
        "people": {"p-holder": BoardPerson(name="Hollis Older")},
        "meeting": build_meeting(),
        "attendance": tuple(Attendance(person=p, arrived_at=START) for p in room),
        "motion": build_motion(),
        "votes": cast + changes.pop("more_votes", ()),
    }
    return MotionFacts(**(facts | changes))
