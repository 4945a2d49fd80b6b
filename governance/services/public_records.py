"""The public register and what is published beside it, kept by this process between two entries.

What was made stays until the ledger's head, an erasure or the legal date moves; then only requests
that went on are replayed, and only their rows are made again.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import select

from governance.register import RegisterRow, RegisterSource, RequestRecord, public_row
from governance.register.rows import Withholders
from governance.register.source import Publication
from governance.services.programme import Programme
from governance.services.transparency import Replayed, read_source
from governance.store import Store
from governance.store import tables as t

_Made = TypeVar("_Made")
_Key = tuple[int, int, date, int, int, str]


@dataclass(frozen=True)
class PublicRecords:
    """Everything public as of one head of the ledger.

    Attributes:
        rows: Every public request, the newest number first.
        by_number: The same, by number.
        found: Text that a search looks in, by number.
    """

    source: RegisterSource
    rows: tuple[RegisterRow, ...]
    by_number: Mapping[str, RegisterRow]
    found: Mapping[str, str]
    _made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What `make` gave the first time it was asked for under that name."""
        if name not in self._made:
            self._made[name] = make()
        made: _Made = self._made[name]
        return made


@dataclass
class _Kept:
    """What this process keeps of one database."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    replayed: Replayed = field(default_factory=Replayed)
    names: frozenset[str] = frozenset()
    rows: dict[str, tuple[RequestRecord, tuple[Publication, ...], RegisterRow | None, str]] = field(
        default_factory=dict
    )
    key: _Key | None = None
    records: PublicRecords | None = None


_KEPT: Final[WeakKeyDictionary[Store, _Kept]] = WeakKeyDictionary()
_LOCK: Final = threading.Lock()


def public_records(p: Programme) -> PublicRecords:
    """What the public may know now; open to everybody."""
    with _LOCK:
        kept = _KEPT.setdefault(p.store, _Kept())
    key = _key(p)
    with kept.lock:
        if kept.records is None or kept.key != key:
            kept.records = _renew(p, kept, same_rules=_rules(kept.key) == _rules(key))
            kept.key = key
        return kept.records


def _key(p: Programme) -> _Key:
    head = t.ledger_head
    with p.store.read() as unit:
        row = unit.connection.execute(select(head.c.seq, head.c.erased)).one()
    base_url = p.settings.base_url
    return (row.seq, row.erased, p.today, id(p.contracts), id(p.agreements), base_url)


def _rules(key: _Key | None) -> tuple[object, ...]:
    """What all rows depend on, beside the names withheld."""
    return () if key is None else key[3:]


def _renew(p: Programme, kept: _Kept, *, same_rules: bool) -> PublicRecords:
    source = read_source(p, kept.replayed)
    withholders = Withholders(source)
    names = withholders.names
    known = kept.rows if same_rules and names == kept.names else {}
    fresh = {}
    published: dict[str, tuple[Publication, ...]] = {}
    for publication in source.publications:
        published[publication.request] = (*published.get(publication.request, ()), publication)
    for record in source.requests:
        number = record.request.number
        own, old = published.get(number, ()), known.get(number)
        if old is not None and old[0] is record and old[1] == own:
            fresh[number] = old
            continue
        row = public_row(record, source, withholders.of(record))
        fresh[number] = (record, own, row, "" if row is None else _text(row))
    kept.rows, kept.names = fresh, names
    rows = sorted((r for _, _, r, _ in fresh.values() if r), key=lambda r: r.number, reverse=True)
    return PublicRecords(
        source,
        tuple(rows),
        {row.number: row for row in rows},
        {number: text for number, (_, _, _, text) in fresh.items()},
    )


def _text(row: RegisterRow) -> str:
    parts = [row.number, row.title, row.organization, row.purpose, *row.agency_codes]
    parts += [part for dataset in row.datasets for part in dataset]
    return " ".join(parts).casefold()
