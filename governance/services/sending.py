"""How sending goes: what waits in the outbox, what was given up, what each webhook got last."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.store import tables as t
from governance.store.streams import PROGRAMME


@dataclass(frozen=True, slots=True)
class SendingHealth:
    """Messages of one kind.

    Attributes:
        kind: `mail` or `webhook`.
        waiting: Not sent yet.
        retrying: Of these, tried before without success.
        given_up: Never sent, and tried no more.
        oldest: Since when the oldest one waits, UTC.
        last_sent: When the last one went out, UTC.
    """

    kind: str
    waiting: int
    retrying: int
    given_up: int
    oldest: datetime | None
    last_sent: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a webhook.

    Attributes:
        topic: The event's tag.
        problem: Kind of the last failure, without anything the receiver said.
    """

    topic: str
    created_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    attempts: int
    problem: str

    @property
    def outcome(self) -> str:
        """How it stands, in words."""
        if self.sent_at is not None:
            return "Sent"
        return "Given up" if self.given_up_at is not None else "Waiting"


def read_sending(p: Programme, actor: Actor) -> tuple[SendingHealth, ...]:
    """How sending of mail and of webhooks goes.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.READ_CONFIGURATION.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.READ_CONFIGURATION, today=p.today))
    box = t.outbox
    waits = box.c.sent_at.is_(None) & box.c.given_up_at.is_(None)
    query = select(
        box.c.kind,
        func.count().filter(waits).label("waiting"),
        func.count().filter(waits & (box.c.attempts > 0)).label("retrying"),
        func.count().filter(box.c.given_up_at.is_not(None)).label("given_up"),
        func.min(box.c.created_at).filter(waits).label("oldest"),
        func.max(box.c.sent_at).label("last_sent"),
    ).group_by(box.c.kind)
    with p.store.read() as unit:
        rows = {row.kind: row for row in unit.connection.execute(query)}
    found = []
    for kind in ("mail", "webhook"):
        row = rows.get(kind)
        if row is None:
            found.append(SendingHealth(kind, 0, 0, 0, None, None))
            continue
        oldest, last = _instant(row.oldest), _instant(row.last_sent)
        found.append(SendingHealth(kind, row.waiting, row.retrying, row.given_up, oldest, last))
    return tuple(found)


def list_deliveries(
    p: Programme, actor: Actor, hook_id: str, *, count: int = 10
) -> tuple[Delivery, ...]:
    """The last messages to a webhook, the newest first.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.MANAGE_WEBHOOKS.value, hook_id):
        check_permitted(decide_action(actor, Action.MANAGE_WEBHOOKS, today=p.today))
    box = t.outbox
    query = (
        select(box)
        .where(box.c.kind == "webhook", box.c.recipient == hook_id)
        .order_by(box.c.id.desc())
        .limit(count)
    )
    with p.store.read() as unit:
        rows = unit.connection.execute(query).all()
    return tuple(
        Delivery(
            row.topic, datetime.fromisoformat(row.created_at), _instant(row.sent_at),
            _instant(row.given_up_at), row.attempts, row.problem,
        )
        for row in rows
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
