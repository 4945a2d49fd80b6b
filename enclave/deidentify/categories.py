"""Every value a landed column can have, where contract and treatment say so. Pure.

Answers list these groups also where nobody is in them, so that a suppressed group tells of no value
that only the data could have told.
"""

from typing import Final

from enclave.deidentify import generalize
from enclave.deidentify.geography import PLANNING_REGION, regions
from governance.contracts.model import Column, LogicalType, Treatment, TreatmentKind

MAX_LISTED_NUMBERS: Final = 20
"""Whole numbers between bounds are listed up to so many: months, quarters, answers; not years."""

Category = str | int | bool


def categories(column: Column, treatment: Treatment) -> tuple[Category, ...] | None:
    """The values in order, or None where only the data tells which there are.

    Args:
        column: Of the contract.
        treatment: The column's, from agreement or contract.
    """
    options = treatment.options
    match treatment.kind:
        case TreatmentKind.KEEP:
            return _kept(column)
        case TreatmentKind.AGE_BAND:
            width = int(str(options.get("width", generalize.DEFAULT_BAND_YEARS)))
            top = int(str(options.get("top", generalize.OLDEST_TOLD_AGE_YEARS + 1)))
            return tuple(generalize.band_labels(width, top))
        case TreatmentKind.TOWN_TO_REGION:
            return regions(str(options.get("to", PLANNING_REGION)))
        case _:
            return None


def _kept(column: Column) -> tuple[Category, ...] | None:
    match column.logical_type:
        case LogicalType.BOOLEAN:
            return (False, True)
        case LogicalType.STRING:
            return column.codes
        case LogicalType.INTEGER if column.codes is not None:
            return tuple(int(code) for code in column.codes)
        case LogicalType.INTEGER:
            low, high = column.minimum, column.maximum
            if isinstance(low, int) and isinstance(high, int) and high - low < MAX_LISTED_NUMBERS:
                return tuple(range(low, high + 1))
    return None
