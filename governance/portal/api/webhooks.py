"""Webhooks: addresses that get signed notices of events."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from governance.audit import Tag
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, PageAsked
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.sending import Delivery, DeliveryFilter, DeliverySort, list_deliveries
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


class WebhooksAsked(ListAsked):
    """Which webhooks, in which order."""

    FOUND_IN: ClassVar[Mapping[str, str]] = {"tag": "tags"}
    tag: Word = None
    sort: Literal["created_at", "url", "by", "id"] = "created_at"


class DeliveriesAsked(PageAsked):
    """Which messages, in which order."""

    text: Annotated[str, Field(max_length=200, description="Words to look for.")] = ""
    topic: Tag | None = None
    outcome: Literal["sent", "given_up", "waiting"] | None = None
    sort: DeliverySort = "created_at"
    descending: bool = True


class RegisteredWebhook(BaseModel):
    """A webhook and its secret, which is never shown again."""

    webhook: Webhook
    secret: str


@router.api(
    "GET",
    "",
    asks=Action.MANAGE_WEBHOOKS,
    response_model=Paged[Webhook],
    responses=PROBLEMS,
    summary="Webhooks in use, one page",
)
def list_all(visit: VisitDep, asked: Annotated[WebhooksAsked, Query()]) -> Paged[Webhook]:
    """Without their secrets."""
    return page_of(list_webhooks(visit.programme, visit.actor), asked)


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
def deliveries(
    visit: VisitDep, hook: str, asked: Annotated[DeliveriesAsked, Query()]
) -> Paged[Delivery]:
    """The newest first: when each was tried, how often, and what failed last."""
    wanted = DeliveryFilter(**asked.model_dump())
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
