"""The persons on a requestor's requests: what each has, and whether they have access today."""

from starlette.responses import Response

from governance.permissions import Action
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.pages.request_form import ROLES
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.standing import Standing, list_standings

router = PortalRouter()
NAVIGATION = (NavItem(Area.REQUESTS, "My people", "/people/mine", may(Action.LIST_OWN_REQUESTS)),)


def _why(row: Standing) -> str:
    again = ["Sign again: the terms changed."] if row.nda_again else []
    return " ".join([*again, *(f"{d.reason} {d.remedy}" for d in row.access.denials)])


def _employed(row: Standing) -> str:
    return {True: "yes", False: "no", None: "unknown"}[row.employed]


LIST: ListSpec[Standing] = ListSpec(
    "my-people",
    "Persons on my requests",
    (
        Column("name", "Name", lambda s: s.name),
        Column("number", "Request", lambda s: s.number, link=lambda s: f"/requests/{s.number}"),
        Column("title", "Title", lambda s: s.title, only_export=True),
        Column("role", "Role", lambda s: s.role, choices=ROLES,
               only_export=True),
        Column("nda", "Statement signed", lambda s: s.nda_signed_on, kind="day"),
        Column("training", "Training until", lambda s: s.training_valid_until, kind="day"),
        Column("employed", "Employed today", _employed,
               choices={"yes": "Yes", "no": "No", "unknown": "Not on record"},
               shown=lambda s: _employed(s).capitalize()),
        Column("access", "Access today", lambda s: "yes" if s.access.permitted else "no",
               choices={"yes": "Yes", "no": "No"},
               shown=lambda s: "Yes" if s.access.permitted else "No"),
        Column("why", "What is missing, and what mends it", _why,
               shown=lambda s: _why(s) or "Nothing"),
    ),
    sort="name",
    search="names, requests and reasons",
    empty="You have no request that names anybody yet. Begin one, and name who is to use the data.",
)  # fmt: skip


@router.page("GET", "/people/mine", asks=Action.LIST_OWN_REQUESTS)
def show_people(visit: VisitDep) -> Response:
    """Everybody on my requests, with what is missing to have access and what mends it."""
    listing = held_list(visit, LIST, list_standings(visit.programme, visit.actor))
    return show_list(visit, "after/people.html", listing)
