"""Cookies of sessions: given and taken back."""

from typing import TypeVar

from starlette.responses import Response

from governance.portal.visits import Visit

AnyResponse = TypeVar("AnyResponse", bound=Response)
SIGNING_IN_SECONDS = 600


def give_session(
    visit: Visit, response: AnyResponse, person: str, account: str, provider_session: str = ""
) -> AnyResponse:
    """Begin a session in place of what the browser had, and hand over its cookie."""
    portal = visit.portal
    earlier = visit.request.cookies.get(portal.cookies.session, "")
    secret = portal.sessions.begin(
        person, account, visit.now, instead_of=earlier, provider_session=provider_session
    )
    _set(visit, response, portal.cookies.session, secret, None)
    _delete(visit, response, portal.cookies.signing_in)
    return response


def forget_session(visit: Visit, response: AnyResponse) -> AnyResponse:
    """Take back the cookie; the session itself is ended by who calls."""
    _delete(visit, response, visit.portal.cookies.session)
    # What a browser still keeps of signed-in pages goes too.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def give_signing_in(visit: Visit, response: AnyResponse, value: str) -> AnyResponse:
    """The cookie that ties a sign-in to this browser, for ten minutes."""
    _set(visit, response, visit.portal.cookies.signing_in, value, SIGNING_IN_SECONDS)
    return response


def _set(visit: Visit, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=visit.portal.secure, httponly=True,
        samesite="lax",
    )  # fmt: skip


def _delete(visit: Visit, response: Response, name: str) -> None:
    response.delete_cookie(
        name, path="/", secure=visit.portal.secure, httponly=True, samesite="lax"
    )
