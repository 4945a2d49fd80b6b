"""An in-memory hash table from 128-bit keys to 128-bit ids, filled and read a column at a time.

Keys are outputs of a keyed MAC, hence uniform: the top bits are the home slot, and nobody without
the key can make them cluster. A table that only numbers its keys takes any, and mixes them first.
Linear probing; each probe is one vectorized pass over the rows that are still undecided. About 40
bytes an entry.

Not thread-safe for writing: `enclave.deidentify.crosswalk` holds the lock. Reading a table nobody
writes to needs none.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Pairs = npt.NDArray[np.uint64]
"""Rows of two 64-bit halves: shape (rows, 2)."""

Positions = npt.NDArray[np.int64]

_FREE: Final = -1
_SPREAD_LOW: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SPREAD_HIGH: Final = np.uint64(0x9E3779B97F4A7C15)
_MAX_LOAD: Final = 0.625
_SLACK: Final = 4096
"""Slots past the last home slot, so that probing never wraps around."""
_SMALLEST_BITS: Final = 12
_LARGE: Final = 1 << 21
"""Entries from which on slots double rather than grow fourfold: memory before speed."""
_PLACE_AT_ONCE: Final = 1 << 18


class LookupTable:
    """Entries in order of arrival, and slots that point at them.

    Args:
        capacity: Entries expected; the table grows past it by itself.
        width: Halves per id; 0 for a table that only numbers its keys.
    """

    def __init__(self, capacity: int = 0, *, width: int = 2) -> None:
        self.count = 0
        self._keys = np.empty((capacity, 2), dtype=np.uint64)
        self._ids = np.empty((capacity, width), dtype=np.uint64)
        self._make_slots(capacity)

    @property
    def keys(self) -> Pairs:
        """Keys of all entries, in order of arrival."""
        return self._keys[: self.count]

    @property
    def ids(self) -> Pairs:
        """Ids of all entries, in order of arrival."""
        return self._ids[: self.count]

    def find(self, keys: Pairs) -> Positions:
        """Entry of each key, or -1."""
        found = np.full(len(keys), _FREE, dtype=np.int64)
        if not self.count or not len(keys):
            return found
        slots = self._homes(keys)
        entries = self._slots.take(slots)
        undecided = np.flatnonzero(entries != _FREE)
        while undecided.size:
            entries = self._slots.take(slots.take(undecided))
            taken = entries != _FREE
            if not taken.all():
                undecided, entries = undecided[taken], entries[taken]
            here = self._keys.take(entries, axis=0)
            wanted = keys.take(undecided, axis=0)
            same = (here[:, 0] == wanted[:, 0]) & (here[:, 1] == wanted[:, 1])
            found[undecided[same]] = entries[same]
            undecided = undecided[~same]
            slots[undecided] += 1
        return found

    def ids_of(self, entries: Positions) -> Pairs:
        """Ids of those entries."""
        return self._ids.take(entries, axis=0)

    def append(self, keys: Pairs, ids: Pairs) -> None:
        """Add entries whose keys are distinct and not in the table."""
        for start in range(0, len(keys), _PLACE_AT_ONCE):
            part = slice(start, start + _PLACE_AT_ONCE)
            first = self._reserve(len(keys[part]))
            self._keys[first : first + len(keys[part])] = keys[part]
            self._ids[first : first + len(keys[part])] = ids[part]
            self._place(first, len(keys[part]))
            self.count += len(keys[part])

    def number(self, keys: Pairs) -> Positions:
        """Number keys without gaps; equal keys get the same number. For width 0."""
        return self.find_or_add(keys, lambda count: np.empty((count, 0), dtype=np.uint64))

    def find_or_add(self, keys: Pairs, make_ids: Callable[[int], Pairs]) -> Positions:
        """Entry of each key; a key not in the table gets a new entry, equal keys the same one.

        Args:
            keys: Any number of keys, repeats allowed.
            make_ids: Makes that many new ids.
        """
        found = self.find(keys)
        missing = np.flatnonzero(found == _FREE)
        if not missing.size:
            return found
        first = self._reserve(missing.size)
        self._keys[first : first + missing.size] = keys.take(missing, axis=0)
        entries, slots = self._place(first, missing.size)
        # A key that came twice found its own first copy: close the gap its second copy left.
        candidates = np.arange(first, first + missing.size)
        owners = np.flatnonzero(entries == candidates)
        final = np.full(missing.size, _FREE, dtype=np.int64)
        final[owners] = first + np.arange(owners.size)
        if owners.size < missing.size:
            self._keys[first : first + owners.size] = self._keys.take(first + owners, axis=0)
            self._slots[slots[owners]] = final[owners]
        self._ids[first : first + owners.size] = make_ids(owners.size)
        self.count += owners.size
        found[missing] = final.take(entries - first)
        return found

    def _homes(self, keys: Pairs) -> Positions:
        if self._ids.shape[1]:
            # Uniform already; and entries appended in key order fill slots from left to right.
            return (keys[:, 0] >> self._shift).astype(np.int64)
        mixed = (keys[:, 0] ^ (keys[:, 1] * _SPREAD_LOW)) * _SPREAD_HIGH
        return (mixed >> self._shift).astype(np.int64)

    def _make_slots(self, capacity: int) -> None:
        bits = max(_SMALLEST_BITS, int(capacity / _MAX_LOAD).bit_length())
        self._shift = np.uint64(64 - bits)
        self._slots = np.empty(0, dtype=np.int32)  # let go of the old ones first
        self._slots = np.full((1 << bits) + _SLACK, _FREE, dtype=np.int32)
        self._limit = int((1 << bits) * _MAX_LOAD)

    def _reserve(self, more: int) -> int:
        """Make room for `more` entries; the position of the first."""
        needed = self.count + more
        if needed > len(self._keys):
            capacity = max(needed, min(4 * len(self._keys), len(self._keys) + (1 << 21)), 1 << 12)
            # In place: the allocator moves pages rather than bytes, and memory never doubles.
            self._keys.resize((capacity, 2), refcheck=False)
            self._ids.resize((capacity, self._ids.shape[1]), refcheck=False)
        if needed > self._limit:
            self._make_slots(max(needed, (4 if needed < _LARGE else 2) * self._limit))
            for start in range(0, self.count, _PLACE_AT_ONCE):
                self._place(start, min(_PLACE_AT_ONCE, self.count - start))
        return self.count

    def _place(self, first: int, count: int) -> tuple[Positions, Positions]:
        """Give slots to entries `first .. first + count`, whose keys are already written.

        Returns:
            Per entry the entry that holds its key (itself, or the first copy of the same key),
            and the slot of that one.
        """
        keys = self._keys[first : first + count]
        slots = self._homes(keys)
        own = np.arange(first, first + count, dtype=np.int32)
        holders = np.empty(count, dtype=np.int64)
        undecided = np.arange(count)
        while undecided.size:
            here = slots.take(undecided)
            free = undecided[self._slots.take(here) == _FREE]
            # Several rows may claim one free slot: the last write wins, the others see it taken.
            self._slots[slots.take(free)] = own.take(free)
            entries = self._slots.take(here)
            there = self._keys.take(entries, axis=0)
            wanted = keys.take(undecided, axis=0)
            same = (there[:, 0] == wanted[:, 0]) & (there[:, 1] == wanted[:, 1])
            holders[undecided[same]] = entries[same]
            undecided = undecided[~same]
            slots[undecided] += 1
        return holders, slots
