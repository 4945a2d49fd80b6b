"""The boards' meetings: notice, quorum or none, proxies, recusals, motions, votes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from governance.board import commands as b
from governance.board.bylaws import MotionKind
from governance.board.model import Choice, MotionCondition
from governance.board.recusal import find_recusals
from governance.board.seating import seat_everyone
from governance.board.state import BodyState
from governance.calendar import legal_date
from governance.demo.projects import Meeting, Project
from governance.demo.world import BOARD, EXECUTIVE, JOINING, World
from governance.people import Person
from governance.requests.states import Act

_NOTICE_DAYS: Final = 14
_WITHOUT_QUORUM: Final[Meeting] = "fourth"
_ALTERNATES_COME: Final = 0.6
_PROXIES: Final = ("dcf", "ows")
_ABSTAINS: Final = "oec"
_IN_FAVOR: Final = (
    "The safeguards suffice and the public gains by the answer.",
    "Our stewards are satisfied.",
    "The question is on the learning agenda.",
    "Narrow in scope, well argued.",
    "As discussed; the conditions answer my questions.",
)


def plan_meetings(world: World) -> None:
    """Put every meeting on the agenda, the one to come included."""
    for name, at in world.meetings.items():
        if name == _WITHOUT_QUORUM:
            first = at - timedelta(days=_NOTICE_DAYS)
            world.agenda.add(
                first - timedelta(days=_NOTICE_DAYS), partial(_notice, world, BOARD, first)
            )
            world.agenda.add(first, partial(_hold_without_quorum, world, first, at))
            filed = at - timedelta(days=3)
            world.agenda.add(filed, partial(_file_proxies, world, at))
        else:
            notice = partial(_notice, world, BOARD, at)
            world.agenda.add(at - timedelta(days=_NOTICE_DAYS), notice)
        world.agenda.add(at, partial(_hold, world, name, at))
    coming = world.next_meeting
    world.agenda.add(world.at(5), partial(_notice, world, BOARD, coming))
    admitting = world.executive_meeting
    world.agenda.add(
        admitting - timedelta(days=_NOTICE_DAYS), partial(_notice, world, EXECUTIVE, admitting)
    )
    world.agenda.add(admitting, partial(_admit, world, admitting))


def meeting_id(body: str, at: datetime, *, rescheduled: bool = False) -> str:
    """`DGB-2026-03`, or `DGB-2026-03-R` for one that takes up an adjourned meeting."""
    short = "EB" if body == EXECUTIVE else "DGB"
    return f"{short}-{legal_date(at):%Y-%m}{'-R' if rescheduled else ''}"


# ---- scenes --------------------------------------------------------------------------------------


def _notice(world: World, body: str, at: datetime, rescheduled_from: str | None = None) -> None:
    world.desk.in_body(
        body,
        b.NoticeMeeting,
        world.operator,
        meeting=meeting_id(body, at, rescheduled=rescheduled_from is not None),
        starts_at=at,
        rescheduled_from=rescheduled_from,
    )


def _hold_without_quorum(world: World, at: datetime, again: datetime) -> None:
    """Seven members come; the meeting is adjourned, and its business taken up a fortnight later."""
    meeting = meeting_id(BOARD, at)
    world.desk.in_body(BOARD, b.OpenMeeting, world.operator, meeting=meeting)
    for agency in sorted(world.cast.agencies)[:7]:
        _arrive(world, BOARD, meeting, world.cast.agencies[agency].owner)
    reason = "Seven of the filled seats are represented; without a quorum nothing can be decided."
    world.desk.in_body(
        BOARD, b.EndMeeting, world.operator, meeting=meeting, adjourn=True, reason=reason
    )
    _notice(world, BOARD, again, meeting)
    world.say(f"meeting {meeting}: no quorum; rescheduled")


def _file_proxies(world: World, at: datetime) -> None:
    for agency in _PROXIES:
        cast = world.cast.agencies[agency]
        world.desk.in_body(
            BOARD,
            b.FileProxy,
            cast.owner,
            agency=agency,
            holder=cast.head.id,
            valid_from=legal_date(at),
            valid_until=legal_date(at),
        )


def _hold(world: World, name: Meeting, at: datetime) -> None:
    """One meeting with its motions."""
    rescheduled = name == _WITHOUT_QUORUM
    meeting = meeting_id(BOARD, at, rescheduled=rescheduled)
    world.desk.in_body(BOARD, b.OpenMeeting, world.operator, meeting=meeting)
    for person in _who_comes(world, name):
        _arrive(world, BOARD, meeting, person)
    said = []
    for number, (project, version) in enumerate(world.waiting.get(name, ()), 1):
        said.append(_vote_on(world, meeting, f"{meeting}-M{number}", project, version))
    reason = "The agenda is done."
    world.desk.in_body(
        BOARD, b.EndMeeting, world.operator, meeting=meeting, adjourn=False, reason=reason
    )
    world.say(f"meeting {meeting}: {len(said)} motions, {sum(said)} passed")


def _who_comes(world: World, name: Meeting) -> Iterator[Person]:
    """Members, holders of proxies, and alternates of those who stay away or are recused."""
    recused = _employers(world, name)
    seated = {a for a, s in world.board().seats.items() if s.member is not None}
    absent = {world.chance.pick(sorted(seated), "absent", name, n) for n in range(2)} - recused
    if name == _WITHOUT_QUORUM:
        absent = set(_PROXIES)
    for agency in sorted(seated):
        cast = world.cast.agencies[agency]
        if agency not in absent:
            yield cast.owner
        elif name == _WITHOUT_QUORUM:
            yield cast.head
        comes = world.chance.share("alternate", name, agency) < _ALTERNATES_COME
        if agency in recused or (agency in absent and name != _WITHOUT_QUORUM and comes):
            yield cast.alternate


def _employers(world: World, name: Meeting) -> set[str]:
    """Agencies that ask themselves: their members are recused from that motion."""
    return {
        agency
        for project, version in world.waiting.get(name, ())
        if (content := world.read(world.numbers[project.key]).versions[version - 1].submitted)
        for agency in content.requestor_employers
    }


def _vote_on(world: World, meeting: str, motion: str, project: Project, version: int) -> bool:
    number = world.numbers[project.key]
    request = world.read(number)
    content = request.versions[version - 1].submitted
    if content is None:
        return False
    barred = {*content.requestor_employers}
    mover = next(
        world.cast.agencies[a].owner
        for a, seat in sorted(world.board().seats.items())
        if a not in barred
        and seat.member
        and _is_in(world, meeting, seat.member)
        and seat.member not in {i.person for i in request.interests}
    )
    conditions: tuple[MotionCondition, ...] = ()
    if project.condition is not None:
        conditions = (MotionCondition(id="C1", text=project.condition),)
    part = f"Approve request {number}" + (f", version {version}" if version > 1 else "")
    world.desk.in_body(
        BOARD,
        b.MoveMotion,
        mover,
        meeting=meeting,
        motion=motion,
        kind=MotionKind.DATA_REQUEST,
        text=f"{part}: {content.title}.",
        about=number,
        conditions=conditions,
    )
    _decide(world, BOARD, motion, project)
    by = world.operator_for(motion)
    world.desk.on(number, Act.RECORD_VOTE, by, version=version, motion=motion)
    return bool(world.board().motions[motion].passed)


def _decide(world: World, body: str, motion: str, project: Project | None) -> None:
    """Call the vote, let every seat vote, close it."""
    state = world.desk.in_body(body, b.PutMotion, world.operator, motion=motion).state
    facts = state.facts(motion)
    for place in seat_everyone(facts, find_recusals(facts)).places:
        if place.person is None:
            continue
        choice, why = _choice(world, place.seat.agency, motion, project)
        world.desk.in_body(
            body,
            b.CastVote,
            world.cast.people[place.person],
            motion=motion,
            agency=place.seat.agency,
            choice=choice,
            rationale=why,
        )
    world.desk.in_body(body, b.CloseVote, world.operator, motion=motion)


def _choice(world: World, agency: str, motion: str, project: Project | None) -> tuple[Choice, str]:
    if project is not None and project.against is not None:
        if agency in {d.split("/", 1)[0] for d in project.datasets}:
            return Choice.AGAINST, project.against
        if agency == _ABSTAINS:
            return Choice.ABSTAIN, "I heard of it too late to judge."
    return Choice.IN_FAVOR, world.chance.pick(_IN_FAVOR, "vote", motion, agency)


def _admit(world: World, at: datetime) -> None:
    """The executive board admits an agency; its seats are filled the day after."""
    meeting, motion = meeting_id(EXECUTIVE, at), f"{meeting_id(EXECUTIVE, at)}-M1"
    world.desk.in_body(EXECUTIVE, b.OpenMeeting, world.operator, meeting=meeting)
    heads = [world.cast.agencies[a].head for a in sorted(world.body(EXECUTIVE).seats)]
    for head in heads:
        _arrive(world, EXECUTIVE, meeting, head)
    name = world.programme.profile.agency_name(JOINING)
    world.desk.in_body(
        EXECUTIVE,
        b.MoveMotion,
        heads[0],
        meeting=meeting,
        motion=motion,
        kind=MotionKind.ADMIT_AGENCY,
        text=f"Admit the {name} to the programme.",
        about=JOINING,
    )
    _decide(world, EXECUTIVE, motion, None)
    reason = "The agenda is done."
    world.desk.in_body(
        EXECUTIVE, b.EndMeeting, world.operator, meeting=meeting, adjourn=False, reason=reason
    )
    world.agenda.add(at + timedelta(days=1), partial(fill_seats, world, JOINING))
    world.say(f"meeting {meeting}: {name} admitted")


def fill_seats(world: World, agency: str) -> None:
    """An agency names its member and alternate, and its head sits on the executive board."""
    cast, desk, operator = world.cast.agencies[agency], world.desk, world.operator
    desk.in_body(BOARD, b.FillSeat, operator, agency=agency, person=cast.owner.id)
    desk.in_body(BOARD, b.NameAlternate, operator, agency=agency, person=cast.alternate.id)
    desk.in_body(EXECUTIVE, b.FillSeat, operator, agency=agency, person=cast.head.id)


def _arrive(world: World, body: str, meeting: str, person: Person) -> None:
    world.desk.in_body(body, b.Arrive, world.operator, meeting=meeting, person=person.id)


def _is_in(world: World, meeting: str, person: str) -> bool:
    state: BodyState = world.board()
    return state.meetings[meeting].present(person)
