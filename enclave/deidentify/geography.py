"""Places made coarse: ZIP code to ZIP3, town to county or planning region."""

from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from enclave.deidentify.reference import TOWNS, VILLAGES, ZIP3_RESTRICTED

NOT_TOLD: Final = "000"
"""What Safe Harbor puts in place of a ZIP3 of 20,000 or fewer people."""

PLANNING_REGION: Final = "planning_region"

_ZIP: Final = r"^\s*(?:\d{4,5}|\d{5}[\s-]?\d{4})\s*$"
"""Four digits: a spreadsheet dropped the leading zero every Connecticut ZIP code has."""

_SHORT_ZIP_DIGITS: Final = 4

_TOWN_NOISE: Final = r"^(?:town|city|borough) of |,? (?:ct|conn|connecticut)\.?$"


def zip3(values: pa.Array) -> pa.StringArray:
    """First three digits of ZIP codes, `000` where 20,000 or fewer people live there.

    Source:
        45 CFR 164.514(b)(2)(i)(B); schemas/codes/zip3_restricted.csv.
    """
    encoded = values.dictionary_encode()
    text = encoded.dictionary
    shaped = pc.match_substring_regex(text, _ZIP)
    digits = pc.utf8_trim_whitespace(pc.if_else(shaped, text, pa.scalar(None, pa.string())))
    short = pc.equal(pc.binary_length(digits), _SHORT_ZIP_DIGITS)
    whole = pc.if_else(short, pc.binary_join_element_wise("0", digits, ""), digits)
    area = pc.utf8_slice_codeunits(whole, 0, 3)
    told = pc.if_else(pc.is_in(area, value_set=_restricted()), NOT_TOLD, area)
    result: pa.StringArray = pc.if_else(area.is_valid(), told, pa.scalar(None, pa.string()))
    return result.take(encoded.indices)


@lru_cache(maxsize=1)
def _restricted() -> pa.StringArray:
    return pa.array([row["zip3"] for row in ZIP3_RESTRICTED.rows])


def town_to_region(values: pa.Array, to: str) -> pa.StringArray:
    """County or planning region of Connecticut towns (and villages); null for any other place.

    Args:
        values: Names of towns, any case.
        to: `county` or `planning_region`.
    """
    encoded = values.dictionary_encode()
    lowered = pc.utf8_lower(pc.utf8_trim_whitespace(encoded.dictionary))
    single = pc.replace_substring_regex(lowered, r"\s+", " ")
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(single, _TOWN_NOISE, ""))
    names, regions = _regions(to)
    found = regions.take(pc.index_in(plain, value_set=names))
    return found.take(encoded.indices)


@lru_cache(maxsize=2)
def regions(to: str) -> tuple[str, ...]:
    """Every county or planning region, by name; `to` as in `town_to_region`."""
    return tuple(sorted({row[to] for row in TOWNS.rows}))


@lru_cache(maxsize=2)
def _regions(to: str) -> tuple[pa.StringArray, pa.StringArray]:
    """Lower-case names of places, and their region; a town goes before a village of its name."""
    by_town = {row["town"].lower(): row[to] for row in TOWNS.rows}
    regions = {row["village"].lower(): by_town[row["town"].lower()] for row in VILLAGES.rows}
    regions |= by_town
    return pa.array(list(regions)), pa.array(list(regions.values()))
