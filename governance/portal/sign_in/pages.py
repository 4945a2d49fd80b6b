"""Signing in and out, whichever way is configured."""

from starlette.responses import Response

from governance.portal.routes import Open, PortalRouter
from governance.portal.sessions import is_secret, new_secret
from governance.portal.sign_in.development import check_development, choice_form, people_to_be
from governance.portal.sign_in.leaving import forget_session, give_signing_in
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn, safe_path
from governance.portal.visits import VisitDep, redirect

router = PortalRouter()


@router.page("GET", "/sign-in", asks=Open("Signing in."))
def show_sign_in(visit: VisitDep) -> Response:
    """The page to sign in from."""
    to = safe_path(visit.request.query_params.get("next", "/"))
    if visit.actor.person is not None:
        return redirect(to)
    kept = visit.secret if is_secret(visit.secret) else ""
    visit.secret = kept or new_secret()
    form = None
    if visit.portal.sign_in is not None:
        visit.portal.sign_in.prepare()
    if isinstance(visit.portal.sign_in, UnsafeDevelopmentSignIn):
        check_development(visit)
        form = choice_form(people_to_be(visit)).bind()
    page = visit.page("sign_in/sign_in.html", form=form, to=to)
    return page if kept else give_signing_in(visit, page, visit.secret)


@router.page("POST", "/sign-out", asks=Open("Signing out: one's own session only."))
def sign_out(visit: VisitDep) -> Response:
    """End this session."""
    portal = visit.portal
    portal.sessions.end(visit.request.cookies.get(portal.cookies.session, ""))
    elsewhere = portal.sign_in.after_sign_out() if portal.sign_in is not None else ""
    answer = redirect(elsewhere) if elsewhere else redirect("/", said="signed_out")
    return forget_session(visit, answer)
