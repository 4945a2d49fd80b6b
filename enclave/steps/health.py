"""A submission's health as the ledger and the event feed tell it: state, counts, finding codes."""

from enclave.findings import Severity
from enclave.store import Submission
from governance.canonical import Json


def health_facts(submission: Submission) -> dict[str, Json]:
    """State, rows, and how many records fail by each finding's code; no message, no column."""
    findings = submission.facts.get("findings", [])
    codes: dict[str, int] = {}
    for finding in findings:
        if finding["severity"] != Severity.NOTE:
            code = str(finding["code"])
            codes[code] = codes.get(code, 0) + (finding["failing_rows"] or 0)
    severities = [finding["severity"] for finding in findings]
    return {
        "state": str(submission.state),
        "rows_read": submission.rows_read,
        "rows_landed": submission.rows_landed,
        "rows_quarantined": submission.rows_quarantined,
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
        "codes": codes,
    }
