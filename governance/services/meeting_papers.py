"""A meeting's papers: notice, agenda and minutes for everybody, the packet for the board.

Nothing is kept of them: each is made from what is on record now.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from governance.decisions import check_permitted
from governance.papers import (
    MeetingSource,
    PacketSource,
    Paper,
    draft_agenda,
    draft_minutes,
    draft_notice,
    draft_packet,
)
from governance.permissions import Action, Actor, Target, decide_action
from governance.requests.state import DataRequest
from governance.requests.states import Status
from governance.services.board import read_body
from governance.services.programme import Programme
from governance.services.public_records import public_records
from governance.services.recording import denials_recorded
from governance.store import NotFoundError
from governance.store.lists import RequestFilter, list_request_rows
from governance.store.paging import MOST_ROWS

PUBLIC_PAPERS: Final[Mapping[str, Callable[[MeetingSource], Paper]]] = {
    "notice": draft_notice,
    "agenda": draft_agenda,
    "minutes": draft_minutes,
}


def read_public_paper(p: Programme, actor: Actor, body: str, meeting: str, kind: str) -> Paper:
    """Notice, agenda or minutes: public, and no person of a request is named.

    Args:
        p: The programme.
        actor: Who asks.
        body: Name of the body.
        meeting: Id of its meeting.
        kind: A key of `PUBLIC_PAPERS`.

    Raises:
        NotFoundError: There is no such body or meeting.
    """
    source = _source(p, actor, body, meeting)
    requests = {n: _as_registered(p, r) for n, r in source.requests.items()}
    told = {n: r for n, r in requests.items() if r is not None}
    return PUBLIC_PAPERS[kind](replace(source, requests=told))


def read_packet(p: Programme, actor: Actor, body: str, meeting: str) -> Paper:
    """Agenda, each request with what changed and the pre-check, minutes to fill in.

    Raises:
        AccessDeniedError: The actor may not read it; recorded.
        NotFoundError: There is no such body or meeting.
    """
    with denials_recorded(p, actor, Action.READ_PACKET.value, body):
        target = Target(body=read_body(p, actor, body).state)
        check_permitted(decide_action(actor, Action.READ_PACKET, target, today=p.today))
    source = _source(p, actor, body, meeting)
    return draft_packet(PacketSource(source, p.rules, p.contracts, p.agreements))


def _source(p: Programme, actor: Actor, body: str, meeting: str) -> MeetingSource:
    state = read_body(p, actor, body).state
    if meeting not in state.meetings:
        raise NotFoundError("The body has no meeting of that id.")
    moved = {m.moved.about for m in state.motions.values() if m.moved.meeting == meeting}
    found = {n: _as_submitted(r) for n, r in _requests(p, moved).items()}
    requests = {n: r for n, r in found.items() if r is not None}
    return MeetingSource(p.profile, state, meeting, p.today, requests)


def _as_submitted(request: DataRequest) -> DataRequest | None:
    """The request without what was never submitted: a paper of the board shows no draft."""
    versions = tuple(
        replace(v, content=v.submitted) for v in request.versions if v.submitted is not None
    )
    return replace(request, versions=versions) if versions else None


def _as_registered(p: Programme, request: DataRequest) -> DataRequest | None:
    """With title and organization as in the public register, where no person is named."""
    row = public_records(p).by_number.get(request.number)
    if row is None:
        return None
    told = {"title": row.title, "organization": row.organization}
    content = request.latest.content.model_copy(update=told)
    newest = replace(request.latest, content=content, submitted=content)
    return replace(request, versions=(*request.versions[:-1], newest))


def _requests(p: Programme, moved: set[str]) -> dict[str, DataRequest]:
    """Requests moved in the meeting, and those that wait for the board."""
    with p.store.read() as unit:
        wanted = RequestFilter(status=(Status.BOARD_VOTE.value,), per_page=MOST_ROWS)
        numbers = {r.number for r in list_request_rows(unit, wanted, []).items} | moved
        found = {n: unit.request(n) for n in sorted(numbers)}
    return {n: r for n, r in found.items() if r is not None}
