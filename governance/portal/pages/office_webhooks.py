"""Webhooks: addresses that get signed notices of events; registered, watched and removed."""

from typing import Final

from starlette.responses import Response

from governance.audit.tags import Tag
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import asked_list, held_list, show_list
from governance.portal.lists import Column, Filter, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, may
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.tones import words
from governance.portal.visits import Visit, VisitDep
from governance.services.sending import Delivery, DeliveryFilter, list_deliveries
from governance.services.webhooks import Webhook, list_webhooks, register_webhook, remove_webhook
from governance.store import NotFoundError
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (NavItem(Area.OFFICE, "Webhooks", "/office/webhooks", may(Action.MANAGE_WEBHOOKS)),)
add_said(webhook_removed="The webhook is removed. Nothing more is sent to its address.")
_FAMILIES: Final = frozenset(
    {
        "data_request", "sharing_agreement", "nda", "training", "condition", "destruction",
        "meeting", "motion", "vote", "interest", "seat", "alternate", "proxy", "agency",
    }
)  # fmt: skip
TAGS: Final = {
    t.value: t.value.replace(":", ": ").replace("_", " ").capitalize()
    for t in Tag
    if t.value.partition(":")[0] in _FAMILIES
}
"""Events of requests and of the board: those that are announced."""
FORM: Final = FormSpec(
    (
        Field("url", "Address", required=True, maximum=1000, hint="It begins with https://",
              autocomplete="off"),
        Field("tags", "Events", "checkboxes", choices=TAGS, required=True,
              hint="A notice has the event's name, number and time, and nothing else of it."),
    )
)  # fmt: skip


HOOKS: Final[ListSpec[Webhook]] = ListSpec(
    "webhooks",
    "Webhooks in use",
    (
        Column("url", "Address", lambda h: h.url, link=lambda h: f"/office/webhooks/{h.id}"),
        Column("tags", "Events", lambda h: ", ".join(h.tags),
               shown=lambda h: "; ".join(TAGS.get(tag, tag) for tag in h.tags)),
        Column("created_at", "Registered", lambda h: h.created_at, kind="instant"),
        Column("by", "By", lambda h: h.by, only_export=True),
        Column("id", "Id", lambda h: h.id, only_export=True),
    ),
    sort="created_at",
    search="addresses and events",
    empty="No webhook is registered.",
    filters={"event": Filter("Event", TAGS, lambda h, tag: tag in h.tags)},
)  # fmt: skip
OUTCOMES: Final = {"sent": "Sent", "given_up": "Given up", "waiting": "Waiting"}
DELIVERIES: Final[ListSpec[Delivery]] = ListSpec(
    "deliveries",
    "Messages to this webhook",
    (
        Column("topic", "Event", lambda d: d.topic, choices=TAGS,
               shown=lambda d: TAGS.get(d.topic, d.topic)),
        Column("created_at", "Happened", lambda d: d.created_at, kind="instant"),
        Column("outcome", "Outcome", lambda d: d.outcome, choices=OUTCOMES,
               shown=lambda d: OUTCOMES[d.outcome]),
        Column("sent_at", "Sent", lambda d: d.sent_at, kind="instant"),
        Column("attempts", "Tries", lambda d: d.attempts, kind="number"),
        Column("problem", "Problem", lambda d: d.problem,
               shown=lambda d: words(d.problem) if d.problem else "None"),
    ),
    sort="created_at",
    descending=True,
    search="events and problems",
    empty="Nothing was sent to it yet.",
    by_service=True,
)  # fmt: skip


@router.page("GET", "/office/webhooks", asks=Action.MANAGE_WEBHOOKS)
def show_webhooks(visit: VisitDep) -> Response:
    """Every webhook, and the form for one more."""
    return _show(visit, FORM.bind())


def _show(visit: Visit, form: Form, status: int = 200) -> Response:
    hooks = list_webhooks(visit.programme, visit.actor)
    listing = held_list(visit, HOOKS, hooks)
    return show_list(visit, "office/webhooks.html", listing, status=status, form=form)


@router.page("GET", "/office/webhooks/{hook}", asks=Action.MANAGE_WEBHOOKS)
def show_webhook(visit: VisitDep, hook: str) -> Response:
    """A webhook, how each message to it went, and the button that removes it.

    Raises:
        NotFoundError: There is none of that id.
    """
    hooks = list_webhooks(visit.programme, visit.actor)
    found = next((h for h in hooks if h.id == hook), None)
    if found is None:
        raise NotFoundError("There is no webhook of that id.")
    listing = asked_list(visit, DELIVERIES, lambda wishes: _delivered(visit, hook, wishes))
    return show_list(
        visit,
        "office/webhook.html",
        listing,
        hook=found,
        events="; ".join(TAGS.get(tag, tag) for tag in found.tags),
        remove=FORM.bind(),
    )


def _delivered(visit: Visit, hook: str, wishes: Wishes) -> Page[Delivery]:
    wanted = DeliveryFilter(
        text=wishes.text,
        topic=wishes.filters.get("topic"),
        outcome=wishes.filters.get("outcome"),
        sort=wishes.sort,
        descending=wishes.descending,
        page=wishes.page,
        per_page=wishes.per_page,
    )
    return list_deliveries(visit.programme, visit.actor, hook, wanted)


@router.page("POST", "/office/webhooks", asks=Action.MANAGE_WEBHOOKS)
def register(visit: VisitDep) -> Response:
    """Register an address; its secret is shown in this answer and never again."""
    form = FORM.read(visit.form)
    typed = form.content()
    p, actor = visit.programme, visit.actor
    url, tags = str(typed["url"]), tuple(typed["tags"])
    try:
        hook, secret = register_webhook(p, actor, url, tags, once=form.token)
    except DocumentError as error:
        return _show(visit, form.refused(error), 422)
    page = visit.page("office/webhook_made.html", hook=hook, secret=secret)
    page.headers["cache-control"] = "no-store"
    return page


@router.page("POST", "/office/webhooks/{hook}/remove", asks=Action.MANAGE_WEBHOOKS)
def remove(visit: VisitDep, hook: str) -> Response:
    """Stop sending to an address."""
    remove_webhook(visit.programme, visit.actor, hook)
    return visit.redirect("/office/webhooks", said="webhook_removed")
