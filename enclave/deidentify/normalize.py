"""Identifiers are normalized before they are looked up, so that one person has one spelling.

Each rule maps text to text, or to null where the value identifies nobody (empty, a placeholder, a
shape the assigner never issues): such a row has no identity and belongs in quarantine. Rules work
on distinct values where a value costs more than a pass over the column's bytes.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.contracts.model import Column, LogicalType, Option


class Normalizer(StrEnum):
    """How the text of an identifying column is brought to one spelling."""

    SSN = "ssn"
    """Nine digits. Blanks, dots and hyphens fall away; zeros a spreadsheet dropped come back."""
    SASID = "sasid"
    """State-assigned student id: digits without leading zeros."""
    NAME = "name"
    """Lower-case letters and single blanks: no accents, no punctuation, no Jr, Sr, III."""
    DATE = "date"
    """`YYYYMMDD`."""
    CODE = "code"
    """Any other code: compatibility form, upper case, single blanks; zeros are kept."""


_SSN_DIGITS: Final = 9
_SSN_MIN_DIGITS: Final = 7
"""An SSN may have lost up to two leading zeros (the lowest areas are 001 to 009)."""

_PLACEHOLDER_SSNS: Final = pa.array([str(d) * _SSN_DIGITS for d in range(10)] + ["123456789"])
"""What clerks type for "unknown": one of these would merge strangers into one person."""

_WHOLE_LETTERS: Final = {"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}
"""Letters that Unicode does not decompose, as Latin records spell them."""

_PERSONAL: Final = frozenset({"first", "last", "middle", "full", "given", "family", "maiden"})
"""What a column called `…name` must also be called to hold a person's name."""

_NAME_SUFFIX: Final = r"([^ ]) (?:junior|jnr|jr|senior|snr|sr|ii|iii|iv|v|vi|vii|viii|ix)$"
"""A generation after a name; alone it is the name."""


def normalizer_for(column: Column, domain: str, options: Mapping[str, Option]) -> Normalizer:
    """The rule for an identifying column.

    The treatment's option `normalize` decides; without it the column's type, the domain and the
    column's own name do.

    Raises:
        ValueError: The option names no rule.
    """
    option = options.get("normalize")
    if option is not None:
        return Normalizer(str(option))
    if column.logical_type in (LogicalType.DATE, LogicalType.TIMESTAMP):
        return Normalizer.DATE
    words = set(column.name.split("_"))
    for rule in (Normalizer.SSN, Normalizer.SASID):
        if domain == rule.value or rule.value in words:
            return rule
    # An institution's name is a code: its digits and suffixes tell it from others.
    return Normalizer.NAME if "name" in words and words & _PERSONAL else Normalizer.CODE


def normalize(values: pa.Array, rule: Normalizer) -> pa.StringArray:
    """One spelling per identifier; null where the value identifies nobody.

    Args:
        values: Text, integers, dates or timestamps.
        rule: How.
    """
    if rule is Normalizer.DATE:
        return _on_distinct(values, _dates)
    text = values if pa.types.is_string(values.type) else values.cast(pa.string())
    match rule:
        case Normalizer.SSN:
            return _ssns(text)
        case Normalizer.SASID:
            return _sasids(text)
        case Normalizer.NAME:
            return _on_distinct(text, _names)
        case Normalizer.CODE:
            return _on_distinct(text, _codes)


def _on_distinct(values: pa.Array, rule: Callable[[pa.Array], pa.StringArray]) -> pa.StringArray:
    """Apply a rule to the distinct values and spread the result."""
    encoded = values.dictionary_encode()
    return rule(encoded.dictionary).take(encoded.indices)


def _is_digits(text: pa.Array) -> pa.BooleanArray:
    """Whether each text is ASCII digits only (and at least one)."""
    return pc.and_(pc.string_is_ascii(text), pc.ascii_is_decimal(text))


def _only(text: pa.Array, condition: pa.BooleanArray) -> pa.StringArray:
    """The text where the condition holds, else null."""
    if pc.all(condition, min_count=0).as_py():
        return text
    return pc.if_else(pc.fill_null(condition, fill_value=False), text, pa.scalar(None, pa.string()))


def _ssns(text: pa.StringArray) -> pa.StringArray:
    """Nine digits, or null for anything that is no SSN."""
    plain = pc.and_(pc.equal(pc.binary_length(text), _SSN_DIGITS), _is_digits(text))
    if pc.all(plain, min_count=0).as_py():
        digits = text
    else:
        bare = pc.replace_substring_regex(text, r"[\s.\-\x{2010}-\x{2015}]", "")
        enough = pc.greater_equal(pc.binary_length(bare), _SSN_MIN_DIGITS)
        digits = pc.ascii_lpad(_only(bare, pc.and_(enough, _is_digits(bare))), _SSN_DIGITS, "0")
        digits = _only(digits, pc.equal(pc.binary_length(digits), _SSN_DIGITS))
    placeholder = pc.is_in(digits, value_set=_PLACEHOLDER_SSNS)
    if not pc.any(placeholder, min_count=0).as_py():
        return digits
    return _only(digits, pc.invert(placeholder))


def _sasids(text: pa.StringArray) -> pa.StringArray:
    """Digits without leading zeros, or null."""
    bare = pc.utf8_trim_whitespace(text)
    digits = pc.ascii_ltrim(_only(bare, _is_digits(bare)), "0")
    return _only(digits, pc.greater(pc.binary_length(digits), 0))


def _names(text: pa.StringArray) -> pa.StringArray:
    """Letters of the decomposed form, lower case, single blanks, without a generation suffix."""
    folded = pc.utf8_lower(pc.utf8_normalize(text, "NFKD"))
    for letter, spelling in _WHOLE_LETTERS.items():
        folded = pc.replace_substring(folded, letter, spelling)
    # Hyphens and dashes join two names; any other sign falls away with the accents.
    spaced = pc.replace_substring_regex(folded, r"[\s\-\x{2010}-\x{2015}]+", " ")
    letters = pc.replace_substring_regex(spaced, r"[^\p{L} ]", "")
    single = pc.utf8_trim(pc.replace_substring_regex(letters, r" +", " "), " ")
    bare = pc.replace_substring_regex(single, _NAME_SUFFIX, r"\1")
    return _only(bare, pc.greater(pc.binary_length(bare), 0))


def _codes(text: pa.StringArray) -> pa.StringArray:
    """Compatibility form, upper case, single blanks."""
    if are_codes(text):
        return text
    upper = pc.utf8_upper(pc.utf8_normalize(text, "NFKC"))
    single = pc.utf8_trim_whitespace(pc.replace_substring_regex(upper, r"\s+", " "))
    return _only(single, pc.greater(pc.binary_length(single), 0))


def are_codes(text: pa.StringArray) -> bool:
    """Whether every text is a code spelled as `normalize` would: capitals, digits, ASCII signs."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return not len(text)
    bounds = np.frombuffer(offsets, np.int32, len(text) + 1, text.offset * 4)
    used = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    filled = bool((bounds[1:] > bounds[:-1]).all())
    return filled and int(used.min()) > ord(" ") and int(used.max()) <= ord("`")


def _dates(values: pa.Array) -> pa.StringArray:
    """`YYYYMMDD` of dates and timestamps."""
    days = values.cast(pa.date32(), safe=False)
    iso = np.datetime_as_string(days.to_numpy(zero_copy_only=False).astype("datetime64[D]"))
    compact = pc.replace_substring(pa.array(iso.astype(object), pa.string()), "-", "")
    return _only(compact, days.is_valid())
