"""Which keys repeat in a submission, in bounded memory and without ever holding a key.

Each check remembers a 128-bit keyed digest and the record's ordinal per row. Past the bound they
go, AES-GCM-encrypted under a key of this process, to a spill file cut into parts by digest, and
the parts are judged one by one at the end. Every member of a group of equal keys fails, as in
Great Expectations. The files are named at random, hold nothing readable and are removed on close.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from enclave.sealing import SealedSpill
from enclave.validate.digests import Blocks

MEMORY_BYTES: Final = 192 * 1024 * 1024
"""Digests (16 B a row) and ordinals (none while they have no gaps) of twelve million rows."""
_PARTS: Final = 64
_PART_SHIFT: Final = np.uint64(58)

Ordinals = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Remembered:
    """Rows of one check held in memory, and where its spilled parts lie."""

    digests: list[Blocks] = field(default_factory=list)
    records: list[Ordinals | range] = field(default_factory=list)
    repeated: list[Ordinals] = field(default_factory=list)
    parts: list[list[tuple[int, int]]] = field(default_factory=lambda: [[] for _ in range(_PARTS)])
    spilled: bool = False
    size_bytes: int = 0


class LateFailures(Mapping[int, tuple[str, ...]]):
    """Records known to fail only at the end: ordinal -> reasons, eight bytes a record.

    Attributes:
        records: Failing ordinals of each reason, sorted.
    """

    def __init__(self, records: Mapping[str, Ordinals]) -> None:
        """Keep the ordinals of each reason."""
        self.records = {reason: ordinals for reason, ordinals in records.items() if len(ordinals)}
        self.all = _union(list(self.records.values()))

    def __getitem__(self, record: int) -> tuple[str, ...]:
        """The reasons of one record."""
        reasons = tuple(r for r, ordinals in self.records.items() if _holds(ordinals, record))
        if not reasons:
            raise KeyError(record)
        return reasons

    def __iter__(self) -> Iterator[int]:
        """Ordinals, increasing."""
        return (int(record) for record in self.all)

    def __len__(self) -> int:
        """How many records fail."""
        return len(self.all)

    def between(self, first: int, last: int) -> Iterator[tuple[str, Ordinals]]:
        """Per reason the failing ordinals from `first` to `last`, both included."""
        for reason, ordinals in self.records.items():
            low, high = np.searchsorted(ordinals, [first, last + 1])
            if high > low:
                yield reason, ordinals[low:high]


def _union(parts: Sequence[Ordinals]) -> Ordinals:
    if not parts:
        return np.zeros(0, np.int64)
    joined: Ordinals = np.unique(np.concatenate(parts))
    return joined


def _holds(ordinals: Ordinals, record: int) -> bool:
    at = int(np.searchsorted(ordinals, record))
    return at < len(ordinals) and int(ordinals[at]) == record


class KeySpill:
    """Remembers digests per check within a memory bound; used by several threads at once.

    A context manager: leaving it removes the spill file.
    """

    def __init__(self, directory: Path | None = None, *, memory_bytes: int = MEMORY_BYTES) -> None:
        """Remember where to spill to and from which size on.

        Args:
            directory: Where the spill file is made; None is the system's temporary directory.
            memory_bytes: Bytes of digests and ordinals held before they are spilled.
        """
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._checks: dict[str, _Remembered] = {}
        self._sealed = SealedSpill(directory)

    def __enter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the spill file."""
        self.close()

    def close(self) -> None:
        """Forget everything and remove the spill file."""
        self._checks.clear()
        self._sealed.close()

    @property
    def spilled_bytes(self) -> int:
        """Bytes that went to the disk so far."""
        return self._sealed.size_bytes

    def add(self, check: str, digests: Blocks, records: Ordinals) -> None:
        """Remember rows of a check.

        Args:
            check: The check's reason.
            digests: (n, 2), from `KeyDigester`.
            records: Their n ordinals.
        """
        with self._lock:
            remembered = self._checks.setdefault(check, _Remembered())
            remembered.digests.append(digests)
            run = _as_range(records)
            remembered.records.append(run)
            remembered.size_bytes += digests.nbytes + (0 if isinstance(run, range) else run.nbytes)
            if sum(r.size_bytes for r in self._checks.values()) > self._memory_bytes:
                largest = max(self._checks.values(), key=lambda r: r.size_bytes)
                self._spill(largest)

    def repeated(self) -> LateFailures:
        """The records whose key another record has too, per check."""
        return LateFailures({name: self._judge(held) for name, held in self._checks.items()})

    def _judge(self, held: _Remembered) -> Ordinals:
        if not held.spilled:
            return _union([_repeats(held.digests, held.records)])
        self._spill(held)
        found = list(held.repeated)
        for frames in held.parts:
            loaded = [self._load(at, size) for at, size in frames]
            found.append(_repeats([d for d, _ in loaded], [r for _, r in loaded]))
        return _union(found)

    def _spill(self, held: _Remembered) -> None:
        """Write what a check holds to the spill file, in parts by digest.

        Repeats within the run are settled now and one row of each group is kept, so that a file
        that repeats one key throughout does not end in one part too large for memory.
        """
        if not held.digests:
            return
        digests, records = np.concatenate(held.digests), _joined(held.records)
        held.digests, held.records, held.size_bytes, held.spilled = [], [], 0, True
        parts = (digests[:, 0] >> _PART_SHIFT).astype(np.uint8)
        order = np.argsort(parts, kind="stable")  # on bytes: a radix sort
        cuts = np.cumsum(np.bincount(parts, minlength=_PARTS))[:-1]
        for part, at in enumerate(np.split(order, cuts)):
            # One part at a time, so that a run is never copied as a whole.
            self._spill_part(held, part, digests[at], records[at])

    def _spill_part(self, held: _Remembered, part: int, digests: Blocks, records: Ordinals) -> None:
        if not len(digests):
            return
        if len(_repeats([digests], [records])):
            order = np.lexsort((digests[:, 1], digests[:, 0]))
            digests, records = digests[order], records[order]
            same = (digests[1:] == digests[:-1]).all(axis=1)
            held.repeated.append(records[np.r_[same, False] | np.r_[False, same]])
            keep = np.r_[True, ~same]
            digests, records = digests[keep], records[keep]
        held.parts[part].append(self._store(digests, records))

    def _store(self, digests: Blocks, records: Ordinals) -> tuple[int, int]:
        return self._sealed.store(digests.tobytes() + records.tobytes())

    def _load(self, at: int, size: int) -> tuple[Blocks, Ordinals]:
        plain = self._sealed.load(at, size)
        rows = len(plain) // 24
        digests = np.frombuffer(plain, np.uint64, rows * 2).reshape(rows, 2)
        return digests, np.frombuffer(plain, np.int64, rows, offset=rows * 16)


def _as_range(records: Ordinals) -> Ordinals | range:
    """Ordinals without gaps as a range: no bytes a row."""
    if len(records) == 0 or int(records[-1]) - int(records[0]) + 1 != len(records):
        return records
    return range(int(records[0]), int(records[-1]) + 1)


def _joined(records: Sequence[Ordinals | range]) -> Ordinals:
    joined: Ordinals = np.concatenate([np.asarray(part, np.int64) for part in records])
    return joined


def _repeats(digests: Sequence[Blocks], records: Sequence[Ordinals | range]) -> Ordinals:
    """Ordinals of the rows whose digest occurs more than once."""
    if not digests:
        return np.zeros(0, np.int64)
    high = np.concatenate([part[:, 0] for part in digests])
    high.sort()
    doubled = np.unique(high[1:][high[1:] == high[:-1]])
    del high
    if not len(doubled):
        return np.zeros(0, np.int64)
    # Half a digest doubled: look at the whole digest of those few rows.
    at = [np.flatnonzero(_among(part[:, 0], doubled)) for part in digests]
    rows = np.concatenate([part[where] for part, where in zip(digests, at, strict=True)])
    ordinals = _joined([_chosen(part, where) for part, where in zip(records, at, strict=True)])
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    rows, ordinals = rows[order], ordinals[order]
    same = (rows[1:] == rows[:-1]).all(axis=1)
    found: Ordinals = ordinals[np.r_[same, False] | np.r_[False, same]]
    return found


def _chosen(records: Ordinals | range, where: Ordinals) -> Ordinals:
    return where + records.start if isinstance(records, range) else records[where]


def _among(values: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    at = np.searchsorted(wanted, values)
    at[at == len(wanted)] = 0
    hit: npt.NDArray[np.bool_] = wanted[at] == values
    return hit
