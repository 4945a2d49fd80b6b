"""The operating office's desk: what waits for whom and until when, all requests, configuration."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pydantic import SecretStr
from starlette.responses import Response

from governance.people import PortalRole
from governance.permissions import Action
from governance.portal.lists import Filter
from governance.portal.navigation import Area, NavItem, may
from governance.portal.pages.requests import LIST, list_page
from governance.portal.routes import PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.services.office import Queue, Waiting, list_waiting
from governance.services.sending import read_sending
from governance.settings import GovernanceSettings

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.OFFICE, "Desk", "/office", may(Action.LIST_ALL_REQUESTS)),
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
}
"""Heading of each queue, and what is said when it is empty."""
ALL: Final = replace(
    LIST,
    name="all-requests",
    caption="All data requests",
    empty="Nobody has begun a request yet.",
    filters={"scope": Filter("Which", {"mine": "Mine", "waiting": "Waiting for me"})},
)
_NEVER_SHOWN: Final = frozenset({"oidc_role_map"})


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
        sending=read_sending(visit.programme, visit.actor),
    )


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
        settings=list(_settings(visit)),
        sending=read_sending(p, visit.actor),
        agreements=sorted(p.agreements),
        contracts=sorted(p.contracts),
    )


def _settings(visit: Visit) -> Iterator[tuple[str, str, str]]:
    """Name, value and description; of a secret only whether it is set."""
    given = visit.programme.settings
    for name, field in GovernanceSettings.model_fields.items():
        value = getattr(given, name)
        annotation = str(field.annotation)
        if isinstance(value, SecretStr) or "Secret" in annotation or name in _NEVER_SHOWN:
            shown = "set; not shown" if value else "not set"
        else:
            shown = "not set" if value is None else str(value)
        yield name, shown, field.description or ""


def _told(values: object, path: str = "") -> list[tuple[str, str]]:
    """Nested values as pairs of a path and a text."""
    if isinstance(values, dict):
        return [x for k, v in values.items() for x in _told(v, f"{path}.{k}" if path else str(k))]
    if isinstance(values, list):
        if all(not isinstance(v, (dict, list)) for v in values):
            return [(path, ", ".join(str(v) for v in values) or "none")]
        return [x for n, v in enumerate(values, 1) for x in _told(v, f"{path}.{n}")]
    return [(path, "none" if values is None else str(values))]
