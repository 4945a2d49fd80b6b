"""The operating office: what waits for whom, how sending goes, what the programme runs by."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, JsonValue

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.configuration import Setting, read_settings
from governance.services.office import Queue, Waiting, list_waiting
from governance.services.sending import SendingHealth, read_sending

router = PortalRouter(prefix="/api/v1/office", tags=("office",))
NAVIGATION: tuple[NavItem, ...] = ()


class QueueAsked(ListAsked):
    """Which steps that wait, in which order."""

    queue: Queue | None = None
    number: Word = None
    overdue: bool | None = None
    sort: Literal["until", "since", "number", "title", "queue", "who", "what"] = "until"


class ConfigurationAnswer(BaseModel):
    """What the programme runs by; of a secret only whether it is set."""

    profile: dict[str, JsonValue]
    bodies: tuple[dict[str, JsonValue], ...]
    rules: dict[str, JsonValue]
    settings: tuple[Setting, ...]
    agreements: tuple[str, ...]
    contracts: tuple[str, ...]


@router.api(
    "GET",
    "/queue",
    asks=Action.LIST_ALL_REQUESTS,
    response_model=Paged[Waiting],
    responses=PROBLEMS,
    summary="Every step that waits, one page",
)
def queue(visit: VisitDep, asked: Annotated[QueueAsked, Query()]) -> Paged[Waiting]:
    """Who acts, what they do and until when; the earliest last day first."""
    return page_of(list_waiting(visit.programme, visit.actor), asked)


@router.api(
    "GET",
    "/sending",
    asks=Action.READ_CONFIGURATION,
    response_model=tuple[SendingHealth, ...],
    responses=PROBLEMS,
    summary="How sending of mail and webhooks goes",
)
def sending(visit: VisitDep) -> tuple[SendingHealth, ...]:
    """What waits, what was tried in vain, what was given up."""
    return read_sending(visit.programme, visit.actor)


@router.api(
    "GET",
    "/configuration",
    asks=Action.READ_CONFIGURATION,
    response_model=ConfigurationAnswer,
    responses=PROBLEMS,
    summary="What the programme runs by",
)
def configuration(visit: VisitDep) -> ConfigurationAnswer:
    """Profile, bylaws, rules and settings; changed in their files, never here."""
    p = visit.programme
    return ConfigurationAnswer(
        profile=tell(p.profile.model_dump(mode="json")),
        bodies=tuple(tell(b.model_dump(mode="json")) for b in p.bylaws.bodies),
        rules=tell(p.rules.model_dump(mode="json")),
        settings=read_settings(p, visit.actor),
        agreements=tuple(sorted(p.agreements)),
        contracts=tuple(sorted(p.contracts)),
    )
