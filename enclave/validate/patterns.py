"""Patterns in a dialect that RE2 (which runs them) and Python (which states them) read alike."""

import re
from typing import Final

from governance.errors import ContractError

INTEGER_PATTERN: Final = "[+-]?[0-9]{1,18}"
NUMBER_PATTERN: Final = (
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?"
)
_ONE_DIALECT_ONLY: Final = re.compile(
    r"\[\[:|\\[pPCQEzZsSkg]|\\[0-9]|\(\?(?!:|i:|s:)|[*+?}]\+|\\x\{"
)
"""What the two dialects read differently: POSIX classes, `\\p`, `\\s` (a vertical tab), back
references, lookaround, possessive quantifiers, global flags."""


def to_re2(pattern: str) -> str:
    """The pattern for RE2, matching the whole cell."""
    return rf"\A(?:{pattern})\z"


def to_python(pattern: str) -> str:
    r"""The pattern for Python's `re`, matching the whole cell (`(?a)`: `\d` is 0-9, as in RE2).

    Raises:
        ContractError: Not a pattern, or one that RE2 and Python would read differently.
    """
    if _ONE_DIALECT_ONLY.search(pattern.replace("\\\\", "")):
        raise ContractError(
            f"The pattern {pattern!r} uses a part that is read differently by different engines.",
            pattern=pattern,
        )
    try:
        re.compile(pattern)
    except re.error:
        raise ContractError(f"{pattern!r} is not a pattern.", pattern=pattern) from None
    return rf"(?a)^(?:{pattern})\Z"
