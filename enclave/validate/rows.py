"""The fused validator: every check of a contract in one vectorized pass over batches.

Order of one batch: each column is read and judged; rules across columns; digests for uniqueness,
which is settled at the end. Passing rows go on typed, failing rows go with their reasons. Counts
are kept per check; no cell leaves but inside the returned batches.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enclave.batches import CheckedBatch, FailedRows, RawBatch
from enclave.findings import Finding, Severity
from enclave.validate.across import plan_across
from enclave.validate.checks import Check, derive_checks, drift_pct, outside_check
from enclave.validate.columns import Failure, plan_column
from enclave.validate.digests import KeyDigester
from enclave.validate.reading import ARROW_TYPES, Mask
from enclave.validate.report import (
    CheckResult,
    ValidationReport,
    error_order,
    finding_of,
    no_late_failures,
)
from enclave.validate.unique import KeySpill, LateFailures
from governance.contracts.model import DatasetContract

FIRST_RECORDS: Final = 10
"""Failing records named in a finding."""
MALFORMED_WORDS: Final = {
    "record.too_few_cells": "have fewer cells than the contract has columns",
    "record.too_many_cells": "have more cells than the contract has columns",
    "record.encoding": "are not in the file's character encoding",
}

Ordinals = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Tally:
    """Counts of one pass; guarded by the validator's lock."""

    rows: int = 0
    failed_rows: int = 0
    failing: Counter[int] = field(default_factory=Counter)
    first: dict[int, Ordinals] = field(default_factory=dict)
    malformed: Counter[str] = field(default_factory=Counter)
    failed_records: list[Ordinals] = field(default_factory=list)
    judged: set[int] = field(default_factory=set)


class RowValidator:
    """Checks batches of one submission; `check` may run in several threads at once."""

    def __init__(
        self,
        contract: DatasetContract,
        *,
        exclude: Mapping[int, tuple[str, ...]] | frozenset[int] = frozenset(),
        prior_row_counts: Sequence[int] = (),
        seen: KeySpill,
    ) -> None:
        """Compile the contract.

        Args:
            contract: What is valid.
            exclude: Late failures of an earlier pass over the same submission
                (`ValidationReport.late_failures`): these records fail at once, and uniqueness is
                not judged again.
            prior_row_counts: Rows of earlier submissions, for the row-count drift.
            seen: Where key digests are kept; the caller closes it.

        Raises:
            ContractError: A check of the contract cannot be compiled.
        """
        self.checks: tuple[Check, ...] = derive_checks(contract)
        self.schema = pa.schema([(c.name, ARROW_TYPES[c.logical_type]) for c in contract.columns])
        numbered = list(enumerate(self.checks))
        self._columns = [
            plan_column(c, [(i, x) for i, x in numbered if x.columns == (c.name,) and not x.rule])
            for c in contract.columns
        ]
        across = ((i, plan_across(contract, check)) for i, check in numbered)
        self._across = [(i, judge) for i, judge in across if judge is not None]
        self._unique = [(i, x) for i, x in numbered if x.code.startswith("unique.")]
        self._positions = {check.reason: i for i, check in numbered}
        self._exclude = self._excluded(exclude)
        self._prior = tuple(prior_row_counts)
        self._digester = KeyDigester()
        self._seen = seen
        self._lock = threading.Lock()
        self._tally = _Tally()

    def _excluded(
        self, exclude: Mapping[int, tuple[str, ...]] | frozenset[int]
    ) -> LateFailures | None:
        if isinstance(exclude, LateFailures):
            return exclude if len(exclude) else None
        if not exclude:
            return None
        by_reason: dict[str, list[int]] = {}
        default = (self._unique[0][1].reason,) if self._unique else ()
        for record in exclude:
            reasons = exclude[record] if isinstance(exclude, Mapping) else default
            for reason in reasons:
                by_reason.setdefault(reason, []).append(record)
        return LateFailures({r: np.unique(np.array(n, np.int64)) for r, n in by_reason.items()})

    def check(self, batch: RawBatch) -> CheckedBatch:
        """Judge a batch: passing rows typed, failing rows with their reasons."""
        rows = batch.rows
        records: Ordinals = batch.records.to_numpy()
        texts = {plan.name: rows.column(plan.name) for plan in self._columns}
        values: dict[str, pa.Array] = {}
        failures: list[Failure] = []
        for plan in self._columns:
            values[plan.name], failed = plan.judge(texts[plan.name])
            failures.extend(failed)
        for position, judge in self._across:
            failing = judge(texts, values)
            if failing is not None:
                failures.append((position, failing))
        failures.extend(self._repeated(texts, values, records))
        broken = np.logical_or.reduce([mask for _, mask in failures]) if failures else None
        self._count(batch, records, failures, broken)
        typed = pa.RecordBatch.from_arrays([values[name] for name in texts], schema=self.schema)
        raw = pa.RecordBatch.from_arrays(list(texts.values()), names=list(texts))
        if broken is None:
            return CheckedBatch(typed, raw, batch.records, None)
        return self._split(typed, raw, batch.records, broken, failures)

    def add_failures(self, reason: str, records: Ordinals | pa.Int64Array) -> None:
        """Count rows that passed `check` and failed a later stage (references, identity).

        Call it for every batch, also with no records: a check nobody judged stays open in the
        report.

        Args:
            reason: A reason of the contract's checks (`ReferenceCheck.reason`), or a new
                `code:name` (`null.identity:person`).
            records: Ordinals of the failing rows.
        """
        ordinals = np.asarray(records, np.int64)
        with self._lock:
            if reason not in self._positions:
                code, _, rule = reason.partition(":")
                self._positions[reason] = len(self.checks)
                self.checks = (*self.checks, outside_check(code, rule=rule))
            position = self._positions[reason]
            self._tally.judged.add(position)
            self._tally.failed_rows += len(ordinals)
            if self._unique and self._exclude is None:
                self._tally.failed_records.append(ordinals)
            self._add(position, ordinals)

    def _add(self, position: int, failed: Ordinals) -> None:
        """Count failing records of a check and keep the first; the caller holds the lock."""
        tally = self._tally
        tally.failing[position] += len(failed)
        found = np.append(tally.first.get(position, ()), failed[:FIRST_RECORDS])
        tally.first[position] = np.sort(found.astype(np.int64))[:FIRST_RECORDS]

    def _repeated(
        self, texts: Mapping[str, pa.Array], values: Mapping[str, pa.Array], records: Ordinals
    ) -> list[Failure]:
        """Remember the batch's keys; or, on a later pass, the failures known from before."""
        if not len(records):
            return []
        if self._exclude is not None:
            late = self._exclude.between(int(records[0]), int(records[-1]))
            masks = ((self._positions[r], np.isin(records, found)) for r, found in late)
            return [(position, mask) for position, mask in masks if mask.any()]
        for _, check in self._unique:
            pairs = [(texts[name], values[name]) for name in check.columns]
            digests, filled = self._digester.digest(pairs)
            if filled.all():
                self._seen.add(check.reason, digests, records)
            elif filled.any():
                self._seen.add(check.reason, digests[filled], records[filled])
        return []

    def _count(
        self, batch: RawBatch, records: Ordinals, failures: list[Failure], broken: Mask | None
    ) -> None:
        with self._lock:
            tally = self._tally
            tally.rows += len(records)
            tally.malformed.update(bad.code for bad in batch.malformed)
            if broken is None:
                return
            failed = records[broken]
            tally.failed_rows += len(failed)
            if self._unique and self._exclude is None:
                tally.failed_records.append(failed)
            for position, mask in failures:
                self._add(position, records[mask])

    def _split(
        self,
        typed: pa.RecordBatch,
        raw: pa.RecordBatch,
        records: pa.Int64Array,
        broken: Mask,
        failures: list[Failure],
    ) -> CheckedBatch:
        passing = pa.array(~broken)
        columns = [column.filter(passing) for column in typed.columns]
        kept = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        at = np.flatnonzero(broken)
        chosen = pa.array(at)
        failed = FailedRows(raw.take(chosen), records.take(chosen), self._reasons(failures, at))
        return CheckedBatch(kept, raw, records.filter(passing), failed, passing)

    def _reasons(
        self, failures: list[Failure], at: npt.NDArray[np.intp]
    ) -> tuple[tuple[str, ...], ...]:
        """Reasons of the failing rows, in the order of the checks; equal ones share one tuple."""
        ordered = sorted(failures, key=lambda failure: failure[0])
        names = [self.checks[position].reason for position, _ in ordered]
        flags = np.stack([mask[at] for _, mask in ordered], axis=1)
        known: dict[bytes, tuple[str, ...]] = {}
        reasons: list[tuple[str, ...]] = []
        for row in np.packbits(flags, axis=1):
            key = row.tobytes()
            if key not in known:
                hits = np.unpackbits(row, count=len(names))
                known[key] = tuple(n for n, hit in zip(names, hits, strict=True) if hit)
            reasons.append(known[key])
        return tuple(reasons)

    def finish(self) -> ValidationReport:
        """Settle uniqueness and drift; every batch must have been checked."""
        with self._lock:
            late = no_late_failures() if self._exclude is not None else self._seen.repeated()
            tally = self._tally
            results = tuple(self._result(i, check, late) for i, check in enumerate(self.checks))
            found = [finding_of(result) for result in results]
            findings = [f for f in found if f is not None] + _malformed_findings(tally.malformed)
            return ValidationReport(
                rows_checked=tally.rows,
                rows_failed=self._failed_rows(late),
                malformed=dict(tally.malformed),
                checks=results,
                findings=error_order(findings),
                late_failures=late,
            )

    def _failed_rows(self, late: LateFailures) -> int:
        if not len(late):
            return self._tally.failed_rows
        return len(np.union1d(late.all, np.concatenate([*self._tally.failed_records, late.all])))

    def _result(self, position: int, check: Check, late: LateFailures) -> CheckResult:
        if check.code == "drift.rows":
            return self._drift(check)
        if check.code == "reference.missing" and position not in self._tally.judged:
            return CheckResult(check, 0, passed=None)
        late_records = late.records.get(check.reason)
        if late_records is not None:
            first = tuple(int(record) for record in late_records[:FIRST_RECORDS])
            return CheckResult(check, len(late_records), first, passed=False)
        failing = self._tally.failing[position]
        first = tuple(int(record) for record in self._tally.first.get(position, ()))
        return CheckResult(check, failing, first, passed=not failing)

    def _drift(self, check: Check) -> CheckResult:
        if not self._prior or check.source is None:
            return CheckResult(check, None, passed=None)
        mean = sum(self._prior) / len(self._prior)
        rows = self._tally.rows
        passed = abs(rows - mean) <= mean * drift_pct(check.source) / 100
        facts = {"rows": float(rows), "mean_rows": mean, "earlier_submissions": len(self._prior)}
        return CheckResult(check, None, passed=passed, facts=facts)


def _malformed_findings(malformed: Mapping[str, int]) -> list[Finding]:
    return [
        Finding(
            code,
            Severity.ERROR,
            f"{count:,} record{'s' * (count != 1)} {MALFORMED_WORDS.get(code, 'cannot be read')}.",
            failing_rows=count,
            remedy="Check the delimiter, quotes and line ends of the export.",
        )
        for code, count in sorted(malformed.items())
    ]
