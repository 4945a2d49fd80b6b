"""What programs need to begin: the OpenAPI document, and a token to write with."""

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from governance.permissions import Action
from governance.portal.navigation import NavItem
from governance.portal.routes import Open, PortalRouter
from governance.portal.visits import VisitDep

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()


class SessionDocument(BaseModel):
    """Who is asking.

    Attributes:
        person: Id, or None for the public.
        csrf_token: To be sent as `X-CSRF-Token` with every writing request.
    """

    person: str | None
    roles: list[str]
    csrf_token: str


@router.page("GET", "/api/openapi.json", asks=Action.READ_REGISTER)
def show_openapi(visit: VisitDep) -> Response:
    """The interface's description."""
    return JSONResponse(visit.request.app.openapi())


@router.api("GET", "/api/session", asks=Open("Who one is oneself."), summary="Who is asking")
def show_session(visit: VisitDep) -> SessionDocument:
    """Who is asking, and the token that writing requests carry."""
    return SessionDocument(
        person=visit.actor.person.id if visit.actor.person else None,
        roles=sorted(visit.actor.roles),
        csrf_token=visit.form_token,
    )
