"""What the data plane told: submissions and their health, destructions, queries."""

from pydantic import JsonValue

from governance.permissions import Action
from governance.portal.api.agencies import about_agency
from governance.portal.api.models import PROBLEMS
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.services.feed import read_agency_feed, read_project_queries

router = PortalRouter(prefix="/api/v1", tags=("data plane",))
NAVIGATION: tuple[NavItem, ...] = ()


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
    response_model=list[dict[str, JsonValue]],
    responses=PROBLEMS,
    summary="Queries of a request's project, counted by day",
)
def queries(visit: VisitDep, number: str) -> list[dict[str, JsonValue]]:
    """Answered, denied and stopped; no statement and no person."""
    return [tell(q) for q in read_project_queries(visit.programme, visit.actor, number)]
