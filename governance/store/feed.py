"""The data plane's events as its signed feed told them: kept here after they were verified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from governance.audit.chain import format_instant
from governance.canonical import canonical_json
from governance.store import tables as t
from governance.store.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One event of the data plane, as published.

    Attributes:
        seq: Entry of the data plane's own ledger.
        facts: By name.
    """

    seq: int
    at: datetime
    tag: str
    subject: str
    agency: str | None
    dataset: str | None
    project: str | None
    facts: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class FeedBatchRow:
    """One batch whose signature was verified.

    Attributes:
        payload: The document that was signed.
    """

    number: int
    digest: str
    through: int
    ledger_head: str
    at: datetime
    payload: str


def record_feed(unit: UnitOfWork, batch: FeedBatchRow, events: Sequence[FeedRow]) -> bool:
    """Keep a verified batch and its events; False when it was kept before."""
    batches = t.feed_batches
    there = unit.connection.scalar(select(batches.c.number).where(batches.c.number == batch.number))
    if there is not None:
        return False
    unit.connection.execute(
        insert(batches).values(
            number=batch.number,
            digest=batch.digest,
            through=batch.through,
            ledger_head=batch.ledger_head,
            at=format_instant(batch.at),
            payload=batch.payload,
        )
    )
    if events:
        rows = [
            {
                "seq": event.seq,
                "batch": batch.number,
                "at": format_instant(event.at),
                "tag": event.tag,
                "subject": event.subject,
                "agency": event.agency,
                "dataset": event.dataset,
                "project": event.project,
                "facts": canonical_json(event.facts).decode(),
                "hash": event.hash,
            }
            for event in events
        ]
        unit.connection.execute(insert(t.feed_events), rows)
    return True


def last_batch(unit: UnitOfWork) -> FeedBatchRow | None:
    """The newest batch kept, or None."""
    batches = t.feed_batches
    row = unit.connection.execute(
        select(batches).order_by(batches.c.number.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _batch(row)


def read_batches(unit: UnitOfWork, after: int = 0) -> tuple[FeedBatchRow, ...]:
    """Batches kept after a number, in order."""
    batches = t.feed_batches
    query = select(batches).where(batches.c.number > after).order_by(batches.c.number)
    return tuple(_batch(row) for row in unit.connection.execute(query))


def last_enclave_head(unit: UnitOfWork) -> str:
    """Last head seen of the data plane's chain, or empty."""
    newest = last_batch(unit)
    return newest.ledger_head if newest else ""


def _batch(row: Any) -> FeedBatchRow:  # noqa: ANN401  a result row
    at = datetime.fromisoformat(row.at)
    return FeedBatchRow(row.number, row.digest, row.through, row.ledger_head, at, row.payload)
