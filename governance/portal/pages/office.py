"""The operating office's desk: what waits for whom and until when, all requests, configuration."""

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from governance.people import PortalRole
from governance.permissions import Action
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, Filter, ListSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.pages.publications import STATES as PUBLICATION_STATES
from governance.portal.pages.requests import LIST, list_page
from governance.portal.routes import PortalRouter
from governance.portal.tones import words
from governance.portal.visits import Visit, VisitDep
from governance.register.proposals import Proposal
from governance.services.configuration import read_settings
from governance.services.office import Queue, Waiting, list_waiting
from governance.services.publications import list_in_motion
from governance.services.sending import read_sending

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.OFFICE, "Desk", "/office", may(Action.LIST_ALL_REQUESTS)),
    NavItem(Area.OFFICE, "What waits", "/office/waiting", may(Action.LIST_ALL_REQUESTS)),
    NavItem(Area.OFFICE, "All requests", "/office/requests", may(Action.LIST_ALL_REQUESTS)),
    NavItem(Area.OFFICE, "Configuration", "/office/configuration", may(Action.READ_CONFIGURATION)),
)
QUEUES: Final[dict[Queue, tuple[str, str]]] = {
    Queue.COMPLETENESS: ("Completeness to check", "No request waits for its completeness check."),
    Queue.MENDING: ("With the requestor to mend", "No request is out to be mended."),
    Queue.REVIEW: ("With the data owners", "No agency has a part to decide on."),
    Queue.VOTE: ("Votes to hold and record", "No request waits for the board."),
    Queue.AGREEMENT: ("Sharing agreements to send", "No approved request lacks its agreement."),
    Queue.SIGNATURES: ("Signatures and training outstanding", "Nothing is out for signature."),
    Queue.CONDITIONS: ("Conditions to be met", "No condition of an approval is open."),
    Queue.DESTRUCTION: ("Destruction to be certified", "No recipient owes a certificate."),
    Queue.CERTIFICATE: ("Certificates to check", "No certificate waits to be checked."),
    Queue.LEAVERS: ("Leavers to look at", "Nobody who left one request is named by another."),
}
"""Heading of each queue, and what is said when it is empty."""
ALL: Final = replace(
    LIST,
    name="all-requests",
    caption="All data requests",
    empty="Nobody has begun a request yet.",
    filters={"scope": Filter("Which", {"mine": "Mine", "waiting": "Waiting for me"})},
)
ON_THE_DESK: Final = 10
"""Steps of a queue that the desk shows; the list has the others."""


@router.page("GET", "/office", asks=Action.LIST_ALL_REQUESTS)
def show_desk(visit: VisitDep) -> Response:
    """Queues with who acts, what they do and until when; what is overdue stands first."""
    waiting = list_waiting(visit.programme, visit.actor)
    queues: dict[Queue, list[Waiting]] = {queue: [] for queue in QUEUES}
    for step in waiting:
        queues[step.queue].append(step)
    return visit.page(
        "office/desk.html",
        acts=PortalRole.OPERATOR in visit.actor.roles,
        overdue=[w for w in waiting if w.overdue],
        queues=[(q, *QUEUES[q], queues[q]) for q in QUEUES],
        most=ON_THE_DESK,
        sending=read_sending(visit.programme, visit.actor),
        outputs=_outputs(visit),
    )


def _outputs(visit: Visit) -> list[tuple[Proposal, str, str]]:
    """Publications in motion, each with its state in words and the agencies that have to look."""
    profile = visit.programme.profile
    found = list_in_motion(visit.programme, visit.actor)
    return [
        (
            one,
            PUBLICATION_STATES[one.state(visit.today, profile.publication_review).value],
            ", ".join(profile.agency_code(a) for a in one.unseen),
        )
        for one in found
    ]


@router.page("GET", "/office/waiting", asks=Action.LIST_ALL_REQUESTS)
def show_waiting(visit: VisitDep) -> Response:
    """Every step that waits: the desk as one list."""
    acts = PortalRole.OPERATOR in visit.actor.roles
    listing = held_list(visit, _waiting_spec(acts), list_waiting(visit.programme, visit.actor))
    return show_list(visit, "office/waiting.html", listing)


def _waiting_spec(acts: bool) -> ListSpec[Waiting]:  # noqa: FBT001  whether the reader does the steps
    def to_step(step: Waiting) -> str | None:
        return step.address or None if acts else None

    return ListSpec(
        "waiting",
        "Steps that wait",
        (
            Column("number", "Request", lambda w: w.number, link=lambda w: f"/requests/{w.number}",
                   shown=lambda w: w.number + (f", version {w.version}" * (w.version > 1))),
            Column("version", "Version", lambda w: w.version, kind="number", only_export=True),
            Column("title", "Title", lambda w: w.title),
            Column("queue", "Queue", lambda w: w.queue.value, shown=lambda w: QUEUES[w.queue][0],
                   only_export=True,
                   choices={queue.value: title for queue, (title, _) in QUEUES.items()}),
            Column("who", "Who", lambda w: w.who),
            Column("what", "What", lambda w: w.what, shown=lambda w: words(w.what), link=to_step),
            Column("since", "Since", lambda w: w.since_on, kind="day"),
            Column("until", "Until", lambda w: w.until, kind="day"),
            Column("overdue", "Overdue", lambda w: w.overdue, choices={"yes": "Yes", "no": "No"}),
        ),
        sort="until",
        search="requests, who and what",
        empty="Nothing waits for anybody.",
    )  # fmt: skip


@router.page("GET", "/office/requests", asks=Action.LIST_ALL_REQUESTS)
def show_all(visit: VisitDep) -> Response:
    """Every request there is, drafts too."""
    return list_page(visit, ALL, scope="all", template="office/requests.html")


@router.page("GET", "/office/configuration", asks=Action.READ_CONFIGURATION)
def show_configuration(visit: VisitDep) -> Response:
    """What the programme runs by; changed in its files, never here. No secret is shown."""
    p = visit.programme
    return visit.page(
        "office/configuration.html",
        profile=p.profile,
        agency_rows=[
            (a.name, a.code, a.kind.value.replace("_", " "), "Yes" if a.participating else "No")
            for a in p.profile.agencies
        ],
        bodies=[(b.title, _told(b.model_dump(mode="json"))) for b in p.bylaws.bodies],
        rules=_told(p.rules.model_dump(mode="json")),
        settings=[(s.name, s.value, s.description) for s in read_settings(p, visit.actor)],
        sending=read_sending(p, visit.actor),
        agreements=sorted(p.agreements),
        contracts=sorted(p.contracts),
    )


def _told(values: object, path: str = "") -> list[tuple[str, str]]:
    """Nested values as pairs of a path and a text."""
    if isinstance(values, dict):
        return [x for k, v in values.items() for x in _told(v, f"{path}.{k}" if path else str(k))]
    if isinstance(values, list):
        if all(not isinstance(v, (dict, list)) for v in values):
            return [(path, ", ".join(str(v) for v in values) or "none")]
        return [x for n, v in enumerate(values, 1) for x in _told(v, f"{path}.{n}")]
    return [(path, "none" if values is None else str(values))]
