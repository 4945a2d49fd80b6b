"""One streaming pass over a submission: read, validate, de-identify, stage; nothing lands here.

Memory does not grow with the file: batches flow through a fixed number of lanes. Lane `n` takes
batches `n`, `n + lanes`, … and writes its own encrypted staged file, so a rerun of the same input
gives the same files' rows in the same order.

Uniqueness is known only at the end. When it fails rows, the pass runs a second time without them;
that is rare, and cheaper than holding every row back.
"""

import os
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enclave.batches import CheckedBatch, FailedRows, RawBatch
from enclave.deidentify import Deidentifier, MissingIdentityError
from enclave.intake import SubmissionReader
from enclave.validate import ReferenceCheck, RowValidator, ValidationReport
from enclave.validate.quarantine import QuarantineWriter
from governance.digests import sha256_of_stream

_QUEUED_BATCHES = 2
"""Batches a lane may have waiting: bounds memory, keeps the reader ahead."""

MISSING_IDENTITY = "null.identity:person"
"""Reason of a row whose person cannot be told: a null key refuses."""

_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass found and wrote.

    Attributes:
        report: The validation report.
        rows_read: Records of the file, malformed ones included.
        rows_passed: Rows in the staged files.
        files: Encrypted Parquet files on this machine.
    """

    report: ValidationReport
    rows_read: int
    rows_passed: int
    files: tuple["LaneFile", ...]


@dataclass(frozen=True, slots=True)
class LaneFile:
    """One finished, encrypted file of a pass.

    Attributes:
        path: On this machine.
        rows: Its rows.
        size_bytes, sha256: Of the file as it stands.
    """

    path: Path
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class PassParts:
    """What a pass is made of; the caller opens it all."""

    reader: SubmissionReader
    validator: RowValidator
    deidentifier: Deidentifier
    references: tuple[ReferenceCheck, ...]
    quarantine: QuarantineWriter
    encryption: Callable[[], object]
    lanes: int
    progress: Callable[[int], None]


class _Lane(threading.Thread):
    """Checks, de-identifies and writes every `lanes`-th batch, in order."""

    def __init__(self, number: int, parts: PassParts, folder: Path, lock: threading.Lock) -> None:
        super().__init__(name=f"lane-{number}", daemon=True)
        self.number = number
        self.path = folder / f"{number:04d}.parquet"
        self.rows = 0
        self.file: LaneFile | None = None
        self.failure: BaseException | None = None
        self._parts = parts
        self._lock = lock
        self._queue: queue.Queue[RawBatch | None] = queue.Queue(_QUEUED_BATCHES)

    def put(self, batch: RawBatch) -> None:
        """Hand over a batch, waiting while the lane is full; raises the lane's failure."""
        while self.failure is None:
            try:
                self._queue.put(batch, timeout=_WAIT_SECONDS)
            except queue.Full:
                continue
            return
        raise self.failure

    def end(self) -> None:
        """Say that no batch follows; never waits on a lane that failed."""
        while self.failure is None and self.is_alive():
            try:
                self._queue.put(None, timeout=_WAIT_SECONDS)
            except queue.Full:
                continue
            return

    def run(self) -> None:
        """Work until the end is handed over; keep the failure for the reader's thread."""
        try:
            self._work()
            if self.rows:
                self.file = self._finished()
        except BaseException as error:  # noqa: BLE001  re-raised in the reader's thread
            self.failure = error

    def _work(self) -> None:
        schema = self._parts.deidentifier.plan.output_schema
        with ExitStack() as stack:
            writer: pq.ParquetWriter | None = None
            while (batch := self._queue.get()) is not None:
                table = self._treat(batch)
                if table.num_rows == 0:
                    continue
                if writer is None:
                    writer = stack.enter_context(self._open(schema))
                writer.write_batch(table, row_group_size=table.num_rows)
                self.rows += table.num_rows

    def _finished(self) -> LaneFile:
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())  # here, while the other lanes work
            sha256, size = sha256_of_stream(stream)
        return LaneFile(self.path, self.rows, size, sha256)

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter:
        person = self._parts.deidentifier.plan.person_column
        return pq.ParquetWriter(
            self.path,
            schema,
            # Random ids do not compress; amounts are mostly distinct, so a dictionary is waste.
            compression={n: "none" if n == person else "zstd" for n in schema.names},
            use_dictionary=[
                f.name for f in schema if f.name != person and not pa.types.is_floating(f.type)
            ],
            # Minima and maxima are values out of rows, and no query here prunes by them.
            write_statistics=False,
            encryption_properties=self._parts.encryption(),
            store_schema=False,
        )

    def _treat(self, batch: RawBatch) -> pa.RecordBatch:
        checked = self._parts.validator.check(batch)
        failed = [] if checked.failed is None else [checked.failed]
        try:
            table = self._parts.deidentifier.apply(checked)
        except MissingIdentityError:
            # Rare, so found out the expensive way: the rows without identity go to quarantine.
            missing = self._parts.deidentifier.missing_identity(checked.typed)
            self._parts.validator.add_failures(MISSING_IDENTITY, checked.records.filter(missing))
            failed.append(_set_apart(checked, missing, MISSING_IDENTITY))
            checked = _without(checked, missing)
            table = self._parts.deidentifier.apply(checked)
        for reference in self._parts.references:
            missing = reference.failing(table)
            self._parts.validator.add_failures(reference.reason, checked.records.filter(missing))
            if missing.true_count:
                failed.append(_set_apart(checked, missing, reference.reason))
                checked = _without(checked, missing)
                table = table.filter(pc.invert(missing))
        if failed or batch.malformed:
            with self._lock:
                for rows in failed:
                    self._parts.quarantine.add(rows)
                if batch.malformed:
                    self._parts.quarantine.add_malformed(batch.malformed)
        return table


def _set_apart(checked: CheckedBatch, rows: pa.BooleanArray, reason: str) -> FailedRows:
    records = checked.records.filter(rows)
    return FailedRows(checked.raw_rows().filter(rows), records, ((reason,),) * len(records))


def _without(checked: CheckedBatch, rows: pa.BooleanArray) -> CheckedBatch:
    keep = pc.invert(rows)
    return CheckedBatch(
        typed=checked.typed.filter(keep),
        raw=checked.raw_rows().filter(keep),
        records=checked.records.filter(keep),
        failed=checked.failed,
    )


def run_pass(parts: PassParts, folder: Path) -> PassResult:
    """Run the whole file through the lanes into encrypted files under `folder`.

    Raises:
        UnreadableSubmissionError: The file cannot be read as the contract says.
        EnclaveError: A stage broke its promise; nothing was staged.
    """
    lock = threading.Lock()
    lanes = [_Lane(number, parts, folder, lock) for number in range(parts.lanes)]
    for lane in lanes:
        lane.start()
    try:
        _feed(lanes, parts)
    finally:
        for lane in lanes:
            lane.end()
    for lane in lanes:
        lane.join()
        if lane.failure is not None:
            raise lane.failure
    # What the batches left in the pool is given back: the risk measure comes next.
    pa.default_memory_pool().release_unused()
    return PassResult(
        report=parts.validator.finish(),
        rows_read=parts.reader.records_read,
        rows_passed=sum(lane.rows for lane in lanes),
        files=tuple(lane.file for lane in lanes if lane.file is not None),
    )


def _feed(lanes: list[_Lane], parts: PassParts) -> None:
    seen = 0
    for index, batch in enumerate(parts.reader.batches()):
        lanes[index % len(lanes)].put(batch)
        seen += batch.rows.num_rows + len(batch.malformed)
        parts.progress(seen)
