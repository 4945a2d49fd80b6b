"""One function per treatment that needs nothing but the column; the rest live in `deidentifier`.

A value that cannot be mapped becomes null; the caller counts them.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.deidentify import dates, generalize, geography
from enclave.deidentify.normalize import Normalizer, are_codes, normalize
from enclave.deidentify.pseudonyms import Blocks, FieldMessages, cmac_rows
from enclave.errors import EvidenceError
from governance.contracts.model import Option, Treatment, TreatmentKind

_SAMPLE_ROWS: Final = 1024

_T = TypeVar("_T", int, float, str)


def treat(  # noqa: PLR0911  one per kind
    values: pa.Array, treatment: Treatment, reference_year: int | None = None
) -> pa.Array:
    """The column after a treatment that depends on its own values only.

    Args:
        values: Typed values, nulls allowed.
        treatment: Any kind but person_id, entity_id, date_shift, redact_text and drop.
        reference_year: In which ages are reckoned; needed where the treatment has an `oldest_age`.

    Raises:
        NotImplementedError: The kind needs more than the column.
        EvidenceError: The treatment has an `oldest_age`, and no year was given.
    """
    options = treatment.options
    bottom = _bottom(options, reference_year)
    match treatment.kind:
        case TreatmentKind.KEEP:
            return values
        case TreatmentKind.YEAR:
            return dates.year(
                values, _int(bottom), _number(options, "top"), _number(options, "width")
            )
        case TreatmentKind.PREFIX:
            return pc.utf8_slice_codeunits(values, 0, _number(options, "length"))
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
            return generalize.clip(values, bottom, _float(options, "top"))
        case TreatmentKind.ROUND:
            bounded = generalize.clip(values, bottom, None)
            return generalize.round_to(bounded, _option(options, "to", 1.0))
        case TreatmentKind.CONSTANT:
            return pa.repeat(pa.scalar(options["value"]), len(values))
        case _:
            raise NotImplementedError(treatment.kind)


def entity_pseudonyms(values: pa.Array, key: bytes) -> pa.FixedSizeBinaryArray:
    """Keyed pseudonym of each entity, made once per distinct spelling where spellings repeat.

    Args:
        values: Codes as delivered, nulls allowed; they are normalized here. What is no code
            (empty) has no pseudonym: null.
        key: 32 bytes, of one linkage scope and one domain.
    """
    text = values if pa.types.is_string(values.type) else values.cast(pa.string())
    if not text.null_count and are_codes(text) and not _has_few_values(text):
        return blocks_to_array(cmac_rows(key, FieldMessages([text])))
    encoded = text.dictionary_encode()
    codes = normalize(encoded.dictionary, Normalizer.CODE)
    blocks = blocks_to_array(cmac_rows(key, FieldMessages([codes.drop_null()])))
    if codes.null_count:
        places = np.cumsum(codes.is_valid().to_numpy(zero_copy_only=False)) - 1
        blocks = blocks.take(pa.array(places, mask=codes.is_null().to_numpy(zero_copy_only=False)))
    return blocks.take(encoded.indices)


def _has_few_values(text: pa.StringArray) -> bool:
    """Whether the first rows suggest that values repeat so often that each is better made once."""
    sample = text.slice(0, _SAMPLE_ROWS)
    distinct: int = pc.count_distinct(sample).as_py()
    return distinct * 2 < len(sample)


def blocks_to_array(blocks: Blocks) -> pa.FixedSizeBinaryArray:
    """Rows of 16 bytes as an Arrow column, without a copy."""
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(blocks.shape[1]), len(blocks), [None, pa.py_buffer(blocks)]
    )


def _option(options: Mapping[str, Option], name: str, default: _T) -> _T:
    value = options.get(name, default)
    return type(default)(value)  # type: ignore[arg-type]  # the plan checked it


def _bottom(options: Mapping[str, Option], reference_year: int | None) -> float | None:
    """The lowest value told: the contract's `bottom`, or the year of birth of the oldest age."""
    bottom = _float(options, "bottom")
    oldest = _number(options, "oldest_age")
    if oldest is None:
        return bottom
    if reference_year is None:
        raise EvidenceError("an oldest age is reckoned from a date, and none was given")
    born = reference_year - oldest
    return born if bottom is None else max(born, bottom)


def _int(value: float | None) -> int | None:
    return None if value is None else int(value)


def _number(options: Mapping[str, Option], name: str) -> int | None:
    value = options.get(name)
    return int(value) if isinstance(value, (int, float)) else None


def _float(options: Mapping[str, Option], name: str) -> float | None:
    value = options.get(name)
    return value if isinstance(value, (int, float)) else None
