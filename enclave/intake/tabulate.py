"""Collects rows of Python cells into batches, for formats that come row by row."""

import csv
import io
from collections.abc import Sequence

import pyarrow as pa

from enclave.batches import MalformedRecord, RawBatch
from enclave.intake.cells import null_cells
from governance.contracts.model import DatasetContract

BATCH_ROWS = 65_536


class RowCollector:
    """Rows and malformed records until a batch is full."""

    def __init__(self, contract: DatasetContract) -> None:
        """Empty."""
        self._contract = contract
        self._columns: list[list[str | None]] = [[] for _ in contract.columns]
        self._records: list[int] = []
        self._malformed: list[MalformedRecord] = []

    def add(self, record: int, cells: Sequence[str | None]) -> None:
        """A row in contract order."""
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(cell)
        self._records.append(record)

    def add_malformed(self, record: int, code: str, raw: bytes) -> None:
        """A record that is no row."""
        self._malformed.append(MalformedRecord(record, code, raw))

    @property
    def is_full(self) -> bool:
        """Whether a batch's worth was collected."""
        return len(self._records) + len(self._malformed) >= BATCH_ROWS

    @property
    def is_empty(self) -> bool:
        """Whether nothing was collected."""
        return not self._records and not self._malformed

    def take(self) -> RawBatch:
        """What was collected; starts anew."""
        file = self._contract.file
        arrays = [
            null_cells(pa.array(column, pa.string()), file.null_values, trim=file.trim)
            for column in self._columns
        ]
        names = [c.name for c in self._contract.columns]
        batch = RawBatch(
            pa.RecordBatch.from_arrays(arrays, names=names),
            pa.array(self._records, pa.int64()),
            tuple(self._malformed),
        )
        self._columns = [[] for _ in self._contract.columns]
        self._records, self._malformed = [], []
        return batch


def to_raw(cells: Sequence[object]) -> bytes:
    """A row that is no text in its file, as a CSV line for quarantine."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="").writerow(["" if cell is None else cell for cell in cells])
    return out.getvalue().encode("utf-8", "backslashreplace")
