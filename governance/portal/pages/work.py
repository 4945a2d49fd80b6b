"""What the data plane did for projects: a request's own, and those with an agency's data."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from governance.permissions import Action
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import Area, NavItem, has_role
from governance.portal.pages.agency import CONCERNED_ROLES, about_agency
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.services.work import WorkRow, read_agency_work, read_project_work

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.AGENCY, "Matches and releases", "/agency/work", has_role(*CONCERNED_ROLES)),
)
KINDS: Final = {"match": "Match", "release": "Release", "queries": "Queries of a day"}


def _spec(caption: str, kinds: Mapping[str, str], empty: str) -> ListSpec[WorkRow]:
    of_queries: tuple[Column[WorkRow], ...] = (
        Column("answered", "Queries answered", lambda w: w.answered, kind="number"),
        Column("refused", "Queries not answered", lambda w: w.refused, kind="number"),
    )
    return ListSpec(
        "work",
        caption,
        (
            Column("on", "Day", lambda w: w.on, kind="day"),
            Column("kind", "What", lambda w: w.kind, choices=kinds,
                   shown=lambda w: KINDS[w.kind]),
            Column("number", "Request", lambda w: w.number,
                   link=lambda w: f"/requests/{w.number}"),
            Column("offered", "Rows offered", lambda w: w.offered, kind="number"),
            Column("people", "Persons matched", lambda w: w.people, kind="number"),
            Column("cells", "Cells released", lambda w: w.cells, kind="number"),
            Column("suppressed", "Of them suppressed", lambda w: w.suppressed, kind="number"),
            *(of_queries if "queries" in kinds else ()),
            Column("digest", "Digest", lambda w: w.digest, only_export=True),
        ),
        sort="on",
        descending=True,
        search="requests and digests",
        empty=empty,
    )  # fmt: skip


@router.page("GET", "/requests/{number}/work", asks=Action.READ_REQUEST, about=about_request)
def show_project_work(visit: VisitDep, number: str) -> Response:
    """What was matched, asked and released for the project, in counts."""
    rows = read_project_work(visit.programme, visit.actor, number)
    empty = "The data plane has not told of any match, query or release of this project."
    listing = held_list(visit, _spec(f"{number} in the data plane", KINDS, empty), rows)
    return show_list(visit, "agency/list.html", listing, name=f"Request {number}")


@router.page("GET", "/agency/work", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_agency_work(visit: VisitDep) -> Response:
    """What was matched and released for projects with the agency's data, in counts."""
    p, agency = visit.programme, visit.target.agency or ""
    rows = read_agency_work(p, visit.actor, agency)
    kinds = {kind: words for kind, words in KINDS.items() if kind != "queries"}
    empty = "The data plane has not told of any match or release with this agency's data."
    listing = held_list(visit, _spec("Matches and releases", kinds, empty), rows)
    name = p.profile.agency_name(agency)
    return show_list(visit, "agency/list.html", listing, name=name)
