"""What is public: the register and what came of each request."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from fastapi import Query

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.register import RegisterRow
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
    response_model=Paged[RegisterRow],
    responses=PROBLEMS,
    summary="The public register, one page",
)
def rows(visit: VisitDep, asked: Annotated[RegisterAsked, Query()]) -> Paged[RegisterRow]:
    """Every request that was submitted; personal data withheld."""
    return page_of(public_records(visit.programme).rows, asked)


@router.api(
    "GET",
    "/{number}",
    asks=Action.READ_REGISTER,
    response_model=RegisterRow,
    responses=PROBLEMS,
    summary="One request as the public sees it",
)
def row_of(visit: VisitDep, number: str) -> RegisterRow:
    """Where it stands, who acts next, the vote, and what came of it."""
    row = public_records(visit.programme).by_number.get(number)
    if row is None:
        raise NotFoundError("The register has no request of that number.")
    return row
