"""How the intake refuses a whole file: one error that carries findings, never a cell."""

from collections.abc import Sequence

from enclave.errors import UnreadableSubmissionError
from enclave.findings import Finding, Severity


def refuse(
    code: str,
    message: str,
    *,
    remedy: str,
    column: str | None = None,
    findings: Sequence[Finding] = (),
) -> UnreadableSubmissionError:
    """The error to raise for a file that cannot be read.

    Args:
        code: Stable dotted name of the finding.
        message: One sentence with names, counts and positions; never a value out of the file.
        remedy: What the steward can do.
        column: Contract column, or None for the file.
        findings: What was found before; kept in front.
    """
    finding = Finding(code, Severity.ERROR, message, column=column, remedy=remedy)
    return UnreadableSubmissionError(message, findings=(*findings, finding), finding=code)


def note(code: str, message: str, *, column: str | None = None) -> Finding:
    """Something that was decided; stands in the receipt."""
    return Finding(code, Severity.NOTE, message, column=column)


def warn(code: str, message: str, *, remedy: str, column: str | None = None) -> Finding:
    """Something the steward should look at; the file is read all the same."""
    return Finding(code, Severity.WARNING, message, column=column, remedy=remedy)
