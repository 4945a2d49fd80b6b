"""Errors of both planes: a promise broke, said without any value out of a row.

An error is not a finding (the data is wrong) and not a denial (policy says no). Each class has a
stable `code`; `facts` holds what may be published: names, counts, ids and positions, never a cell.
"""

from enum import IntEnum
from typing import ClassVar, Self


class ExitCode(IntEnum):
    """Exit codes of both command lines; the table is in docs/guides/operator.md."""

    OK = 0
    FAULT = 1
    """A promise of the software broke, or a service it needs did not answer."""
    USAGE = 2
    """The command line itself was wrong (Typer's own code)."""
    REFUSED = 3
    """Policy says no; the reasons, clauses and remedies were printed."""
    BAD_INPUT = 4
    """What was handed in cannot be used as it is; the findings say where."""


class ProgrammeError(Exception):
    """Base of every error both planes raise on purpose.

    Attributes:
        code: Stable, dotted, documented in docs/guides/errors.md.
        exit_code: What a command line ends with when nobody catches it.
        retryable: Whether an unattended retry may succeed.
        facts: Names, counts and ids that may be logged and published.
    """

    code: ClassVar[str] = "programme.error"
    exit_code: ClassVar[ExitCode] = ExitCode.FAULT
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **facts: str | float | bool | None) -> None:
        """Keep the message and the publishable facts."""
        super().__init__(message)
        self.message = message
        self.facts = facts


class ConfigurationError(ProgrammeError):
    """A setting, a deployment file or a schema is missing or contradicts another."""

    code = "configuration.invalid"
    exit_code = ExitCode.BAD_INPUT


class DocumentError(ProgrammeError):
    """A contract or an agreement cannot be read or contradicts itself.

    Attributes:
        problems: Every mistake, each beginning with its path in the document.
    """

    code = "document.invalid"
    exit_code = ExitCode.BAD_INPUT

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[str, ...] = (),
        **facts: str | float | bool | None,
    ) -> None:
        """List the problems under the message, one a line."""
        super().__init__("\n  - ".join((message, *problems)), problems=len(problems), **facts)
        self.problems = problems

    @classmethod
    def counted(cls, said: str, *problems: str, **facts: str | float | bool | None) -> Self:
        """The mistakes of one document or of several, with their number.

        Args:
            said: Subject and verb: "The form has".
            problems: Every mistake, each beginning with its path.
            facts: What may be published beside.
        """
        count = f"{len(problems)} mistake{'' if len(problems) == 1 else 's'}"
        return cls(f"{said} {count}:", problems=problems, **facts)


class ContractError(DocumentError):
    """A dataset contract cannot be read or contradicts itself."""

    code = "contract.invalid"


class AgreementError(DocumentError):
    """An agreement cannot be read or contradicts itself."""

    code = "agreement.invalid"


class ObjectStoreError(ProgrammeError):
    """The object store did not do what was asked."""

    code = "objects.failed"
    retryable = True


class ObjectNotFoundError(ObjectStoreError):
    """No object lies under that key."""

    code = "objects.not_found"
    retryable = False


class PreconditionFailedError(ObjectStoreError):
    """A conditional write lost: the object exists, or changed since it was read."""

    code = "objects.precondition_failed"


class LeaseHeldError(ObjectStoreError):
    """Somebody else holds the lease."""

    code = "objects.lease_held"


class LedgerError(ProgrammeError):
    """The ledger's chain does not verify, or an entry could not be appended."""

    code = "ledger.broken"
