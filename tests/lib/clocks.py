"""Builders of programmes for the clocks: a request's life with its people, roster and deadlines."""

from datetime import date, datetime
from typing import Any

from governance.board.bylaws import default_bylaws
from governance.board.model import Seat
from governance.board.state import BodyState
from governance.clocks.model import ProgrammeState, RequestLife
from governance.people.model import Person, PortalRole
from tests.lib.board import build_alternate
from tests.lib.requests import Life

R = PortalRole
BODY = default_bylaws().body("data_governing_board")


def build_person(person: str, *roles: PortalRole, **changes: Any) -> Person:
    facts: dict[str, Any] = {
        "id": person,
        "name": person,
        "email": f"{person}@example.org",
        "employer": "Somewhere",
        "employment_class": "other",
        "roles": roles or (R.REQUESTOR,),
        "employed_from": date(2020, 1, 1),
    }
    return Person(**(facts | changes))


def build_people() -> dict[str, Person]:
    """The office, three named persons, owners, alternates and stewards of two agencies, parties."""
    people = [
        build_person("p-office", R.OPERATOR),
        build_person("p-ruiz"),
        build_person("p-chen", agency="dol"),
        build_person("p-okafor"),
        build_person("p-university", R.SIGNATORY, parties=("Example University",)),
    ]
    for agency in ("sde", "dol"):
        people += [
            build_person(f"p-{agency}", R.DATA_OWNER, agency=agency),
            build_person(f"alt-{agency}", R.DATA_OWNER, agency=agency),
            build_person(f"steward-{agency}", R.DATA_STEWARD, agency=agency),
            build_person(f"sign-{agency}", R.SIGNATORY, parties=(agency.upper(),)),
        ]
    return {p.id: p for p in people}


def build_board() -> BodyState:
    seats = {
        a: Seat(agency=a, member=f"p-{a}", alternates=(build_alternate(f"alt-{a}"),))
        for a in ("sde", "dol")
    }
    return BodyState(BODY, seats=seats)


def build_state(life: Life | None = None, **changes: Any) -> ProgrammeState:
    lives = [] if life is None else [RequestLife.of(life.events)]
    facts: dict[str, Any] = {
        "requests": tuple(found for found in lives if found is not None),
        "people": build_people(),
        "board": build_board(),
    }
    return ProgrammeState(**(facts | changes))


def noon(day: date) -> datetime:
    """Noon in Connecticut, UTC."""
    from governance.calendar import LEGAL_ZONE

    return datetime(day.year, day.month, day.day, 12, tzinfo=LEGAL_ZONE)
