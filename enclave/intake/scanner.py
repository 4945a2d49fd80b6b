r"""Where records begin and end in a block of delimited text, worked out with numpy.

The grammar is pyarrow's (and that of Python's `csv`, not strict): a quote opens a quoted part only
at the start of a cell; inside, a doubled quote is one quote; after the closing quote the rest of
the cell is plain, further quotes included. `\n`, `\r` and `\r\n` outside quotes end a record; a
line with nothing on it is no record. A block begins at the start of a record.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

LF = 0x0A
CR = 0x0D


@dataclass(frozen=True, slots=True)
class Dialect:
    """How delimited text is written, as single bytes.

    Attributes:
        delimiter: Between cells.
        quote: Around cells, or None when quotes mean nothing.
    """

    delimiter: int
    quote: int | None


@dataclass(frozen=True, slots=True)
class Spans:
    """The records of a block, in order; empty lines left out.

    Attributes:
        starts, ends: Byte offsets; `ends` excludes the line break.
        lines: Physical line breaks before each start.
    """

    starts: Positions
    ends: Positions
    lines: Positions


def structural_quotes(block: bytes | bytearray, dialect: Dialect) -> Positions:
    """Positions of the quotes that open, close or double; an even number before a byte = outside.

    Quotes that are plain text (`5" pipe`) are left out.
    """
    if dialect.quote is None or block.find(dialect.quote) < 0:
        return np.empty(0, np.int64)
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == dialect.quote)
    opening = quotes[0::2]
    before = data[opening - 1]
    at_cell_start = (before == dialect.delimiter) | (before == LF) | (before == CR)
    if opening[0] == 0:
        at_cell_start[0] = True
    at_cell_start[1:] |= opening[1:] - quotes[1::2][: len(opening) - 1] == 1
    if at_cell_start.all():
        return quotes
    return _walk_quotes(data, quotes, dialect)


def _walk_quotes(data: npt.NDArray[np.uint8], quotes: Positions, dialect: Dialect) -> Positions:
    """The same for a block with quotes inside plain cells: one step a quote."""
    starts_cell = np.zeros(len(quotes), np.bool_)
    before = data[quotes - 1]
    starts_cell[:] = (before == dialect.delimiter) | (before == LF) | (before == CR)
    if quotes[0] == 0:
        starts_cell[0] = True
    kept: list[int] = []
    inside = False
    doubled = -1
    positions = quotes.tolist()
    for at, (position, may_open) in enumerate(zip(positions, starts_cell.tolist(), strict=True)):
        if not inside:
            if may_open:
                kept.append(position)
                inside = True
        elif position == doubled:
            continue
        elif at + 1 < len(positions) and positions[at + 1] == position + 1:
            doubled = position + 1
        else:
            kept.append(position)
            inside = False
    return np.asarray(kept, np.int64)


def find_strays(block: bytes | bytearray, quotes: Positions, dialect: Dialect) -> Positions:
    """Closing quotes with text after them in the same cell: a quote nobody doubled, mostly.

    pyarrow and `csv` would read on and drop quotes; what the agency meant is unknown.
    """
    if not len(quotes):
        return quotes
    closing = quotes[1::2]
    data = np.frombuffer(block, np.uint8)
    after = data[np.minimum(closing + 1, len(data) - 1)]
    fine = (after == dialect.delimiter) | (after == LF) | (after == CR) | (after == dialect.quote)
    fine |= closing == len(data) - 1
    strays: Positions = closing[~fine]
    return strays


def find_cut(block: bytes | bytearray, dialect: Dialect) -> tuple[int, bool]:
    """Where the last whole record of the block ends, its line break included; 0 when none does.

    A carriage return as the very last byte does not count: a line feed may follow.

    Returns:
        The cut, and whether a closing quote has text after it.
    """
    quotes = structural_quotes(block, dialect)
    return _find_cut(block, quotes), bool(len(find_strays(block, quotes, dialect)))


def _find_cut(block: bytes | bytearray, quotes: Positions) -> int:
    """The cut alone."""
    limit = len(block)
    while limit > 0:
        feed = block.rfind(b"\n", 0, limit)
        # The search for a carriage return stops at the line feed: whichever is later.
        at = max(feed, block.rfind(b"\r", feed + 1, min(limit, len(block) - 1)))
        if at < 0:
            return 0
        before = int(np.searchsorted(quotes, at))
        if before % 2 == 0:
            return at + 1
        limit = int(quotes[before - 1])
    return 0


def ends_inside_quotes(block: bytes | bytearray, dialect: Dialect) -> bool:
    """Whether a quote opened in this block is not closed in it."""
    return len(structural_quotes(block, dialect)) % 2 == 1


def line_breaks(block: bytes | bytearray) -> Positions:
    r"""Positions of the bytes that end a physical line: `\n`, and `\r` without `\n` after it."""
    data = np.frombuffer(block, np.uint8)
    breaks = data == LF
    if block.find(b"\r") >= 0:
        returns = data == CR
        returns[:-1] &= ~breaks[1:]
        breaks |= returns
    return np.flatnonzero(breaks)


def count_line_breaks(block: bytes | bytearray) -> int:
    r"""Physical lines that end in the block; `\r\n` ends one."""
    return block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")


def find_records(block: bytes | bytearray, dialect: Dialect) -> Spans:
    """Every record of a block that ends with a whole record (or with the file)."""
    breaks = line_breaks(block)
    quotes = structural_quotes(block, dialect)
    outside = breaks[np.searchsorted(quotes, breaks) % 2 == 0] if len(quotes) else breaks
    starts = np.concatenate((np.zeros(1, np.int64), outside + 1))
    ends = np.concatenate((outside, np.full(1, len(block), np.int64)))
    if len(outside):
        data = np.frombuffer(block, np.uint8)
        pairs = (data[outside] == LF) & (outside > 0) & (data[outside - 1] == CR)
        ends[:-1] -= (pairs & (ends[:-1] > starts[:-1])).astype(np.int64)
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    return Spans(starts, ends, np.searchsorted(breaks, starts).astype(np.int64))
