"""Bodies, meetings and motions: public to read, run by the office, moved and voted by the seats."""

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response

from governance.board import commands as b
from governance.board.model import Choice
from governance.board.state import BodyState, MeetingState, MotionState
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.board_forms import FORMS, BoardForm, to_body, to_meeting, to_motion
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_body
from governance.portal.visits import Visit, VisitDep
from governance.services.board import ACTIONS, BodyView, act_on_body, read_body
from governance.services.board import read_motion as read_explained
from governance.services.people import find_by_id
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(
    board_notice="The notice is posted.",
    board_open="The meeting is in session.",
    board_arrive="The arrival is recorded.",
    board_depart="The departure is recorded.",
    board_end="The meeting has ended.",
    board_move="The motion is moved.",
    board_put="The vote is called.",
    board_vote="Your vote is recorded. It is locked and public.",
    board_close="The vote is closed.",
    board_interest="Your interest is declared.",
    board_proxy="The proxy letter is on file.",
    board_proxy_withdrawn="The proxy is withdrawn.",
    board_seat="The seat is recorded.",
    board_alternate="The alternate is recorded.",
)
_LATEST: Final = 5
"""Meetings that a body's page shows; the list has the others."""
CHOICES: Final = {
    Choice.IN_FAVOR.value: "In favor",
    Choice.AGAINST.value: "Against",
    Choice.ABSTAIN.value: "Abstain",
}


@router.page("GET", "/boards/{body}", asks=Action.READ_REGISTER, about=about_body)
def show_body(visit: VisitDep, body: str) -> Response:
    """A body: its seats, the proxies on file, its latest meetings."""
    view = read_body(visit.programme, visit.actor, body)
    latest = sorted(view.state.meetings.values(), key=lambda m: m.meeting.starts_at, reverse=True)
    on_file = [
        proxy
        for proxy in view.state.proxies
        if proxy.withdrawn_at is None and proxy.valid_until >= visit.today
    ]
    shared = _shared(visit, view)
    return visit.page("boards/body.html", latest=latest[:_LATEST], on_file=on_file, **shared)


@router.page(
    "GET", "/boards/{body}/meetings/{meeting}", asks=Action.READ_REGISTER, about=about_body
)
def show_meeting(visit: VisitDep, body: str, meeting: str) -> Response:
    """A meeting: notice, who is in the room, motions; buttons for who runs it."""
    view = read_body(visit.programme, visit.actor, body)
    held = _meeting(view.state, meeting)
    motions = [m for m in view.state.motions.values() if m.moved.meeting == meeting]
    return visit.page(
        "boards/meeting.html",
        held=held,
        motions=motions,
        present=[a for a in held.attendance if a.left_at is None],
        form=FormSpec(()).bind(based_on=view.position),
        arriving=_arriving(view, held),
        early=visit.now < held.meeting.starts_at,
        **_shared(visit, view),
    )


@router.page("GET", "/boards/{body}/motions/{motion}", asks=Action.READ_REGISTER, about=about_body)
def show_motion(visit: VisitDep, body: str, motion: str) -> Response:
    """A motion: roll call, arithmetic, why it passed or failed; the vote for who has a seat."""
    view = read_body(visit.programme, visit.actor, body)
    return _show_motion(visit, view, motion, None)


def _show_motion(
    visit: Visit, view: BodyView, motion: str, vote: Form | None, status: int = 200
) -> Response:
    explained = read_explained(visit.programme, visit.actor, view.rules.body, motion)
    found = explained.motion
    return visit.page(
        "boards/motion.html",
        status=status,
        motion=found,
        explained=explained,
        form=FormSpec(()).bind(based_on=view.position),
        vote=vote or _vote_spec(visit, view, found).bind({"agency": visit.actor.agency}),
        may_vote=found.put_at is not None
        and found.passed is None
        and bool(_own_seats(visit, view, motion)),
        **_shared(visit, view),
    )


def _shared(visit: Visit, view: BodyView) -> dict[str, Any]:
    names = names_of(visit, view.state)

    def name(person: str | None) -> str:
        return names.get(person, person) if person else "vacant"

    def may(command: type[b.BodyCommand], motion: str | None = None) -> bool:
        return view.may(visit.actor, command, visit.today, agency=visit.actor.agency, motion=motion)

    return {
        "view": view,
        "rules": view.rules,
        "state": view.state,
        "name": name,
        "may": may,
        "b": b,
        "agency_name": visit.programme.profile.agency_name,
    }


def names_of(visit: Visit, state: BodyState) -> dict[str, str]:
    """Names of who sits in the body: the roster is public."""
    names = {person: facts.name for person, facts in state.people.items() if facts.name}
    sitting = [a.person for seat in state.seats.values() for a in seat.alternates]
    sitting += [seat.member for seat in state.seats.values() if seat.member]
    sitting += [proxy.holder for proxy in state.proxies]
    for person in {*sitting} - {*names}:
        found = find_by_id(visit.programme, person)
        if found is not None:
            names[person] = found.name
    return names


def _meeting(state: BodyState, meeting: str) -> MeetingState:
    held = state.meetings.get(meeting)
    if held is None:
        raise NotFoundError("The body has no meeting of that id.")
    return held


def _arriving(view: BodyView, held: MeetingState) -> dict[str, str]:
    """Who may still arrive: members, alternates, holders of proxies."""
    found: dict[str, str] = {}
    for agency, seat in sorted(view.state.seats.items()):
        people = [seat.member, *(a.person for a in seat.alternates)]
        people += [x.holder for x in view.state.proxies if x.agency == agency]
        for person in people:
            if person and not held.present(person):
                known = view.state.people.get(person)
                shown = known.name if known and known.name else person
                found.setdefault(person, f"{agency.upper()}: {shown}")
    return found


def _own_seats(visit: Visit, view: BodyView, motion: str) -> dict[str, str]:
    """Agencies whose seat the actor may vote for in a motion, and has not yet."""
    voted = {v.agency for v in view.state.motions[motion].votes}
    return {
        agency: visit.programme.profile.agency_name(agency)
        for agency in sorted(view.state.seats)
        if agency not in voted
        and view.may(visit.actor, b.CastVote, visit.today, agency=agency, motion=motion)
    }


def _vote_spec(visit: Visit, view: BodyView, motion: MotionState) -> FormSpec:
    return FormSpec(
        (
            Field("agency", "Seat", "select", required=True,
                  choices=_own_seats(visit, view, motion.id)),
            Field("choice", "Vote", "radios", choices=CHOICES, required=True),
            Field("rationale", "Reason", "textarea", rows=3, maximum=4000,
                  required=view.rules.rationale_required,
                  hint="It is public with the roll call."),
        )
    )  # fmt: skip


def _register(page: BoardForm) -> None:
    path = "/boards/{body}" + page.path
    action = ACTIONS[page.command]

    def show(visit: Visit, view: BodyView, form: Form, status: int = 200) -> Response:
        return visit.page(
            "boards/form.html", status=status, page=page, form=form, **_shared(visit, view)
        )

    @router.page("GET", path, asks=action, about=about_body)
    def ask(visit: VisitDep, body: str) -> Response:
        view = read_body(visit.programme, visit.actor, body)
        return show(visit, view, page.spec(visit, view).bind(based_on=view.position))

    @router.page("POST", path, asks=action, about=about_body)
    def take(visit: VisitDep, body: str) -> Response:
        view = read_body(visit.programme, visit.actor, body)
        form = page.spec(visit, view).read(visit.form)
        typed = form.content()
        named = {k: visit.wanted[k] for k in ("meeting", "motion") if k in visit.wanted}
        try:
            act_on_body(
                visit.programme, visit.actor, body, page.command, page.facts(typed) | named,
                once=form.token,
            )  # fmt: skip
        except DocumentError as error:
            return show(visit, view, form.refused(error, paths={"starts_at": "time"}), 422)
        return visit.redirect(page.back(visit, typed), said=page.said)


for _page in FORMS:
    _register(_page)


def _button(
    command: type[b.BodyCommand],
    path: str,
    said: str,
    back: Callable[[Visit, dict[str, Any]], str],
    *typed: str,
) -> None:
    """A command whose form is a button on another page."""

    @router.page("POST", "/boards/{body}" + path, asks=ACTIONS[command], about=about_body)
    def press(visit: VisitDep, body: str) -> Response:
        form = FormSpec(tuple(Field(n, n) for n in typed)).read(visit.form)
        named = {k: visit.wanted[k] for k in ("meeting", "motion") if k in visit.wanted}
        act_on_body(
            visit.programme, visit.actor, body, command, form.content() | named, once=form.token
        )
        return visit.redirect(back(visit, form.content()), said=said)


_button(b.OpenMeeting, "/meetings/{meeting}/open", "board_open", to_meeting)
_button(b.Arrive, "/meetings/{meeting}/arrive", "board_arrive", to_meeting, "person")
_button(b.Depart, "/meetings/{meeting}/depart", "board_depart", to_meeting, "person")
_button(b.PutMotion, "/motions/{motion}/put", "board_put", to_motion)
_button(b.CloseVote, "/motions/{motion}/close", "board_close", to_motion)
_button(b.WithdrawProxy, "/proxy/withdraw", "board_proxy_withdrawn", to_body, "agency", "holder")


@router.page(
    "POST", "/boards/{body}/motions/{motion}/vote", asks=Action.CAST_VOTE, about=about_body
)
def vote(visit: VisitDep, body: str, motion: str) -> Response:
    """Vote for a seat; the first vote of whoever sits in it stands."""
    view = read_body(visit.programme, visit.actor, body)
    found = view.state.motions.get(motion)
    if found is None:
        raise NotFoundError("There is no motion of that id.")
    form = _vote_spec(visit, view, found).read(visit.form)
    try:
        act_on_body(
            visit.programme, visit.actor, body, b.CastVote, form.content() | {"motion": motion},
            once=form.token,
        )  # fmt: skip
    except DocumentError as error:
        return _show_motion(visit, view, motion, form.refused(error), 422)
    return visit.redirect(f"/boards/{body}/motions/{motion}", said="board_vote")
