"""What the data plane told: submissions and their health, destructions, queries."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import JsonValue

from governance.event_feed import QueryRow
from governance.permissions import Action
from governance.portal.api.agencies import about_agency
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, page_of
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.services.feed import read_agency_feed, read_project_queries

router = PortalRouter(prefix="/api/v1", tags=("data plane",))
NAVIGATION: tuple[NavItem, ...] = ()


class QueriesAsked(ListAsked):
    """Which days, in which order."""

    sort: Literal["on", "answered", "denied", "failed", "stopped"] = "on"


@router.api(
    "GET",
    "/agencies/{agency}/feed",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="An agency's submissions, their health, and destructions",
)
def agency_feed(visit: VisitDep, agency: str) -> dict[str, JsonValue]:
    """Row-free, from the enclave's signed events."""
    told: dict[str, JsonValue] = tell(read_agency_feed(visit.programme, visit.actor, agency))
    return told


@router.api(
    "GET",
    "/requests/{number}/queries",
    asks=Action.READ_REQUEST,
    about=about_request,
    response_model=Paged[QueryRow],
    responses=PROBLEMS,
    summary="Queries of a request's project, counted by day, one page",
)
def queries(
    visit: VisitDep, number: str, asked: Annotated[QueriesAsked, Query()]
) -> Paged[QueryRow]:
    """Answered, denied and stopped; no statement and no person."""
    return page_of(read_project_queries(visit.programme, visit.actor, number), asked)
