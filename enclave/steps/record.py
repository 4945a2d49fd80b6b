"""Ledger entries and findings of the steps: one place, so that every tag names the same facts."""

from typing import Any

from enclave.deployment import Deployment
from enclave.findings import Finding
from enclave.store import Submission, SubmissionState


def record(
    deployment: Deployment,
    tag: str,
    submission: Submission,
    *,
    apart: str = "",
    **facts: str | float | bool | None,
) -> None:
    """Append `tag` for the submission, once an attempt, however often the step is repeated.

    Args:
        deployment: Whose ledger.
        tag: What happened.
        submission: To which submission.
        apart: Tells apart what may happen several times in one attempt.
        facts: Row-free facts beside those that name the submission.
    """
    attempt = attempt_of(submission)
    parts = [tag, submission.id, str(attempt) if attempt > 1 else "", apart]
    deployment.ledger.append(
        tag,
        f"submission/{submission.id}",
        {
            "agency": submission.agency,
            "dataset": submission.dataset,
            "period": submission.period,
            "revision": submission.revision,
            **({"attempt": attempt} if attempt > 1 else {}),
            **facts,
        },
        once="/".join(part for part in parts if part),
    )


def attempt_of(submission: Submission) -> int:
    """How often the submission was taken up: 1, and one more each time it was reopened."""
    return int(submission.facts.get("attempt", 1))


def announce(deployment: Deployment, submission: Submission) -> None:
    """Append the custody entry, once; later steps repeat it in case a crash came before it."""
    tag = {
        SubmissionState.REFUSED: "submission:refused",
        SubmissionState.DUPLICATE: "submission:duplicate_ignored",
    }.get(SubmissionState(submission.state), "submission:received")
    record(
        deployment,
        tag,
        submission,
        sha256=submission.sha256,
        bytes=submission.size_bytes,
        agreement=submission.agreement_id,
        agreement_version=submission.agreement_version,
    )


def finding_facts(finding: Finding) -> dict[str, Any]:
    """A finding as JSON for the submission's facts and the receipt."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "column": finding.column,
        "rule": finding.rule,
        "failing_rows": finding.failing_rows,
        "lines": list(finding.lines),
        "remedy": finding.remedy,
    }
