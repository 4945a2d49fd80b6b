"""A meeting's papers: notice, agenda and minutes for everybody, the packet for the board."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from governance.papers import (
    MeetingSource,
    PacketSource,
    Paper,
    draft_agenda,
    draft_minutes,
    draft_notice,
    draft_packet,
)
from governance.permissions import Action
from governance.portal.navigation import NavItem
from governance.portal.papers_shown import paper_html, paper_pdf
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_body
from governance.portal.visits import Visit, VisitDep
from governance.requests.state import DataRequest
from governance.requests.states import Status
from governance.services.board import read_body
from governance.services.public_records import public_records
from governance.store import NotFoundError
from governance.store.lists import RequestFilter, list_request_rows
from governance.store.paging import MOST_ROWS

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
_PUBLIC: Final[Mapping[str, Callable[[MeetingSource], Paper]]] = {
    "notice": draft_notice,
    "agenda": draft_agenda,
    "minutes": draft_minutes,
}


def _source(visit: Visit, body: str, meeting: str, *, public: bool) -> MeetingSource:
    p = visit.programme
    state = read_body(p, visit.actor, body).state
    if meeting not in state.meetings:
        raise NotFoundError("The body has no meeting of that id.")
    moved = {m.moved.about for m in state.motions.values() if m.moved.meeting == meeting}
    found = {n: _as_submitted(r) for n, r in _requests(visit, moved).items()}
    if public:
        found = {n: r and _as_registered(visit, r) for n, r in found.items()}
    requests = {n: r for n, r in found.items() if r is not None}
    return MeetingSource(p.profile, state, meeting, p.today, requests)


def _as_submitted(request: DataRequest) -> DataRequest | None:
    """The request without what was never submitted: a paper of the board shows no draft."""
    versions = tuple(
        replace(v, content=v.submitted) for v in request.versions if v.submitted is not None
    )
    return replace(request, versions=versions) if versions else None


def _as_registered(visit: Visit, request: DataRequest) -> DataRequest | None:
    """With title and organization as in the public register, where no person is named."""
    row = public_records(visit.programme).by_number.get(request.number)
    if row is None:
        return None
    told = {"title": row.title, "organization": row.organization}
    content = request.latest.content.model_copy(update=told)
    newest = replace(request.latest, content=content, submitted=content)
    return replace(request, versions=(*request.versions[:-1], newest))


def _requests(visit: Visit, moved: set[str]) -> dict[str, DataRequest]:
    """Requests moved in the meeting, and those that wait for the board."""
    with visit.programme.store.read() as unit:
        wanted = RequestFilter(status=(Status.BOARD_VOTE.value,), per_page=MOST_ROWS)
        numbers = {r.number for r in list_request_rows(unit, wanted, []).items} | moved
        found = {n: unit.request(n) for n in sorted(numbers)}
    return {n: r for n, r in found.items() if r is not None}


def _show(visit: Visit, paper: Paper) -> Response:
    if visit.request.query_params.get("format") == "pdf":
        return paper_pdf(paper)
    return visit.page("boards/paper.html", paper=paper, paper_html=paper_html(paper))


def _register(kind: str, draft: Callable[[MeetingSource], Paper]) -> None:
    path = f"/boards/{{body}}/meetings/{{meeting}}/papers/{kind}"

    @router.page("GET", path, asks=Action.READ_REGISTER, about=about_body)
    def show(visit: VisitDep, body: str, meeting: str) -> Response:
        return _show(visit, draft(_source(visit, body, meeting, public=True)))


for _kind, _draft in _PUBLIC.items():
    _register(_kind, _draft)


@router.page(
    "GET",
    "/boards/{body}/meetings/{meeting}/papers/packet",
    asks=Action.READ_PACKET,
    about=about_body,
)
def show_packet(visit: VisitDep, body: str, meeting: str) -> Response:
    """Agenda, each request with what changed and the pre-check, minutes to fill in."""
    p = visit.programme
    source = _source(visit, body, meeting, public=False)
    return _show(visit, draft_packet(PacketSource(source, p.rules, p.contracts, p.agreements)))
