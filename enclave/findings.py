"""Findings: the data is wrong. Values, gathered and never raised; no cell is ever in one."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The rows named fail, or the whole submission when `failing_rows` is None."""
    WARNING = "warning"
    NOTE = "note"
    """Something that was decided (a sniffed dialect), for the receipt."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a data steward should know.

    Attributes:
        code: Stable dotted name (`format.date`, `intake.dialect`), listed in docs/guides/errors.md.
        severity: How much it matters.
        message: One sentence with names, counts and positions; never a value out of a row. An
            unknown header cell is named by its position, because a file without a header puts a
            person there.
        column: Contract column, or None for the file.
        rule: Name of the contract's rule, or None.
        failing_rows: Rows that fail because of it; None when it is about the whole file.
        lines: Up to ten line numbers (1-based, physical lines of the file) where it happens.
        remedy: What the steward can do.
    """

    code: str
    severity: Severity
    message: str
    column: str | None = None
    rule: str | None = None
    failing_rows: int | None = None
    lines: tuple[int, ...] = ()
    remedy: str = ""
