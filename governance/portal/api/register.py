"""What is public: the register and what came of each request."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, JsonValue

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, PageAsked
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.public_records import public_records
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/register", tags=("register",))
NAVIGATION: tuple[NavItem, ...] = ()


class RegisterPage(BaseModel):
    """One page of the register, the newest request first."""

    items: tuple[dict[str, JsonValue], ...]
    total: int
    page: int
    per_page: int


@router.api(
    "GET",
    "",
    asks=Action.READ_REGISTER,
    response_model=RegisterPage,
    responses=PROBLEMS,
    summary="The public register, one page",
)
def rows(visit: VisitDep, asked: Annotated[PageAsked, Query()]) -> RegisterPage:
    """Every request that was submitted; personal data withheld."""
    found = public_records(visit.programme).rows
    start = (asked.page - 1) * asked.per_page
    return RegisterPage(
        items=tuple(tell(row) for row in found[start : start + asked.per_page]),
        total=len(found),
        page=asked.page,
        per_page=asked.per_page,
    )


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
