"""Bodies: roster, meetings, motions and votes, which are public; one route a command."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from governance.board import commands as b
from governance.board.state import MotionState
from governance.permissions import Action
from governance.portal.api.described import describe_command
from governance.portal.api.models import (
    PROBLEMS,
    BodyAnswer,
    BodyStateAnswer,
    MeetingPage,
    MeetingsAsked,
    MotionAnswer,
    Payload,
    Said,
)
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_body
from governance.portal.visits import VisitDep
from governance.services.board import (
    ACTIONS,
    BodyView,
    act_on_body,
    list_meetings,
    read_body,
    read_motion,
)
from governance.store.lists import MeetingFilter

router = PortalRouter(prefix="/api/v1", tags=("boards",))
NAVIGATION: tuple[NavItem, ...] = ()


def public_motion(motion: MotionState) -> MotionState:
    """The motion without the words of declared interests: that somebody is recused is public."""
    told = tuple(i.model_copy(update={"text": "Withheld."}) for i in motion.interests)
    return replace(motion, interests=told)


def _answer(view: BodyView) -> BodyAnswer:
    return BodyAnswer(
        body=view.rules.body,
        title=view.rules.title,
        position=view.position,
        state=BodyStateAnswer(
            seats=view.state.seats,
            people=view.state.people,
            proxies=view.state.proxies,
            meetings=view.state.meetings,
            motions={k: public_motion(m) for k, m in view.state.motions.items()},
            admitted=view.state.admitted,
        ),
    )


@router.api(
    "GET",
    "/bodies",
    asks=Action.READ_REGISTER,
    response_model=list[BodyAnswer],
    responses=PROBLEMS,
    summary="The bodies of the bylaws",
)
def list_bodies(visit: VisitDep) -> list[BodyAnswer]:
    """Each with its roster, meetings and motions."""
    bodies = visit.programme.bylaws.bodies
    return [_answer(read_body(visit.programme, visit.actor, rules.body)) for rules in bodies]


@router.api(
    "GET",
    "/bodies/{body}",
    asks=Action.READ_REGISTER,
    about=about_body,
    response_model=BodyAnswer,
    responses=PROBLEMS,
    summary="One body",
)
def read(visit: VisitDep, body: str) -> BodyAnswer:
    """Roster, proxies, meetings and motions."""
    return _answer(read_body(visit.programme, visit.actor, body))


@router.api(
    "GET",
    "/bodies/{body}/meetings",
    asks=Action.READ_REGISTER,
    about=about_body,
    response_model=MeetingPage,
    responses=PROBLEMS,
    summary="A body's meetings, one page",
)
def meetings(visit: VisitDep, body: str, asked: Annotated[MeetingsAsked, Query()]) -> MeetingPage:
    """Noticed, in session, adjourned and closed ones; filtered, sorted and paged."""
    wanted = MeetingFilter(body=body, **asked.model_dump())
    return MeetingPage.model_validate(list_meetings(visit.programme, visit.actor, wanted))


@router.api(
    "GET",
    "/bodies/{body}/motions/{motion}",
    asks=Action.READ_REGISTER,
    about=about_body,
    response_model=MotionAnswer,
    responses=PROBLEMS,
    summary="A motion, and why it passed or failed",
)
def motion_of(visit: VisitDep, body: str, motion: str) -> MotionAnswer:
    """The roll call and the arithmetic, bylaw by bylaw."""
    view = read_motion(visit.programme, visit.actor, body, motion)
    return MotionAnswer(
        body=view.body,
        motion=public_motion(view.motion),
        outcome=None if view.outcome is None else tell(view.outcome.to_dict()),
        words=view.words,
    )


def _register(command: type[b.BodyCommand], action: Action) -> None:
    words = (command.__doc__ or command.__name__).splitlines()[0]
    name = "".join(f"-{c.lower()}" if c.isupper() else c for c in command.__name__).strip("-")

    @router.api(
        "POST",
        f"/bodies/{{body}}/{name}",
        asks=action,
        about=about_body,
        response_model=BodyAnswer,
        responses=PROBLEMS,
        summary=words,
        operation_id=f"body_{name.replace('-', '_')}",
        openapi_extra=describe_command(command, versioned=False),
    )
    def give(visit: VisitDep, body: str, payload: Payload) -> BodyAnswer:
        """Refused with every reason, clause and remedy when the bylaws do not allow it."""
        said = Said(payload)
        view = act_on_body(
            visit.programme,
            visit.actor,
            body,
            command,
            said.facts,
            based_on=said.based_on,
            once=said.once,
        )
        return _answer(view)


for _command, _action in ACTIONS.items():
    _register(_command, _action)
