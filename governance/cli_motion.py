"""Meetings, motions, votes and proxies at the command line."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import typer

from governance.board import commands as b
from governance.board.bylaws import MotionKind
from governance.board.model import Choice, MotionCondition
from governance.board.state import BodyState
from governance.calendar import LEGAL_ZONE
from governance.canonical import Json
from governance.cli_board import motion_app
from governance.cli_session import As, AsJson, Home, Session, Version, session
from governance.errors import ExitCode
from governance.requests.states import Act
from governance.services.board import BodyView, act_on_body, read_body, read_motion
from governance.services.requests import act_on_request

proxy_app = typer.Typer(help="Proxy letters of board members.", no_args_is_help=True)

Body = Annotated[
    str, typer.Option(help="Which body: data_governing_board, executive_board, as the bylaws say.")
]
Meeting = Annotated[str, typer.Argument(help="The meeting's id, as DGB-2026-03.")]
Motion = Annotated[str, typer.Argument(help="The motion's id.")]
Agency = Annotated[str | None, typer.Option(help="Whose seat; unset: your own agency's.")]
BOARD = "data_governing_board"


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(proxy_app, name="proxy")
    app.command("vote")(vote)


@motion_app.command("list")
def list_motions(body: Body = BOARD, home: Home = None, as_json: AsJson = False) -> None:
    """List a body's meetings and their motions; public."""
    with session(home, None, as_json=as_json, command="motion list", public=True) as here:
        state = read_body(here.programme, here.actor, body).state
        facts: dict[str, Json] = {
            "body": body,
            "meetings": [_meeting(state, m) for m in state.meetings],
        }
        lines = [line for meeting in state.meetings for line in _meeting_lines(state, meeting)]
        here.say(facts, lines or ["No meeting was noticed yet."])


@motion_app.command("show")
def show(motion: Motion, body: Body = BOARD, home: Home = None, as_json: AsJson = False) -> None:
    """Show a motion and, once the vote was called, why it passed or failed; public.

    Ends with 0 when it passed or is open, 3 when it failed.
    """
    with session(home, None, as_json=as_json, command="motion show", public=True) as here:
        view = read_motion(here.programme, here.actor, body, motion)
        moved = view.motion.moved
        facts: dict[str, Json] = {
            "motion": motion,
            "body": body,
            "meeting": moved.meeting,
            "text": moved.text,
            "about": moved.about,
            "moved_by": moved.by,
            "passed": view.motion.passed,
            "outcome": view.outcome.to_dict() if view.outcome else None,
        }
        waits = f"{moved.text}\nMoved by {moved.by}; the vote was not called yet."
        here.say(facts, [view.words or waits])
        if view.motion.passed is False:
            raise typer.Exit(ExitCode.REFUSED)


@motion_app.command("notice")
def notice(
    meeting: Meeting,
    starts_at: Annotated[
        str, typer.Option(help="YYYY-MM-DDTHH:MM; Eastern time unless it names a zone.")
    ],
    rescheduled_from: Annotated[
        str | None, typer.Option(help="The adjourned meeting whose business it takes up.")
    ] = None,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Post the notice of a public meeting (the operating office); a week ahead."""
    with session(home, as_, as_json=as_json, command="motion notice") as here:
        facts = {
            "meeting": meeting,
            "starts_at": _instant(starts_at).isoformat(),
            "rescheduled_from": rescheduled_from,
        }
        _done(here, _give(here, body, b.NoticeMeeting, facts), meeting)


@motion_app.command("open")
def open_meeting(
    meeting: Meeting,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Bring a noticed meeting to session, not before its time (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion open") as here:
        _done(here, _give(here, body, b.OpenMeeting, {"meeting": meeting}), meeting)


@motion_app.command("arrive")
def arrive(
    meeting: Meeting,
    person: Annotated[list[str], typer.Argument(help="Ids of who entered.")],
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record who entered the meeting (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion arrive") as here:
        for one in person:
            _give(here, body, b.Arrive, {"meeting": meeting, "person": one})
        _done(here, read_body(here.programme, here.actor, body), meeting)


@motion_app.command("depart")
def depart(
    meeting: Meeting,
    person: Annotated[str, typer.Argument(help="Id of who left.")],
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record who left the meeting (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion depart") as here:
        facts = {"meeting": meeting, "person": person}
        _done(here, _give(here, body, b.Depart, facts), meeting)


@motion_app.command("end")
def end(
    meeting: Meeting,
    reason: Annotated[str, typer.Option(help="For the minutes.")],
    adjourn: Annotated[
        bool, typer.Option("--adjourn", help="It broke off: another meeting takes up its business.")
    ] = False,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Close a meeting, or adjourn it, as without a quorum (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion end") as here:
        facts = {"meeting": meeting, "adjourn": adjourn, "reason": reason}
        _done(here, _give(here, body, b.EndMeeting, facts), meeting)


@motion_app.command("move")
def move(
    meeting: Meeting,
    motion: Motion,
    about: Annotated[str, typer.Option(help="The request's number, or the agency to admit.")],
    text: Annotated[str, typer.Option(help="What is moved.")],
    kind: Annotated[MotionKind, typer.Option(help="What it decides.")] = MotionKind.DATA_REQUEST,
    condition: Annotated[
        list[str] | None, typer.Option(help="What must be met before access; several times.")
    ] = None,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Move a motion in a meeting in session (a member, present and not recused)."""
    with session(home, as_, as_json=as_json, command="motion move") as here:
        conditions = [
            MotionCondition(id=f"C{n}", text=words).model_dump(mode="json")
            for n, words in enumerate(condition or (), 1)
        ]
        facts = {
            "meeting": meeting,
            "motion": motion,
            "kind": kind.value,
            "text": text,
            "about": about,
            "conditions": conditions,
        }
        _done(here, _give(here, body, b.MoveMotion, facts), meeting)


@motion_app.command("put")
def put(
    motion: Motion, body: Body = BOARD, home: Home = None, as_: As = None, as_json: AsJson = False
) -> None:
    """Call the vote: presence and quorum are judged at this instant (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion put") as here:
        view = _give(here, body, b.PutMotion, {"motion": motion})
        _done(here, view, view.state.motions[motion].moved.meeting)


@motion_app.command("close")
def close(
    motion: Motion, body: Body = BOARD, home: Home = None, as_: As = None, as_json: AsJson = False
) -> None:
    """Close the vote, and say whether the motion passed, and why (the operating office)."""
    with session(home, as_, as_json=as_json, command="motion close") as here:
        _give(here, body, b.CloseVote, {"motion": motion})
        view = read_motion(here.programme, here.actor, body, motion)
        outcome = view.outcome.to_dict() if view.outcome else None
        facts: dict[str, Json] = {
            "motion": motion, "passed": view.motion.passed, "outcome": outcome,
        }  # fmt: skip
        here.say(facts, [view.words])


@motion_app.command("record")
def record(
    number: Annotated[str, typer.Argument(help="The request's number.")],
    motion: Motion,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record the board's vote on a request, computed from the meeting's own events."""
    with session(home, as_, as_json=as_json, command="motion record") as here:
        p, facts = here.programme, {"motion": motion}
        view = act_on_request(p, here.actor, number, Act.RECORD_VOTE, facts, version=version)
        status = view.latest.status.value
        lines = [f"{number} is {status.replace('_', ' ')}.", f"Next: {view.next}"]
        here.say({"number": number, "status": status, "next": view.next}, lines)


def vote(
    motion: Motion,
    choice: Annotated[Choice, typer.Argument(help="How the seat votes; once cast it is locked.")],
    rationale: Annotated[str, typer.Option(help="One sentence; it is published.")],
    agency: Agency = None,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Vote for a seat: as its member, by proxy, or as the alternate of a recused member."""
    with session(home, as_, as_json=as_json, command="vote") as here:
        seat = agency or here.actor.agency or ""
        facts = {"motion": motion, "agency": seat, "choice": choice.value, "rationale": rationale}
        view = _give(here, body, b.CastVote, facts)
        votes = {v.agency: v.choice.value for v in view.state.motions[motion].votes}
        text = f"{seat} voted {choice.value.replace('_', ' ')}; {len(votes)} seat(s) have voted."
        here.say({"motion": motion, "votes": dict(votes)}, [text])


@proxy_app.command("file")
def file_proxy(
    holder: Annotated[str, typer.Argument(help="Id of who sits instead.")],
    valid_from: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    valid_until: Annotated[str, typer.Option("--until", help="Last day, YYYY-MM-DD.")],
    agency: Agency = None,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """File a dated proxy letter, before the meeting begins (the seat's own member)."""
    with session(home, as_, as_json=as_json, command="proxy file") as here:
        facts: dict[str, Json] = {
            "agency": agency or here.actor.agency or "",
            "holder": holder,
            "valid_from": _date(valid_from),
            "valid_until": _date(valid_until),
        }
        _give(here, body, b.FileProxy, facts)
        text = f"{holder} may sit for {facts['agency']} from {valid_from} to {valid_until}."
        here.say(facts, [text])


@proxy_app.command("withdraw")
def withdraw_proxy(
    holder: Annotated[str, typer.Argument(help="Id of who was to sit.")],
    agency: Agency = None,
    body: Body = BOARD,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw the letters you gave to a holder."""
    with session(home, as_, as_json=as_json, command="proxy withdraw") as here:
        seat = agency or here.actor.agency or ""
        facts: dict[str, Json] = {"agency": seat, "holder": holder}
        _give(here, body, b.WithdrawProxy, facts)
        here.say(facts, [f"{holder} no longer sits for {seat} by a letter of yours."])


def _give(
    here: Session, body: str, command: type[b.BodyCommand], facts: Mapping[str, object]
) -> BodyView:
    return act_on_body(here.programme, here.actor, body, command, facts)


def _done(here: Session, view: BodyView, meeting: str) -> None:
    state = view.state
    here.say(_meeting(state, meeting), _meeting_lines(state, meeting))


def _meeting(state: BodyState, meeting: str) -> dict[str, Json]:
    held = state.meetings[meeting]
    return {
        "meeting": meeting,
        "starts_at": held.meeting.starts_at.isoformat(),
        "status": _status(state, meeting),
        "rescheduled_from": held.meeting.rescheduled_from,
        "present": [a.person for a in held.attendance if a.left_at is None],
        "motions": [
            {
                "motion": m.id,
                "about": m.moved.about,
                "text": m.moved.text,
                "passed": m.passed,
                "votes": len(m.votes),
            }
            for m in state.motions.values()
            if m.moved.meeting == meeting
        ],
    }


def _meeting_lines(state: BodyState, meeting: str) -> list[str]:
    held = state.meetings[meeting]
    local = held.meeting.starts_at.astimezone(LEGAL_ZONE)
    lines = [f"{meeting}  {local:%Y-%m-%d %H:%M %Z}  {_status(state, meeting)}"]
    for motion in state.motions.values():
        if motion.moved.meeting == meeting:
            passed = {None: "open", True: "passed", False: "failed"}[motion.passed]
            lines.append(f"  {motion.id}  {passed:7s} {motion.moved.text}")
    return lines


def _status(state: BodyState, meeting: str) -> str:
    held = state.meetings[meeting]
    if held.adjourned is not None:
        return "adjourned" if held.adjourned else "closed"
    return "in session" if held.in_session else "noticed"


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--starts-at is an instant as YYYY-MM-DDTHH:MM") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=LEGAL_ZONE)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter("days are written as YYYY-MM-DD") from None
