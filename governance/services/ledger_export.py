"""The chain's entries and public facts, written outside the database in segments.

Several exports may run at once, each reading the database as it was when it began, and each may
die between any two writes. For every segment, in this order (`governance.audit.segments`):

1. Create its facts. Whoever comes first settles how far the segment goes.
2. Take out the facts of which an entry of this segment says that they were erased. Their own
   segment lies there by now, and no late export can create it again with them: erasure wins.
3. Create its entries.

What is there already is compared, so that another entry under a number stops the export.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from governance.audit import Entry, Tag
from governance.audit.segments import (
    Payloads,
    entries_key,
    entries_prefix,
    last_of_block,
    number_in,
    payload_line,
    payloads_key,
    payloads_prefix,
    read_entries,
    read_payloads,
    write_entries,
)
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectStore
from governance.store import UnitOfWork
from governance.store import chain_rows as rows
from governance.stored_ledger import parse_object, payload_key

_ATTEMPTS: Final = 20
_OTHER: Final = "The copy outside holds another entry under that number; verify the database."


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry, with salt and facts where the database has them."""

    entry: Entry
    salt: str | None
    facts: str | None

    @property
    def line(self) -> bytes | None:
        """Its facts as a line of the copy; None when they are confidential or gone."""
        if self.salt is None or self.facts is None or self.entry.tag in CONFIDENTIAL_FACTS:
            return None
        return payload_line(self.entry.seq, self.salt, self.facts)

    @property
    def erased(self) -> int | None:
        """The entry whose facts are gone by the word of this one."""
        if self.entry.tag != Tag.PAYLOAD_ERASED or self.facts is None:
            return None
        told = parse_object(self.facts.encode()).get("facts")
        seq = told.get("seq") if isinstance(told, Mapping) else None
        return seq if isinstance(seq, int) else None


def export_entries(store: ObjectStore, unit: UnitOfWork, after: int, through: int) -> bool:
    """Write the entries `after + 1` to `through`, and the facts of those that are public.

    Args:
        store: Where the copy lies.
        unit: A transaction that reads the database.
        after: Entries that lie there in full, with their facts.
        through: The last one to be there.

    Returns:
        Whether they are there; False when another export, of a newer state of the database, is
        ahead of this one: read the database again.

    Raises:
        LedgerError: Another entry lies there under a number, or what lies there is no segment.
    """
    position = after
    while position < through:
        first = position + 1
        reached = _export_block(store, unit, first, min(last_of_block(first), through))
        if reached is None:
            return False
        position = reached
    return True


def forget_erased_since(store: ObjectStore, unit: UnitOfWork, exported: int) -> None:
    """Take out what was erased while an export wrote it, by what the database says now.

    Only sooner than the next export would.
    """
    since = (
        _Told(*row) for row in rows.stream_with_payloads(unit, exported, rows.read_head(unit).seq)
    )
    forget_facts(store, unit, [seq for told in since if (seq := told.erased) is not None])


def forget_facts(store: ObjectStore, unit: UnitOfWork, seqs: Sequence[int]) -> None:
    """Take the facts of these entries out of the copy, wherever they lie; safe to repeat.

    Raises:
        LedgerError: Somebody else keeps writing there, or what lies there is no segment.
    """
    for seq in seqs:
        entry = rows.read_entry(unit, seq)
        if entry is None:
            continue
        store.delete(payload_key(entry.commitment))  # as copies had it, one object an entry
        keys = [info.key for info in store.list(payloads_prefix(seq))]
        before = [key for key in keys if number_in(key) <= seq]
        if before:
            _take_out(store, before[-1], seq)


def _export_block(store: ObjectStore, unit: UnitOfWork, first: int, last: int) -> int | None:
    """One segment, or what lies there already; the number reached, None when we are behind."""
    told = [_Told(*row) for row in rows.stream_with_payloads(unit, first - 1, last)]
    covered = _compare(store, {t.entry.seq: t.entry for t in told}, first)
    if covered >= last:
        return last
    fresh = [t for t in told if t.entry.seq > covered]
    lines = {t.entry.seq: line for t in fresh if (line := t.line) is not None}
    through = _settle(store, Payloads(covered + 1, last, lines))  # step 1
    if through > last:
        return None
    fresh = [t for t in fresh if t.entry.seq <= through]
    forget_facts(store, unit, [seq for t in fresh if (seq := t.erased) is not None])  # step 2
    _create(store, covered + 1, [t.entry for t in fresh])  # step 3
    return through


def _settle(store: ObjectStore, payloads: Payloads) -> int:
    """Create a segment's facts; how far it goes, by whoever created them first."""
    key = payloads_key(payloads.first)
    try:
        store.put(key, payloads.to_bytes(), if_none_match=True)
    except PreconditionFailedError:
        return read_payloads(store.read(key)).through
    return payloads.through


def _create(store: ObjectStore, first: int, entries: Sequence[Entry]) -> None:
    key, document = entries_key(first), write_entries(entries)
    try:
        store.put(key, document, if_none_match=True)
    except PreconditionFailedError:
        if store.read(key) != document:
            raise LedgerError(_OTHER, seq=first) from None


def _compare(store: ObjectStore, own: Mapping[int, Entry], first: int) -> int:
    """Compare what the copy holds of the block from `first` on; the last number it holds.

    Raises:
        LedgerError: It holds another entry.
    """
    keys = [info.key for info in store.list(entries_prefix(first))]
    covered = first - 1
    for key, following in zip_longest(keys, keys[1:]):
        if following is not None and number_in(following) <= first:
            continue
        number = number_in(key)
        for seq, entry in enumerate(read_entries(store.read(key)), number):
            if seq >= first and seq in own and own[seq] != entry:
                raise LedgerError(_OTHER, seq=seq)
            covered = max(covered, seq)
    return covered


def _take_out(store: ObjectStore, key: str, seq: int) -> None:
    for _ in range(_ATTEMPTS):
        info = store.stat(key)
        try:
            payloads = read_payloads(store.read(key))
            if info is None or seq not in payloads.lines:
                return
            store.put(key, payloads.without([seq]).to_bytes(), if_match=info.etag)
        except ObjectNotFoundError:
            return
        except PreconditionFailedError:
            continue
        return
    raise LedgerError("The facts of that entry are being written by somebody else; try again.")
