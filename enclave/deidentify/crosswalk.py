"""The crosswalk: who is who, known to the identity zone alone.

Every person has a random 128-bit id per agency and identity domain. It is looked up by a keyed MAC
of the normalized identifier, and neither the identifier nor the MAC leaves the identity zone. A
code derived from an SSN is not de-identified in law (34 CFR 99.31(b)(2)(iii), 45 CFR
164.514(c)), so what lands elsewhere is made from the random id.

One pass: enter (takes the lease, authenticates the manifest), `resolve` batch after batch from any
number of threads (unknown people get ids in memory only), `commit` once, before the staging
manifest is written. A crash before the commit leaves nothing; a rerun after it finds the same ids.
The segments are loaded and authenticated beside the pass's first steps: the first `resolve` or
`commit` waits for them, and leaving never passes over a segment that did not authenticate.
"""

import ssl
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa

from enclave.deidentify.crosswalk_store import (
    SEGMENT_ENTRIES,
    CrosswalkStore,
    Manifest,
    SegmentEntry,
)
from enclave.deidentify.lookup_table import LookupTable, Pairs, Positions
from enclave.deidentify.pseudonyms import Blocks, FieldMessages, cmac_rows, derive_subkey
from enclave.errors import EvidenceError
from enclave.keys import KeyRing
from governance.objects import ObjectStore

LOOKUP_KEY_PURPOSE: Final = "crosswalk-lookup"

_WRITERS: Final = 2
"""Segments sorted, sealed and written side by side."""


@dataclass(frozen=True, slots=True)
class CrosswalkState:
    """What a commit left; numbers only, for the ledger.

    Attributes:
        generation: Counts commits of this crosswalk.
        people: People known in all.
        new_people: People this commit added; negative, how many were taken out.
    """

    generation: int
    people: int
    new_people: int


class Crosswalk:
    """Random ids of an agency's people in one identity domain.

    Args:
        store: The identity zone.
        ring: Holds `crosswalk-lookup` and `crosswalk-data` of the agency.
        agency: Who assigned or delivered the identifiers.
        domain: Kind of identity (`ssn`, `sasid`, `name_dob`).
        at_least_generation: The last generation the ledger knows of.
        wait_seconds: How long to wait for another pass of the same agency and domain.

    Raises:
        LeaseHeldError: On entering, another pass works on it.
        EvidenceError: On entering, the manifest is missing, altered, or older than the ledger
            knows; by the first use or on leaving, a segment is missing or altered.
        KeyRingError: The same, a key is missing or destroyed.
    """

    def __init__(
        self,
        store: ObjectStore,
        ring: KeyRing,
        agency: str,
        domain: str,
        *,
        at_least_generation: int = 0,
        wait_seconds: float = 60.0,
    ) -> None:
        self._objects = CrosswalkStore(store, ring, agency, domain)
        self._store = store
        self._ring = ring
        self.agency = agency
        self.domain = domain
        self._at_least_generation = at_least_generation
        self._wait_seconds = wait_seconds
        self._held = ExitStack()
        self._tables: list[LookupTable] = []
        self._fresh = LookupTable()
        self._lock = threading.Lock()
        self._entered = False
        self._loaded = False
        self._loading: Future[None]
        self._manifest: Manifest

    def __enter__(self) -> Self:
        """Take the lease, then begin to load what was committed."""
        with ExitStack() as stack:
            self._lease = stack.enter_context(
                self._store.lease(self._objects.lease_key, wait_seconds=self._wait_seconds)
            )
            self._load_manifest()
            pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="crosswalk"))
            self._loading = pool.submit(self._load_segments)
            self._held = stack.pop_all()
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget what was not committed, and give the lease back."""
        self._entered = False
        with self._held:
            failure = self._loading.exception()
            self._tables = []
            self._fresh = LookupTable()
        if failure is not None and error is None:
            raise failure

    @property
    def people(self) -> int:
        """People known, those of this pass included."""
        return self._manifest.people + self._fresh.count

    def resolve(self, identifiers: pa.RecordBatch) -> Blocks:
        """The random id of each row's person; unknown people get one.

        Thread-safe: equal identifiers get equal ids, whichever thread comes first.

        Args:
            identifiers: Normalized identifying columns, in the order the contract names them; no
                nulls.

        Returns:
            Shape (rows, 16).

        Raises:
            MissingIdentityError: A row has no identity.
            EvidenceError: The crosswalk is not entered.
        """
        self._check_entered()
        tags = cmac_rows(self._lookup_subkey, FieldMessages(identifiers.columns))
        keys = tags.view(">u8").astype(np.uint64).reshape(-1, 2)
        ids = np.empty_like(keys)
        tables = self._tables
        unknown = _fill_known(tables, keys, ids, np.arange(len(keys)))
        if unknown.size:
            with self._lock:
                # A commit may have moved people from `_fresh` to the tables since we looked.
                unknown = _fill_known(self._tables[len(tables) :], keys, ids, unknown)
                entries = self._fresh.find_or_add(keys.take(unknown, axis=0), _random_ids)
                ids[unknown] = self._fresh.ids_of(entries)
        return ids.view(np.uint8).reshape(-1, 16)

    def forget(self) -> None:
        """Forget the people not yet committed, before a pass starts over without some rows."""
        with self._lock:
            self._fresh = LookupTable()

    def commit(self) -> CrosswalkState:
        """Keep the new people, all or none; nothing is written when there are none.

        Raises:
            PreconditionFailedError: Somebody else wrote, the lease notwithstanding.
            LeaseHeldError: The lease was lost.
            EvidenceError: The crosswalk is not entered.
        """
        self._check_entered()
        with self._lock:
            added = self._fresh.count
            if added:
                self._lease.renew()
                self._write()
            return CrosswalkState(self._manifest.generation, self._manifest.people, added)

    def erase(self, identifiers: pa.RecordBatch) -> CrosswalkState:
        """Take people out: the link from identifier to id is gone, the id stays where it landed.

        Nothing is written when none of them is known. People of this pass not yet committed are
        forgotten.

        Args:
            identifiers: As in `resolve`.

        Returns:
            The state after; `new_people` is how many went, as a negative number.

        Raises:
            PreconditionFailedError: Somebody else wrote, the lease notwithstanding.
            LeaseHeldError: The lease was lost.
            EvidenceError: The crosswalk is not entered.
        """
        self._check_entered()
        tags = cmac_rows(self._lookup_subkey, FieldMessages(identifiers.columns))
        pairs = tags.view(">u8").astype(np.uint64).reshape(-1, 2)
        wanted = {(int(first), int(second)) for first, second in pairs.tolist()}
        with self._lock:
            self._fresh = LookupTable()
            before = self._manifest.people
            segments = [self._without(segment, wanted) for segment in self._manifest.segments]
            kept = tuple(segment for segment in segments if segment is not None)
            if kept != self._manifest.segments:
                self._lease.renew()
                manifest = Manifest(self._manifest.generation + 1, self._manifest.lookup_key, kept)
                self._objects.store_manifest(manifest)
                self._objects.delete_other_segments(manifest)
                self._manifest = manifest
                self._load_segments()
            gone = before - self._manifest.people
            return CrosswalkState(self._manifest.generation, self._manifest.people, -gone)

    def _without(
        self, segment: SegmentEntry, wanted: Collection[tuple[int, int]]
    ) -> SegmentEntry | None:
        """The segment, or a new one that lacks those entries; None when nothing is left."""
        keys, ids = self._objects.load_segment(segment)
        goes = np.zeros(len(keys), dtype=np.bool_)
        for first, second in wanted:
            goes |= (keys[:, 0] == np.uint64(first)) & (keys[:, 1] == np.uint64(second))
        if not goes.any():
            return segment
        if goes.all():
            return None
        return self._objects.store_segment(_sorted_entries(keys[~goes], ids[~goes]))

    def _check_entered(self) -> None:
        if not self._entered:
            raise EvidenceError("the crosswalk is used outside its context")
        if not self._loaded:
            self._loading.result()

    def _load_manifest(self) -> None:
        manifest = self._objects.load_manifest()
        if manifest is None:
            key = self._ring.current(LOOKUP_KEY_PURPOSE, self.agency)
            manifest = Manifest(0, key.id)
        else:
            key = self._ring.get(manifest.lookup_key)
        if manifest.generation < self._at_least_generation:
            raise EvidenceError(
                "the crosswalk is older than the ledger knows",
                generation=manifest.generation,
                expected=self._at_least_generation,
            )
        self._lookup_subkey = derive_subkey(
            key, label=LOOKUP_KEY_PURPOSE, context=f"{self.agency}/{self.domain}"
        )
        self._manifest = manifest
        self._fresh = LookupTable()
        self._loaded = False

    def _load_segments(self) -> None:
        known = LookupTable(self._manifest.people)
        for segment in self._manifest.segments:
            known.append(*self._objects.load_segment(segment))
        self._tables = [known] if known.count else []
        self._loaded = True

    def _write(self) -> None:
        """Segments first, then the manifest that makes them count, then what it no longer names."""
        kept, merged = _to_merge(self._manifest.segments, self._fresh.count)
        keys, ids = [self._fresh.keys], [self._fresh.ids]
        for segment in merged:
            loaded = self._objects.load_segment(segment)
            keys.append(loaded[0])
            ids.append(loaded[1])
        all_keys, all_ids = _joined(keys), _joined(ids)

        def store(start: int) -> SegmentEntry:
            part = slice(start, start + SEGMENT_ENTRIES)
            return self._objects.store_segment(_sorted_entries(all_keys[part], all_ids[part]))

        with ThreadPoolExecutor(_WRITERS) as pool:
            written = tuple(pool.map(store, range(0, len(all_keys), SEGMENT_ENTRIES)))
        manifest = Manifest(
            self._manifest.generation + 1, self._manifest.lookup_key, (*kept, *written)
        )
        self._objects.store_manifest(manifest)
        self._objects.delete_other_segments(manifest)
        self._manifest = manifest
        self._tables = [*self._tables, self._fresh]
        self._fresh = LookupTable()


def _fill_known(
    tables: Sequence[LookupTable], keys: Pairs, ids: Pairs, unknown: Positions
) -> Positions:
    """Write the ids of the people the tables know; the rows they don't know come back."""
    for table in tables:
        entries = table.find(keys if len(unknown) == len(keys) else keys.take(unknown, axis=0))
        hit = entries >= 0
        ids[unknown[hit]] = table.ids_of(entries[hit])
        unknown = unknown[~hit]
    return unknown


def _random_ids(count: int) -> Pairs:
    """That many ids from OpenSSL's generator (NIST SP 800-90A), seeded by the operating system.

    The operating system's own takes ten times as long for millions of them.
    """
    return np.frombuffer(ssl.RAND_bytes(16 * count), dtype=np.uint64).reshape(-1, 2)


def _to_merge(
    segments: tuple[SegmentEntry, ...], added: int
) -> tuple[list[SegmentEntry], list[SegmentEntry]]:
    """Segments to keep, and those to write anew together with the added entries.

    A segment is merged when what it joins is at least half its size, and full ones never are: so
    an entry is rewritten a logarithmic number of times, and small segments do not pile up.
    """
    kept: list[SegmentEntry] = []
    merged: list[SegmentEntry] = []
    for segment in sorted(segments, key=lambda s: s.entries):
        if segment.entries < SEGMENT_ENTRIES and segment.entries <= 2 * added:
            merged.append(segment)
            added += segment.entries
        else:
            kept.append(segment)
    return kept, merged


def _joined(parts: list[Pairs]) -> Pairs:
    """One array of all parts; no copy when there is one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _sorted_entries(keys: Pairs, ids: Pairs) -> Pairs:
    """Keys, then ids, by key: a segment does not tell the order people arrived in.

    Returns:
        Shape (2 * entries, 2).
    """
    order = np.argsort(keys[:, 0])
    rows = np.empty((2 * len(keys), 2), dtype=np.uint64)
    np.take(keys, order, axis=0, out=rows[: len(keys)])
    np.take(ids, order, axis=0, out=rows[len(keys) :])
    return rows
