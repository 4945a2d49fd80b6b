"""What is to be sent: rows written in the same transaction as the event, sent afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from governance.audit.chain import Entry, format_instant
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.facts import Event
from governance.mail import Message
from governance.services.programme import Programme
from governance.store import UnitOfWork
from governance.store import tables as t


def enqueue(
    p: Programme,
    unit: UnitOfWork,
    *,
    kind: str,
    topic: str,
    recipient: str,
    payload: Mapping[str, Any],
    once: str,
) -> bool:
    """Write one message to be sent, in a running transaction.

    Args:
        p: The programme.
        unit: The transaction.
        kind: `mail` or `webhook`.
        topic: What it is about: a tag or the kind of notice.
        recipient: Address, or the webhook's id.
        payload: What the sender needs.
        once: What makes it this message and no other: a second one is not written.

    Returns:
        Whether it was written now.
    """
    box, mark = t.outbox, sha256_of(once.encode())
    there = unit.connection.scalar(select(box.c.id).where(box.c.once == mark))
    if there is not None:
        return False
    now = format_instant(p.clock())
    unit.connection.execute(
        insert(box).values(
            kind=kind,
            topic=topic,
            recipient=recipient,
            payload=canonical_json(payload).decode(),
            once=mark,
            created_at=now,
            next_at=now,
            attempts=0,
            problem="",
        )
    )
    return True


def enqueue_mail(
    p: Programme, unit: UnitOfWork, message: Message, *, once: str | None = None
) -> bool:
    """Write a mail to be sent, in a running transaction; the same notice is written once.

    Args:
        p: The programme.
        unit: The transaction.
        message: The mail.
        once: Idempotency key; the mail's own id unless told.

    Returns:
        Whether it was written now.
    """
    return enqueue(
        p,
        unit,
        kind="mail",
        topic=message.topic,
        recipient=message.to,
        payload=message.model_dump(mode="json"),
        once=once or f"mail:{message.id}",
    )


def announce(
    p: Programme, unit: UnitOfWork, events: Sequence[Event], entries: Sequence[Entry]
) -> None:
    """Write a webhook message for every event somebody registered for."""
    hooks = unit.connection.execute(
        select(t.webhooks.c.id, t.webhooks.c.tags).where(t.webhooks.c.removed_at.is_(None))
    ).all()
    for hook in hooks:
        wanted = set(hook.tags.split(","))
        for event, entry in zip(events, entries, strict=True):
            if event.tag.value in wanted:
                notice = {
                    "tag": entry.tag,
                    "subject": entry.subject,
                    "at": format_instant(entry.at),
                    "seq": entry.seq,
                    "hash": entry.hash,
                }
                enqueue(
                    p,
                    unit,
                    kind="webhook",
                    topic=entry.tag,
                    recipient=hook.id,
                    payload=notice,
                    once=f"webhook:{hook.id}:{entry.seq}",
                )
