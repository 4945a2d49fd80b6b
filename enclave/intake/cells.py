"""From parsed text to contract cells: trimming and "no value", paid for only where needed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_FIRST_PRINTING = np.uint8(0x21)
_PRINTING_SPAN = 0x7E - 0x21


def _buffers(column: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets (cells + 1) and the data buffer of a string column."""
    _, offsets, data = column.buffers()
    first = column.offset
    cells = np.frombuffer(offsets, np.int32, len(column) + 1, first * 4)
    return cells, np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)


def to_int64(numbers: npt.NDArray[np.int64]) -> pa.Int64Array:
    """The numbers without a copy (`pa.array` would import pandas to look at them)."""
    data = pa.py_buffer(np.ascontiguousarray(numbers, np.int64))
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, data])


def longest_cell_bytes(column: pa.Array) -> int:
    """Length of the longest cell, in UTF-8 bytes."""
    if not len(column):
        return 0
    offsets, _ = _buffers(column)
    return int(np.diff(offsets).max())


def has_outer_blanks(column: pa.Array) -> bool:
    """Whether any cell may begin or end with a blank.

    Two cheap passes: a column without any blank or non-ASCII byte (most codes, numbers and dates)
    is settled by the first; else only the first and last byte of each cell are looked at. A
    non-ASCII edge counts, because the no-break space is a blank.
    """
    if not len(column):
        return False
    offsets, data = _buffers(column)
    used = data[offsets[0] : offsets[-1]]
    if not len(used) or int((used - _FIRST_PRINTING).max()) <= _PRINTING_SPAN:
        return False
    starts, ends = offsets[:-1], offsets[1:]
    filled = ends > starts
    edges = np.concatenate((data[starts[filled]], data[ends[filled] - 1]))
    return bool(((edges - _FIRST_PRINTING) > _PRINTING_SPAN).any())


def clean_column(column: pa.Array, null_values: Sequence[str], *, trim: bool) -> pa.Array:
    """Trim where blanks are, and make the null values among the trimmed cells null.

    Args:
        column: Text whose untrimmed null values are null already.
        null_values: Cells that mean "no value".
        trim: Whether outer blanks are no part of a value.
    """
    if not trim or not has_outer_blanks(column):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    if not null_values:
        return trimmed
    void = pc.is_in(trimmed, value_set=pa.array(null_values, pa.string()))
    return pc.if_else(void, pa.scalar(None, pa.string()), trimmed)


def null_cells(column: pa.Array, null_values: Sequence[str], *, trim: bool) -> pa.Array:
    """Trim where blanks are, and make every null value null."""
    if trim and has_outer_blanks(column):
        column = pc.utf8_trim_whitespace(column)
    if not null_values:
        return column
    if tuple(null_values) == ("",):
        void = pc.equal(column, "")
    else:
        void = pc.is_in(column, value_set=pa.array(null_values, pa.string()))
    return pc.if_else(void, pa.scalar(None, pa.string()), column)
