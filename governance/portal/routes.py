"""Routes: none exists without saying which action it asks for, and about what.

`PortalRouter.page` and `.api` are the only ways to add one. Before a handler runs, its route has
found the session, read the person's record as it is now, checked that the request came from one of
our own pages, loaded the target and asked `governance.permissions`: once, in one place. `DECLARED`
lists every route for the tests that try each of them in every role and state.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from governance.permissions import Action
from governance.portal import gate
from governance.portal.declared import (
    DECLARED,
    Declared,
    Method,
    Open,
    TargetLoader,
    about_nothing,
    declare,
    declared_of,
)
from governance.requests.states import Act

__all__ = ["DECLARED", "Declared", "Open", "PortalRouter", "about_nothing", "declared_of"]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Asks = Action | Act | tuple[Action | Act, ...] | Open


class PortalRoute(APIRoute):
    """A route that asks before it acts."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the gate."""
        declared = declared_of(self)
        if declared is None:
            raise TypeError(f"The route {self.path} declares no action.")
        handler = super().get_route_handler()

        async def asked(request: Request) -> Response:
            return await gate.pass_gate(request, declared, handler)

        return asked


class PortalRouter(APIRouter):
    """Adds pages and interfaces that declare what they ask for."""

    def __init__(
        self, *, prefix: str = "", tags: Sequence[str] = (), registry: list[Declared] = DECLARED
    ) -> None:
        """A router of one area of the portal; tests keep a registry of their own."""
        super().__init__(prefix=prefix, tags=list(tags), route_class=PortalRoute)
        self._registry = registry

    def page(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        asks: Asks,
        about: TargetLoader = about_nothing,
        uploads: bool = False,
        from_elsewhere: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a page (GET) or what its form does (POST)."""
        several = _several(asks, path)
        if from_elsewhere and not isinstance(several, Open):
            raise TypeError(f"The route {path} is nobody's to ask who sends no form token.")
        declared = Declared(
            method, self.prefix + path, several, about, "page", uploads, from_elsewhere
        )
        return self._register(declared, path, include_in_schema=False, response_model=None)

    def api(
        self,
        method: Method,
        path: str,
        *,
        asks: Asks,
        about: TargetLoader = about_nothing,
        uploads: bool = False,
        **described: Any,  # noqa: ANN401  FastAPI's own: response_model, summary, responses, …
    ) -> Callable[[Handler], Handler]:
        """Register a route of the programming interface; it stands in the OpenAPI document."""
        declared = Declared(method, self.prefix + path, _several(asks, path), about, "api", uploads)
        return self._register(declared, path, **described)

    def _register(
        self,
        declared: Declared,
        path: str,
        **described: Any,  # noqa: ANN401  FastAPI's own
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            # One function may serve several routes: each gets a function of its own to declare on.
            endpoint = _own(handler)
            declare(endpoint, declared)
            self.add_api_route(path, endpoint, methods=[declared.method], **described)
            self._registry.append(declared)
            return handler

        return register


def _several(asks: Asks, path: str) -> tuple[Action | Act, ...] | Open:
    several = asks if isinstance(asks, (tuple, Open)) else (asks,)
    if several == () or several == Open(""):
        raise TypeError(f"The route {path} declares no action.")
    return several


def _own(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is the handler, with attributes of its own."""
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def waits(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the handler's own
            return await handler(*args, **kwargs)

        return waits

    @functools.wraps(handler)
    def runs(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the handler's own
        return handler(*args, **kwargs)

    return runs
