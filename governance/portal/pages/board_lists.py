"""What bodies did, as lists: meetings, motions and proxy letters; public (C.G.S. § 1-225)."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from governance.board.model import Proxy
from governance.board.state import MotionState
from governance.permissions import Action
from governance.portal.list_pages import asked_list, held_list, show_list
from governance.portal.lists import Column, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, everybody
from governance.portal.pages.boards import names_of
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_body
from governance.portal.tones import words
from governance.portal.visits import Visit, VisitDep
from governance.services.board import list_meetings, read_body
from governance.store.lists import MeetingFilter, MeetingRow
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.MEETINGS, "Meetings", "/meetings", everybody),
    NavItem(Area.MEETINGS, "Motions", "/motions", everybody),
)
_STATUSES: Final = {
    "noticed": "Noticed", "in_session": "In session", "adjourned": "Adjourned", "closed": "Held",
}  # fmt: skip
_RESULTS: Final = {"open": "Open", "passed": "Passed", "failed": "Did not pass"}
_KINDS: Final = {
    "data_request": "A data request", "admit_agency": "Admission of an agency",
    "other": "Something else",
}  # fmt: skip
_STANDS: Final = {
    "to come": "To come", "in force": "In force", "over": "Over", "withdrawn": "Withdrawn",
}  # fmt: skip


def _bodies(visit: Visit) -> dict[str, str]:
    return {rules.body: rules.title for rules in visit.programme.bylaws.bodies}


def _meetings_spec(visit: Visit) -> ListSpec[MeetingRow]:
    bodies = _bodies(visit)
    return ListSpec(
        "meetings",
        "Meetings",
        (
            Column("starts_at", "Begins", lambda r: r.starts_at, kind="instant",
                   link=lambda r: f"/boards/{r.body}/meetings/{r.id}"),
            Column("body", "Body", lambda r: r.body, choices=bodies,
                   shown=lambda r: bodies.get(r.body, r.body)),
            Column("id", "Meeting", lambda r: r.id),
            Column("status", "Status", lambda r: r.status, kind="status", choices=_STATUSES,
                   shown=lambda r: _STATUSES[r.status]),
            Column("noticed_at", "Noticed", lambda r: r.noticed_at, kind="instant"),
        ),
        sort="starts_at",
        descending=True,
        search="body and meeting",
        empty="No meeting is noticed yet.",
        by_service=True,
    )  # fmt: skip


def _found(visit: Visit, wishes: Wishes) -> Page[MeetingRow]:
    wanted = MeetingFilter(
        text=wishes.text,
        body=wishes.filters.get("body"),
        status=wishes.filters.get("status"),
        sort=wishes.sort,
        descending=wishes.descending,
        page=wishes.page,
        per_page=wishes.per_page,
    )
    return list_meetings(visit.programme, visit.actor, wanted)


@router.page("GET", "/meetings", asks=Action.READ_REGISTER)
def show_meetings(visit: VisitDep) -> Response:
    """Every noticed meeting: public, with a calendar to subscribe to."""
    listing = asked_list(visit, _meetings_spec(visit), lambda wishes: _found(visit, wishes))
    bodies = visit.programme.bylaws.bodies
    return show_list(visit, "boards/meetings.html", listing, bodies=bodies)


@dataclass(frozen=True, slots=True)
class _Motion:
    """A motion and the body it was moved in."""

    body: str
    state: MotionState

    @property
    def result(self) -> str:
        """Whether it passed."""
        return {None: "open", True: "passed", False: "failed"}[self.state.passed]


def _motions_spec(visit: Visit) -> ListSpec[_Motion]:
    bodies = _bodies(visit)
    return ListSpec(
        "motions",
        "Motions",
        (
            Column("id", "Motion", lambda m: m.state.id,
                   link=lambda m: f"/boards/{m.body}/motions/{m.state.id}"),
            Column("body", "Body", lambda m: m.body, choices=bodies,
                   shown=lambda m: bodies.get(m.body, m.body)),
            Column("meeting", "Meeting", lambda m: m.state.moved.meeting,
                   link=lambda m: f"/boards/{m.body}/meetings/{m.state.moved.meeting}"),
            Column("kind", "Decides", lambda m: m.state.moved.kind, choices=_KINDS,
                   shown=lambda m: _KINDS[m.state.moved.kind]),
            Column("about", "About", lambda m: m.state.moved.about),
            Column("text", "Wording", lambda m: m.state.moved.text),
            Column("moved_at", "Moved", lambda m: m.state.moved.at, kind="instant"),
            Column("result", "Result", lambda m: m.result, kind="status", choices=_RESULTS,
                   shown=lambda m: _RESULTS[m.result]),
            Column("closed_at", "Closed", lambda m: m.state.closed_at, kind="instant",
                   only_export=True),
        ),
        sort="moved_at",
        descending=True,
        search="motions, meetings and wording",
        empty="No motion was moved yet.",
    )  # fmt: skip


@router.page("GET", "/motions", asks=Action.READ_REGISTER)
def show_motions(visit: VisitDep) -> Response:
    """Every motion of every body, with its result."""
    bodies = (rules.body for rules in visit.programme.bylaws.bodies)
    views = [read_body(visit.programme, visit.actor, body) for body in bodies]
    rows = [_Motion(v.rules.body, motion) for v in views for motion in v.state.motions.values()]
    return show_list(visit, "boards/motions.html", held_list(visit, _motions_spec(visit), rows))


@router.page("GET", "/boards/{body}/proxies", asks=Action.READ_REGISTER, about=about_body)
def show_proxies(visit: VisitDep, body: str) -> Response:
    """Every proxy letter that was ever filed with a body."""
    view = read_body(visit.programme, visit.actor, body)
    names = names_of(visit, view.state)
    agencies = {a.id: a.name for a in visit.programme.profile.agencies}

    def stands(proxy: Proxy) -> str:
        if proxy.withdrawn_at is not None:
            return "withdrawn"
        if visit.today > proxy.valid_until:
            return "over"
        return "in force" if proxy.valid_from <= visit.today else "to come"

    spec: ListSpec[Proxy] = ListSpec(
        "proxies",
        f"Proxy letters, {view.rules.title}",
        (
            Column("agency", "Seat", lambda x: x.agency, choices=agencies,
                   shown=lambda x: agencies.get(x.agency, x.agency)),
            Column("given_by", "Member", lambda x: names.get(x.given_by, x.given_by)),
            Column("holder", "Holder", lambda x: names.get(x.holder, x.holder)),
            Column("valid_from", "From", lambda x: x.valid_from, kind="day"),
            Column("valid_until", "Until", lambda x: x.valid_until, kind="day"),
            Column("filed_at", "Filed", lambda x: x.filed_at, kind="instant"),
            Column("withdrawn_at", "Withdrawn", lambda x: x.withdrawn_at, kind="instant"),
            Column("stands", "Today", stands, choices=_STANDS, shown=lambda x: words(stands(x))),
        ),
        sort="filed_at",
        descending=True,
        search="seats and names",
        empty="No proxy letter was filed yet.",
    )  # fmt: skip
    listing = held_list(visit, spec, view.state.proxies)
    return show_list(visit, "boards/proxies.html", listing, rules=view.rules)
