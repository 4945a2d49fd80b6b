"""Dates made coarse or moved: the year alone, or one secret shift per person."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enclave.deidentify.generalize import clip
from enclave.deidentify.pseudonyms import Blocks, encipher_blocks

SHIFT_KEY_PURPOSE: Final = "date-shift"


def year(
    dates: pa.Array, bottom: int | None, top: int | None, width: int | None = None
) -> pa.Int32Array:
    """The year of dates or timestamps, bounded; with a `width`, the first year of its band.

    A year of birth that tells an age over 89 is itself an identifier (45 CFR
    164.514(b)(2)(i)(C)): such columns have an `oldest_age`, which makes the `bottom`.
    """
    years = clip(pc.year(dates).cast(pa.int32()), bottom, top)
    if width is None:
        return years
    band = pa.scalar(width, pa.int32())
    return pc.multiply(pc.divide(years, band), band)


def person_shifts(key: bytes, random_ids: Blocks, max_days: int) -> npt.NDArray[np.int32]:
    """Days to move each person's dates by: -max_days..max_days without 0, the same every time.

    Args:
        key: 32 bytes, of the linkage scope.
        random_ids: The people's ids in the crosswalk, shape (rows, 16).
        max_days: At least 1.
    """
    number = encipher_blocks(key, random_ids).view(">u8")[:, 0]
    # 64 uniform bits: the bias of the remainder is below 2 * max_days / 2**64.
    place = (number % np.uint64(2 * max_days)).astype(np.int32)
    return np.where(place < max_days, place - max_days, place - max_days + 1).astype(np.int32)


def shift_dates(dates: pa.Array, shifts: npt.NDArray[np.int32]) -> pa.Date32Array:
    """Dates (of timestamps: their day) moved by each row's shift in days."""
    days = dates.cast(pa.date32(), safe=False).cast(pa.int32())
    return pc.add(days, pa.array(shifts)).cast(pa.date32())
