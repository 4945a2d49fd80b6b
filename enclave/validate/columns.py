"""The checks of single columns, compiled once per contract and run whole columns at a time."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from enclave.validate.checks import Check, bound_of
from enclave.validate.reading import (
    ARROW_TYPES,
    Mask,
    Reader,
    are_digits,
    boolean_reader,
    has_few_values,
    instant_reader,
    on_distinct,
    read_integers,
    read_iso_dates,
    read_numbers,
    read_strings,
    to_mask,
)
from governance.contracts.layouts import layouts_of, parse_layout
from governance.contracts.model import Column, LogicalType
from governance.contracts.patterns import to_re2
from governance.errors import ContractError

Failure = tuple[int, Mask]
"""Position of a check among the contract's checks, and the rows that fail it (at least one)."""
Judge = Callable[[pa.Array, pa.Array], Mask | None]
"""(text, values) -> failing rows, or None when there is none. Null cells never fail."""

_ISO_DATE: Final = parse_layout("%Y-%m-%d")
_DIGITS: Final = re.compile(re.escape(to_re2("[0-9]{7}")).replace("7", "([1-9][0-9]?)"))
"""A pattern that asks for so many digits."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How one column is read and judged.

    Attributes:
        name: The contract's name.
        read: Text -> typed values and unreadable rows.
        required, format: Positions of those checks, or None.
        judges: The other checks, by position.
    """

    name: str
    read: Reader
    required: int | None
    format: int | None
    judges: tuple[tuple[int, Judge], ...]

    def judge(self, text: pa.Array) -> tuple[pa.Array, list[Failure]]:
        """Read and judge the column of a batch: its typed values and what fails."""
        failures: list[Failure] = []
        reading = self.read(text)
        if self.required is not None and text.null_count:
            failures.append((self.required, to_mask(text.is_null())))
        if self.format is not None and reading.unreadable is not None:
            failures.append((self.format, reading.unreadable))
        for position, judge in self.judges:
            failing = judge(text, reading.values)
            if failing is not None:
                failures.append((position, failing))
        return reading.values, failures


def plan_column(column: Column, checks: Sequence[tuple[int, Check]]) -> ColumnPlan:
    """Compile a column.

    Args:
        column: Of the contract.
        checks: Its checks with their positions among all checks of the contract.
    """
    at = {check.code: position for position, check in checks}
    judges = tuple(_judges(column, at))
    form = next((position for code, position in at.items()
                 if code.startswith("format.") and code != "format.pattern"), None)  # fmt: skip
    return ColumnPlan(column.name, reader_of(column), at.get("null.required"), form, judges)


def reader_of(column: Column) -> Reader:
    """How the column's text is read as its logical type."""
    match column.logical_type:
        case LogicalType.STRING:
            return read_strings
        case LogicalType.INTEGER:
            return read_integers
        case LogicalType.NUMBER:
            return read_numbers
        case LogicalType.BOOLEAN:
            return boolean_reader(column)
        case LogicalType.DATE | LogicalType.TIMESTAMP as kind:
            layouts = layouts_of(column)
            read = instant_reader(layouts, kind)
            few = kind is LogicalType.DATE
            if not few or layouts[0].pattern != _ISO_DATE.pattern:
                return lambda text: on_distinct(text, read, expect_few=few)
            return lambda text: read_iso_dates(text) or on_distinct(text, read, expect_few=True)


def _judges(column: Column, at: dict[str, int]) -> Iterator[tuple[int, Judge]]:
    if column.codes is not None:
        yield at["code.unknown"], _codes(column.codes)
    if column.pattern is not None:
        yield at["format.pattern"], _pattern(column.pattern)
    if column.min_length is not None:
        yield at["length.min"], _lengths(pc.less, column.min_length)
    if column.max_length is not None:
        yield at["length.max"], _lengths(pc.greater, column.max_length)
    if column.minimum is not None:
        bound = _bound_scalar(column, column.minimum)
        yield at["range.min"], _range(pc.less, bound)
    if column.maximum is not None:
        bound = _bound_scalar(column, column.maximum)
        yield at["range.max"], _range(pc.greater, bound)


def _failing(flags: pa.Array) -> Mask | None:
    """The mask of true flags (null is false), or None when none is true."""
    return to_mask(flags) if pc.any(flags).as_py() else None


def _codes(codes: tuple[str, ...]) -> Judge:
    known = pa.array(dict.fromkeys(codes), pa.string())

    def judge(text: pa.Array, _values: pa.Array) -> Mask | None:
        strange = pc.invert(pc.is_in(text, value_set=known))
        if text.null_count:
            strange = pc.and_(strange, text.is_valid())
        return _failing(strange)

    return judge


def _pattern(pattern: str) -> Judge:
    whole = to_re2(pattern)
    try:
        pc.match_substring_regex(pa.array([""]), whole)
    except pa.ArrowInvalid:
        raise ContractError(f"The pattern {pattern!r} cannot be read.", pattern=pattern) from None

    digits = _DIGITS.fullmatch(whole)
    width = int(digits[1]) if digits else None

    def differs(text: pa.Array) -> pa.Array:
        return pc.invert(pc.match_substring_regex(text, whole))

    def judge(text: pa.Array, _values: pa.Array) -> Mask | None:
        if width is not None and are_digits(text, width):
            return None
        if not has_few_values(text):
            return _failing(differs(text))
        encoded = text.dictionary_encode()
        strange = differs(encoded.dictionary)
        return _failing(strange.take(encoded.indices)) if pc.any(strange).as_py() else None

    return judge


def _lengths(breaks: Callable[[pa.Array, int], pa.Array], bound: int) -> Judge:
    def judge(text: pa.Array, _values: pa.Array) -> Mask | None:
        return _failing(breaks(pc.utf8_length(text), bound))

    return judge


def _range(breaks: Callable[[pa.Array, pa.Scalar], pa.Array], bound: pa.Scalar) -> Judge:
    def judge(_text: pa.Array, values: pa.Array) -> Mask | None:
        return _failing(breaks(values, bound))

    return judge


def _bound_scalar(column: Column, limit: str | float) -> pa.Scalar:
    bound = bound_of(column, limit)
    return pa.scalar(bound, ARROW_TYPES[column.logical_type] if isinstance(bound, date) else None)
