"""One function per treatment that needs nothing but the column; the rest live in `deidentifier`.

A value that cannot be mapped becomes null; the caller counts them.
"""

from collections.abc import Mapping
from typing import TypeVar

import pyarrow as pa

from enclave.deidentify import dates, generalize, geography
from enclave.deidentify.pseudonyms import Blocks, FieldMessages, cmac_rows
from governance.contracts.model import Option, Treatment, TreatmentKind

_T = TypeVar("_T", int, float, str)


def treat(values: pa.Array, treatment: Treatment) -> pa.Array:  # noqa: PLR0911  one per kind
    """The column after a treatment that depends on its own values only.

    Args:
        values: Typed values, nulls allowed.
        treatment: Any kind but person_id, entity_id, date_shift, redact_text and drop.

    Raises:
        NotImplementedError: The kind needs more than the column.
    """
    options = treatment.options
    match treatment.kind:
        case TreatmentKind.KEEP:
            return values
        case TreatmentKind.YEAR:
            return dates.year(values, _number(options, "bottom"), _number(options, "top"))
        case TreatmentKind.AGE_BAND:
            width = _option(options, "width", generalize.DEFAULT_BAND_YEARS)
            top = _option(options, "top", generalize.OLDEST_TOLD_AGE_YEARS + 1)
            return generalize.age_band(values, width, top)
        case TreatmentKind.ZIP3:
            return geography.zip3(values)
        case TreatmentKind.TOWN_TO_REGION:
            return geography.town_to_region(
                values, _option(options, "to", geography.PLANNING_REGION)
            )
        case TreatmentKind.TOP_BOTTOM_CODE:
            return generalize.clip(values, _float(options, "bottom"), _float(options, "top"))
        case TreatmentKind.ROUND:
            return generalize.round_to(values, _option(options, "to", 1.0))
        case TreatmentKind.CONSTANT:
            return pa.repeat(pa.scalar(options["value"]), len(values))
        case _:
            raise NotImplementedError(treatment.kind)


def entity_pseudonyms(values: pa.Array, key: bytes) -> pa.FixedSizeBinaryArray:
    """Keyed pseudonym of each entity, made once per distinct value.

    Args:
        values: Normalized text, nulls allowed.
        key: 32 bytes, of one linkage scope and one domain.
    """
    encoded = values.dictionary_encode()
    blocks = cmac_rows(key, FieldMessages([encoded.dictionary]))
    return blocks_to_array(blocks).take(encoded.indices)


def blocks_to_array(blocks: Blocks) -> pa.FixedSizeBinaryArray:
    """Rows of 16 bytes as an Arrow column, without a copy."""
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(blocks.shape[1]), len(blocks), [None, pa.py_buffer(blocks)]
    )


def _option(options: Mapping[str, Option], name: str, default: _T) -> _T:
    value = options.get(name, default)
    return type(default)(value)  # type: ignore[arg-type]  # the plan checked it


def _number(options: Mapping[str, Option], name: str) -> int | None:
    value = options.get(name)
    return int(value) if isinstance(value, (int, float)) else None


def _float(options: Mapping[str, Option], name: str) -> float | None:
    value = options.get(name)
    return value if isinstance(value, (int, float)) else None
