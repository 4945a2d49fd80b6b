"""Parquet of any flat types, as text; nested columns the contract wants are refused."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enclave.batches import RawBatch
from enclave.errors import UnreadableSubmissionError
from enclave.intake.cells import longest_cell_bytes, null_cells, to_int64
from enclave.intake.headers import match_header
from enclave.intake.limits import IntakeLimits
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import refuse, warn
from enclave.intake.rendering import DATE_TYPES, render_number
from enclave.intake.sources import Source, hold_in_memory
from enclave.intake.tabulate import BATCH_ROWS
from governance.contracts.model import Column, DatasetContract, LogicalType


def open_parquet(stream: BinaryIO, limits: IntakeLimits) -> pq.ParquetFile:
    """The file, its footer read.

    Raises:
        UnreadableSubmissionError: Damaged, encrypted, or too many columns.
    """
    try:
        stream.seek(0)
        file = pq.ParquetFile(pa.PythonFile(stream, mode="r"), pre_buffer=False)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError):
        raise _unreadable() from None
    if len(names) > limits.max_columns:
        raise refuse(
            "intake.too_many_columns",
            f"The file has {len(names)} columns; at most {limits.max_columns} are read.",
            remedy="Send the columns of the contract.",
        )
    return file


class ParquetReader(SubmissionReader):
    """Reads a Parquet file in batches."""

    def __init__(self, source: Source, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Read the footer and match the schema.

        Raises:
            UnreadableSubmissionError: Damaged, encrypted, past a bound, or a wrong schema.
        """
        super().__init__(contract, limits)
        self._stream = hold_in_memory(source, limits)
        self._file = open_parquet(self._stream, limits)
        self._layout = match_header(self._file.schema_arrow.names, contract)
        for finding in self._layout.findings:
            self.add_finding(finding)
        self._check_bounds()
        self._dialect.update(
            format="parquet",
            columns=self._layout.width,
            rows=self._file.metadata.num_rows,
            row_groups=self._file.metadata.num_row_groups,
            **source.describe(),
        )

    def _check_bounds(self) -> None:
        """Refuse nested columns and column chunks too large to hold."""
        for column, position in zip(self.contract.columns, self._layout.positions, strict=True):
            if position is None:
                continue
            kind = self._file.schema_arrow.field(position).type
            if pa.types.is_nested(kind):
                raise refuse(
                    "intake.nested_column",
                    f"The column {column.name} holds nested values.",
                    remedy="Send flat columns.",
                    column=column.name,
                )
        metadata = self._file.metadata
        largest = max(
            (
                metadata.row_group(group).column(column).total_uncompressed_size
                for group in range(metadata.num_row_groups)
                for column in range(metadata.num_columns)
            ),
            default=0,
        )
        if largest > 4 * self.limits.max_resident_bytes:
            raise refuse(
                "intake.expansion",
                f"A column chunk of the file holds {largest} bytes uncompressed.",
                remedy="Write smaller row groups.",
            )

    def batches(self) -> Iterator[RawBatch]:
        """Every row; see `SubmissionReader.batches`.

        Yields:
            Batches of up to 65,536 rows.
        """
        self.records_read = 0
        names = self._file.schema_arrow.names
        wanted = [names[p] for p in self._layout.positions if p is not None]
        batches = iter(
            self._file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=True)
        )
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, ValueError):
                raise _unreadable() from None
            if batch is None:
                break
            if batch.num_rows:
                yield self._to_text(batch, names)
        if not self.records_read:
            self.add_finding(
                warn("intake.no_records", "The file has no rows.",
                     remedy="Check that the right file was sent.")
            )  # fmt: skip

    def _to_text(self, batch: pa.RecordBatch, names: Sequence[str]) -> RawBatch:
        """A batch as text in contract order."""
        file = self.contract.file
        arrays: list[pa.Array] = []
        for column, position in zip(self.contract.columns, self._layout.positions, strict=True):
            if position is None:
                arrays.append(pa.nulls(batch.num_rows, pa.string()))
                continue
            text = column_to_text(batch.column(names[position]), column)
            if longest_cell_bytes(text) > self.limits.max_cell_bytes:
                raise refuse(
                    "intake.cell_too_long",
                    f"A cell of {column.name} is longer than {self.limits.max_cell_bytes} bytes.",
                    remedy="Send text of a sensible length.",
                    column=column.name,
                )
            arrays.append(null_cells(text, file.null_values, trim=file.trim))
        first = self.records_read + 1
        self.records_read += batch.num_rows
        ordinals = to_int64(np.arange(first, first + batch.num_rows, dtype=np.int64))
        rows = pa.RecordBatch.from_arrays(arrays, names=[c.name for c in self.contract.columns])
        return RawBatch(rows, ordinals)

    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """A row's position is its line."""
        return {record: record for record in records}


def column_to_text(values: pa.Array, column: Column) -> pa.Array:
    """A typed column as text, as `rendering` does it value by value.

    Raises:
        UnreadableSubmissionError: Bytes that are no UTF-8, or a type without a text form.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return column_to_text(values.dictionary_decode(), column)
    if pa.types.is_boolean(kind):
        true, false = (
            (column.true_values[0], column.false_values[0])
            if column.logical_type is LogicalType.BOOLEAN
            else ("true", "false")
        )
        return pc.if_else(values, pa.scalar(true), pa.scalar(false))
    if pa.types.is_floating(kind):
        return _floats_to_text(values)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _times_to_text(values, column)
    try:
        if _is_text(kind):
            values = values.cast(pa.large_binary())  # A file's own word is no proof of UTF-8.
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise refuse(
            "intake.column_type",
            f"The column {column.name} is of a type without a text form, or is no UTF-8.",
            remedy="Send text, numbers, dates or booleans.",
            column=column.name,
        ) from None


def _is_text(kind: pa.DataType) -> bool:
    """Whether values of the type claim to be UTF-8."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _floats_to_text(values: pa.Array) -> pa.Array:
    """Whole numbers without a point (pandas writes integers with gaps as doubles)."""
    doubles = values.cast(pa.float64())
    try:
        return doubles.cast(pa.int64()).cast(pa.string())
    except pa.ArrowInvalid:
        unique = doubles.dictionary_encode()
        words = [None if v is None else render_number(v) for v in unique.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(
            unique.indices, pa.array(words, pa.string())
        ).dictionary_decode()


def _times_to_text(values: pa.Array, column: Column) -> pa.Array:
    """Dates and times in the column's first declared format, else ISO 8601."""
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        instants = pc.local_timestamp(values.cast(pa.timestamp("us", "UTC")))
        return pc.binary_join_element_wise(_to_seconds(instants), "Z", "")
    stamps = values.cast(pa.timestamp("us"), safe=False)
    if column.logical_type in DATE_TYPES and column.formats:
        return pc.strftime(stamps.cast(pa.timestamp("s"), safe=False), format=column.formats[0])
    if column.logical_type is not LogicalType.TIMESTAMP:
        days = stamps.cast(pa.date32(), safe=False)
        if pc.all(pc.equal(days.cast(pa.timestamp("us")), stamps)).as_py() is not False:
            return days.cast(pa.string())
    return _to_seconds(stamps)


def _to_seconds(stamps: pa.Array) -> pa.Array:
    """ISO 8601 without zone; microseconds only where some value has them."""
    seconds = stamps.cast(pa.timestamp("s"), safe=False)
    whole = pc.all(pc.equal(seconds.cast(pa.timestamp("us")), stamps)).as_py() is not False
    return pc.strftime(seconds if whole else stamps, format="%Y-%m-%dT%H:%M:%S")


def _unreadable() -> UnreadableSubmissionError:
    """The refusal for a file pyarrow cannot read."""
    return refuse(
        "intake.parquet_damaged",
        "The Parquet file cannot be read: damaged, cut off or encrypted.",
        remedy="Write and send it again, unencrypted inside the transfer.",
    )
