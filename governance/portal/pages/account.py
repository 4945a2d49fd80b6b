"""A person's own account: who they are here, and signing out everywhere."""

from starlette.responses import Response

from governance.portal.navigation import Area, NavItem, signed_in
from governance.portal.routes import Open, PortalRouter
from governance.portal.sign_in.leaving import forget_session
from governance.portal.visits import VisitDep, redirect

router = PortalRouter()
NAVIGATION = (NavItem(Area.ACCOUNT, "My account", "/account", signed_in),)
_OWN = Open("One's own record and sessions; there is nobody else's to reach.")


@router.page("GET", "/account", asks=_OWN)
def show_account(visit: VisitDep) -> Response:
    """One's own record; the public is sent to sign in."""
    if visit.actor.person is None:
        return redirect("/sign-in?next=/account")
    return visit.page("account.html")


@router.page("POST", "/account/sign-out-everywhere", asks=_OWN)
def sign_out_everywhere(visit: VisitDep) -> Response:
    """End every session of the person."""
    if visit.actor.person is not None:
        visit.portal.sessions.end_all_of(visit.actor.person.id)
    return forget_session(visit, redirect("/", said="signed_out_everywhere"))
