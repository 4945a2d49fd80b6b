"""The data plane's event feed, followed: verified batches are kept, a stop is an entry.

What people see of the data plane (submissions and their health, destructions, queries by project)
is worked out from the batches kept here; the portal opens no database but its own.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

from governance.audit.tags import Tag
from governance.canonical import canonical_json
from governance.decisions import check_permitted
from governance.event_feed import (
    START,
    EventBatch,
    FeedEvent,
    FeedPosition,
    FeedReading,
    FeedStop,
    FeedView,
    QueryRow,
    load_keys,
    parse_batch,
    read_feed,
    view_of,
)
from governance.event_feed.model import FEED_TYPE
from governance.permissions import CLOCK, Action, Actor, Target, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, record
from governance.store import Store
from governance.store.feed import FeedBatchRow, FeedRow, last_batch, read_batches, record_feed

SUBJECT: Final = "enclave-feed"
"""What a stop's entry is about."""
_BLOCK_BATCHES: Final = 200
"""Batches kept in one transaction."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """How the feed stands.

    Attributes:
        batches: Kept so far.
        read: New ones, by this look.
        at: Instant of the newest batch; None: none yet.
        silent_since: The same, when it is too long ago.
        stop: Why nothing after the newest batch is believed.
    """

    batches: int
    read: int
    at: datetime | None
    silent_since: datetime | None
    stop: FeedStop | None


def follow_feed(p: Programme) -> FeedState | None:
    """Read and keep what the data plane published since the last look; safe to repeat.

    Returns:
        None when no key of a data plane is pinned: no feed is believed.

    Raises:
        ConfigurationError: The file of pinned keys cannot be used.
        ObjectStoreError: The policy zone does not answer.
    """
    path = p.settings.enclave_keys_path
    if p.settings.enclave_event_keys is None and not path.is_file():
        return None
    keys, read = load_keys(path), 0
    while True:
        reading = read_feed(p.policy, keys, _position(p), at_most=_BLOCK_BATCHES)
        _keep(p, reading)
        read += len(reading.batches)
        if reading.stop is not None or not reading.batches:
            break
    if reading.stop is not None:
        _record_stop(p, reading.stop)
    position = reading.position
    silent = reading.silent_since(p.clock())
    return FeedState(position.number, read, position.at, silent, reading.stop)


def read_agency_feed(p: Programme, actor: Actor, agency: str) -> FeedView:
    """What the data plane told of one agency's submissions and destructions.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.LIST_AGENCY_DATA.value, agency):
        target = Target(agency=agency)
        check_permitted(decide_action(actor, Action.LIST_AGENCY_DATA, target, today=p.today))
    return feed_view(p).of_agency(agency)


def read_whole_feed(p: Programme, actor: Actor) -> FeedView:
    """Everything the data plane told: for the operating office and auditors.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.LIST_ALL_REQUESTS.value, SUBJECT):
        check_permitted(decide_action(actor, Action.LIST_ALL_REQUESTS, today=p.today))
    return feed_view(p)


def read_project_queries(p: Programme, actor: Actor, number: str) -> tuple[QueryRow, ...]:
    """Queries of a request's project, counted by legal date, oldest first.

    Raises:
        AccessDeniedError: The actor may not read the request; recorded.
    """
    with denials_recorded(p, actor, Action.READ_REQUEST.value, number):
        with p.store.read() as unit:
            request = unit.request(number)
            body, _ = unit.body(p.board)
        target = Target(request=request, body=body)
        check_permitted(decide_action(actor, Action.READ_REQUEST, target, today=p.today))
    project = p.rules.numbers.project(number)
    rows = feed_view(p).queries.values()
    return tuple(sorted((q for q in rows if q.project == project), key=lambda q: q.on))


def feed_view(p: Programme) -> FeedView:
    """Everything the kept batches tell; who may see what of it is the caller's to ask."""
    with _LOCK:
        number, view = _VIEWS.get(p.store, (0, FeedView()))
        with p.store.read() as unit:
            rows = read_batches(unit, number)
        if rows:
            view = view_of((parse_batch(row.payload.encode()) for row in rows), view)
            _VIEWS[p.store] = (rows[-1].number, view)
        return view


_VIEWS: Final[WeakKeyDictionary[Store, tuple[int, FeedView]]] = WeakKeyDictionary()
"""Views worked out in this process, by database; batches are only ever added."""
_LOCK: Final = threading.Lock()


def _position(p: Programme) -> FeedPosition:
    with p.store.read() as unit:
        last = last_batch(unit)
    if last is None:
        return START
    return FeedPosition(last.number, last.digest, last.through, last.ledger_head, last.at)


def _keep(p: Programme, reading: FeedReading) -> None:
    if not reading.batches:
        return
    with p.store.aside() as unit:
        for batch, digest in zip(reading.batches, reading.digests, strict=True):
            row = FeedBatchRow(
                batch.number, digest, batch.through, batch.ledger_head, batch.at,
                canonical_json(batch.model_dump(mode="json")).decode(),
            )  # fmt: skip
            record_feed(unit, row, tuple(_rows(batch)))


def _rows(batch: EventBatch) -> Iterator[FeedRow]:
    for event in batch.events:
        kind, _, name = event.subject.partition("/")
        about = name if kind in {"project", "grant"} else event.facts.get("project")
        yield FeedRow(
            seq=event.seq,
            at=event.at,
            tag=event.tag.value,
            subject=event.subject,
            agency=_text(event, "agency"),
            dataset=_text(event, "dataset"),
            project=about if isinstance(about, str) else None,
            facts=json.loads(event.model_dump_json(include={"facts"}))["facts"],
            hash=event.hash,
        )


def _text(event: FeedEvent, name: str) -> str | None:
    value = event.facts.get(name)
    return value if isinstance(value, str) else None


def _record_stop(p: Programme, stop: FeedStop) -> None:
    once = f"feed:stopped:{stop.number}:{stop.rule}"
    facts = {**stop.to_facts(), "payload_type": FEED_TYPE}
    record(p, CLOCK, Tag.FEED_STOPPED, subject=SUBJECT, facts=facts, once=once)
