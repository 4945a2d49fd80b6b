"""A requestor's requests: the list, a request whole, its changes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from governance.audit import Tag
from governance.papers.words import ROLE_WORDS
from governance.permissions import Action, decide_action
from governance.portal.list_pages import asked_list, show_list
from governance.portal.lists import Column, Filter, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, may
from governance.portal.pages.ledger import tag_words
from governance.portal.pages.request_acts import PAGES, PATHS
from governance.portal.pages.request_persons import own_statements, person_lines
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import Visit, VisitDep
from governance.requests.model import RequestType
from governance.requests.state import Version
from governance.requests.statements import acceptance
from governance.requests.states import TOGETHER, Act, Role, Status
from governance.services.ledger import list_entries
from governance.services.request_changes import list_changes
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import RequestView, read_request
from governance.store.lists import RequestRow
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.REQUESTS, "My requests", "/requests", may(Action.LIST_OWN_REQUESTS)),
    NavItem(Area.REQUESTS, "New request", "/requests/new", may(Action.BEGIN_REQUEST)),
)

STATUS_WORDS = {s.value: s.value.replace("_", " ").capitalize() for s in Status}
TYPE_WORDS = {t.value: t.value.capitalize() for t in RequestType}
SCOPES = {"waiting": "Waiting for me", "mine": "Mine: begun by me, or I am named"}
_WORDS = {
    Tag.DATA_REQUEST_DRAFTED: "Saved",
    Tag.DATA_REQUEST_SUBMITTED: "Submitted",
    Tag.DATA_REQUEST_RETURNED: "Returned to be mended",
    Tag.DATA_REQUEST_FOUND_COMPLETE: "Found complete",
    Tag.DATA_REQUEST_PART_REVIEWED: "An agency decided on its part",
    Tag.DATA_REQUEST_APPROVED: "Approved",
    Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS: "Approved with conditions",
    Tag.DATA_REQUEST_DENIED: "Denied",
    Tag.DATA_REQUEST_WITHDRAWN: "Withdrawn",
    Tag.DATA_REQUEST_GRANTED: "Grant published",
    Tag.DATA_REQUEST_EXPIRING: "Grant ends soon",
    Tag.DATA_REQUEST_ENDED: "Grant ended",
    Tag.DATA_REQUEST_REVOKED: "Permission revoked",
    Tag.DATA_REQUEST_SUPERSEDED: "A newer version took its place",
    Tag.DATA_REQUEST_CLOSED: "Closed",
    Tag.SHARING_AGREEMENT_SENT: "Sharing agreement sent out",
    Tag.SHARING_AGREEMENT_SIGNED: "Sharing agreement signed by a party",
    Tag.NDA_SIGNED: "Confidentiality statement signed",
    Tag.TRAINING_RECORDED: "Training recorded",
    Tag.CONDITION_MET: "A condition was met",
    Tag.PERSON_LEFT: "A person left",
    Tag.DESTRUCTION_CERTIFIED: "Destruction certified",
    Tag.INTEREST_DECLARED: "An interest was declared",
    Tag.ACTION_DENIED: "Something was refused",
    Tag.ATTACHMENT_FILED: "A document was filed",
    Tag.ATTACHMENT_READ: "A document was read",
    Tag.MATCH_RECORDED: "A file was matched",
    Tag.LINK_DESTRUCTION_CONFIRMED: "An agency confirmed that it destroyed its link",
    Tag.PUBLICATION_PROPOSED: "A publication was shown to the agencies",
    Tag.PUBLICATION_SEEN: "An agency looked at a publication",
    Tag.PUBLICATION_WITHDRAWN: "A publication was withdrawn",
    Tag.PUBLICATION_RECORDED: "A publication was recorded",
}
LINKS = {
    **PATHS,
    Act.SAVE_DRAFT: "edit",
    Act.SUBMIT: "submit",
    Act.AMEND: "amend",
    Act.SEND_AGREEMENT: "send",
    Act.SIGN_AGREEMENT: "agreement",
    Act.SIGN_NDA: "nda",
    Act.CERTIFY_DESTRUCTION: "destruction",
}
"""Page of each act, under the request's."""
TITLES = {
    **{page.act: page.title for page in PAGES},
    Act.SAVE_DRAFT: "Edit the form",
    Act.SUBMIT: "Submit",
    Act.AMEND: "Amend: ask for a change",
    Act.SEND_AGREEMENT: "Send the sharing agreement",
    Act.SIGN_AGREEMENT: "Sign the sharing agreement",
    Act.SIGN_NDA: "Sign your confidentiality statement",
    Act.CERTIFY_DESTRUCTION: "Certify destruction",
}

LIST: ListSpec[RequestRow] = ListSpec(
    "requests",
    "Data requests",
    (
        Column("number", "Number", lambda r: r.number, link=lambda r: f"/requests/{r.number}"),
        Column("title", "Title", lambda r: r.title),
        Column("status", "Status", lambda r: r.status, kind="status", choices=STATUS_WORDS,
               shown=lambda r: STATUS_WORDS[r.status]),
        Column("next_role", "Acts next", lambda r: r.next_role,
               shown=lambda r: ROLE_WORDS[Role(r.next_role)]),
        Column("type", "Type", lambda r: r.type, choices=TYPE_WORDS, only_export=True),
        Column("organization", "Organization", lambda r: r.organization, only_export=True),
        Column("agencies", "Agencies", lambda r: ", ".join(r.agencies)),
        Column("received_on", "Received", lambda r: r.received_on, kind="day"),
        Column("decided_on", "Decided", lambda r: r.decided_on, kind="day", only_export=True),
        Column("ends_on", "Ends", lambda r: r.ends_on, kind="day"),
        Column("updated_at", "Changed", lambda r: r.updated_at, kind="instant"),
    ),
    sort="updated_at",
    descending=True,
    search="number, title, organization and agencies",
    empty="You have no requests yet. Choose variables in the catalogue, or begin a new request.",
    filters={"scope": Filter("Whose", SCOPES)},
    by_service=True,
)  # fmt: skip


def list_spec(visit: Visit, spec: ListSpec[RequestRow] = LIST) -> ListSpec[RequestRow]:
    """A list of requests, with the programme's agencies to choose from, and as it writes them."""
    agencies = {a.id: a.name for a in visit.programme.profile.agencies}
    columns = tuple(
        replace(c, shown=lambda r: visit.portal.agency_codes(r.agencies))
        if c.name == "agencies"
        else c
        for c in spec.columns
    )
    filters = {**spec.filters, "agency": Filter("Agency", agencies)}
    return replace(spec, columns=columns, filters=filters)


def query_of(wishes: Wishes, *, scope: str = "all") -> ListQuery:
    """What the service is asked for."""
    chosen = wishes.filters
    scope = chosen.get("scope", scope)
    return ListQuery(
        text=wishes.text,
        status=(chosen["status"],) if "status" in chosen else (),
        type=(chosen["type"],) if "type" in chosen else (),
        agency=(chosen["agency"],) if "agency" in chosen else (),
        sort=wishes.sort,
        descending=wishes.descending,
        page=wishes.page,
        per_page=wishes.per_page,
        scope="mine" if scope == "mine" else "waiting" if scope == "waiting" else "all",
    )


ON_THE_FRONT: Final = 10
"""Requests that wait for somebody, as many as the home page names."""
_ACTS: Final = tuple(s.value for s in Status if s not in {Status.GRANTED, Status.EXPIRING})
"""Where waiting means that somebody has to do something: who uses what was granted has not."""


def own_turn(visit: Visit) -> tuple[tuple[RequestRow, ...], int]:
    """The requests on which the person at the browser acts next, and how many there are."""
    asked = Action.LIST_OWN_REQUESTS
    if not decide_action(visit.actor, asked, today=visit.today).permitted:
        return (), 0
    query = ListQuery(
        status=_ACTS, scope="waiting", sort="updated_at", descending=False, per_page=ON_THE_FRONT
    )
    found = list_requests(visit.programme, visit.actor, query)
    return tuple(found.items), found.total


def list_page(visit: Visit, spec: ListSpec[RequestRow], *, scope: str, template: str) -> Response:
    """A page of requests, or its export."""

    def find(wishes: Wishes) -> Page[RequestRow]:
        return list_requests(visit.programme, visit.actor, query_of(wishes, scope=scope))

    listing = asked_list(visit, list_spec(visit, spec), find)
    return show_list(visit, template, listing, statements=own_statements(visit))


@router.page("GET", "/requests", asks=(Action.LIST_OWN_REQUESTS, Action.LIST_ALL_REQUESTS))
def show_requests(visit: VisitDep) -> Response:
    """The requests one may read: one's own, and those of one's agency, party or board."""
    return list_page(visit, LIST, scope="all", template="requests/list.html")


@router.page("GET", "/requests/{number}", asks=Action.READ_REQUEST, about=about_request)
def show_request(visit: VisitDep, number: str) -> Response:
    """A request whole: where it stands, who acts next, everything in it, and what was done."""
    view = read_request(visit.programme, visit.actor, number)
    history = list_entries(visit.programme, visit.actor, subject=number, per_page=50)
    return visit.page(
        "requests/show.html",
        view=view,
        next_who=ROLE_WORDS[view.latest.next],
        acts=_acts(visit, view),
        history=[(e, _WORDS.get(Tag(e.tag)) or tag_words(e.tag)) for e in history.items],
        chains=person_lines(visit, view),
        contracts=visit.programme.contracts,
        agency_name=visit.programme.profile.agency_name,
        mine=_is_mine(visit, view),
        beside=list(_beside(visit, view)),
    )


def _beside(visit: Visit, view: RequestView) -> Iterator[tuple[str, str]]:
    """Address and title of the pages beside the request that the person may read."""
    where = f"/requests/{view.request.number}"
    if visit.may(Action.READ_ATTACHMENT):
        yield f"{where}/documents", "Documents"
    granted = any(v.granted is not None for v in view.request.versions)
    if granted and visit.may(Action.READ_PUBLICATIONS):
        yield f"{where}/publications", "Publications"
    if granted:
        yield f"{where}/work", "In the data plane"
    for version in view.request.versions:
        if version.certified is not None:
            title = f"Destruction certificate of version {version.number}"
            yield f"{where}/certificate?version={version.number}", title
    if view.request.latest.submitted is not None:
        yield f"/register/{view.request.number}", "In the public register"


@router.page("GET", "/requests/{number}/changes", asks=Action.READ_REQUEST, about=about_request)
def show_changes(visit: VisitDep, number: str) -> Response:
    """What changed since the last review, and between the versions."""
    view = read_request(visit.programme, visit.actor, number)
    between = [(c.old, c.new, c.changes) for c in list_changes(view)]
    return visit.page("requests/changes.html", view=view, between=between)


def _acts(visit: Visit, view: RequestView) -> list[tuple[str, str, bool]]:
    """Address and title of each act that is open, and whether it is the next step."""
    found = []
    for version in view.request.versions:
        for act in view.acts.get(version.number, ()):
            path, title = LINKS.get(act), TITLES.get(act, "")
            if act is Act.SIGN_NDA:
                standing = acceptance(view.request, version, visit.actor.by)
                if standing.accepted is not None:
                    continue
                title = "Sign again: the terms changed" if standing.again else title
            if path is None or not _is_shown(view, version, act):
                continue
            latest = version.number == view.latest.number
            suffix = "" if latest else f"?version={version.number}"
            title = title if latest or act in TOGETHER else f"{title} (version {version.number})"
            grave = act in {Act.REVOKE, Act.WITHDRAW, Act.RECORD_LEAVER, Act.DECLARE_INTEREST}
            found.append((f"/requests/{view.request.number}/{path}{suffix}", title, not grave))
    return found


def _is_shown(view: RequestView, version: Version, act: Act) -> bool:
    """An act of the whole request is offered once, whichever version it is given on."""
    if act is Act.MEET_CONDITION:
        return _conditions_open(version)
    if act is Act.REVOKE:
        return version.number == max(n for n, acts in view.acts.items() if act in acts)
    return act not in TOGETHER or view.request.is_told_of(version)


def _conditions_open(version: Version) -> bool:
    """Whether the approval asks for something that is not on record as met."""
    asked = version.decided.conditions if version.decided else {}
    return bool(set(asked) - set(version.conditions_met))


def _is_mine(visit: Visit, view: RequestView) -> bool:
    """Whether the actor is who acts next."""
    forward = {Act.RETURN, Act.DECLARE_INTEREST, Act.WITHDRAW, Act.REVOKE, Act.RECORD_LEAVER}
    routine = {Act.AMEND, Act.RECORD_TRAINING}
    if not _conditions_open(view.latest):
        routine.add(Act.MEET_CONDITION)
    if acceptance(view.request, view.latest, visit.actor.by).accepted is not None:
        routine.add(Act.SIGN_NDA)
    return visit.actor.person is not None and any(
        act not in forward | routine for act in view.acts.get(view.latest.number, ())
    )
