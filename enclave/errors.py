"""Errors of the data plane. Messages carry names, counts and positions, never a cell."""

from collections.abc import Sequence

from enclave.findings import Finding
from governance.decisions import AccessDeniedError, Decision
from governance.errors import ExitCode, ProgrammeError


class EnclaveError(ProgrammeError):
    """Base of the data plane's errors."""

    code = "enclave.error"


class UnreadableSubmissionError(EnclaveError):
    """The file cannot be read at all: wrong format, unsafe archive, past a declared bound.

    Attributes:
        findings: Why, for the agency's receipt; at least one is an error about the whole file.
    """

    code = "intake.unreadable"
    exit_code = ExitCode.BAD_INPUT

    def __init__(
        self,
        message: str,
        *,
        findings: Sequence[Finding] = (),
        **facts: str | float | bool | None,
    ) -> None:
        """Keep the findings beside the publishable facts."""
        super().__init__(message, **facts)
        self.findings = tuple(findings)


class SubmissionNotFoundError(EnclaveError):
    """No submission has that id."""

    code = "submission.not_found"
    exit_code = ExitCode.BAD_INPUT


class SubmissionNotReportedError(EnclaveError):
    """The submission is still underway: it has no receipt."""

    code = "submission.not_reported"
    exit_code = ExitCode.BAD_INPUT


class UnusableIdentityError(EnclaveError):
    """What was given identifies nobody: columns missing, unknown, or no identity in them."""

    code = "identity.unusable"
    exit_code = ExitCode.BAD_INPUT


class DatasetNotFoundError(EnclaveError):
    """No contract or no agreement of this deployment names that dataset."""

    code = "dataset.not_found"
    exit_code = ExitCode.BAD_INPUT


class PlanRefusedError(EnclaveError):
    """A column has no treatment, or a treatment does not fit its column.

    Attributes:
        decision: Every reason, with clause and remedy.
    """

    code = "deidentify.plan_refused"
    exit_code = ExitCode.REFUSED

    def __init__(self, decision: Decision) -> None:
        """Build the message from every denial."""
        self.decision = decision
        super().__init__(decision.reasons or "No plan.", denials=len(decision.denials))


class KeyRingError(EnclaveError):
    """A key is missing, destroyed, or does not open what it should."""

    code = "keys.failed"


class EvidenceError(EnclaveError):
    """A manifest does not authenticate, or a step was called out of order."""

    code = "evidence.invalid"


class LakeError(EnclaveError):
    """The curated table could not be read or committed."""

    code = "lake.failed"
    retryable = True


class SchemaConflictError(LakeError):
    """A plan drops or changes columns of a table that has landed rows."""

    code = "lake.schema_conflict"
    exit_code = ExitCode.REFUSED
    retryable = False

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        """Name the table and the columns."""
        super().__init__(
            f"{table} has columns that this contract or agreement drops, retypes or treats "
            f"otherwise: {', '.join(columns)}. Give the contract a new table name for its next "
            "major version, or deliver the whole dataset anew.",
            table=table,
            columns=len(columns),
        )


class QueryError(EnclaveError):
    """The query failed while running (memory, time), after it was permitted."""

    code = "query.failed"


class QueryStoppedError(AccessDeniedError):
    """A running query was stopped: its grant was taken back or changed meanwhile."""

    code = "query.stopped"
