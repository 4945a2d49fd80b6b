"""What wraps the application, as plain ASGI: outermost first.

`Watch` (log line, error id) > `Headers` > `Hosts` > `Rates` > `Origins` > `Sizes` > pages.

A refusal of any of them is raised as a `PortalRefusalError` and answered by `Watch`, so that every
answer has the headers and a page of ours. Nothing of a query string, a form or a header is logged.
"""

import json
import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers as Received
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from governance.errors import ProgrammeError
from governance.portal.assets import is_asset
from governance.portal.faults import (
    ForgedFormError,
    PortalRefusalError,
    TooLargeError,
    WrongHostError,
)
from governance.portal.limits import Buckets, Limits
from governance.settings import LOOPBACK

ACCESS_LOG = logging.getLogger("governance.portal.access")
ERROR_LOG = logging.getLogger("governance.portal.errors")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
"""The sites that sign-in and sign-out lead to are added at the end."""
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_YEAR_SECONDS = 31_536_000
_ERROR = 500

Refuse = Callable[[Request, Exception, str], Awaitable[Response]]
"""Makes the page of a refusal or failure; the text is the error id, or empty."""


class Watch:
    """One log line a request, and a page with an id for what nobody foresaw."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        """Around the application."""
        self._app, self._refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        answered = 0

        async def noting(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001  the last resort: nobody else answers
            error_id = "" if isinstance(error, PortalRefusalError) else log_failure(error)
            if answered:
                # The connection breaks off; what the error says may hold what somebody typed.
                raise ConnectionAbortedError("the answer broke off") from None
            response = await self._said(Request(scope, receive), error, error_id)
            await response(scope, receive, noting)
        finally:
            if not is_asset(scope["path"]):
                milliseconds = (time.perf_counter() - begun) * 1000
                route = getattr(scope.get("route"), "path", None) or "-"
                ACCESS_LOG.info(
                    "%s %s %d %.1f ms", scope["method"], route, answered or _ERROR, milliseconds
                )

    async def _said(self, request: Request, error: Exception, error_id: str) -> Response:
        """The page of a failure; where that fails too, its number alone."""
        try:
            return await self._refuse(request, error, error_id)
        except Exception as another:  # noqa: BLE001  the database or a template is broken
            number = log_failure(another)
            return PlainTextResponse(f"Something went wrong. Error number: {number}", _ERROR)


def log_failure(error: Exception) -> str:
    """Log where it failed, by class and place; messages may quote what somebody typed."""
    error_id = secrets.token_hex(6)
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{f.name} ({f.filename}:{f.lineno})" for f in reversed(frames[-6:]))
    said = f": {error.code}" if isinstance(error, ProgrammeError) else ""
    ERROR_LOG.error("%s %s%s at %s", error_id, type(error).__qualname__, said, places)
    return error_id


class Headers:
    """Adds to every answer the headers it does not set itself."""

    def __init__(
        self, app: ASGIApp, *, https: bool, form_targets: Callable[[], frozenset[str]]
    ) -> None:
        """Around the application."""
        self._form_targets = form_targets
        headers = dict(_HEADERS)
        if https:
            headers["strict-transport-security"] = f"max-age={_YEAR_SECONDS}; includeSubDomains"
        self._app = app
        self._added = [(n.encode(), v.encode()) for n, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding headers."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.setdefault("headers", [])
                there = {name.lower() for name, _ in own}
                policy = " ".join((CONTENT_SECURITY_POLICY, *sorted(self._form_targets())))
                added = [(b"content-security-policy", policy.encode()), *self._added]
                message["headers"] = [*own, *(h for h in added if h[0] not in there)]
            await send(message)

        await self._app(scope, receive, adding)


class Hosts:
    """Answers under its own names only."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        """Around the application; names with their port."""
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "http":
            named = [v.decode("latin-1").lower() for n, v in scope["headers"] if n == b"host"]
            if len(named) != 1 or named[0] not in self._hosts:
                raise WrongHostError("The portal is not known under that name.")
        await self._app(scope, receive, send)


class Rates:
    """Limits requests by address; sign-in more strictly. Static files are free."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Around the application."""
        self._app = app
        self._all, self._sign_in = Buckets(limits.address), Buckets(limits.sign_in)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "http" and not is_asset(scope["path"]):
            address = str((scope.get("client") or ("unknown",))[0])
            self._all.check(address)
            tries = scope["method"] not in SAFE_METHODS or scope["path"] == "/sign-in/callback"
            if scope["path"].startswith("/sign-in") and tries:
                self._sign_in.check(address)
        await self._app(scope, receive, send)


class Origins:
    """A writing request comes from a page of ours, as the browser itself says.

    Browsers send `Sec-Fetch-Site` or `Origin`; where neither is sent, the form token alone decides.
    """

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        """Around the application."""
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            received = Received(scope=scope)
            site, origin = received.get("sec-fetch-site"), received.get("origin")
            foreign = site is not None and site != "same-origin"
            if foreign or (origin is not None and origin not in self._origins):
                raise ForgedFormError(
                    "The form was sent from another site.", "Open the page here and send it again."
                )
        await self._app(scope, receive, send)


class Sizes:
    """Refuses bodies that are too large, by their announced size or while they arrive."""

    def __init__(self, app: ASGIApp, *, form_bytes: int, upload_bytes: int) -> None:
        """Around the application."""
        self._app, self._form, self._upload = app, form_bytes, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        received = Received(scope=scope)
        multipart = received.get("content-type", "").startswith("multipart/form-data")
        most = self._form + (self._upload if multipart else 0)
        length = received.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise _too_large(most)
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _too_large(most)
            return message

        await self._app(scope, counting, send)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        f"More than {most // 1_000_000} MB were sent.", "Send a smaller file, or less text."
    )


def own_hosts(base_url: str) -> frozenset[str]:
    """Names, with their port, that the portal answers to: on one machine all of its own."""
    parts = urlsplit(base_url)
    if parts.hostname not in LOOPBACK:
        return frozenset({parts.netloc.lower()})
    port = f":{parts.port}" if parts.port else ""
    names = (f"[{name}]" if ":" in name else name for name in LOOPBACK)
    return frozenset(f"{name}{port}" for name in names)


def wrap(
    app: ASGIApp,
    *,
    base_url: str,
    limits: Limits,
    upload_bytes: int,
    refuse: Refuse,
    form_targets: Callable[[], frozenset[str]] = frozenset,
) -> ASGIApp:
    """The application inside all of them."""
    parts = urlsplit(base_url)
    hosts = own_hosts(base_url)
    app = Sizes(app, form_bytes=limits.form_bytes, upload_bytes=upload_bytes)
    app = Origins(app, frozenset(f"{parts.scheme}://{host}" for host in hosts))
    app = Rates(app, limits)
    app = Hosts(app, hosts)
    app = Watch(app, refuse)
    return Headers(app, https=parts.scheme == "https", form_targets=form_targets)


def problem_document(status: int, title: str, **facts: Any) -> Response:  # noqa: ANN401  JSON values
    """RFC 9457 problem details."""
    body = {"type": "about:blank", "title": title, "status": status, **facts}
    return Response(json.dumps(body), status, media_type="application/problem+json")
