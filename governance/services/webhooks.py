"""Webhooks: addresses that get signed notices of events, by id and tag, never with facts.

Signed as Standard Webhooks says (https://www.standardwebhooks.com, v1): HMAC-SHA256 over
`{id}.{timestamp}.{body}` with the secret that is shown once, when the webhook is registered.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import insert, select, update

from governance.audit.chain import format_instant
from governance.audit.tags import Tag
from governance.decisions import check_permitted
from governance.errors import DocumentError
from governance.permissions import Action, Actor, decide_action
from governance.services.addresses import check_url
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note
from governance.services.sealing import seal, unseal
from governance.store import NotFoundError, UnitOfWork
from governance.store import tables as t

PURPOSE: Final = "webhook-secret"
_SECRET_BYTES: Final = 32
MAX_WEBHOOKS: Final = 50
SHOWN_AGAIN: Final = timedelta(minutes=10)
"""How long a form sent twice is answered with the same secret."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One registered address; its secret is shown only once."""

    id: str
    url: str
    tags: tuple[str, ...]
    created_at: datetime
    by: str


def register_webhook(
    p: Programme,
    actor: Actor,
    url: str,
    tags: Sequence[Tag | str],
    *,
    once: str | None = None,
) -> tuple[Webhook, str]:
    """Register an address for events of some tags.

    Args:
        p: The programme.
        actor: Of the operating office.
        url: Where notices go.
        tags: Events that are told.
        once: The form's token: sent twice within `SHOWN_AGAIN`, it gets the first one's answer.

    Returns:
        The webhook and its secret (`whsec_…`), which is not shown again.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The address or a tag is none, there are too many, or it is registered.
    """
    with denials_recorded(p, actor, Action.MANAGE_WEBHOOKS.value, "programme"):
        check_permitted(decide_action(actor, Action.MANAGE_WEBHOOKS, today=p.today))
        check_url(url, loopback=p.settings.loopback)
        wanted = _tags(tags)
        mark = None if once is None else f"webhook:{actor.by}:{once}"
        with p.store.begin() as unit:
            if mark is not None and (seq := unit.find_once(mark)) is not None:
                return _shown_again(p, unit, seq)
            hook, secret = _new(p, actor, url, wanted)
            _check_room(_all(unit), hook)
            unit.connection.execute(
                insert(t.webhooks).values(
                    id=hook.id,
                    url=url,
                    tags=",".join(wanted),
                    sealed_secret=seal(p.secret, PURPOSE, hook.id, secret),
                    created_at=format_instant(hook.created_at),
                    by=actor.by,
                )
            )
            facts = {"url": url, "tags": list(wanted)}
            tag = Tag.WEBHOOK_REGISTERED
            note(p, unit, actor, tag, subject=hook.id, facts=facts, once=mark)
    return hook, _shown(secret)


def _new(p: Programme, actor: Actor, url: str, tags: tuple[str, ...]) -> tuple[Webhook, bytes]:
    hook = Webhook(f"wh-{secrets.token_hex(6)}", url, tags, p.clock(), actor.by)
    return hook, secrets.token_bytes(_SECRET_BYTES)


def _check_room(hooks: Sequence[Webhook], new: Webhook) -> None:
    if any(h.url == new.url and set(h.tags) == set(new.tags) for h in hooks):
        problem = "url: it is registered for these events already"
        raise DocumentError.counted("The form has", problem)
    if len(hooks) >= MAX_WEBHOOKS:
        raise DocumentError(f"There are {MAX_WEBHOOKS} webhooks; remove one first.")


def _shown_again(p: Programme, unit: UnitOfWork, seq: int) -> tuple[Webhook, str]:
    """What the same form was answered a moment ago: a double click shows the second answer."""
    entries = t.ledger_entries
    hook_id = unit.connection.scalar(select(entries.c.subject).where(entries.c.seq == seq)) or ""
    hook = next((h for h in _all(unit) if h.id == hook_id), None)
    if hook is None or p.clock() > hook.created_at + SHOWN_AGAIN:
        problem = "url: this form was taken before; its secret is not shown again"
        raise DocumentError.counted("The form has", problem)
    hooks = t.webhooks
    sealed = unit.connection.scalar(select(hooks.c.sealed_secret).where(hooks.c.id == hook_id))
    return hook, _shown(unseal(p.secret, PURPOSE, hook_id, sealed or b""))


def _shown(secret: bytes) -> str:
    return f"whsec_{base64.b64encode(secret).decode()}"


def remove_webhook(p: Programme, actor: Actor, hook_id: str) -> None:
    """Stop sending to an address; what waits for it is not sent any more.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        NotFoundError: There is none of that id.
    """
    denials = denials_recorded(p, actor, Action.MANAGE_WEBHOOKS.value, hook_id)
    with denials, p.store.begin() as unit:
        check_permitted(decide_action(actor, Action.MANAGE_WEBHOOKS, today=p.today))
        hooks = t.webhooks
        gone = unit.connection.execute(
            update(hooks)
            .where(hooks.c.id == hook_id, hooks.c.removed_at.is_(None))
            .values(removed_at=format_instant(p.clock()), sealed_secret=b"")
        )
        if gone.rowcount != 1:
            raise NotFoundError("There is no webhook of that id.")
        note(p, unit, actor, Tag.WEBHOOK_REMOVED, subject=hook_id, facts={})


def list_webhooks(p: Programme, actor: Actor) -> tuple[Webhook, ...]:
    """Every webhook in use.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.MANAGE_WEBHOOKS.value, "programme"):
        check_permitted(decide_action(actor, Action.MANAGE_WEBHOOKS, today=p.today))
        with p.store.read() as unit:
            return _all(unit)


def signed_headers(secret: bytes, message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """What proves to the receiver who sent the body, and when."""
    timestamp = str(int(at.timestamp()))
    mac = HMAC(secret, SHA256())
    mac.update(f"{message_id}.{timestamp}.".encode() + body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac.finalize()).decode()}",
    }


def find_webhook(p: Programme, hook_id: str) -> tuple[str, bytes] | None:
    """Address and secret of a webhook in use, or None."""
    hooks = t.webhooks
    with p.store.read() as unit:
        row = unit.connection.execute(
            select(hooks.c.url, hooks.c.sealed_secret).where(
                hooks.c.id == hook_id, hooks.c.removed_at.is_(None)
            )
        ).one_or_none()
    return None if row is None else (row.url, unseal(p.secret, PURPOSE, hook_id, row.sealed_secret))


def _all(unit: UnitOfWork) -> tuple[Webhook, ...]:
    hooks = t.webhooks
    rows = unit.connection.execute(
        select(hooks).where(hooks.c.removed_at.is_(None)).order_by(hooks.c.created_at, hooks.c.id)
    )
    return tuple(
        Webhook(
            row.id,
            row.url,
            tuple(row.tags.split(",")),
            datetime.fromisoformat(row.created_at),
            row.by,
        )
        for row in rows
    )


def _tags(tags: Sequence[Tag | str]) -> tuple[str, ...]:
    known = {tag.value for tag in Tag}
    wanted = tuple(dict.fromkeys(str(tag) for tag in tags))
    if not wanted or not set(wanted) <= known:
        problem = "tags: choose events of the list"
        raise DocumentError.counted("The form has", problem)
    return wanted
