"""Text columns read as their logical types, whole columns at a time.

Each reader returns the values (null where there is none or where the text is not of the type) and
which rows hold text that is not of the type. What is accepted is defined by the patterns here and
in `governance.contracts.layouts`; the fast paths are proved equal to them in tests/property.

Readings (docs/guides/data-steward.md):

* integer: optional sign, one to eighteen digits;
* number: optional sign, digits with an optional decimal point, optional two-digit exponent; no
  thousands separators, no NaN, no infinity;
* boolean: one of the contract's spellings;
* date, timestamp: one of the contract's layouts, nothing before or after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enclave.validate.patterns import INTEGER_PATTERN, NUMBER_PATTERN
from governance.contracts.layouts import MONTHS, Layout, short_names, spellings
from governance.contracts.model import Column, LogicalType
from governance.contracts.patterns import to_re2

_INTEGER_DIGITS: Final = 18
_NUMBER_CHARACTERS: Final = 40
_SAMPLE_ROWS: Final = 1024
_CENTURY_PIVOT: Final = 69
"""Two-digit years from here on are 19xx, before it 20xx (POSIX strptime)."""
_FIRST_DAY: Final = (date(1000, 1, 1) - date(1970, 1, 1)).days
"""The first day a layout with a four-digit year can name."""
_MICROS_PER_DAY: Final = 86_400_000_000
_NOON: Final = 12

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

ARROW_TYPES: Final = {
    LogicalType.STRING: pa.string(),
    LogicalType.INTEGER: pa.int64(),
    LogicalType.NUMBER: pa.float64(),
    LogicalType.DATE: pa.date32(),
    LogicalType.TIMESTAMP: pa.timestamp("us"),
    LogicalType.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A column read as its type.

    Attributes:
        values: Typed values; null where the cell is null or unreadable.
        unreadable: Rows whose text is not of the type; None when there is none.
    """

    values: pa.Array
    unreadable: Mask | None = None


Reader = Callable[[pa.Array], Reading]


def to_mask(flags: pa.Array) -> Mask:
    """A boolean array as a NumPy mask; null is False."""
    if flags.null_count:
        flags = pc.fill_null(flags, False)  # noqa: FBT003  the kernel takes the value by position
    mask: Mask = flags.to_numpy(zero_copy_only=False)
    return mask


def matches(text: pa.Array, pattern: str) -> Mask:
    """Which cells the whole pattern matches; null cells do not."""
    return to_mask(pc.match_substring_regex(text, to_re2(pattern)))


def has_few_values(text: pa.Array) -> bool:
    """Whether a look at the first rows suggests judging distinct values instead of rows."""
    sample = text.slice(0, _SAMPLE_ROWS)
    return len(text) > _SAMPLE_ROWS and pc.count_distinct(sample).as_py() * 2 < len(sample)


def on_distinct(text: pa.Array, read: Reader, *, expect_few: bool = False) -> Reading:
    """Read the distinct values only, when there are few, and spread the result over the rows.

    Args:
        text: The column.
        read: How to read it.
        expect_few: Whether there are few by nature (a century has 36,525 days), though the first
            rows may all differ.
    """
    if len(text) <= _SAMPLE_ROWS or not (expect_few or has_few_values(text)):
        return read(text)
    encoded = text.dictionary_encode()
    reading = read(encoded.dictionary)
    values = reading.values.take(encoded.indices)
    if reading.unreadable is None:
        return Reading(values)
    return Reading(values, to_mask(pa.array(reading.unreadable).take(encoded.indices)))


def _reading(values: pa.Array, text: pa.Array, readable: Mask) -> Reading:
    unreadable = ~readable & to_mask(text.is_valid())
    return Reading(values, unreadable if unreadable.any() else None)


def read_strings(text: pa.Array) -> Reading:
    """Text is text."""
    return Reading(text)


def _all_short(text: pa.Array, limit: int) -> bool:
    return (pc.max(pc.binary_length(text)).as_py() or 0) <= limit


def read_integers(text: pa.Array) -> Reading:
    """Read integers: optional sign, one to eighteen digits."""
    plain = pc.ascii_is_decimal(text)
    if pc.all(plain).as_py() is not False and _all_short(text, _INTEGER_DIGITS):
        return Reading(text.cast(pa.int64()))
    readable = matches(text, INTEGER_PATTERN)
    clean = pc.ascii_ltrim(pc.if_else(pa.array(readable), text, None), characters="+")
    return _reading(clean.cast(pa.int64()), text, readable)


def _is_plain_decimal(text: pa.Array) -> bool:
    """Whether the column holds no byte but digits, `-`, `.` and `/`, and no long cell.

    What then casts without an error matches the number pattern: no exponent, NaN or infinity can
    be spelled, and the cast refuses `/` and stray signs.
    """
    data = _data(text)
    low, high = ord("-"), ord("9")
    if len(data) == 0:
        return True
    within = int(data.min()) >= low and int(data.max()) <= high
    return within and _all_short(text, _NUMBER_CHARACTERS)


def read_numbers(text: pa.Array) -> Reading:
    """Read decimal numbers."""
    if _is_plain_decimal(text):
        try:
            return Reading(text.cast(pa.float64()))
        except pa.ArrowInvalid:  # its message quotes a cell: it must go no further
            pass
    readable = matches(text, NUMBER_PATTERN)
    clean = pc.ascii_ltrim(pc.if_else(pa.array(readable), text, None), characters="+")
    return _reading(clean.cast(pa.float64()), text, readable)


def boolean_reader(column: Column) -> Reader:
    """A reader of the contract's spellings."""
    spelled = pa.array([*column.true_values, *column.false_values], pa.string())
    truths = len(column.true_values)

    def read(text: pa.Array) -> Reading:
        position = pc.index_in(text, value_set=spelled)
        return _reading(pc.less(position, truths), text, to_mask(position.is_valid()))

    return read


def instant_reader(layouts: Sequence[Layout], kind: LogicalType) -> Reader:
    """A reader of dates or timestamps in any of the layouts, tried in order."""

    def read(text: pa.Array) -> Reading:
        micros = np.zeros(len(text), np.int64)
        readable = np.zeros(len(text), np.bool_)
        for layout in layouts:
            pending = None if layout is layouts[0] else np.flatnonzero(~readable)
            cells = text if pending is None else text.take(pa.array(pending))
            hit = matches(cells, layout.pattern)
            rows = np.flatnonzero(hit) if pending is None else pending[hit]
            if len(rows):
                chosen = cells if len(rows) == len(cells) else cells.filter(pa.array(hit))
                micros[rows] = _instants(chosen, layout)
                readable[rows] = True
            if readable.all():
                break
        return _reading(_typed_instants(micros, readable, kind), text, readable)

    return read


def read_iso_dates(text: pa.Array) -> Reading | None:
    """Read a column that holds ISO dates (`%Y-%m-%d`) and nothing else; None for any other."""
    try:
        days = text.cast(pa.date32())
    except (pa.ArrowInvalid, OverflowError):  # its message quotes a cell: it must go no further
        return None
    earliest = pc.min(days.cast(pa.int32())).as_py()
    return None if earliest is not None and earliest < _FIRST_DAY else Reading(days)


def _typed_instants(micros: Ints, readable: Mask, kind: LogicalType) -> pa.Array:
    absent = None if readable.all() else ~readable
    if kind is LogicalType.TIMESTAMP:
        return pa.array(micros, pa.int64(), mask=absent).cast(pa.timestamp("us"))
    days = (micros // _MICROS_PER_DAY).astype(np.int32)
    return pa.array(days, pa.int32(), mask=absent).cast(pa.date32())


def _data(text: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of a string array's cells, end to end, without copying."""
    _, offsets, data = text.buffers()
    if data is None or len(text) == 0:
        return np.zeros(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]


def are_digits(text: pa.Array, width: int) -> bool:
    """Whether every cell that is not null has `width` digits (0 to 9) and nothing else."""
    lengths = pc.min_max(pc.binary_length(text)).as_py()
    if {*lengths.values()} - {width, None}:
        return False
    data = _data(text)
    return not len(data) or (int(data.min()) >= ord("0") and int(data.max()) <= ord("9"))


def _parts(cells: pa.Array, layout: Layout) -> dict[str, Ints | pa.Array]:
    """The parts of cells that match the layout: digits as integers, names as text."""
    if layout.width is not None:
        matrix = _data(cells).reshape(len(cells), layout.width)
        return {part: _digits(matrix[:, start : start + width], part)
                for part, start, width in layout.slots}  # fmt: skip
    groups = pc.extract_regex(cells, rf"\A{layout.captures}\z")
    parts: dict[str, Ints | pa.Array] = {}
    for name in (field.name for field in groups.type):
        group = pc.struct_field(groups, name)
        if name in "ABabp":
            parts[name] = group
        elif name == "f":
            padded = pc.ascii_rpad(group, 6, padding="0")
            parts[name] = padded.cast(pa.int64()).to_numpy()
        else:
            parts[name] = group.cast(pa.int64()).to_numpy()
    return parts


def _digits(block: npt.NDArray[np.uint8], part: str) -> Ints:
    if part == "p":
        return np.asarray((block[:, 0] | 0x20) == ord("p"), np.int64)
    total: Ints = block[:, 0].astype(np.int64) - ord("0")
    for position in range(1, block.shape[1]):
        total = total * 10 + (block[:, position] - ord("0"))
    return total


def _month_of(parts: dict[str, Ints | pa.Array]) -> Ints | int:
    for name, months in (("B", MONTHS), ("b", short_names(MONTHS))):
        if name in parts:
            known = list(dict.fromkeys(s for m in months for s in spellings((m,))))
            numbers = [
                next(i for i, m in enumerate(months) if m.lower() == s.lower()) for s in known
            ]
            at: Ints = pc.index_in(parts[name], value_set=pa.array(known)).to_numpy()
            return np.asarray(numbers, np.int64)[at] + 1
    return parts.get("m", 1)


def _year_of(parts: dict[str, Ints | pa.Array]) -> Ints:
    if "Y" in parts:
        return parts["Y"]
    short: Ints = parts["y"]
    return short + np.where(short >= _CENTURY_PIVOT, 1900, 2000)


def _hour_of(parts: dict[str, Ints | pa.Array]) -> Ints | int:
    if "I" not in parts:
        return parts.get("H", 0)
    after_noon = parts["p"]
    if not isinstance(after_noon, np.ndarray):
        after_noon = to_mask(pc.equal(pc.ascii_upper(after_noon), "PM")).astype(np.int64)
    return parts["I"] % _NOON + _NOON * after_noon


def _instants(cells: pa.Array, layout: Layout) -> Ints:
    """Microseconds since 1970 of cells (no nulls) that match the layout."""
    parts = _parts(cells, layout)
    months = (_year_of(parts) - 1970) * 12 + (_month_of(parts) - 1)
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days += parts.get("d", 1) - 1
    micros = days * _MICROS_PER_DAY
    if {"H", "I"} & parts.keys():
        seconds = (_hour_of(parts) * 60 + parts.get("M", 0)) * 60 + parts.get("S", 0)
        micros += seconds * 1_000_000 + parts.get("f", 0)
    return micros
