"""Re-identification risk of a table as it would be after the commit, in people and not in rows.

Rows alike on the plan's landed quasi-identifiers form an equivalence class; a null is a value like
any other. A class counts its distinct people (rows, for a dataset about no person):

* `k`: people in the smallest class (k-anonymity);
* unique people: those alone in a class;
* `l`: fewest distinct values of a sensitive attribute in a class (distinct l-diversity).

One pass over batches, on every core. Memory is bounded but for what is counted: some 60 bytes a
class, and 16 for each distinct (class, sensitive value) pair (`enclave.deidentify.people`).
"""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enclave.deidentify.lookup_table import LookupTable, Pairs, Positions
from enclave.deidentify.people import MEMORY_BYTES, PeoplePerClass
from enclave.deidentify.plan import DeidentificationPlan
from enclave.deidentify.pseudonyms import MissingIdentityError
from enclave.evidence import RiskMeasures
from enclave.sealing import SealedSpill
from governance.agreements.model import GateAction, RiskGate
from governance.decisions import Decision, Denial

_DENSE_CODES: Final = 1 << 20
"""Up to so many combinations are numbered by a table rather than by sorting."""

_MAX_CODE: Final = 1 << 62
_MERGE_PAIRS: Final = 1 << 22
_CODE_BITS: Final = np.uint64(32)

_THREADS: Final = 2
_WAITING: Final = 4
"""Batches handed to the threads ahead: bounds memory."""

_CHECKED: Final = ("risk.minimum_k", "risk.max_unique_pct", "risk.minimum_l")

_Codes = npt.NDArray[np.int64]


def risk_columns(plan: DeidentificationPlan) -> list[str]:
    """Columns `measure_risk` reads; hand it batches of just these."""
    person = [plan.person_column] if plan.person_column is not None else []
    return [*person, *plan.quasi_identifiers, *plan.sensitive]


def measure_risk(
    batches: Iterable[pa.RecordBatch],
    plan: DeidentificationPlan,
    *,
    spill: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> RiskMeasures:
    """Measure k, unique people and l.

    Args:
        batches: All rows of the table as it would be, old and new, with `risk_columns(plan)` at
            least; in any order.
        plan: Names person, quasi-identifiers and sensitive attributes.
        spill: Folder for encrypted temporary files; None is the system's.
        memory_bytes: Bytes of rows held before they are spilled.

    Raises:
        MissingIdentityError: A row has no person.
    """
    classes = _Tuples(plan.quasi_identifiers)
    diversity = [_Diversity(name) for name in plan.sensitive]
    with ExitStack() as stack:
        rows = PeoplePerClass(stack.enter_context(SealedSpill(spill)), memory_bytes=memory_bytes)
        # Left first: no thread is at work any more when the spill goes.
        pool = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="risk"))
        person = plan.person_column
        members = _Rows() if person is None else _People(person, rows, pool)
        for batch in batches:
            if not batch.num_rows:
                continue
            numbers = classes.number(batch)
            members.add(numbers, batch)
            for attribute in diversity:
                attribute.add(numbers, batch)
        sizes, alone = members.finish()
    people = members.people
    return RiskMeasures(
        people=people,
        k=int(sizes.min()) if sizes.size else 0,
        unique_people=alone,
        unique_pct=100.0 * alone / people if people else 0.0,
        l=min((attribute.finish() for attribute in diversity), default=None),
        quasi_identifiers=plan.quasi_identifiers,
        counts_people=plan.person_column is not None,
    )


def find_breaches(risk: RiskMeasures, gate: RiskGate) -> tuple[Denial, ...]:
    """Where the table is riskier than the agency accepts, whatever the gate then does."""
    if not risk.people:
        return ()

    def breach(rule: str, reason: str) -> Denial:
        return Denial(
            f"risk.{rule}",
            reason,
            "Generalize a quasi-identifier further, or agree on another gate with the agency.",
            gate.clause,
        )

    who = "people" if risk.counts_people else "records"
    found = []
    if risk.k < gate.minimum_k:
        found.append(
            breach(
                "minimum_k",
                f"The smallest group of {who} alike holds {risk.k}; "
                f"the agreement asks for at least {gate.minimum_k}.",
            )
        )
    if risk.unique_pct > gate.max_unique_pct:
        found.append(
            breach(
                "max_unique_pct",
                f"{risk.unique_pct:.2f} percent of {who} are alone in their group; "
                f"the agreement accepts {gate.max_unique_pct:g}.",
            )
        )
    if gate.minimum_l is not None and (risk.l is None or risk.l < gate.minimum_l):
        measured = "cannot be measured" if risk.l is None else f"is {risk.l}"
        found.append(
            breach(
                "minimum_l",
                f"The diversity of sensitive values in a group {measured}; "
                f"the agreement asks for at least {gate.minimum_l}.",
            )
        )
    return tuple(found)


def decide_risk(risk: RiskMeasures, gate: RiskGate) -> Decision:
    """Whether the table may land; a gate that only records denies nothing."""
    held = gate.action is GateAction.HOLD
    return Decision(_CHECKED, find_breaches(risk, gate) if held else ())


class _Values:
    """Numbers the values of one column, the same across batches; null has a number too."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._numbers: dict[object, int] = {}

    def codes(self, batch: pa.RecordBatch) -> tuple[_Codes, int]:
        """Per row the value's number, and how many numbers there are so far."""
        column = batch.column(self._column)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode(null_encoding="encode")
        known = self._numbers
        values = column.dictionary.to_pylist()
        numbers = np.fromiter(
            (known.setdefault(value, len(known)) for value in values), np.int64, len(values)
        )
        if column.indices.null_count:
            null = known.setdefault(None, len(known))
            numbers = np.append(numbers, null)
            indices = column.indices.fill_null(len(values))
        else:
            indices = column.indices
        return numbers.take(indices.to_numpy(zero_copy_only=False)), len(known)


class _Tuples:
    """Numbers the combinations of several columns' values, the same across batches."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._values = [_Values(column) for column in columns]
        self._tables = [LookupTable(width=0) for _ in self._values]

    def number(self, batch: pa.RecordBatch) -> Positions:
        """Per row the number of its combination; all rows are alike when there is no column."""
        columns = [values.codes(batch) for values in self._values]
        first, inverse = _distinct_rows(columns, batch.num_rows)
        numbers = np.zeros(len(first), dtype=np.int64)
        for (codes, _), table in zip(columns, self._tables, strict=True):
            key = np.stack([numbers, codes.take(first)], axis=1).astype(np.uint64)
            numbers = table.number(key)
        return numbers.take(inverse)


def _distinct_rows(columns: list[tuple[_Codes, int]], rows: int) -> tuple[Positions, Positions]:
    """One row of each combination, and per row which of them it is."""
    combined = np.zeros(rows, dtype=np.int64)
    size = 1
    for codes, count in columns:
        if size * count > _MAX_CODE:
            first, combined = _distinct(combined, size)
            size = len(first)
        combined = combined * count + codes
        size *= count
    return _distinct(combined, size)


def _distinct(codes: _Codes, size: int) -> tuple[Positions, Positions]:
    """Position of one row per distinct code, and per row the number of its code."""
    if size > _DENSE_CODES:
        _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        return first, inverse
    example = np.full(size, -1, dtype=np.int64)
    example[codes] = np.arange(len(codes))
    present = np.flatnonzero(example >= 0)
    number = np.empty(size, dtype=np.int64)
    number[present] = np.arange(len(present))
    return example.take(present), number.take(codes)


def _sorted_distinct(codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Distinct codes in order. NumPy's own `unique` hashes, which took 50 times as long here."""
    ordered = np.sort(codes)
    if not ordered.size:
        return ordered
    first = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


class _PairSet:
    """Distinct (class, other) pairs, as 64-bit codes; merged now and then to stay small."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.uint64]] = []
        self._waiting = 0

    def add(self, classes: Positions, others: Positions) -> None:
        codes = (classes.astype(np.uint64) << _CODE_BITS) | others.astype(np.uint64)
        self._parts.append(_sorted_distinct(codes))
        self._waiting += len(self._parts[-1])
        if self._waiting > max(_MERGE_PAIRS, 2 * len(self._parts[0])):
            self._parts = [self._merged()]
            self._waiting = 0

    def _merged(self) -> npt.NDArray[np.uint64]:
        if not self._parts:
            return np.empty(0, dtype=np.uint64)
        return _sorted_distinct(np.concatenate(self._parts))

    def finish(self) -> tuple[Positions, Positions]:
        """Class and other of each distinct pair, by class."""
        codes = self._merged()
        mask = np.uint64((1 << 32) - 1)
        return (codes >> _CODE_BITS).astype(np.int64), (codes & mask).astype(np.int64)


class _Rows:
    """Rows per class, for a dataset about no person."""

    def __init__(self) -> None:
        self._rows = np.zeros(0, dtype=np.int64)

    @property
    def people(self) -> int:
        return int(self._rows.sum())

    def add(self, classes: Positions, _batch: pa.RecordBatch) -> None:
        counted = np.bincount(classes, minlength=len(self._rows))
        counted[: len(self._rows)] += self._rows
        self._rows = counted

    def finish(self) -> tuple[Positions, int]:
        """Rows of each class, and how many are alone in one."""
        sizes = self._rows[self._rows > 0]
        return sizes, int((sizes == 1).sum())


class _People:
    """Distinct people per class, parted and counted by the pool's threads."""

    def __init__(self, column: str, counter: PeoplePerClass, pool: ThreadPoolExecutor) -> None:
        self._column = column
        self._counter = counter
        self._pool = pool
        self._waiting: deque[Future[None]] = deque()

    @property
    def people(self) -> int:
        return self._counter.people

    def add(self, classes: Positions, batch: pa.RecordBatch) -> None:
        keys = _person_keys(batch.column(self._column))
        self._waiting.append(self._pool.submit(self._counter.add, classes, keys))
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def finish(self) -> tuple[Positions, int]:
        """People of each class, and how many are alone in one."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._counter.count(self._pool)


class _Diversity:
    """Distinct values of one sensitive attribute per class."""

    def __init__(self, column: str) -> None:
        self._values = _Values(column)
        self._pairs = _PairSet()

    def add(self, classes: Positions, batch: pa.RecordBatch) -> None:
        codes, _ = self._values.codes(batch)
        self._pairs.add(classes, codes)

    def finish(self) -> int:
        """Fewest distinct values in a class; 0 for an empty table."""
        classes, _ = self._pairs.finish()
        sizes = np.bincount(classes)
        return int(sizes[sizes > 0].min()) if classes.size else 0


def _person_keys(column: pa.Array) -> Pairs:
    """Ids of 16 bytes as pairs of 64-bit halves.

    Raises:
        MissingIdentityError: An id is null.
    """
    if column.null_count:
        raise MissingIdentityError("rows without a person", rows=column.null_count)
    if not pa.types.is_fixed_size_binary(column.type):
        column = column.cast(pa.binary(16))
    _, data = column.buffers()
    halves = np.frombuffer(data, dtype=np.uint64).reshape(-1, 2)
    return halves[column.offset : column.offset + len(column)]
