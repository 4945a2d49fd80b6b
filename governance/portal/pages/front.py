"""The home page, help, and what a monitor asks."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from starlette.responses import PlainTextResponse, Response

from governance.permissions import Action
from governance.portal.navigation import Area, NavItem
from governance.portal.pages.request_persons import own_statements
from governance.portal.pages.requests import own_turn
from governance.portal.routes import Open, PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.services.board import list_meetings
from governance.store.lists import MeetingFilter, MeetingRow

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
ON_THE_FRONT: Final = 3
"""Meetings to come that the home page names; their list has the others."""
ABOUT: Final = {
    Area.CATALOGUE: "What the agencies hold, variable by variable, and what it may be used for.",
    Area.REGISTER: "Who asked for which data, how it was decided, and what came of it.",
    Area.MEETINGS: "When the boards meet, in public, and how each member voted.",
    Area.REQUESTS: "Ask for data, follow a request, and sign what it needs.",
    Area.AGENCY: "What waits for the agency, who uses its data and until when.",
    Area.OFFICE: "What waits for whom, people, agreements, and how the programme is set up.",
    Area.LEDGER: "Everything that was done, in one chain that anybody can check.",
}
"""What each area is for."""


@router.page("GET", "/", asks=Action.READ_REGISTER)
def show_home(visit: VisitDep) -> Response:
    """Where everybody begins: what the person can do here."""
    turn, count = own_turn(visit)
    return visit.page(
        "home.html",
        statements=own_statements(visit),
        turn=turn,
        turn_count=count,
        meetings=_next_meetings(visit),
        bodies={rules.body: rules.title for rules in visit.programme.bylaws.bodies},
        about=ABOUT,
    )


def _next_meetings(visit: Visit) -> Sequence[MeetingRow]:
    """The noticed meetings that are not over by the calendar, the nearest first."""
    wanted = MeetingFilter(status="noticed", sort="starts_at", descending=False)
    found = list_meetings(visit.programme, visit.actor, wanted).items
    return [m for m in found if m.starts_at >= visit.now][:ON_THE_FRONT]


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
