"""What travels between the stages of one streaming pass: batches of rows with their positions."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A record that could not be cut into the contract's cells.

    Attributes:
        record: 1-based ordinal among the file's data records, malformed ones included.
        code: `record.too_few_cells`, `record.too_many_cells`, `record.encoding`, …
        raw: The record's bytes, for quarantine only.
    """

    record: int
    code: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Rows as text, columns named as in the contract (`Column.name`), in contract order.

    Attributes:
        rows: Every column is `pa.string()`; a cell that means "no value" is null, cells are
            trimmed when the contract says so.
        records: 1-based ordinals of the rows among the file's data records: `pa.int64()`, same
            length as `rows`, increasing. Physical line numbers are worked out later, for failing
            rows only, by the reader's `line_numbers`.
        malformed: Records between these rows that could not be cut; not in `rows`.
    """

    rows: pa.RecordBatch
    records: pa.Int64Array
    malformed: tuple[MalformedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedRows:
    """Rows that failed, bound for quarantine.

    Attributes:
        rows: The raw text of the failing rows, contract columns.
        records: Their ordinals.
        reasons: Per failing row the codes of the checks it failed (`format.date:birth_date`).
    """

    rows: pa.RecordBatch
    records: pa.Int64Array
    reasons: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """A batch after validation.

    Attributes:
        typed: Passing rows, parsed to the contract's logical types, contract order and names.
        raw: The batch's rows as text (a later check may still send one to quarantine).
        records: Ordinals of the passing rows.
        failed: Failing rows, or None.
        passing: Which rows of `raw` pass; None where `raw` holds the passing rows alone.
    """

    typed: pa.RecordBatch
    raw: pa.RecordBatch
    records: pa.Int64Array
    failed: FailedRows | None
    passing: pa.BooleanArray | None = None

    def raw_rows(self) -> pa.RecordBatch:
        """The passing rows as text."""
        return self.raw if self.passing is None else self.raw.filter(self.passing)
