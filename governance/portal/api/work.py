"""What the data plane did for projects, in counts."""

from typing import Annotated, Literal

from fastapi import Query

from governance.permissions import Action
from governance.portal.api.agencies import about_agency
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.services.work import WorkKind, WorkRow, read_agency_work, read_project_work

router = PortalRouter(prefix="/api/v1", tags=("data plane",))
NAVIGATION: tuple[NavItem, ...] = ()


class WorkAsked(ListAsked):
    """Which rows, in which order."""

    kind: WorkKind | None = None
    sort: Literal[
        "on", "kind", "number", "offered", "people", "cells", "suppressed", "answered", "refused"
    ] = "on"
    descending: bool = True


@router.api(
    "GET",
    "/requests/{number}/work",
    asks=Action.READ_REQUEST,
    about=about_request,
    response_model=Paged[WorkRow],
    responses=PROBLEMS,
    summary="What was matched, asked and released for a request's project, one page",
)
def project_work(
    visit: VisitDep, number: str, asked: Annotated[WorkAsked, Query()]
) -> Paged[WorkRow]:
    """From the enclave's signed events, without rows and persons."""
    return page_of(read_project_work(visit.programme, visit.actor, number), asked)


@router.api(
    "GET",
    "/agencies/{agency}/work",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[WorkRow],
    responses=PROBLEMS,
    summary="What was matched and released for projects with an agency's data, one page",
)
def agency_work(
    visit: VisitDep, agency: str, asked: Annotated[WorkAsked, Query()]
) -> Paged[WorkRow]:
    """Projects that were granted its data; nobody's queries."""
    return page_of(read_agency_work(visit.programme, visit.actor, agency), asked)
