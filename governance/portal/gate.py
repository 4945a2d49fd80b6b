"""The gate before every handler.

In this order, each step once:
1. A program's access token is verified, or the session of the cookie found; the person's record is
   read as it is now; who is no longer employed is refused or loses the session. Where a token is
   shown, it alone says who asks: no cookie is read.
2. Rates by session, or by the token's subject.
3. A writing request must come from a page of ours (form token; no browser sends a token of a
   program by itself, so with one none is needed), and be of a kind the route takes.
4. The route's target is loaded and `decide_action` asked for the action that the route declared;
   a denial is recorded.
5. A form that was taken before gets its earlier answer.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from governance.decisions import check_permitted
from governance.people import Person, PortalRole
from governance.permissions import Actor, decide_action
from governance.permissions.rights import READING
from governance.portal.context import Portal
from governance.portal.declared import Declared, Open
from governance.portal.faults import BadRequestError, ForgedFormError, UnsupportedTypeError
from governance.portal.forms import CSRF_FIELD, ONCE_FIELD
from governance.portal.sessions import Session, is_form_token
from governance.portal.sign_in.bearer import (
    BearerRequestError,
    TokenRefusedError,
    bearer_of,
    has_bearer,
)
from governance.portal.visits import Visit
from governance.requests.states import TOGETHER, Act

LOG = logging.getLogger("governance.portal.sign_in")
API = "/api/"
CSRF_HEADER = "x-csrf-token"
MAXIMUM_FIELDS = 5_000
MAXIMUM_FILES = 10
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"

Handler = Callable[[Request], Awaitable[Response]]


async def pass_gate(request: Request, declared: Declared, handler: Handler) -> Response:
    """Answer a request, or refuse it.

    Raises:
        PortalRefusalError: Too many requests, a forged form, a content nobody takes there.
        AccessDeniedError: Policy says no.
    """
    if has_bearer(request) and not request.url.path.startswith(API):
        raise BearerRequestError(
            "This page is for people: no access token is taken here.",
            "Programs use the addresses that /api/openapi.json describes.",
        )
    if not declared.writes:
        await run_in_threadpool(_enter_and_ask, request, declared)
        return await handler(request)
    visit = await run_in_threadpool(enter, request)
    try:
        return await _write(visit, declared, handler)
    finally:
        await visit.form.close()  # files that were sent


async def _write(visit: Visit, declared: Declared, handler: Handler) -> Response:
    request = visit.request
    await _check_sent_by_us(visit, declared)
    await run_in_threadpool(_ask, visit, declared)
    token = visit.form.get(ONCE_FIELD)
    if visit.session is None or not isinstance(token, str) or not token:
        return await handler(request)
    return await portal_of(request).once.take(
        visit.session.digest, token[:64], lambda: handler(request)
    )


def portal_of(request: Request) -> Portal:
    """What the application shares."""
    portal: Portal = request.app.state.portal
    return portal


def enter(request: Request) -> Visit:
    """Step 1 and 2: who is asking. Blocks on the database."""
    portal = portal_of(request)
    visit = portal.visit(request)
    request.state.visit = visit
    try:
        token = bearer_of(request)
        if token is None:
            _find_session(visit)
        else:
            _admit(visit, token)
    except TokenRefusedError as error:
        LOG.warning("access token refused: %s", error.check)
        raise
    return visit


def _admit(visit: Visit, token: str) -> None:
    """Step 1 and 2 of a program.

    Raises:
        TokenRefusedError: The token is not taken, or names nobody who works here today.
    """
    portal, visit.by_token = visit.portal, True
    if portal.sign_in is None:
        raise TokenRefusedError("not_taken")
    bearer = portal.sign_in.read_token(token, visit.now)
    portal.by_session.check(bearer.account)
    person = portal.person_of_account(bearer.account)
    if person is None:
        raise TokenRefusedError("unknown")
    if not person.employed(visit.today):
        raise TokenRefusedError("ended")
    visit.actor = Actor(_with_roles_of(person, bearer.roles))
    visit.limited_by = bearer.account


def _with_roles_of(person: Person, given: tuple[PortalRole, ...] | None) -> Person:
    """The person, without roles on record that the provider gives no more.

    A session is as old as its sign-in at most, which brought the roles up to date; a token's
    subject may not have signed in for long.
    """
    if given is None:
        return person
    kept = tuple(r for r in person.roles if r in given) or (PortalRole.REQUESTOR,)
    return person.model_copy(update={"roles": kept})


def _find_session(visit: Visit) -> None:
    request, portal = visit.request, visit.portal
    secret = request.cookies.get(portal.cookies.session, "")
    session = portal.sessions.find(secret, visit.now) if secret else None
    if session is not None:
        person = portal.person(session.person)
        if person is None or not _still(person, session, visit):
            portal.sessions.end_all_of(session.person)
        else:
            visit.session, visit.secret, visit.actor = session, secret, Actor(person)
            visit.limited_by = session.digest
            portal.by_session.check(session.digest)
    if visit.session is None:
        visit.secret = request.cookies.get(portal.cookies.signing_in, "").partition(".")[0]


def _still(person: Person, session: Session, visit: Visit) -> bool:
    """Whether the session is still that person's: employed, and with the same account."""
    return person.employed(visit.today) and (person.account or "") == session.account


def _enter_and_ask(request: Request, declared: Declared) -> None:
    _ask(enter(request), declared)


async def _check_sent_by_us(visit: Visit, declared: Declared) -> None:
    """Step 3; also reads the form."""
    if visit.limited_by:
        visit.portal.writes_by_session.check(visit.limited_by)
    request = visit.request
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    taken = {_JSON, ""} if declared.kind == "api" else {_FORM, ""}
    if declared.uploads:
        taken.add(_MULTIPART)
    if kind not in taken:
        raise UnsupportedTypeError("This page does not take that kind of content.")
    if kind == _MULTIPART and visit.session is None:
        raise _forged()  # nobody's files are not even read
    if kind in {_FORM, _MULTIPART}:
        visit.form = await _read_form(request)
    if visit.by_token or declared.from_elsewhere:
        return
    sent = request.headers.get(CSRF_HEADER) or visit.form.get(CSRF_FIELD)
    if not isinstance(sent, str) or not is_form_token(visit.secret, sent):
        raise _forged()


def _forged() -> ForgedFormError:
    return ForgedFormError(
        "The form did not come from a page of this site that is still open in this browser, "
        "or you have signed out since.",
        "Go back, reload the page, and send the form again.",
    )


async def _read_form(request: Request) -> FormData:
    try:
        return await request.form(max_files=MAXIMUM_FILES, max_fields=MAXIMUM_FIELDS)
    except HTTPException:
        raise BadRequestError("The form cannot be read.", "Reload the page.") from None


def _ask(visit: Visit, declared: Declared) -> None:
    """Step 4."""
    if isinstance(declared.asks, Open):
        return
    visit.target = declared.about(visit)
    if "version" not in visit.request.query_params and READING.issuperset(declared.asks):
        # While an amendment is a draft, its request is still read in the versions before.
        visit.target = replace(visit.target, version=None)
    elif "version" not in visit.request.query_params and visit.target.request is not None:
        whole = next((a for a in declared.asks if a in TOGETHER), None)
        if whole is not None:  # what is of the whole request needs no version
            version = visit.target.request.meant_by(Act(whole))
            visit.target = replace(visit.target, version=version)
    decisions = [
        decide_action(visit.actor, action, visit.target, today=visit.today)
        for action in declared.asks
    ]
    if any(decision.permitted for decision in decisions):
        return
    with visit.portal.recording_denials(visit, declared.asks[0]):
        check_permitted(decisions[0])
