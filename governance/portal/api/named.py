"""Whom a requestor named: what the office settles at the completeness check."""

from pydantic import BaseModel

from governance.portal.api.models import PROBLEMS
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request, asked_version
from governance.portal.visits import VisitDep
from governance.requests.model import RequestPerson
from governance.requests.states import Act
from governance.services.named_people import read_named

router = PortalRouter(prefix="/api/v1/requests/{number}", tags=("requests",))
NAVIGATION: tuple[NavItem, ...] = ()


class NamedAnswer(BaseModel):
    """Persons whose address is on record already.

    Attributes:
        named: By the id under which the request names them: who it may be. `accept-complete`
            takes the answers as `same`, an id for each.
    """

    named: dict[str, tuple[RequestPerson, ...]]


@router.api(
    "GET",
    "/named",
    asks=Act.ACCEPT_COMPLETE,
    about=about_request,
    response_model=NamedAnswer,
    responses=PROBLEMS,
    summary="Persons a requestor named whose address is on record, with who it may be",
)
def named(visit: VisitDep, number: str) -> NamedAnswer:
    """Asked while the request waits for the completeness check."""
    p, version = visit.programme, asked_version(visit)
    return NamedAnswer(named=dict(read_named(p, visit.actor, number, version=version)))
