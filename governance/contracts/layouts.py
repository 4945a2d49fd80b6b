"""How dates and timestamps are written: strptime-like layouts as exact regular expressions.

A layout's pattern accepts valid calendar dates and nothing else (30 February does not match, nor
does a missing leading zero, nor junk before or after), in a dialect that RE2 and Python's `re`
read alike. So the pattern itself is what the Great Expectations suite states, and what the fused
validator runs.

Directives: `%Y` (1000-9999), `%y` (69-99 are 19xx, as POSIX), `%m %d %H %I %M %S` (two digits),
`%-m %-d %-H %-I` (leading zero optional), `%f` (one to six digits), `%p`, `%B %b %A %a` (English,
`May`, `MAY` or `may`), `%F %T %D %R`, `%%`. A weekday's name must be one; that it agrees with the
date is not checked (strptime does not either).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from governance.contracts.model import Column, LogicalType
from governance.errors import ContractError

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
ISO_DATES: Final = ("%Y-%m-%d",)
ISO_TIMESTAMPS: Final = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)

_SHORTHAND: Final = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%D": "%m/%d/%y", "%R": "%H:%M"}
_WIDTHS: Final = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "p": 2}
_PLAIN: Final = {
    "Y": "[1-9][0-9]{3}",
    "y": "[0-9]{2}",
    "H": "(?:[01][0-9]|2[0-3])",
    "-H": "(?:[01]?[0-9]|2[0-3])",
    "I": "(?:0[1-9]|1[0-2])",
    "-I": "(?:0?[1-9]|1[0-2])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "f": "[0-9]{1,6}",
    "p": "(?:AM|PM|am|pm)",
}
_LEAP: Final = {
    "Y": "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)",
    "y": "(?:[02468][048]|[13579][26])",
}
_DAYS: Final = {
    "28": "0[1-9]|1[0-9]|2[0-8]",
    "29": "29",
    "30": "0[1-9]|[12][0-9]|30",
    "31": "0[1-9]|[12][0-9]|3[01]",
}
_LONG, _SHORT, _FEBRUARY = (1, 3, 5, 7, 8, 10, 12), (4, 6, 9, 11), (2,)
_FAMILY: Final = {"b": "month", "B": "month", "m": "month", "a": "A", "I": "H", "y": "Y"}
"""Directives that say the same part of an instant; a layout names each part once."""
_TOKEN: Final = re.compile(r"%(-?[A-Za-z%])|([^%]+)")
_AMBIGUOUS: Final = re.compile(r"(\[0-9\]|\[A-Za-z\])\+\)\(\?P<[A-Za-z]>\1")
_KNOWN: Final = frozenset({*_PLAIN, "m", "d", "-m", "-d", "A", "a", "B", "b"})


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of writing a date or timestamp.

    Attributes:
        text: The strptime format it was made from.
        pattern: Matches a whole valid cell (without anchors), in RE2 and Python alike.
        captures: Named groups of the parts, for cells already known to match.
        slots: Where each part stands when every part has a fixed width: (part, start, width).
        width: Characters of a cell when every part has a fixed width, else None.
    """

    text: str
    pattern: str
    captures: str
    slots: tuple[tuple[str, int, int], ...]
    width: int | None

    @property
    def in_words(self) -> str:
        """The layout as a data steward would write it (`MM/DD/YYYY`)."""
        words = self.text
        for directive, word in _WORDS.items():
            words = words.replace(directive, word)
        return words


_WORDS: Final = {
    "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%-m": "M", "%-d": "D", "%H": "hh (24 hours)",
    "%-H": "h (24 hours)", "%I": "hh", "%-I": "h", "%M": "mm", "%S": "ss", "%f": "ffffff",
    "%p": "AM/PM", "%B": "month name", "%b": "short month name", "%A": "weekday",
    "%a": "short weekday", "%F": "YYYY-MM-DD", "%T": "hh:mm:ss", "%D": "MM/DD/YY", "%R": "hh:mm",
}  # fmt: skip


def spellings(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each name as itself, in capitals and in small letters."""
    return tuple(dict.fromkeys(s for n in names for s in (n, n.upper(), n.lower())))


def _names(names: tuple[str, ...]) -> str:
    return "(?:" + "|".join(spellings(names)) + ")"


def short_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The first three letters of each name."""
    return tuple(n[:3] for n in names)


def _month(directive: str, months: tuple[int, ...]) -> str:
    if directive in {"B", "b"}:
        chosen = tuple(MONTHS[m - 1] for m in months)
        return _names(chosen if directive == "B" else short_names(chosen))
    zero = "0?" if directive == "-m" else "0"
    first = 10  # the first month of two digits
    return "(?:" + "|".join(f"{zero}{m}" if m < first else str(m) for m in months) + ")"


def _day(directive: str, last: str) -> str:
    days = _DAYS[last]
    return "(?:" + (days.replace("0[1-9]", "0?[1-9]", 1) if directive == "-d" else days) + ")"


def _expand(tokens: list[tuple[str, str]], months: tuple[int, ...], last: str) -> str:
    """The pattern for some months, whose last day is `last` (`29`: that day of leap years)."""
    parts: list[str] = []
    for directive, literal in tokens:
        if literal:
            parts.append(re.escape(literal))
        elif directive in {"m", "-m", "B", "b"}:
            parts.append(_month(directive, months))
        elif directive in {"d", "-d"}:
            parts.append(_day(directive, last))
        elif directive in {"A", "a"}:
            parts.append(_names(WEEKDAYS if directive == "A" else short_names(WEEKDAYS)))
        elif last == "29" and directive in _LEAP:
            parts.append(_LEAP[directive])
        else:
            parts.append(_PLAIN[directive])
    return "".join(parts)


def _tokens(text: str) -> list[tuple[str, str]]:
    plain = text
    for short, long in _SHORTHAND.items():
        plain = plain.replace(short, long)
    tokens = [(m.group(1) or "", m.group(2) or "") for m in _TOKEN.finditer(plain)]
    tokens = [("", "%") if d == "%" else (d, lit) for d, lit in tokens]
    used = [d for d, _ in tokens if d]
    families = [_FAMILY.get(d.lstrip("-"), d.lstrip("-")) for d in used]
    consumed = "".join(f"%{d}" if d else ("%%" if lit == "%" else lit) for d, lit in tokens)
    wrong = (
        consumed != plain
        or any(d not in _KNOWN for d in used)
        or len(set(families)) != len(families)
        or not {"Y", "y"} & set(used)
        or (bool({"d", "-d"} & set(used)) and not {"m", "-m", "B", "b"} & set(used))
        or (bool({"I", "-I"} & set(used)) != ("p" in used))
    )
    if wrong:
        raise ContractError(f"The date format {text!r} is not one the enclave reads.", format=text)
    return tokens


@lru_cache(maxsize=512)
def parse_layout(text: str) -> Layout:
    """Read a strptime-like format.

    Raises:
        ContractError: A directive is unknown or repeated, or the year (or the month of a day, or
            the AM/PM of a twelve-hour clock) is missing.
    """
    tokens = _tokens(text)
    directives = [d for d, _ in tokens if d]
    if {"d", "-d"} & set(directives):
        ways = [(_LONG, "31"), (_SHORT, "30"), (_FEBRUARY, "28"), (_FEBRUARY, "29")]
    else:
        ways = [(_LONG + _SHORT + _FEBRUARY, "31")]
    pattern = "(?:" + "|".join(_expand(tokens, months, last) for months, last in ways) + ")"
    captures, slots, at, fixed = "", [], 0, True
    for directive, literal in tokens:
        if literal:
            captures += re.escape(literal)
            at += len(literal)
            fixed = fixed and literal.isascii()
            continue
        part = directive.lstrip("-")
        captures += f"(?P<{part}>[0-9]+)" if part not in "ABabp" else f"(?P<{part}>[A-Za-z]+)"
        width = _WIDTHS.get(directive)
        fixed = fixed and width is not None
        slots.append((part, at, width or 0))
        at += width or 0
    # Runs of digits without a separator (%Y%m%d) always have fixed widths, so `captures` is only
    # used where separators make the groups unambiguous; otherwise the layout is refused here.
    if not fixed and _AMBIGUOUS.search(captures):
        raise ContractError(
            f"The date format {text!r} runs parts of unknown width together.", format=text
        )
    return Layout(text, pattern, captures, tuple(slots), at if fixed else None)


def is_layout(text: str) -> bool:
    """Whether `parse_layout` reads the format."""
    try:
        parse_layout(text)
    except ContractError:
        return False
    return True


def layouts_of(column: Column) -> tuple[Layout, ...]:
    """The layouts a date or timestamp column may be written in, in the contract's order."""
    default = ISO_DATES if column.logical_type is LogicalType.DATE else ISO_TIMESTAMPS
    return tuple(parse_layout(text) for text in column.formats or default)
