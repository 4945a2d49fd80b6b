"""Webhooks: addresses that get signed notices of events; registered, watched and removed."""

from typing import Final

from starlette.responses import Response

from governance.audit.tags import Tag
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.services.sending import list_deliveries
from governance.services.webhooks import Webhook, list_webhooks, register_webhook, remove_webhook

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


@router.page("GET", "/office/webhooks", asks=Action.MANAGE_WEBHOOKS)
def show_webhooks(visit: VisitDep) -> Response:
    """Every webhook with its last deliveries, and the form for one more."""
    return _show(visit, FORM.bind())


def _show(visit: Visit, form: Form, status: int = 200) -> Response:
    p, actor = visit.programme, visit.actor
    hooks = [(h, list_deliveries(p, actor, h.id)) for h in list_webhooks(p, actor)]
    return visit.page(
        "office/webhooks.html",
        status=status,
        form=form,
        hooks=hooks,
        told=TAGS,
        remove=FORM.bind(),
        event_words=_event_words,
    )


def _event_words(hook: Webhook) -> str:
    return "; ".join(TAGS.get(tag, tag) for tag in hook.tags)


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
