"""Quarantine: failing rows, encrypted with their agency's key, and given back to that agency.

What lies in the quarantine zone at `{agency}/{dataset}/{submission}.quarantine` is one encrypted
stream (`enclave.validate.envelope`). Its chunks are Arrow streams: rows (the contract's columns as
delivered, the record's ordinal, the reasons), malformed records (their bytes, ordinal and code),
and at the end the line number of each record, which is known last.

Rows are held in memory up to a few thousand, then encrypted into a spool file, so memory does not
grow with the failures. This module and its callers may hold row values; nothing here logs.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enclave.batches import FailedRows, MalformedRecord
from enclave.keys import Key, KeyRing
from enclave.validate.envelope import EnvelopeError, EnvelopeWriter, read_chunks, read_header
from governance.contracts.model import DatasetContract
from governance.objects import ObjectStore

PURPOSE: Final = "quarantine"
"""Purpose of the wrapping keys in the key ring; their scope is the agency."""
CHUNK_ROWS: Final = 8192
LARGEST_LINE_LIST: Final = 1_000_000
"""Records whose line number is looked up; beyond it, rows carry their ordinal only."""

_RECORD, _REASONS, _CODE, _RAW, _LINE = (
    "__record", "__reasons", "__code", "__raw", "__line"
)  # fmt: skip
_MALFORMED: Final = pa.schema([(_RECORD, pa.int64()), (_CODE, pa.string()), (_RAW, pa.binary())])
_LINES: Final = pa.schema([(_RECORD, pa.int64()), (_LINE, pa.int64())])
_ZSTD: Final = pa.ipc.IpcWriteOptions(compression="zstd")

LineNumbers = Callable[[Sequence[int]], Mapping[int, int]]
Ordinals = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class QuarantineManifest:
    """What was put into quarantine; publishable.

    Attributes:
        object_key: Where it lies in the quarantine zone; None when nothing failed.
        rows: Failing rows and malformed records together.
        malformed: Of these, records that could not be cut into cells.
        key_id: The key that opens it.
        size_bytes: Of the encrypted object.
    """

    object_key: str | None
    rows: int
    malformed: int
    key_id: str
    size_bytes: int

    def to_dict(self) -> dict[str, str | int | None]:
        """The manifest as JSON."""
        return {
            "object_key": self.object_key,
            "rows": self.rows,
            "malformed": self.malformed,
            "key_id": self.key_id,
            "size_bytes": self.size_bytes,
        }


def quarantine_key(prefix: str, submission_id: str) -> str:
    """Where a submission's failing rows lie in the quarantine zone; `prefix` as in the writer."""
    return f"{prefix}/{submission_id}.quarantine"


class QuarantineWriter:
    """Collects the failing rows of one submission; `add` and `add_malformed` from one thread.

    Nothing lies in the zone before `close`, and then the whole object at once.
    """

    def __init__(
        self,
        store: ObjectStore,
        key: Key,
        submission_id: str,
        prefix: str,
        *,
        contract: DatasetContract,
        spill: Path | None = None,
    ) -> None:
        """Open the spool.

        Args:
            store: The quarantine zone.
            key: The agency's current quarantine key.
            submission_id: Names the object.
            prefix: `{agency}/{dataset}`.
            contract: Of the rows.
            spill: Folder of the encrypted spool file; None is the system's.
        """
        self._store = store
        self._key = key
        self.object_key = quarantine_key(prefix, submission_id)
        self._spool = tempfile.TemporaryFile(prefix="enclave-quarantine-", dir=spill)  # noqa: SIM115  closed by close() or abandon()
        header = {
            "submission": submission_id,
            "agency": contract.agency,
            "dataset": contract.dataset,
            "contract_version": contract.version,
        }
        self._envelope = EnvelopeWriter(self._spool, key, header)
        self._names = [c.name for c in contract.columns]
        self._schema = pa.schema(
            [
                *((name, pa.string()) for name in self._names),
                (_RECORD, pa.int64()),
                (_REASONS, pa.list_(pa.string())),
            ]
        )
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._records: list[Ordinals] = []
        self.rows = 0
        self.malformed = 0

    def add(self, failed: FailedRows) -> None:
        """Take failing rows."""
        count = failed.rows.num_rows
        if not count:
            return
        cells = [failed.rows.column(name) for name in self._names]
        reasons = pa.array([list(r) for r in failed.reasons], pa.list_(pa.string()))
        batch = pa.RecordBatch.from_arrays([*cells, failed.records, reasons], schema=self._schema)
        self._records.append(failed.records.to_numpy())
        self.rows += count
        for start in range(0, count, CHUNK_ROWS):
            part = batch.slice(start, CHUNK_ROWS)
            self._waiting.append(part)
            self._waiting_rows += part.num_rows
            if self._waiting_rows >= CHUNK_ROWS:
                self._flush()

    def add_malformed(self, records: Iterable[MalformedRecord]) -> None:
        """Take records that could not be cut into cells."""
        found = list(records)
        if not found:
            return
        ordinals = np.array([bad.record for bad in found], np.int64)
        columns = [
            pa.array(ordinals),
            pa.array([bad.code for bad in found]),
            pa.array([bad.raw for bad in found], pa.binary()),
        ]
        self._write(_MALFORMED, [pa.RecordBatch.from_arrays(columns, schema=_MALFORMED)])
        self._records.append(ordinals)
        self.malformed += len(found)

    def close(self, line_numbers: LineNumbers | Mapping[int, int]) -> QuarantineManifest:
        """Add the line numbers and put the object into the zone in one write.

        Args:
            line_numbers: Record ordinals -> line numbers: a mapping, or a function that is asked
                once, with increasing ordinals.

        Returns:
            What was written; without an object when nothing failed.
        """
        total = self.rows + self.malformed
        if not total:
            self.abandon()
            return QuarantineManifest(None, 0, 0, str(self._key.id), 0)
        self._flush()
        wanted = np.unique(np.concatenate(self._records))[:LARGEST_LINE_LIST].tolist()
        known = line_numbers(wanted) if callable(line_numbers) else line_numbers
        lines = [(record, known[record]) for record in wanted if record in known]
        columns = [pa.array([pair[i] for pair in lines], pa.int64()) for i in (0, 1)]
        lined = pa.RecordBatch.from_arrays(columns, schema=_LINES)
        self._write(_LINES, [lined], last=True)
        self._spool.seek(0)
        info = self._store.put(self.object_key, self._spool)
        self._spool.close()
        return QuarantineManifest(
            self.object_key, total, self.malformed, str(self._key.id), info.size_bytes
        )

    def abandon(self) -> None:
        """Throw the spool away; nothing is written to the zone."""
        self._waiting.clear()
        self._spool.close()

    def _flush(self) -> None:
        if self._waiting:
            self._write(self._schema, self._waiting)
            self._waiting, self._waiting_rows = [], 0

    def _write(
        self, schema: pa.Schema, batches: Sequence[pa.RecordBatch], *, last: bool = False
    ) -> None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema, options=_ZSTD) as writer:
            for batch in batches:
                writer.write_batch(batch)
        self._envelope.write(sink.getvalue().to_pybytes(), last=last)


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One failing record, given back.

    Attributes:
        record: 1-based ordinal among the data records.
        line: Physical line number, or None when it was not looked up.
        reasons: Codes with column or rule.
        cells: The contract's columns as delivered; None for a malformed record.
        raw: The bytes of a malformed record, else None.
    """

    record: int
    line: int | None
    reasons: tuple[str, ...]
    cells: Mapping[str, str | None] | None
    raw: bytes | None = None


def read_quarantine(
    store: ObjectStore, ring: KeyRing, object_key: str, *, agency: str
) -> Iterator[QuarantinedRow]:
    """Decrypt a quarantine object for its agency; row order is that of processing.

    The whole object is authenticated before the first row is given out.

    Args:
        store: The quarantine zone.
        ring: Holds the agency's key.
        object_key: Where it lies.
        agency: Who asks.

    Yields:
        One failing record after another.

    Raises:
        EnvelopeError: It is another agency's, or was changed, cut short or moved.
        KeyRingError: Its key was destroyed.
    """
    lines: dict[int, int] = {}
    for table in _tables(store, ring, object_key, agency):
        if table.schema.equals(_LINES):
            pairs = (table.column(name).to_pylist() for name in (_RECORD, _LINE))
            lines.update(zip(*pairs, strict=True))
    for table in _tables(store, ring, object_key, agency):
        if not table.schema.equals(_LINES):
            for row in table.to_pylist():
                yield _row(row, lines)


def _row(row: dict[str, object], lines: Mapping[int, int]) -> QuarantinedRow:
    record = row.pop(_RECORD)
    if not isinstance(record, int):
        raise EnvelopeError("A quarantined row has no ordinal.")
    if _RAW in row:
        raw = row[_RAW]
        return QuarantinedRow(
            record,
            lines.get(record),
            (str(row[_CODE]),),
            None,
            raw if isinstance(raw, bytes) else b"",
        )
    reasons = row.pop(_REASONS)
    codes = tuple(str(r) for r in reasons) if isinstance(reasons, list) else ()
    cells = {name: None if cell is None else str(cell) for name, cell in row.items()}
    return QuarantinedRow(record, lines.get(record), codes, cells)


def _tables(store: ObjectStore, ring: KeyRing, object_key: str, agency: str) -> Iterator[pa.Table]:
    with store.open(object_key) as stream:
        header = read_header(stream)
        named = f"{header.facts.get('agency')}/{header.facts.get('dataset')}"
        expected = quarantine_key(named, str(header.facts.get("submission")))
        mine = header.key_id.purpose == PURPOSE and header.key_id.scope == agency
        if not mine or header.facts.get("agency") != agency or object_key != expected:
            raise EnvelopeError("This quarantine object is not that agency's.", agency=agency)
        for chunk in read_chunks(stream, header, ring.get(header.key_id)):
            with pa.ipc.open_stream(pa.py_buffer(chunk)) as reader:
                yield reader.read_all()
