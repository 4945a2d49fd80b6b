"""What the public register, logs and reports are made from, read from the ledger.

Replaying every request takes seconds for thousands of them, so what was replayed is kept by this
process and only what went on is replayed again.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import select

from governance.audit.tags import Tag
from governance.facts import Facts, facts_of
from governance.register.matches import newest_lines
from governance.register.source import (
    Cost,
    MatchLine,
    Publication,
    RegisterSource,
    RequestRecord,
    record_of,
)
from governance.requests.events import parse_event
from governance.services.programme import Programme
from governance.store import UnitOfWork
from governance.store import tables as t

_Told = TypeVar("_Told", bound=Facts)


class Replayed:
    """Requests as replayed last, by number and position; shared by the threads of a process."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._erased = -1
        self._known: dict[str, tuple[int, RequestRecord]] = {}

    def records(self, unit: UnitOfWork) -> tuple[RequestRecord, ...]:
        """Every request, by number; only those that went on are replayed."""
        with self._lock:
            self._forget_after_erasure(unit)
            rows = t.request_rows
            numbers = unit.connection.execute(
                select(rows.c.number, rows.c.position).order_by(rows.c.number)
            ).all()
            found = [self._record(unit, row.number, row.position) for row in numbers]
            return tuple(record for record in found if record is not None)

    def _record(self, unit: UnitOfWork, number: str, position: int) -> RequestRecord | None:
        known = self._known.get(number)
        if known is not None and known[0] == position:
            return known[1]
        events = (parse_event(event) for event in unit.load("request", number).events)
        record = record_of(events)
        if record is not None:
            self._known[number] = (position, record)
        return record

    def _forget_after_erasure(self, unit: UnitOfWork) -> None:
        erased = unit.connection.scalar(select(t.ledger_head.c.erased)) or 0
        if erased != self._erased:
            self._known.clear()
            self._erased = erased


def read_source(p: Programme, replayed: Replayed | None = None) -> RegisterSource:
    """Everything the public outputs are made from, as of now.

    Args:
        p: The programme.
        replayed: Of this process, where one is kept; else every request is replayed.
    """
    kept = replayed or Replayed()
    with p.store.read() as unit:
        return RegisterSource(
            profile=p.profile,
            as_of=p.clock(),
            base_url=p.settings.base_url.rstrip("/"),
            requests=kept.records(unit),
            bodies={rules.body: unit.body(rules)[0] for rules in p.bylaws.bodies},
            publications=tuple(
                _told(unit, Tag.PUBLICATION_RECORDED, Publication, at="recorded_at")
            ),
            costs=tuple(_told(unit, Tag.COST_RECORDED, Cost)),
            matches=read_matches(unit),
            contracts=p.contracts,
            agreements=p.agreements,
            withheld_names=_names(unit),
        )


def _told(unit: UnitOfWork, tag: Tag, kind: type[_Told], *, at: str = "") -> Iterator[_Told]:
    """The facts of the programme's own events of a kind, oldest first; erased ones are gone.

    `at`: the fact that takes the instant of the entry.
    """
    entries, payloads = t.ledger_entries, t.ledger_payloads
    rows = unit.connection.scalars(
        select(payloads.c.facts)
        .join(entries, entries.c.seq == payloads.c.seq)
        .where(entries.c.tag == tag.value)
        .order_by(entries.c.seq)
    )
    for row in rows.all():
        told: dict[str, Any] = json.loads(row)
        facts = told.get("facts", {}) | ({at: told.get("at")} if at else {})
        known = {name: facts[name] for name in kind.model_fields if name in facts}
        yield facts_of(kind, known, tag.value)


def read_matches(unit: UnitOfWork) -> tuple[MatchLine, ...]:
    """The match log: the newest line about each file."""
    return newest_lines(_told(unit, Tag.MATCH_RECORDED, MatchLine))


def _names(unit: UnitOfWork) -> tuple[str, ...]:
    """Of everybody on record; not of whom a requestor typed and nobody else has seen yet."""
    rows = t.people_rows
    typed = rows.c.record.contains('"named_by":"', autoescape=True) & rows.c.account.is_(None)
    query = select(rows.c.name).where(~typed).order_by(rows.c.name)
    return tuple(unit.connection.scalars(query).all())
