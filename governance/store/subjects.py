"""What may stand as a subject: ids of the programme's own making, never free text."""

import re
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


LARGEST: Final = 2**31 - 1
"""Largest number that both databases keep in a column."""


def is_number(number: int) -> bool:
    """Whether it can stand in a column at all."""
    return 0 <= number <= LARGEST


def is_text(text: str) -> bool:
    """Whether both databases can look for it: no null character, and valid Unicode."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def is_id(subject: str) -> bool:
    """Whether it can be the number, name or id of a record."""
    return _ID.fullmatch(subject) is not None
