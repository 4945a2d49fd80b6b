"""Somebody changes employer: the next bundle leaves them out, whoever else stays in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.grants import decide_access
from governance.services.people import change_person
from governance.services.standing import list_standings
from tests.lib.signing import PROJECT, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A programme on SQLite, with a signer that runs on."""
    made = Desk(tmp_path)
    made.keep()
    yield made
    made.office.programme.close()


def moved(desk: Desk, **changes: Any) -> None:
    office = desk.office.actor("p-office")
    change_person(desk.office.programme, office, "p-chen", changes, reason="Moved.")


def denied(desk: Desk) -> list[str]:
    today = desk.today()
    assert decide_access(desk.verified(), "p-ruiz", today).permitted
    return [d.rule for d in decide_access(desk.verified(), "p-chen", today).denials]


def shown(desk: Desk) -> list[str]:
    """What the portal says that the person's access lacks."""
    own = list_standings(desk.office.programme, desk.office.actor("p-ruiz"))
    return [d.rule for line in own if line.person == "p-chen" for d in line.access.denials]


def test_another_employer_ends_access_with_the_next_bundle(desk: Desk) -> None:
    desk.granted()
    desk.sign()
    assert denied(desk) == shown(desk) == []
    moves = (
        {"employer": "Acme Analytics LLC"},
        {"employer": "Department of Labor", "agency": "dcf"},
        {"employer": "Department of Children and Families", "agency": "dcf"},
    )
    for number, move in enumerate(moves, 2):
        moved(desk, **move)
        published = desk.sign().published
        assert published == ([(f"grants/{PROJECT}", 2)] if number == 2 else [])
        assert denied(desk) == shown(desk) == ["person.employer"]
    assert "Acme" not in desk.bundle().model_dump_json()
    moved(desk, employer="department of  labor", agency=None)
    assert desk.sign().published == [(f"grants/{PROJECT}", 3)]
    assert denied(desk) == shown(desk) == []
