"""All steps in one process, in the order a submission travels; what `enclave load` runs."""

from collections.abc import Callable

from enclave.deployment import Deployment
from enclave.steps.holding import hold_submission
from enclave.steps.land import land_submission
from enclave.steps.outcome import StepOutcome, outcome_of
from enclave.steps.process import Progress, process_submission
from enclave.steps.receive import receive_drops
from enclave.steps.record import attempt_of
from enclave.steps.report import report_submission
from enclave.store import StateError, SubmissionState
from enclave.zones import Zone
from governance.errors import ProgrammeError

OnFailure = Callable[[str, ProgrammeError], None]

_REOPENED = (
    SubmissionState.PASSED,
    SubmissionState.HELD,
    SubmissionState.REJECTED,
    SubmissionState.REFUSED,
)
_WAIT_SECONDS = 3600.0
"""A load by hand side by side with another waits for it; what it waits for may be a large file."""


def load_all(
    deployment: Deployment, progress: Progress, on_failure: OnFailure | None = None
) -> list[StepOutcome]:
    """Load every waiting drop and whatever an interrupted run left, feed by feed.

    Args:
        deployment: Where.
        progress: Called with stage and rows.
        on_failure: Called with the id of a submission whose step failed, and the error; the others
            go on. Without it the first failure is raised.

    Returns:
        The outcome of every submission that was touched, drops refused at the door included.
    """
    known = {s.id for s in deployment.store.list() if s.reported_at is not None}
    for agreement_id in deployment.agreements:
        for submission_id in receive_drops(deployment, agreement_id):
            try:
                run_steps(deployment, submission_id, progress)
            except ProgrammeError as error:
                if on_failure is None:
                    raise
                on_failure(submission_id, error)
    return [outcome_of(s) for s in deployment.store.list() if s.id not in known]


def load_one(
    deployment: Deployment, submission_id: str, progress: Progress, *, again: bool = False
) -> StepOutcome:
    """Load one submission; its drop is received first when it is still only a drop.

    Args:
        deployment: Where.
        submission_id: Id, or its first eight characters once it is received.
        progress: Called with stage and rows.
        again: Put it back to received first, if it was staged, held, rejected or refused.
    """
    for agreement_id in deployment.agreements:
        receive_drops(deployment, agreement_id)
    submission = deployment.store.get(submission_id)
    if again:
        reopen_submission(deployment, submission.id)
    return run_steps(deployment, submission.id, progress)


def reopen_submission(deployment: Deployment, submission_id: str) -> None:
    """Put a submission back to received, as if no step had come after custody.

    What the earlier attempt found, set apart and reported is forgotten, so that nothing of it gets
    into the next receipt, and the clocks start with that one. The ledger keeps both attempts.

    Raises:
        StateError: It landed or is underway, its rows are committed, or its file was destroyed.
    """
    with hold_submission(deployment, submission_id):
        submission = deployment.store.get(submission_id)
        if submission.raw_destroyed_at is not None:
            message = f"The file of {submission_id} was destroyed on its day; send it again."
            raise StateError(message, submission=submission_id)
        if submission.state not in _REOPENED:
            message = f"Submission {submission_id} is {submission.state}; it cannot be reopened."
            raise StateError(message, submission=submission_id, state=submission.state)
        contract = deployment.contracts.get(f"{submission.agency}/{submission.dataset}")
        if contract and deployment.lake.is_committed(contract.table, submission_id):
            message = f"The rows of {submission_id} are committed; load it without --again."
            raise StateError(message, submission=submission_id)
        set_apart = submission.facts.get("quarantine", {}).get("object_key")
        if set_apart:
            deployment.zones.store(Zone.QUARANTINE).delete(set_apart)
        deployment.store.change(
            submission_id,
            expected=_REOPENED,
            state=SubmissionState.RECEIVED,
            reported_at=None,
            quarantine_destroyed_at=None,
            rows_read=0,
            rows_quarantined=0,
            forget_facts=True,
            facts={"attempt": attempt_of(submission) + 1},
        )


def run_steps(deployment: Deployment, submission_id: str, progress: Progress) -> StepOutcome:
    """Process, land and report one received submission; waits while another worker is at it."""
    process_submission(deployment, submission_id, progress, wait_seconds=_WAIT_SECONDS)
    land_submission(deployment, submission_id, wait_seconds=_WAIT_SECONDS)
    return report_submission(deployment, submission_id)
