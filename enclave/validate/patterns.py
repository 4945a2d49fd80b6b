"""Numbers as they must be written; read alike by RE2 (runs them) and Python (states them)."""

from typing import Final

INTEGER_PATTERN: Final = "[+-]?[0-9]{1,18}"
NUMBER_PATTERN: Final = (
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?"
)
