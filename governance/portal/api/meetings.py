"""Meetings of every body, one whole, and its papers."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, JsonValue
from starlette.responses import Response

from governance.board.model import Proxy
from governance.permissions import Action
from governance.portal.api.boards import tell_motion
from governance.portal.api.models import PROBLEMS, MeetingPage, MeetingsAsked, PageAsked
from governance.portal.api.paging import Paged, page_of
from governance.portal.api.papers import PAPER, Edition, answer_paper
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_body
from governance.portal.visits import VisitDep
from governance.services.board import list_meetings, read_body
from governance.services.meeting_papers import PUBLIC_PAPERS, read_packet, read_public_paper
from governance.store import NotFoundError
from governance.store.lists import MeetingFilter

router = PortalRouter(prefix="/api/v1", tags=("boards",))
NAVIGATION: tuple[NavItem, ...] = ()
_ONE = "/bodies/{body}/meetings/{meeting}"


class MeetingAnswer(BaseModel):
    """A meeting: notice, attendance, and the motions moved in it by id."""

    body: str
    meeting: dict[str, JsonValue]
    motions: dict[str, JsonValue]


class MotionRow(BaseModel):
    """A motion, of which body."""

    body: str
    motion: dict[str, JsonValue]


@router.api(
    "GET",
    "/meetings",
    asks=Action.READ_REGISTER,
    response_model=MeetingPage,
    responses=PROBLEMS,
    summary="Meetings of every body, one page",
)
def every_meeting(visit: VisitDep, asked: Annotated[MeetingsAsked, Query()]) -> MeetingPage:
    """Noticed, in session, adjourned and closed ones; filtered, sorted and paged."""
    wanted = MeetingFilter(**asked.model_dump())
    return MeetingPage.model_validate(list_meetings(visit.programme, visit.actor, wanted))


@router.api(
    "GET",
    "/motions",
    asks=Action.READ_REGISTER,
    response_model=Paged[MotionRow],
    responses=PROBLEMS,
    summary="Motions of every body, one page",
)
def every_motion(visit: VisitDep, asked: Annotated[PageAsked, Query()]) -> Paged[MotionRow]:
    """The last one moved first."""
    bodies = [rules.body for rules in visit.programme.bylaws.bodies]
    states = {body: read_body(visit.programme, visit.actor, body).state for body in bodies}
    moved = [(body, m) for body, state in states.items() for m in state.motions.values()]
    moved.sort(key=lambda found: found[1].moved.at, reverse=True)
    page = page_of(moved, asked)
    told = tuple(MotionRow(body=body, motion=tell_motion(m)) for body, m in page.items)
    return Paged(items=told, total=page.total, page=page.page, per_page=page.per_page)


@router.api(
    "GET",
    "/bodies/{body}/proxies",
    asks=Action.READ_REGISTER,
    about=about_body,
    response_model=Paged[Proxy],
    responses=PROBLEMS,
    summary="Proxy letters filed with a body, one page",
)
def proxies(visit: VisitDep, body: str, asked: Annotated[PageAsked, Query()]) -> Paged[Proxy]:
    """The last one filed first."""
    filed = read_body(visit.programme, visit.actor, body).state.proxies
    return page_of(sorted(filed, key=lambda x: x.filed_at, reverse=True), asked)


@router.api(
    "GET",
    _ONE,
    asks=Action.READ_REGISTER,
    about=about_body,
    response_model=MeetingAnswer,
    responses=PROBLEMS,
    summary="One meeting",
)
def one_meeting(visit: VisitDep, body: str, meeting: str) -> MeetingAnswer:
    """Who was there and what was moved; which is public (C.G.S. § 1-225)."""
    state = read_body(visit.programme, visit.actor, body).state
    if meeting not in state.meetings:
        raise NotFoundError("The body has no meeting of that id.")
    moved = {k: m for k, m in state.motions.items() if m.moved.meeting == meeting}
    return MeetingAnswer(
        body=body,
        meeting=tell(state.meetings[meeting]),
        motions={k: tell_motion(m) for k, m in moved.items()},
    )


def _register(kind: str) -> None:
    @router.api(
        "GET",
        f"{_ONE}/papers/{kind}",
        asks=Action.READ_REGISTER,
        about=about_body,
        summary=f"The {kind} of a meeting",
        operation_id=f"meeting_{kind}",
        **PAPER,
    )
    def paper_of(visit: VisitDep, body: str, meeting: str, asked: Edition) -> Response:
        """As everybody may read it: no person of a request is named."""
        paper = read_public_paper(visit.programme, visit.actor, body, meeting, kind)
        return answer_paper(visit, paper, asked.format)


for _kind in PUBLIC_PAPERS:
    _register(_kind)


@router.api(
    "GET",
    f"{_ONE}/papers/packet",
    asks=Action.READ_PACKET,
    about=about_body,
    summary="The packet of a meeting",
    operation_id="meeting_packet",
    **PAPER,
)
def packet(visit: VisitDep, body: str, meeting: str, asked: Edition) -> Response:
    """Agenda, each request with what changed and the pre-check, minutes to fill in."""
    paper = read_packet(visit.programme, visit.actor, body, meeting)
    return answer_paper(visit, paper, asked.format)
