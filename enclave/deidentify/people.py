"""Distinct people per class of a table of any length, in bounded memory and on every core.

Rows are (class, person) pairs. They are parted by a mix of the person's id, so that all rows of a
person lie in one part and the parts are counted one by one, side by side. Past the bound the rows
go, encrypted under a key of this process, to an unnamed file. What stays in memory beside the
bound grows with the classes (16 bytes each) and with one part's rows.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import numpy.typing as npt

from enclave.deidentify.lookup_table import Pairs, Positions
from enclave.sealing import SealedSpill

MEMORY_BYTES: Final = 96 * 1024 * 1024
"""Rows of 20 bytes held before they are spilled: five million."""

_PARTS: Final = 64
_PART_SHIFT: Final = np.uint64(58)
_SPREAD_LOW: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SPREAD_HIGH: Final = np.uint64(0x9E3779B97F4A7C15)
_NUMBER_SHIFT: Final = np.uint64(32)
_CLASS_MASK: Final = np.uint64((1 << 32) - 1)
_ROW_BYTES: Final = 20

_Halves = npt.NDArray[np.uint64]
_Classes = npt.NDArray[np.uint32]
_Rows = tuple[_Halves, _Halves, _Classes]
"""High and low halves of people's ids, and classes."""


class PeoplePerClass:
    """Counts them; `add` may be called from several threads at once.

    Attributes:
        people: Distinct people in all; valid after `count`.
    """

    def __init__(self, spill: SealedSpill, *, memory_bytes: int = MEMORY_BYTES) -> None:
        """Hold nothing yet.

        Args:
            spill: Where rows go past the bound; the caller closes it.
            memory_bytes: Bytes of rows held before that.
        """
        self.people = 0
        self._spill = spill
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._held: list[tuple[_Rows, Positions]] = []
        self._held_bytes = 0
        self._frames: list[list[tuple[int, int]]] = [[] for _ in range(_PARTS)]
        self._sizes = np.zeros(0, dtype=np.int64)
        self._example = np.zeros(0, dtype=np.int64)

    def add(self, classes: Positions, people: Pairs) -> None:
        """Remember rows.

        Args:
            classes: Number of each row's class, below 2**32.
            people: Each row's person, shape (rows, 2).
        """
        high, low = people[:, 0], people[:, 1]
        mixed = (high ^ (low * _SPREAD_LOW)) * _SPREAD_HIGH
        parts = (mixed >> _PART_SHIFT).astype(np.uint8)
        order = np.argsort(parts, kind="stable")  # on bytes: a radix sort
        bounds = np.concatenate(([0], np.cumsum(np.bincount(parts, minlength=_PARTS))))
        rows = (high.take(order), low.take(order), classes.astype(np.uint32).take(order))
        with self._lock:
            self._held.append((rows, bounds))
            self._held_bytes += _ROW_BYTES * len(classes)
            if self._held_bytes > self._memory_bytes:
                self._spill_held()

    def count(self, pool: ThreadPoolExecutor) -> tuple[Positions, int]:
        """People of each class that has any, and how many people are alone in one.

        Args:
            pool: Counts parts side by side; all `add`s have returned.
        """
        largest = -1
        with self._lock:
            largest = max(
                (int(rows[2].max()) for rows, _ in self._held if rows[2].size), default=-1
            )
        self._grow(max(largest + 1, len(self._sizes)))
        list(pool.map(self._count_part, range(_PARTS)))
        alone = np.sort(self._example[self._sizes == 1])
        lone_people = int(np.count_nonzero(alone[1:] != alone[:-1])) + bool(alone.size)
        return self._sizes[self._sizes > 0], lone_people

    def _grow(self, classes: int) -> None:
        if classes > len(self._sizes):
            self._sizes = np.zeros(classes, dtype=np.int64)
            self._example = np.zeros(classes, dtype=np.int64)

    def _spill_held(self) -> None:
        """Write what is held to the spill, part by part; the caller holds the lock."""
        self._grow(max(int(rows[2].max()) for rows, _ in self._held) + 1)
        for part in range(_PARTS):
            high, low, classes = _joined(_of_part(self._held, part))
            plain = high.tobytes() + low.tobytes() + classes.tobytes()
            self._frames[part].append(self._spill.store(plain))
        self._held, self._held_bytes = [], 0

    def _count_part(self, part: int) -> None:
        spilled = [_unpack(self._spill.load(*frame)) for frame in self._frames[part]]
        high, low, classes = _joined([*spilled, *_of_part(self._held, part)])
        if not high.size:
            return
        numbers, classes, people = _distinct_pairs(high, low, classes)
        with self._lock:
            if len(self._sizes) <= len(classes):
                self._sizes += np.bincount(classes, minlength=len(self._sizes))
            else:
                np.add.at(self._sizes, classes, 1)
            # Whoever is written last; read only where a class has one person.
            self._example[classes] = numbers + self.people
            self.people += people


def _of_part(held: Sequence[tuple[_Rows, Positions]], part: int) -> list[_Rows]:
    slices = [slice(bounds[part], bounds[part + 1]) for _, bounds in held]
    return [
        (rows[0][here], rows[1][here], rows[2][here])
        for (rows, _), here in zip(held, slices, strict=True)
    ]


def _joined(rows: Sequence[_Rows]) -> _Rows:
    if not rows:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    high, low, classes = zip(*rows, strict=True)
    return np.concatenate(high), np.concatenate(low), np.concatenate(classes)


def _unpack(plain: bytes) -> _Rows:
    rows = len(plain) // _ROW_BYTES
    return (
        np.frombuffer(plain, np.uint64, rows),
        np.frombuffer(plain, np.uint64, rows, offset=8 * rows),
        np.frombuffer(plain, np.uint32, rows, offset=16 * rows),
    )


def _distinct_pairs(
    high: _Halves, low: _Halves, classes: _Classes
) -> tuple[Positions, _Classes, int]:
    """Distinct (person, class) pairs of some rows.

    Returns:
        The person of each pair as a number from 0, its class, and how many people there are.
    """
    order = np.argsort(high)
    ordered = high.take(order)
    repeated = ordered[1:] == ordered[:-1]
    if not repeated.any():
        return np.arange(len(high)), classes, len(high)
    ordered_low = low.take(order)
    differing = ordered_low[1:] != ordered_low[:-1]
    if (repeated & differing).any():
        # Two halves alike, which random ids never have: sort by both.
        order = np.lexsort((low, high))
        ordered, ordered_low = high.take(order), low.take(order)
        repeated, differing = ordered[1:] == ordered[:-1], ordered_low[1:] != ordered_low[:-1]
    numbers = np.concatenate(([0], np.cumsum(~repeated | differing)))
    codes = (numbers.astype(np.uint64) << _NUMBER_SHIFT) | classes.take(order)
    codes.sort()
    codes = codes[np.concatenate(([True], codes[1:] != codes[:-1]))]
    return (
        (codes >> _NUMBER_SHIFT).astype(np.int64),
        (codes & _CLASS_MASK).astype(np.uint32),
        int(numbers[-1]) + 1,
    )
