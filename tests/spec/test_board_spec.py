"""The board's arithmetic as tables a member can read: who was there, how they voted, what follows.

One row a seat: agency, who came (the member `M`, a proxy `P`, the alternate `A`, nobody `-`; `v` is
a vacant seat), the vote (`y` in favor, `n` against, `a` abstains, `s` silent), the member recused
(`R`) or not.
The programme's bylaws apply: quorum two thirds of all filled seats, all present in favor.
"""

from datetime import timedelta
from textwrap import dedent
from typing import Any

import pytest

from governance.board.bylaws import MotionKind
from governance.board.model import Attendance, MotionFacts, Seat
from governance.board.voting import decide_motion
from tests.lib.board import (
    BOARD,
    EXECUTIVE,
    START,
    build_alternate,
    build_interest,
    build_meeting,
    build_motion,
    build_proxy,
    build_vote,
)

CASES: dict[str, tuple[str, str]] = {
    "all come and agree": (
        """
        sde   M  y
        dol   M  y
        oec   M  y
        """,
        "passed: 3 of 3 represented, 2 make a quorum; 3 in favor, 3 needed",
    ),
    "one stays away": (
        """
        sde   M  y
        dol   M  y
        oec   -
        """,
        "passed: 2 of 3 represented, 2 make a quorum; 2 in favor, 2 needed",
    ),
    "two stay away": (
        """
        sde   M  y
        dol   -
        oec   -
        """,
        "failed: 1 of 3 represented, 2 make a quorum; 1 in favor, 1 needed",
    ),
    "one abstains": (
        """
        sde   M  y
        dol   M  y
        oec   M  a
        """,
        "failed: 3 of 3 represented, 2 make a quorum; 2 in favor, 3 needed",
    ),
    "one says nothing": (
        """
        sde   M  y
        dol   M  y
        oec   M  s
        """,
        "failed: 3 of 3 represented, 2 make a quorum; 2 in favor, 3 needed",
    ),
    "a no of a recused member is nobody's": (
        """
        sde   M  y
        dol   M  y
        oec   M  n  R
        """,
        "passed: 2 of 3 represented, 2 make a quorum; 2 in favor, 2 needed",
    ),
    "a recusal can break the quorum": (
        """
        sde   M  y
        dol   M  y  R
        oec   -
        """,
        "failed: 1 of 3 represented, 2 make a quorum; 1 in favor, 1 needed",
    ),
    "the alternate of a recused member sits": (
        """
        sde   M  y
        dol   A  y  R
        oec   -
        """,
        "passed: 2 of 3 represented, 2 make a quorum; 2 in favor, 2 needed",
    ),
    "and must agree, too": (
        """
        sde   M  y
        dol   A  n  R
        oec   M  y
        """,
        "failed: 3 of 3 represented, 2 make a quorum; 2 in favor, 3 needed",
    ),
    "a proxy counts toward the quorum": (
        """
        sde   M  y
        dol   P  y
        oec   -
        """,
        "passed: 2 of 3 represented, 2 make a quorum; 2 in favor, 2 needed",
    ),
    "the proxy of a recused member does not": (
        """
        sde   M  y
        dol   P  y  R
        oec   -
        """,
        "failed: 1 of 3 represented, 2 make a quorum; 1 in favor, 1 needed",
    ),
    "a vacant seat is no part of the denominator": (
        """
        sde   M  y
        dol   M  y
        oec   v
        cscu  -
        """,
        "passed: 2 of 3 represented, 2 make a quorum; 2 in favor, 2 needed",
    ),
    "executive: one away, and not every member agrees": (
        """
        sde   M  y
        dol   M  y
        oec   -
        """,
        "failed: 2 of 3 represented, 2 make a quorum; 2 in favor, 3 needed",
    ),
    "executive: a proxy makes every member agree": (
        """
        sde   M  y
        dol   M  y
        oec   P  y
        """,
        "passed: 3 of 3 represented, 2 make a quorum; 3 in favor, 3 needed",
    ),
}


def parse(table: str, *, executive: bool) -> MotionFacts:
    """The facts of a table."""
    seats, room, votes, proxies, interests = [], [], [], [], []
    for line in dedent(table).split("\n"):
        if not line.strip():
            continue
        name, who, *cells = line.split()
        member = None if who == "v" else f"p-{name}"
        seats.append(Seat(agency=name, member=member, alternates=(build_alternate(f"alt-{name}"),)))
        if who in "v-":
            continue
        person = {"M": f"p-{name}", "P": f"proxy-{name}", "A": f"alt-{name}"}[who]
        room.append(Attendance(person=person, arrived_at=START))
        if who == "A" and "R" in cells:
            room.append(Attendance(person=f"p-{name}", arrived_at=START))
        if who == "P":
            proxies.append(build_proxy(name, person))
        if "R" in cells:
            interests.append(build_interest(f"p-{name}"))
        if cells[0] != "s":
            votes.append(build_vote(name, cells[0], person=person))
    facts: dict[str, Any] = {
        "rules": EXECUTIVE if executive else BOARD,
        "seats": tuple(seats),
        "meeting": build_meeting(noticed_at=START - timedelta(days=7)),
        "attendance": tuple(room),
        "proxies": tuple(proxies),
        "interests": tuple(interests),
        "motion": build_motion(kind=MotionKind.OTHER),
        "votes": tuple(votes),
    }
    return MotionFacts(**facts)


@pytest.mark.parametrize("name", CASES)
def test_the_table_is_the_rule(name: str) -> None:
    table, expected = CASES[name]
    outcome = decide_motion(parse(table.strip("\n"), executive=name.startswith("executive")))
    verdict = "passed" if outcome.passed else "failed"
    said = (
        f"{verdict}: {outcome.represented} of {outcome.filled_seats} represented, "
        f"{outcome.quorum_needed} make a quorum; {outcome.in_favor} in favor, "
        f"{outcome.approval_needed} needed"
    )
    assert said == expected
