"""Webhooks: addresses that get signed notices of events."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from governance.audit import Tag
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, PageAsked
from governance.portal.api.paging import Paged
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.sending import Delivery, DeliveryFilter, list_deliveries
from governance.services.webhooks import (
    Webhook,
    list_webhooks,
    register_webhook,
    remove_webhook,
)
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/webhooks", tags=("webhooks",))
NAVIGATION: tuple[NavItem, ...] = ()


class WantedWebhook(BaseModel):
    """Where to send notices, and of which events."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    tags: Annotated[list[Tag], Field(min_length=1, max_length=100)]
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class RegisteredWebhook(BaseModel):
    """A webhook and its secret, which is never shown again."""

    webhook: Webhook
    secret: str


@router.api(
    "GET",
    "",
    asks=Action.MANAGE_WEBHOOKS,
    response_model=tuple[Webhook, ...],
    responses=PROBLEMS,
    summary="Every webhook in use",
)
def list_all(visit: VisitDep) -> tuple[Webhook, ...]:
    """Without their secrets."""
    return list_webhooks(visit.programme, visit.actor)


@router.api(
    "POST",
    "",
    asks=Action.MANAGE_WEBHOOKS,
    status_code=201,
    response_model=RegisteredWebhook,
    responses=PROBLEMS,
    summary="Register an address",
)
def register(visit: VisitDep, wanted: WantedWebhook) -> RegisteredWebhook:
    """Notices are signed with the secret (HMAC-SHA256 over id, time and body)."""
    hook, secret = register_webhook(
        visit.programme, visit.actor, wanted.url, wanted.tags, once=wanted.once
    )
    return RegisteredWebhook(webhook=hook, secret=secret)


@router.api(
    "GET",
    "/{hook}",
    asks=Action.MANAGE_WEBHOOKS,
    response_model=Webhook,
    responses=PROBLEMS,
    summary="One webhook in use",
)
def read(visit: VisitDep, hook: str) -> Webhook:
    """Without its secret."""
    found = {h.id: h for h in list_webhooks(visit.programme, visit.actor)}
    if hook not in found:
        raise NotFoundError("There is no webhook of that id.")
    return found[hook]


@router.api(
    "GET",
    "/{hook}/deliveries",
    asks=Action.MANAGE_WEBHOOKS,
    response_model=Paged[Delivery],
    responses=PROBLEMS,
    summary="Messages to a webhook, one page",
)
def deliveries(visit: VisitDep, hook: str, asked: Annotated[PageAsked, Query()]) -> Paged[Delivery]:
    """The newest first: when each was tried, how often, and what failed last."""
    wanted = DeliveryFilter(page=asked.page, per_page=asked.per_page)
    found = list_deliveries(visit.programme, visit.actor, hook, wanted)
    return Paged[Delivery].model_validate(found)


@router.api(
    "DELETE",
    "/{hook}",
    asks=Action.MANAGE_WEBHOOKS,
    status_code=204,
    response_model=None,
    responses=PROBLEMS,
    summary="Stop sending to an address",
)
def remove(visit: VisitDep, hook: str) -> Response:
    """What waits for it is not sent any more."""
    remove_webhook(visit.programme, visit.actor, hook)
    return Response(status_code=204)
