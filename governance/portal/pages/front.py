"""The home page, help, and what a monitor asks."""

from sqlalchemy import select
from starlette.responses import PlainTextResponse, Response

from governance.permissions import Action
from governance.portal.navigation import NavItem
from governance.portal.pages.request_persons import own_statements
from governance.portal.routes import Open, PortalRouter
from governance.portal.visits import VisitDep

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()


@router.page("GET", "/", asks=Action.READ_REGISTER)
def show_home(visit: VisitDep) -> Response:
    """Where everybody begins: what the person can do here."""
    return visit.page("home.html", statements=own_statements(visit))


@router.page("GET", "/accessibility", asks=Action.READ_REGISTER)
def show_accessibility(visit: VisitDep) -> Response:
    """How the site is built for everybody, and whom to ask for help."""
    return visit.page("accessibility.html", office=visit.programme.profile.office)


@router.page("GET", "/health", asks=Open("A monitor asks whether pages and database answer."))
def show_health(visit: VisitDep) -> Response:
    """`ok` when the database answers."""
    with visit.programme.store.read() as unit:
        unit.connection.execute(select(1))
    return PlainTextResponse("ok")
