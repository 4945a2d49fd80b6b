"""A visit: one request to the portal, with who is asking and what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from governance.calendar import legal_date
from governance.permissions import NOTHING, PUBLIC, Action, Actor, Target, decide_action
from governance.portal.sessions import Session, form_token
from governance.services import Programme

if TYPE_CHECKING:
    from governance.portal.context import Portal


@dataclass(slots=True)
class Visit:
    """One request.

    Attributes:
        portal: What the application shares.
        now: The instant it is judged at, UTC.
        actor: Who asks; the person's record was read for this visit.
        session: None for the public.
        target: What the route declared it is about.
        secret: What the form tokens of this browser are made from; empty without a session.
        form: What a form sent; empty on a GET.
        limited_by: What the rates of this visit count by: its session or token; empty: neither.
        by_token: Whether a program asks with an access token; then no cookie says anything.
    """

    request: Request
    portal: "Portal"
    now: datetime
    actor: Actor = PUBLIC
    session: Session | None = None
    target: Target = NOTHING
    secret: str = ""
    form: FormData = field(default_factory=FormData)
    limited_by: str = ""
    by_token: bool = False

    @property
    def programme(self) -> Programme:
        """The programme's services."""
        return self.portal.programme

    @property
    def today(self) -> date:
        """The legal date of this visit."""
        return legal_date(self.now)

    @property
    def path(self) -> str:
        """Path of the request, without its query."""
        return self.request.url.path

    @property
    def wanted(self) -> Mapping[str, str]:
        """Parameters of the path."""
        return self.request.path_params

    @property
    def form_token(self) -> str:
        """A fresh form token for this browser; empty without a session or a sign-in under way."""
        return form_token(self.secret) if self.secret else ""

    def may(self, action: Action, target: Target | None = None) -> bool:
        """Whether who asks may also do that: to what the route is about, unless told."""
        about = self.target if target is None else target
        return decide_action(self.actor, action, about, today=self.today).permitted

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        **context: Any,  # noqa: ANN401  what the template shows
    ) -> HTMLResponse:
        """A page from a template."""
        return self.portal.render(self, template, status, context)

    def redirect(self, to: str, *, said: str = "") -> RedirectResponse:
        """To another page after a form was taken (303), which then says that it was.

        Args:
            to: A path of ours.
            said: Key of a sentence in `governance.portal.said`.
        """
        return redirect(to, said=said)


def redirect(to: str, *, said: str = "") -> RedirectResponse:
    """A redirect after a form was taken (303)."""
    if said:
        path, mark, anchor = to.partition("#")
        joint = "&" if "?" in path else "?"
        to = f"{path}{joint}{urlencode({'said': said})}{mark}{anchor}"
    return RedirectResponse(to, status_code=303)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    **context: Any,  # noqa: ANN401  what the template shows
) -> HTMLResponse:
    """A page from a template, for the visit of a request."""
    return current_visit(request).page(template, status=status, **context)


def current_visit(request: Request) -> Visit:
    """The visit that the gate opened for a request."""
    visit: Visit = request.state.visit
    return visit


async def _visit(request: Request) -> Visit:
    return current_visit(request)


VisitDep = Annotated[Visit, Depends(_visit)]
"""A handler's parameter: the visit."""
