"""Numbers made coarse: age bands, top and bottom codes, rounding."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DEFAULT_BAND_YEARS: Final = 5

OLDEST_TOLD_AGE_YEARS: Final = 89
"""Older ages are told only as one group (45 CFR 164.514(b)(2)(i)(C))."""

_OLDEST_BELIEVED_AGE_YEARS: Final = 130
"""Above it the number is no age, and becomes null."""


def band_labels(width: int = DEFAULT_BAND_YEARS, top: int = OLDEST_TOLD_AGE_YEARS + 1) -> list[str]:
    """Every band in order: `00-04`, `05-09`, …, `90+`; two digits, so that text sorts by age.

    A `top` above 90 is lowered to it: Safe Harbor tells no age over 89. The last band before the
    top is cut short when the width does not divide it.

    Args:
        width: Years per band.
        top: First age of the open band.
    """
    first_open = min(top, OLDEST_TOLD_AGE_YEARS + 1)
    bands = [
        f"{start:02d}-{min(start + width, first_open) - 1:02d}"
        for start in range(0, first_open, width)
    ]
    return [*bands, f"{first_open}+"]


def age_band(ages: pa.Array, width: int, top: int) -> pa.StringArray:
    """The band of each age in whole years; null for a number that is no age.

    Args:
        ages: Integers.
        width: Years per band.
        top: First age of the open band (at most 90).
    """
    labels = pa.array(band_labels(width, top))
    possible = pc.and_(pc.greater_equal(ages, 0), pc.less_equal(ages, _OLDEST_BELIEVED_AGE_YEARS))
    known = pc.if_else(possible, ages, pa.scalar(None, ages.type))
    number = pc.divide(known, pa.scalar(width, ages.type))
    last = pa.scalar(len(labels) - 1, ages.type)
    first_open = pa.scalar(min(top, OLDEST_TOLD_AGE_YEARS + 1), ages.type)
    return labels.take(pc.if_else(pc.greater_equal(known, first_open), last, number))


def clip(values: pa.Array, bottom: float | None, top: float | None) -> pa.Array:
    """Values below `bottom` become `bottom`, above `top` become `top`; type and nulls are kept.

    Not a number becomes null: it is neither below nor above.
    """
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if bottom is not None:
        limit = pa.scalar(bottom, values.type)
        values = pc.if_else(pc.less(values, limit), limit, values)
    if top is not None:
        limit = pa.scalar(top, values.type)
        values = pc.if_else(pc.greater(values, limit), limit, values)
    return values


def round_to(values: pa.Array, multiple: float) -> pa.Array:
    """The nearest multiple, halves away from zero; type and nulls are kept.

    Integers are rounded in integers, so that none loses digits on the way.
    """
    if pa.types.is_floating(values.type):
        return pc.round_to_multiple(values, float(multiple), round_mode="half_towards_infinity")
    step = int(multiple)
    plain = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
    size = np.abs(plain)
    size = (size + step // 2 + (step % 2 and size % step * 2 == step)) // step * step
    return pa.array(np.sign(plain) * size, mask=values.is_null().to_numpy(zero_copy_only=False))
