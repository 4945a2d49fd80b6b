"""Parses one block: quickly when pyarrow accepts it, else with its malformed records cut out."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from enclave.batches import MalformedRecord
from enclave.intake.blocks import Block, QuotesMisreadError
from enclave.intake.cells import clean_column, longest_cell_bytes
from enclave.intake.headers import Layout
from enclave.intake.refusals import refuse
from enclave.intake.scanner import (
    Dialect,
    Positions,
    Quotes,
    Spans,
    ends_inside_quotes,
    find_records,
    find_strays,
    structural_quotes,
)
from governance.contracts.model import DatasetContract

_PARSE_SLACK = 1 << 16


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """A block as rows.

    Attributes:
        rows: Contract columns as text.
        records: Records of the block, malformed ones included.
        malformed: With ordinals counted from 1 inside the block.
        is_line_each: Whether each record is known to be one line.
    """

    rows: pa.RecordBatch
    records: int
    malformed: tuple[MalformedRecord, ...]
    is_line_each: bool = False


def _read(
    data: pa.Buffer,
    contract: DatasetContract,
    layout: Layout,
    dialect: Dialect,
    invalid: list[tuple[int, int]] | None,
) -> pa.Table:
    """Let pyarrow parse whole records; columns are named by their position.

    Args:
        data: Whole records.
        contract: For null values.
        layout: Which positions to read.
        dialect: Delimiter and quote.
        invalid: Filled with (ordinal from 1, cells) of ragged records; None: such a record raises.

    Raises:
        pa.ArrowInvalid: A record is ragged or not UTF-8; the message quotes it, so never show it.
    """
    ragged = [] if invalid is None else invalid

    def skip(row: pacsv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    wanted = [str(p) for p in layout.positions if p is not None] + [str(p) for p in layout.void]
    return pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(
            use_threads=False,
            column_names=[str(p) for p in range(layout.width)],
            block_size=data.size + _PARSE_SLACK,
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=chr(dialect.delimiter),
            quote_char=False if dialect.quote is None else chr(dialect.quote),
            double_quote=dialect.quote is not None,
            newlines_in_values=True,
            # A handler is shown the row as decoded text, which fails (and prints) on bad UTF-8:
            # only the careful pass, which took those records out, may have one.
            invalid_row_handler=None if invalid is None else skip,
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(wanted, pa.string()),
            strings_can_be_null=True,
            null_values=list(contract.file.null_values),
        ),
    )


def _to_contract(
    table: pa.Table, contract: DatasetContract, layout: Layout, max_cell_bytes: int
) -> pa.RecordBatch:
    """Contract columns in contract order, trimmed, absent ones null."""
    rows = table.num_rows
    arrays: list[pa.Array] = []
    for column, position in zip(contract.columns, layout.positions, strict=True):
        if position is None:
            arrays.append(pa.nulls(rows, pa.string()))
            continue
        chunked = table.column(str(position))
        array = chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()
        if longest_cell_bytes(array) > max_cell_bytes:
            raise refuse(
                "intake.cell_too_long",
                f"A cell of {column.name} is longer than {max_cell_bytes} bytes.",
                remedy="Send text of a sensible length; look for a quote that is never closed.",
                column=column.name,
            )
        arrays.append(clean_column(array, contract.file.null_values, trim=contract.file.trim))
    return pa.RecordBatch.from_arrays(arrays, names=[c.name for c in contract.columns])


def parse_block(
    block: Block,
    contract: DatasetContract,
    layout: Layout,
    dialect: Dialect,
    max_cell_bytes: int,
) -> ParsedBlock:
    """Parse a block of whole records.

    Raises:
        UnreadableSubmissionError: A cell is longer than the bound.
        QuotesMisreadError: The block was cut inside a quoted cell.
    """
    open_end = block.is_last and ends_inside_quotes(block.content, dialect)
    if b"\0" not in block.data and block.quotes is not Quotes.STRAY and not open_end:
        try:
            data = pa.py_buffer(block.data).slice(0, block.size)
            table = _read(data, contract, layout, dialect, None)
        except pa.ArrowInvalid:
            pass
        else:
            sound = block.quotes is Quotes.SOUND or not _holds_byte(table, dialect.quote)
            if sound and not _find_overfull(table, layout).any():
                rows = _to_contract(table, contract, layout, max_cell_bytes)
                return ParsedBlock(rows, rows.num_rows, ())
    return _parse_carefully(block, contract, layout, dialect, max_cell_bytes)


def _holds_byte(table: pa.Table, byte: int | None) -> bool:
    """Whether any value has the (ASCII) byte in it."""
    for column in table.columns:
        for chunk in column.chunks:
            data = chunk.buffers()[2]
            if data is not None and bool((np.frombuffer(data, np.uint8) == byte).any()):
                return True
    return False


def _parse_carefully(
    block: Block,
    contract: DatasetContract,
    layout: Layout,
    dialect: Dialect,
    max_cell_bytes: int,
) -> ParsedBlock:
    """Cut out what cannot be parsed, then parse the rest and note ragged records."""
    content = block.content
    quotes = structural_quotes(content, dialect)
    spans = find_records(content, dialect, quotes)
    if len(quotes) % 2 and not block.is_last:
        raise QuotesMisreadError
    bad = _find_unreadable(content, spans, quotes, dialect)
    good = np.setdiff1d(np.arange(len(spans.starts)), np.fromiter(bad, np.int64, len(bad)))
    kept = _excise(content, spans, sorted(bad))
    ragged: list[tuple[int, int]] = []
    schema = pa.schema([(column.name, pa.string()) for column in contract.columns])
    rows = pa.RecordBatch.from_pylist([], schema=schema)
    if kept.strip(b"\r\n"):
        try:
            table = _read(pa.py_buffer(kept), contract, layout, dialect, ragged)
        except pa.ArrowInvalid:
            raise refuse(
                "intake.unparsable",
                "Some records could be read by neither pass.",
                remedy="Report this to the operator of the enclave.",
            ) from None
        for ordinal, cells in ragged:
            few = cells < layout.width
            bad[int(good[ordinal - 1])] = f"record.too_{'few' if few else 'many'}_cells"
        good = np.setdiff1d(good, np.fromiter(bad, np.int64, len(bad)))
        overfull = _find_overfull(table, layout)
        if overfull.any():
            bad.update(dict.fromkeys(good[overfull].tolist(), "record.too_many_cells"))
            table = table.filter(pa.array(~overfull))
        rows = _to_contract(table, contract, layout, max_cell_bytes)
    malformed = tuple(
        MalformedRecord(at + 1, bad[at], content[spans.starts[at] : spans.ends[at]])
        for at in sorted(bad)
    )
    return ParsedBlock(rows, len(spans.starts), malformed)


def _find_unreadable(
    content: bytes, spans: Spans, quotes: Positions, dialect: Dialect
) -> dict[int, str]:
    """Records pyarrow must not see, by their place in the block, with the code that says why."""
    bad: dict[int, str] = {}
    if len(quotes) % 2:
        bad[len(spans.starts) - 1] = "record.unclosed_quote"
    strays = find_strays(content, quotes, dialect)
    for at in _records_at(spans, strays) if len(strays) else ():
        bad.setdefault(at, "record.stray_quote")
    for at in find_nul_bytes(content, spans):
        bad.setdefault(at, "record.nul_byte")
    for at in find_invalid_utf8(content, spans):
        bad.setdefault(at, "record.encoding")
    return bad


def _find_overfull(table: pa.Table, layout: Layout) -> npt.NDArray[np.bool_]:
    """Which rows have something in a cell that has no column."""
    overfull = np.zeros(table.num_rows, np.bool_)
    for position in layout.void:
        column = pc.fill_null(pc.utf8_trim_whitespace(table.column(str(position))), "")
        overfull |= pc.greater(pc.binary_length(column), 0).to_numpy()
    return overfull


def _records_at(spans: Spans, positions: Positions) -> list[int]:
    """Records in which these bytes lie; bytes between records belong to none."""
    at = np.searchsorted(spans.starts, positions, side="right") - 1
    inside = (at >= 0) & (positions < spans.ends[at])
    return [int(place) for place in np.unique(at[inside])]


def find_nul_bytes(content: bytes, spans: Spans) -> list[int]:
    """Records with a NUL byte."""
    if b"\0" not in content or not len(spans.starts):
        return []
    return _records_at(spans, np.flatnonzero(np.frombuffer(content, np.uint8) == 0))


def find_invalid_utf8(content: bytes, spans: Spans) -> list[int]:
    """Records with bytes that are not UTF-8."""
    view = memoryview(content)
    found: list[int] = []
    position = 0
    while position < len(view):
        try:
            codecs.utf_8_decode(view[position:], "strict", True)  # noqa: FBT003  positional only
        except UnicodeDecodeError as error:
            wrong = position + error.start
            at = int(np.searchsorted(spans.starts, wrong, side="right")) - 1
            inside = at >= 0 and wrong < spans.ends[at]
            position = int(spans.ends[at]) if inside else wrong + 1
            if inside:
                found.append(at)
        else:
            break
    return found


def _excise(content: bytes, spans: Spans, bad: Sequence[int]) -> bytes:
    """The block without these records."""
    if not bad:
        return content
    parts: list[bytes] = []
    position = 0
    for at in bad:
        parts.append(content[position : int(spans.starts[at])])
        position = int(spans.ends[at])
    parts.append(content[position:])
    return b"".join(parts)
