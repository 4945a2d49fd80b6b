"""A meeting's papers: notice, agenda and minutes for everybody, the packet for the board."""

from starlette.responses import Response

from governance.papers import Paper
from governance.permissions import Action
from governance.portal.navigation import NavItem
from governance.portal.papers_shown import paper_html, paper_pdf
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_body
from governance.portal.visits import Visit, VisitDep
from governance.services.meeting_papers import PUBLIC_PAPERS, read_packet, read_public_paper

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()


def _show(visit: Visit, paper: Paper) -> Response:
    if visit.request.query_params.get("format") == "pdf":
        return paper_pdf(paper)
    return visit.page("boards/paper.html", paper=paper, paper_html=paper_html(paper))


def _register(kind: str) -> None:
    path = f"/boards/{{body}}/meetings/{{meeting}}/papers/{kind}"

    @router.page("GET", path, asks=Action.READ_REGISTER, about=about_body)
    def show(visit: VisitDep, body: str, meeting: str) -> Response:
        return _show(visit, read_public_paper(visit.programme, visit.actor, body, meeting, kind))


for _kind in PUBLIC_PAPERS:
    _register(_kind)


@router.page(
    "GET",
    "/boards/{body}/meetings/{meeting}/papers/packet",
    asks=Action.READ_PACKET,
    about=about_body,
)
def show_packet(visit: VisitDep, body: str, meeting: str) -> Response:
    """Agenda, each request with what changed and the pre-check, minutes to fill in."""
    return _show(visit, read_packet(visit.programme, visit.actor, body, meeting))
