"""The application: routes, pages, and what wraps them."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from governance.errors import ProgrammeError
from governance.portal.answers import answer
from governance.portal.api import document
from governance.portal.assets import is_asset, load_assets
from governance.portal.context import Portal
from governance.portal.faults import AlreadyDoneError
from governance.portal.limits import Limits
from governance.portal.pages import AREAS
from governance.portal.rendering import make_templates
from governance.portal.security import wrap
from governance.portal.session_table import StoredSessions
from governance.portal.sessions import Sessions
from governance.portal.sign_in import back_channel, development, oidc
from governance.portal.sign_in import pages as sign_in_pages
from governance.portal.sign_in.oidc import open_id_connect
from governance.portal.sign_in.ways import SignIn
from governance.services import Programme


class PortalApp(FastAPI):
    """The portal's application, wrapped: static files first, then the gates, then the pages."""

    portal: Portal
    _wrapped: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        scope.setdefault("app", self)
        if self._wrapped is None:
            self._wrapped = self._wrap()
        if scope["type"] == "http" and "root_path" not in scope:
            scope["root_path"] = ""
        await self._wrapped(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The description of the interface for programs."""
        if self.openapi_schema is None:
            made = super().openapi()
            self.openapi_schema = document.complete(made, self.routes, self.portal.cookies.session)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """Without the framework's outermost layer: it would answer failures and tell them again."""
        stack = super().build_middleware_stack()
        if not isinstance(stack, ServerErrorMiddleware):
            raise TypeError("the framework's outermost layer is another one")
        return stack.app

    def _wrap(self) -> ASGIApp:
        portal = self.portal

        async def inner(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and is_asset(scope["path"]):
                await portal.assets(scope, receive, send)
            else:
                await super(PortalApp, self).__call__(scope, receive, send)

        async def refuse(request: Request, error: Exception, error_id: str) -> Response:
            return await answer(request, error, error_id)

        return wrap(
            inner,
            base_url=portal.base_url,
            limits=portal.limits,
            upload_bytes=portal.programme.settings.upload_max_bytes,
            refuse=refuse,
            form_targets=portal.sign_in.origins if portal.sign_in is not None else frozenset,
        )


def create_app(
    programme: Programme,
    *,
    sign_in: SignIn | None = None,
    limits: Limits | None = None,
) -> PortalApp:
    """The portal of a programme.

    Args:
        programme: Opened; its database has today's layout.
        sign_in: How people sign in; None: OpenID Connect as configured, or not at all.
        limits: Rates and sizes; the defaults are for people.

    Raises:
        ConfigurationError: The pages' files were not made, or settings contradict each other.
    """
    assets = load_assets()
    app = PortalApp(
        title=programme.profile.name,
        version=document.VERSION,
        description=document.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.portal = Portal(
        programme=programme,
        assets=assets,
        templates=make_templates(assets),
        sessions=Sessions(
            StoredSessions(programme.store), timedelta(minutes=programme.settings.session_minutes)
        ),
        navigation=[item for area in AREAS for item in area.NAVIGATION],
        limits=limits or Limits(),
        sign_in=sign_in or open_id_connect(programme.settings),
    )
    app.state.portal = app.portal
    for router in (
        sign_in_pages.router,
        development.router,
        oidc.router,
        back_channel.router,
        *(a.router for a in AREAS),
    ):
        app.include_router(router)
    answered: tuple[type[Exception], ...] = (
        ProgrammeError, AlreadyDoneError, HTTPException, RequestValidationError,
    )  # fmt: skip
    for kind in answered:
        app.add_exception_handler(kind, answer)
    return app
