"""Whole numbers as an address or a form has them: anything may be sent in their place."""

from typing import Final

_MOST_DIGITS: Final = 9


def whole_number(text: str) -> int | None:
    """The number, or None for what is none or larger than any of ours.

    Python refuses to read numbers of thousands of digits, which would be our failure.
    """
    usable = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if usable else None
