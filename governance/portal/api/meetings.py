"""Meetings of every body, one whole, and its papers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from governance.board.model import Proxy
from governance.board.state import MeetingState, MotionState
from governance.permissions import Action
from governance.portal.api.boards import public_motion
from governance.portal.api.models import PROBLEMS, MeetingPage, MeetingsAsked
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.api.papers import PAPER, Edition, answer_paper
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
    meeting: MeetingState
    motions: dict[str, MotionState]


class MotionRow(BaseModel):
    """A motion, of which body."""

    body: str
    motion: MotionState


@dataclass(frozen=True, slots=True)
class Moved:
    """What motions are found and sorted by; `passed` is None until the vote is closed."""

    id: str
    body: str
    meeting: str
    kind: str
    about: str
    text: str
    moved_at: datetime
    passed: bool | None

    @classmethod
    def of(cls, body: str, motion: MotionState) -> "Moved":
        """Of a body's motion."""
        facts = motion.moved
        return cls(
            motion.id, body, facts.meeting, facts.kind, facts.about, facts.text, facts.at,
            motion.passed,
        )  # fmt: skip


class MotionsAsked(ListAsked):
    """Which motions, in which order."""

    body: Word = None
    meeting: Word = None
    kind: Word = None
    about: Word = None
    passed: bool | None = None
    sort: Literal["moved_at", "id", "body", "meeting", "kind", "about"] = "moved_at"
    descending: bool = True


class ProxiesAsked(ListAsked):
    """Which proxy letters, in which order."""

    agency: Word = None
    holder: Word = None
    given_by: Word = None
    sort: Literal[
        "filed_at", "agency", "holder", "given_by", "valid_from", "valid_until", "withdrawn_at"
    ] = "filed_at"
    descending: bool = True


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
def every_motion(visit: VisitDep, asked: Annotated[MotionsAsked, Query()]) -> Paged[MotionRow]:
    """The last one moved first."""
    bodies = [rules.body for rules in visit.programme.bylaws.bodies]
    states = {body: read_body(visit.programme, visit.actor, body).state for body in bodies}
    moved = [Moved.of(body, m) for body, state in states.items() for m in state.motions.values()]
    page = page_of(moved, asked)
    told = tuple(
        MotionRow(body=m.body, motion=public_motion(states[m.body].motions[m.id]))
        for m in page.items
    )
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
def proxies(visit: VisitDep, body: str, asked: Annotated[ProxiesAsked, Query()]) -> Paged[Proxy]:
    """The last one filed first."""
    filed = read_body(visit.programme, visit.actor, body).state.proxies
    return page_of(filed, asked)


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
        meeting=state.meetings[meeting],
        motions={k: public_motion(m) for k, m in moved.items()},
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
