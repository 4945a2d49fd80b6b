"""How sending goes: what waits in the outbox, what was given up, what each webhook got last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, case, func, literal, select

from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.store import tables as t
from governance.store.lists import words_of
from governance.store.paging import Page, bounded
from governance.store.streams import PROGRAMME
from governance.store.subjects import is_text


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
        """How it stands: `sent`, `given_up` or `waiting`."""
        if self.sent_at is not None:
            return "sent"
        return "given_up" if self.given_up_at is not None else "waiting"


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


DeliverySort = Literal["created_at", "topic", "outcome", "sent_at", "attempts", "problem"]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which messages to a webhook, in which order.

    Attributes:
        text: Words, anywhere in the event's tag or the problem.
        topic: The event's tag.
        outcome: `sent`, `given_up` or `waiting`.
    """

    text: str = ""
    topic: str | None = None
    outcome: str | None = None
    sort: str = "created_at"
    descending: bool = True
    page: int = 1
    per_page: int = 25


def list_deliveries(
    p: Programme, actor: Actor, hook_id: str, wanted: DeliveryFilter | None = None
) -> Page[Delivery]:
    """One page of the messages to a webhook, the newest first unless asked otherwise.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.MANAGE_WEBHOOKS.value, hook_id):
        check_permitted(decide_action(actor, Action.MANAGE_WEBHOOKS, today=p.today))
    asked = wanted or DeliveryFilter()
    page, per_page = bounded(asked.page, asked.per_page)
    conditions = [*_deliveries(hook_id, asked)]
    column = _SORTED.get(asked.sort, _BOX.c.created_at)
    order = [c.desc() if asked.descending else c.asc() for c in (column, _BOX.c.id)]
    if asked.sort == "sent_at":
        order[0] = order[0].nulls_last()
    query = select(_BOX).where(*conditions).order_by(*order)
    counted = select(func.count()).select_from(_BOX).where(*conditions)
    with p.store.read() as unit:
        total = unit.connection.scalar(counted) or 0
        rows = unit.connection.execute(query.limit(per_page).offset((page - 1) * per_page)).all()
    return Page(tuple(_delivery(row) for row in rows), total, page, per_page)


_BOX: Final = t.outbox
_OUTCOME: Final = case(
    (_BOX.c.sent_at.is_not(None), "sent"),
    (_BOX.c.given_up_at.is_not(None), "given_up"),
    else_="waiting",
)
_SORTED: Final[Mapping[str, ColumnElement[Any]]] = {
    **{n: _BOX.c[n] for n in ("created_at", "topic", "sent_at", "attempts", "problem")},
    "outcome": _OUTCOME,
}


def _deliveries(hook_id: str, wanted: DeliveryFilter) -> Iterator[ColumnElement[bool]]:
    yield _BOX.c.recipient.in_([hook_id] if is_text(hook_id) else [])
    exactly: list[tuple[ColumnElement[Any], str | None]] = [
        (_BOX.c.kind, "webhook"), (_BOX.c.topic, wanted.topic), (_OUTCOME, wanted.outcome),
    ]  # fmt: skip
    for column, value in exactly:
        if value is not None:
            yield column.in_([value])
    told = func.lower(_BOX.c.topic + literal(" ") + _BOX.c.problem)
    for word in words_of(wanted.text):
        yield told.contains(word, autoescape=True)


def _delivery(row: Any) -> Delivery:  # noqa: ANN401  a result row
    return Delivery(
        row.topic, datetime.fromisoformat(row.created_at), _instant(row.sent_at),
        _instant(row.given_up_at), row.attempts, row.problem,
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
