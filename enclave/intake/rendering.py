"""Typed values as text the contract's own parser reads back: one spelling, nothing ambiguous."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from governance.contracts.model import Column, LogicalType

_WHOLE_NUMBER_BOUND = 1e15
"""Above this a double cannot be told from its neighbor; it keeps its own spelling."""

DATE_TYPES = frozenset({LogicalType.DATE, LogicalType.TIMESTAMP})


def render_datetime(value: datetime, column: Column) -> str:
    """A point in time in the column's first declared format, else ISO 8601."""
    if column.logical_type in DATE_TYPES and column.formats:
        return value.strftime(column.formats[0])
    midnight = value.time() == time(0) and value.tzinfo is None
    if midnight and column.logical_type is not LogicalType.TIMESTAMP:
        return value.date().isoformat()
    return value.isoformat()


def render_number(value: float) -> str:
    """A double: whole numbers without a point, others as short as they round-trip."""
    if value.is_integer() and abs(value) < _WHOLE_NUMBER_BOUND:
        return str(int(value))
    return repr(value)


def render_bool(value: bool, column: Column) -> str:  # noqa: FBT001  the value itself
    """A boolean in the column's first spelling."""
    if column.logical_type is LogicalType.BOOLEAN:
        return (column.true_values if value else column.false_values)[0]
    return "true" if value else "false"


def render_value(value: object, column: Column) -> str:  # noqa: PLR0911  one line a type
    """Any cell of a workbook as text; the caller handles None."""
    match value:
        case str():
            return value
        case bool():
            return render_bool(value, column)
        case int():
            return str(value)
        case float():
            return render_number(value)
        case datetime():
            return render_datetime(value, column)
        case date():
            return render_datetime(datetime.combine(value, time(0)), column)
        case time():
            return value.isoformat()
        case timedelta():
            return render_number(value.total_seconds())
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
