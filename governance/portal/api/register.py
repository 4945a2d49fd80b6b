"""What is public: the register and what came of each request."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from fastapi import Query
from pydantic import JsonValue

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.requests.model import RequestType
from governance.requests.states import Status
from governance.services.public_records import public_records
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/register", tags=("register",))
NAVIGATION: tuple[NavItem, ...] = ()


class RegisterAsked(ListAsked):
    """Which requests of the register, in which order."""

    FOUND_IN: ClassVar[Mapping[str, str]] = {"agency": "agencies"}
    status: Status | None = None
    type: RequestType | None = None
    agency: Word = None
    decision: Word = None
    sort: Literal[
        "number", "title", "organization", "status", "type", "received_on", "decision",
        "decided_on", "ends_on", "updated_at",
    ] = "number"  # fmt: skip
    descending: bool = True


@router.api(
    "GET",
    "",
    asks=Action.READ_REGISTER,
    response_model=Paged[dict[str, JsonValue]],
    responses=PROBLEMS,
    summary="The public register, one page",
)
def rows(visit: VisitDep, asked: Annotated[RegisterAsked, Query()]) -> Paged[dict[str, JsonValue]]:
    """Every request that was submitted; personal data withheld."""
    page = page_of(public_records(visit.programme).rows, asked)
    told = tuple(tell(row) for row in page.items)
    return Paged(items=told, total=page.total, page=page.page, per_page=page.per_page)


@router.api(
    "GET",
    "/{number}",
    asks=Action.READ_REGISTER,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="One request as the public sees it",
)
def row_of(visit: VisitDep, number: str) -> dict[str, JsonValue]:
    """Where it stands, who acts next, the vote, and what came of it."""
    row = public_records(visit.programme).by_number.get(number)
    if row is None:
        raise NotFoundError("The register has no request of that number.")
    told: dict[str, JsonValue] = tell(row)
    return told
