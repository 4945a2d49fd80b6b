"""Take a submission up again that did not land: as if no step had come after custody.

What the door refused stays refused: no later step looks at checksum, period or revision again.
"""

from enclave.deployment import Deployment
from enclave.errors import PlanRefusedError
from enclave.findings import Severity
from enclave.steps.holding import hold_submission
from enclave.steps.record import attempt_of
from enclave.store import StateError, Submission, SubmissionState
from enclave.zones import Zone

_REOPENED = (
    SubmissionState.PASSED,
    SubmissionState.HELD,
    SubmissionState.REJECTED,
    SubmissionState.REFUSED,
)
_TAKEN = (
    SubmissionState.RECEIVED,
    SubmissionState.PASSED,
    SubmissionState.HELD,
    SubmissionState.LANDED,
)
_MENDED_HERE = {"agreement.not_in_force", "contract.missing", PlanRefusedError.code}
"""Refusals that agreement and contract explain, and that the steps judge anew."""

_CUSTODY_FACTS = ("stated_rows", "etag")
"""What was true on delivery; it holds for every attempt."""


def reopen_submission(deployment: Deployment, submission_id: str) -> None:
    """Put a submission back to received.

    What the earlier attempt found, set apart and reported is forgotten, so that nothing of it gets
    into the next receipt, and the clocks start with that one. The ledger keeps both attempts.

    Raises:
        StateError: It landed or is underway, its rows are committed, its file was destroyed or
            refused at the door, or another file of the period was taken since.
    """
    with hold_submission(deployment, submission_id):
        submission = deployment.store.get(submission_id)
        _check_reopenable(deployment, submission)
        set_apart = submission.facts.get("quarantine", {}).get("object_key")
        if set_apart:
            deployment.zones.store(Zone.QUARANTINE).delete(set_apart)
        kept = {name: submission.facts.get(name) for name in _CUSTODY_FACTS}
        deployment.store.change(
            submission_id,
            expected=_REOPENED,
            state=SubmissionState.RECEIVED,
            reported_at=None,
            quarantine_destroyed_at=None,
            rows_read=0,
            rows_quarantined=0,
            forget_facts=True,
            facts={
                **kept,
                "attempt": attempt_of(submission) + 1,
                "taken_up_at": deployment.now().isoformat(),
            },
        )


def _check_reopenable(deployment: Deployment, submission: Submission) -> None:
    reason = _reason_against(deployment, submission)
    if reason:
        message = f"Submission {submission.id} cannot be reopened: {reason}."
        raise StateError(message, submission=submission.id, state=submission.state)


def _reason_against(deployment: Deployment, submission: Submission) -> str:
    """Why it stays as it is; empty when nothing is against it."""
    if submission.state not in _REOPENED:
        return f"it is {submission.state}"
    if submission.raw_destroyed_at is not None:
        return "its file was destroyed on its day; send it again"
    contract = deployment.contracts.get(f"{submission.agency}/{submission.dataset}")
    if contract is not None and deployment.lake.is_committed(contract.table, submission.id):
        return "its rows are committed already; load it without --again"
    errors = {
        f["code"] for f in submission.facts.get("findings", []) if f["severity"] == Severity.ERROR
    }
    if submission.state == SubmissionState.REFUSED and not errors <= _MENDED_HERE:
        return "the delivery itself was refused; send the file again"
    of_period = deployment.store.list(
        agency=submission.agency,
        dataset=submission.dataset,
        period=submission.period,
        states=_TAKEN,
    )
    if any(s.id != submission.id and s.revision >= submission.revision for s in of_period):
        return "another file of its period was taken since; send a higher revision"
    return ""
