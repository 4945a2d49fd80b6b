"""People's records, for the operating office."""

from datetime import date
from typing import Annotated, Any

from fastapi import Body, Query

from governance.people import Person
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, Payload, PeopleAsked, PersonPage, Said
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_person
from governance.portal.visits import VisitDep
from governance.services.people import (
    PeopleQuery,
    change_person,
    end_person,
    list_people,
    read_person,
    register_person,
)

router = PortalRouter(prefix="/api/v1", tags=("people",))
NAVIGATION: tuple[NavItem, ...] = ()
Reason = Annotated[str, Body(min_length=1, max_length=4000)]
Position = Annotated[int | None, Body(ge=0, le=2**31 - 1)]


@router.api(
    "GET",
    "/people",
    asks=Action.READ_PEOPLE,
    response_model=PersonPage,
    responses=PROBLEMS,
    summary="People, one page",
)
def list_page(visit: VisitDep, asked: Annotated[PeopleAsked, Query()]) -> PersonPage:
    """Filtered by words, role, agency and whether employed today; sorted; by name unless asked."""
    found = list_people(visit.programme, visit.actor, PeopleQuery(**asked.model_dump()))
    return PersonPage.model_validate(found)


@router.api(
    "POST",
    "/people",
    asks=Action.CHANGE_PEOPLE,
    status_code=201,
    response_model=Person,
    responses=PROBLEMS,
    summary="Make a person's record",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}},
        }
    },
)
def register(visit: VisitDep, payload: Payload) -> Person:
    """Without an id a random one is chosen."""
    said = Said(payload)
    return register_person(visit.programme, visit.actor, said.facts, once=said.once)


@router.api(
    "GET",
    "/people/{person}",
    asks=Action.READ_PEOPLE,
    about=about_person,
    response_model=Person,
    responses=PROBLEMS,
    summary="A person's record",
)
def read(visit: VisitDep, person: str) -> Person:
    """Everybody may read their own."""
    return read_person(visit.programme, visit.actor, person)[0]


@router.api(
    "PUT",
    "/people/{person}",
    asks=Action.CHANGE_PEOPLE,
    about=about_person,
    response_model=Person,
    responses=PROBLEMS,
    summary="Change a person's record",
)
def change(
    visit: VisitDep,
    person: str,
    changes: Annotated[dict[str, Any], Body()],
    reason: Reason,
    based_on: Position = None,
) -> Person:
    """Name, employer, roles, parties, account, dates; the reason is kept."""
    return change_person(
        visit.programme, visit.actor, person, changes, reason=reason, based_on=based_on
    )


@router.api(
    "POST",
    "/people/{person}/end",
    asks=Action.CHANGE_PEOPLE,
    about=about_person,
    response_model=Person,
    responses=PROBLEMS,
    summary="End a person's employment",
)
def end(
    visit: VisitDep,
    person: str,
    left_on: Annotated[date, Body()],
    reason: Reason,
    based_on: Position = None,
) -> Person:
    """Somebody left: `left_on` is the first day without access; a day to come is scheduled."""
    return end_person(
        visit.programme, visit.actor, person, left_on=left_on, reason=reason, based_on=based_on
    )
