"""Bodies: roster, meetings, motions, votes; each command by who may, on the body's own events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from governance.board import commands as b
from governance.board.bylaws import BodyRules, MotionKind
from governance.board.commands import BodyCommand
from governance.board.explain import explain
from governance.board.handling import handle
from governance.board.model import BoardPerson
from governance.board.state import BodyState, MotionState
from governance.board.voting import MotionOutcome, decide_motion
from governance.decisions import Denial, check_permitted, refusal_of
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.permissions import Action, Actor, Target, decide_action
from governance.requests.making import content_digest
from governance.requests.state import DataRequest, Version
from governance.requests.states import Status
from governance.services.outbox import announce
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store.lists import MeetingFilter, MeetingRow, list_meeting_rows
from governance.store.paging import Page

ACTIONS: Final[Mapping[type[BodyCommand], Action]] = {
    b.FillSeat: Action.FILL_SEAT,
    b.VacateSeat: Action.FILL_SEAT,
    b.NameAlternate: Action.NAME_ALTERNATE,
    b.FileProxy: Action.FILE_PROXY,
    b.WithdrawProxy: Action.FILE_PROXY,
    b.NoticeMeeting: Action.RUN_MEETING,
    b.OpenMeeting: Action.RUN_MEETING,
    b.EndMeeting: Action.RUN_MEETING,
    b.Arrive: Action.RUN_MEETING,
    b.Depart: Action.RUN_MEETING,
    b.MoveMotion: Action.MOVE_MOTION,
    b.DeclareInterest: Action.DECLARE_INTEREST,
    b.PutMotion: Action.PUT_MOTION,
    b.CastVote: Action.CAST_VOTE,
    b.CloseVote: Action.PUT_MOTION,
}
"""What each command asks of `decide_action`."""
DECLARED_BEFORE: Final = "Declared in the request."
"""Stands for the words of an interest: a motion is public, and recuses by person alone."""
_NOBODYS: Final[Mapping[str, Any]] = {
    "about_digest": None, "requestors": [], "requestor_employers": [],
}  # fmt: skip
"""What a motion that is about no request says of one."""


@dataclass(frozen=True, slots=True)
class BodyView:
    """A body as it stands.

    Attributes:
        position: What a change may be based on.
    """

    rules: BodyRules
    state: BodyState
    position: int

    def may(
        self,
        actor: Actor,
        command: type[BodyCommand],
        today: date,
        *,
        agency: str | None = None,
        motion: str | None = None,
        person: str | None = None,
    ) -> bool:
        """Whether the actor may give that command there."""
        meant = Target(body=self.state, agency=agency, motion=motion, person=person)
        return decide_action(actor, ACTIONS[command], meant, today=today).permitted


@dataclass(frozen=True, slots=True)
class MotionView:
    """A motion, and how it stands or ended.

    Attributes:
        outcome: Computed from the body's own events; None until the vote is called.
        words: The outcome explained, arithmetic and bylaws cited; empty until then.
    """

    body: str
    motion: MotionState
    outcome: MotionOutcome | None
    words: str


def act_on_body(
    p: Programme,
    actor: Actor,
    body: str,
    command: type[BodyCommand],
    facts: Mapping[str, Any] | None = None,
    *,
    based_on: int | None = None,
    once: str | None = None,
) -> BodyView:
    """Give a command on a body: who may, then its bylaws, then the entry.

    What the records know is taken from them, never from the caller: names and employers of who
    takes a seat or holds a proxy; persons, employers, digest and interests of a request.

    Args:
        p: The programme.
        actor: Who acts.
        body: Name of the body.
        command: What.
        facts: What the command needs besides who and when.
        based_on: Position of the body when the actor opened the form; None: any.
        once: The form's token: submitted twice, it happens once.

    Returns:
        The body afterwards.

    Raises:
        AccessDeniedError: Policy says no; recorded, with every reason.
        DocumentError: The form has mistakes.
        NotFoundError: There is no such body, or request to move about.
        StaleError: Something happened since `based_on`; nothing was written.
    """
    rules, action = _rules(p, body), ACTIONS[command]
    with denials_recorded(p, actor, action.value, body), p.store.begin() as unit:
        mark = None if once is None else f"{command.__name__}:{body}:{actor.by}:{once}"
        if mark is None or unit.find_once(mark) is None:
            unit.check_current("body", body, based_on)
            state, position = unit.body(rules)
            given = plain(facts or {})
            target = _target(unit, state, given)
            check_permitted(decide_action(actor, action, target, today=p.today))
            given |= _known(p, unit, state, command, given)
            given |= {"by": actor.by, "at": p.clock().isoformat()}
            handled = handle(state, facts_of(command, given, "The form"))
            check_permitted(handled.decision)
            entries = unit.append(
                "body", body, handled.events, based_on=position, actor=actor.by, once=mark
            )
            announce(p, unit, handled.events, entries)
        state, position = unit.body(rules)
        return BodyView(rules, state, position)


def read_body(p: Programme, actor: Actor, body: str) -> BodyView:  # noqa: ARG001  public: meetings are
    """A body as it stands: roster, meetings and votes are public (C.G.S. § 1-225).

    Raises:
        NotFoundError: There is no such body.
    """
    rules = _rules(p, body)
    with p.store.read() as unit:
        state, position = unit.body(rules)
    return BodyView(rules, state, position)


def read_motion(p: Programme, actor: Actor, body: str, motion: str) -> MotionView:
    """A motion with its outcome explained.

    Raises:
        NotFoundError: There is none of that id.
    """
    state = read_body(p, actor, body).state
    found = state.motions.get(motion)
    if found is None:
        raise NotFoundError("There is no motion of that id.")
    if found.put_at is None:
        return MotionView(body, found, None, "")
    outcome = decide_motion(state.facts(motion))
    return MotionView(body, found, outcome, explain(outcome))


def list_meetings(
    p: Programme,
    actor: Actor,  # noqa: ARG001  public: notices are
    wanted: MeetingFilter | None = None,
) -> Page[MeetingRow]:
    """One page of meetings; the latest first, unless asked otherwise."""
    with p.store.read() as unit:
        return list_meeting_rows(unit, wanted or MeetingFilter())


def _rules(p: Programme, body: str) -> BodyRules:
    try:
        return p.bylaws.body(body)
    except DocumentError:
        raise NotFoundError("The bylaws know no such body.") from None


def _target(unit: UnitOfWork, state: BodyState, facts: Mapping[str, Any]) -> Target:
    agency, person, motion, about = (
        value if isinstance(value := facts.get(name), str) else None
        for name in ("agency", "person", "motion", "about")
    )
    request = unit.request(about) if about is not None else None
    return Target(body=state, request=request, agency=agency, person=person, motion=motion)


def _known(
    p: Programme,
    unit: UnitOfWork,
    state: BodyState,
    command: type[BodyCommand],
    facts: Mapping[str, Any],
) -> Mapping[str, Any]:
    """What the records say, in place of anything the caller might."""
    if command is b.FillSeat:
        person = unit.person(str(facts.get("person")))
        return {"name": person.name if person else None}
    if command is b.FileProxy:
        return {"holder_facts": _on_record(unit, facts.get("holder"))}
    if command is b.NameAlternate:
        return {"person_facts": _on_record(unit, facts.get("person"))}
    if command is b.MoveMotion:
        about_request = facts.get("kind") == MotionKind.DATA_REQUEST.value
        return _about_request(p, unit, str(facts.get("about"))) if about_request else _NOBODYS
    if command is b.PutMotion:
        motion = state.motions.get(str(facts.get("motion")))
        request = _request_of(unit, motion)
        declared = {i.person for i in motion.interests} if motion else set()
        found = request.interests if request else ()
        told = [i.model_copy(update={"text": DECLARED_BEFORE}) for i in found]
        return {"interests": [plain(i) for i in told if i.person not in declared]}
    return {}


def _on_record(unit: UnitOfWork, person_id: object) -> dict[str, Any]:
    person = unit.person(str(person_id))
    known = BoardPerson(name=person.name, employer=person.agency) if person else BoardPerson()
    return dict(plain(known))


def _request_of(unit: UnitOfWork, motion: MotionState | None) -> DataRequest | None:
    if motion is None or motion.moved.kind is not MotionKind.DATA_REQUEST:
        return None
    return unit.request(motion.moved.about)


def _about_request(p: Programme, unit: UnitOfWork, number: str) -> dict[str, Any]:
    request = unit.known_request(number)
    waiting: Version | None = next(
        (v for v in reversed(request.versions) if v.status is Status.BOARD_VOTE), None
    )
    if waiting is None or waiting.submitted is None:
        rule = "motion.about"
        reason = f"Request {number} does not wait for the board's vote."
        remedy = f"Next: the {request.latest.next.value} {request.latest.facts.what}."
        raise refusal_of(Denial(rule, reason, remedy, p.board.clause("jurisdiction")))
    content = waiting.submitted
    began = unit.person(request.requestor)
    agencies = {began.agency} if began is not None and began.agency else set()
    return {
        "about_digest": content_digest(content),
        "requestors": sorted({request.requestor, *content.requestors}),
        "requestor_employers": sorted(agencies | set(content.requestor_employers)),
    }
