"""What a column looks like, in shares and counts: the evidence behind a drafted contract.

A profile never keeps a value, with one exception: the codes of a column in which every code is
common (`COMMON_SHARE_PCT` of the rows and `COMMON_ROWS` rows each), so that none is about a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

PROFILED_ROWS = 300_000
PROFILED_BYTES = 256 << 20
JUDGED_VALUES = 20_000
"""Distinct values looked at for dates; patterns look at all."""

COMMON_SHARE_PCT = 1.0
COMMON_ROWS = 10
MAX_CODES = 50

DATE_FORMATS: tuple[tuple[str, str], ...] = (
    ("%Y-%m-%d", r"\d{4}-\d{1,2}-\d{1,2}"),
    ("%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%m-%d-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
    ("%Y%m%d", r"(?:19|20)\d{6}"),
    ("%m%d%Y", r"\d{4}(?:19|20)\d{2}"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("%m/%d/%y", r"\d{1,2}/\d{1,2}/\d{2}"),
    ("%d-%b-%Y", r"\d{1,2}-[A-Za-z]{3}-\d{4}"),
    ("%d-%b-%y", r"\d{1,2}-[A-Za-z]{3}-\d{2}"),
    ("%b %d, %Y", r"[A-Za-z]{3} \d{1,2}, \d{4}"),
    ("%B %d, %Y", r"[A-Za-z]+ \d{1,2}, \d{4}"),
    ("%A, %B %d, %Y", r"[A-Za-z]+, [A-Za-z]+ \d{1,2}, \d{4}"),
)
TIMESTAMP_FORMATS: tuple[tuple[str, str], ...] = (
    ("%Y-%m-%dT%H:%M:%S", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    ("%Y-%m-%d %H:%M:%S", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("%Y-%m-%d %H:%M", r"\d{4}-\d\d-\d\d \d\d:\d\d"),
    ("%Y-%m-%dT%H:%M:%S.%f", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}"),
    ("%m/%d/%Y %H:%M:%S", r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d"),
    ("%m/%d/%Y %H:%M", r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d"),
    ("%m/%d/%Y %I:%M:%S %p", r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AaPp][Mm]"),
    ("%m/%d/%Y %I:%M %p", r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d [AaPp][Mm]"),
)

PATTERNS: dict[str, str] = {
    "ssn": r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}",
    "nine_digits": r"(?:00[1-9]|0[1-9]\d|[1-8]\d{2})\d{6}",
    "ten_digits": r"\d{10}",
    "zip": r"\d{5}(?:-\d{4})?",
    "phone": r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}",
    "email": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "url": r"https?://\S+",
    "ip_address": r"(?:\d{1,3}\.){3}\d{1,3}",
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "street": r"\d+[A-Za-z]? +\S+.*\b(?i:st|street|ave|avenue|rd|road|ln|lane|dr|drive|ct|court|"
    r"blvd|hwy|pl|place|ter|terrace|way|cir|circle)\b\.?.*",
    "coordinates": r"(?s).*-?\d{1,3}\.\d{3,}\s*,\s*-?\d{1,3}\.\d{3,}.*",
    "integer": r"-?(?:0|[1-9]\d{0,17})",
    "number": r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?",
    "leading_zero": r"0\d+",
    "digits": r"\d+",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts and shares of one column; shares are of the cells that have a value, 0 to 1.

    Attributes:
        rows: Rows profiled.
        filled: Cells with a value.
        distinct: Distinct values among them.
        patterns: Share of values that match each of `PATTERNS` whole.
        date_format, date_share: Best date format and the share it parses.
        timestamp_format, timestamp_share: The same for points in time.
        codes: All values, where each of them is common; else empty.
        mean_words: Words of an average value, each distinct value counting once.
        longest: Characters of the longest value.
    """

    rows: int
    filled: int
    distinct: int
    patterns: dict[str, float] = field(default_factory=dict)
    date_format: str = ""
    date_share: float = 0.0
    timestamp_format: str = ""
    timestamp_share: float = 0.0
    codes: tuple[str, ...] = ()
    mean_words: float = 0.0
    longest: int = 0

    @property
    def distinct_ratio(self) -> float:
        """Distinct values over values."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def filled_ratio(self) -> float:
        """Values over rows."""
        return self.filled / self.rows if self.rows else 0.0


def profile_column(column: pa.ChunkedArray) -> Profile:
    """Count what one column of text looks like."""
    values = column.drop_null()
    if not len(values):
        return Profile(len(column), 0, 0)
    counted = pc.value_counts(values)
    words, counts = counted.field("values"), counted.field("counts")
    total = len(values)
    patterns = {
        name: _matching_rows(words, counts, pattern) / total for name, pattern in PATTERNS.items()
    }
    date_format, date_share = _best_format(words, counts, DATE_FORMATS)
    stamp_format, stamp_share = _best_format(words, counts, TIMESTAMP_FORMATS)
    return Profile(
        rows=len(column),
        filled=total,
        distinct=len(words),
        patterns=patterns,
        date_format=date_format,
        date_share=date_share,
        timestamp_format=stamp_format,
        timestamp_share=stamp_share,
        codes=_common_codes(words, counts, len(column)),
        mean_words=float(pc.mean(pc.add(pc.count_substring_regex(words, r"\S\s+\S"), 1)).as_py()),
        longest=int(pc.max(pc.utf8_length(words)).as_py()),
    )


def _matching_rows(words: pa.Array, counts: pa.Array, pattern: str) -> int:
    """Rows whose whole value matches."""
    matches = pc.match_substring_regex(words, f"^(?:{pattern})$")
    return int(pc.sum(pc.if_else(matches, counts, 0)).as_py() or 0)


def _best_format(
    words: pa.Array, counts: pa.Array, formats: Sequence[tuple[str, str]]
) -> tuple[str, float]:
    """The format that parses most rows, and their share (of a bounded number of values)."""
    sample, weights = words.slice(0, JUDGED_VALUES), counts.slice(0, JUDGED_VALUES)
    total = int(pc.sum(weights).as_py())
    best, share = "", 0.0
    for form, pattern in formats:
        shaped = pc.match_substring_regex(sample, f"^(?:{pattern})$")
        if not pc.any(shaped).as_py():
            continue
        candidates = sample.filter(shaped).to_pylist()
        rows = sum(
            count
            for text, count in zip(candidates, weights.filter(shaped).to_pylist(), strict=True)
            if _parses(text, form)
        )
        if rows / total > share:
            best, share = form, rows / total
    return best, share


def _parses(text: str, form: str) -> bool:
    """Whether the format reads the text."""
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only whether it parses
    except ValueError:
        return False
    return True


def _common_codes(words: pa.Array, counts: pa.Array, rows: int) -> tuple[str, ...]:
    """The values, if there are few and each is common."""
    if len(words) > MAX_CODES:
        return ()
    rarest = int(pc.min(counts).as_py())
    if rarest < COMMON_ROWS or rarest < rows * COMMON_SHARE_PCT / 100:
        return ()
    return tuple(sorted(words.to_pylist()))


def share_pct(share: float) -> str:
    """A share for people; never rounded up to 100 %."""
    if share >= 1:
        return "100%"
    return f"{min(share * 100, 99.9):.1f}%"


def looks_like_data(cell: str) -> bool:
    """Whether a header cell is rather a value: a number, a date, an identifier."""
    kinds = ("ssn", "phone", "email", "url", "uuid", "number", "coordinates", "ip_address")
    patterns = [PATTERNS[kind] for kind in kinds]
    patterns += [pattern for _, pattern in (*DATE_FORMATS, *TIMESTAMP_FORMATS)]
    return any(re.fullmatch(pattern, cell.strip()) for pattern in patterns)
