"""Ledger entries and findings of the steps: one place, so that every tag names the same facts."""

from typing import Any

from enclave.deployment import Deployment
from enclave.findings import Finding, Severity
from enclave.store import Submission, SubmissionState
from enclave.validate.report import ValidationReport
from governance.canonical import Json


def record(
    deployment: Deployment,
    tag: str,
    submission: Submission,
    *,
    apart: str = "",
    **facts: Json,
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
        apart="",
        sha256=submission.sha256,
        bytes=submission.size_bytes,
        agreement=submission.agreement_id,
        agreement_version=submission.agreement_version,
        **_why(submission),
    )


def _why(submission: Submission) -> dict[str, Json]:
    """What a drop was refused for, or which submission it repeats."""
    match submission.state:
        case SubmissionState.REFUSED:
            return {"reasons": error_codes(submission)}
        case SubmissionState.DUPLICATE:
            return {"duplicate_of": submission.facts.get("duplicate_of")}
        case _:
            return {}


def error_codes(submission: Submission) -> list[Json]:
    """Codes of the errors about a submission, each once; the guide to findings explains them."""
    errors = (f for f in submission.facts.get("findings", []) if f["severity"] == Severity.ERROR)
    return list(dict.fromkeys(str(f["code"]) for f in errors))


def rules_failed(report: ValidationReport) -> dict[str, int]:
    """Failing records of each check and kind of malformed record: `code column or rule` -> rows."""
    counts = {code: rows for code, rows in report.malformed.items() if rows}
    for result in report.checks:
        if result.failing_rows:
            about = result.check.rule or ",".join(result.check.columns)
            counts[f"{result.check.code} {about}"] = result.failing_rows
    return counts


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
