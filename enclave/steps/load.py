"""All steps in one process, in the order a submission travels; what `enclave load` runs."""

from collections.abc import Callable

from enclave.deployment import Deployment
from enclave.steps.feed import tell
from enclave.steps.land import land_submission
from enclave.steps.outcome import StepOutcome, outcome_of
from enclave.steps.process import Progress, process_submission
from enclave.steps.receive import receive_drops
from enclave.steps.reopen import reopen_submission
from enclave.steps.report import report_submission
from governance.errors import ProgrammeError

OnFailure = Callable[[str, ProgrammeError], None]

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
    tell(deployment)
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


def run_steps(deployment: Deployment, submission_id: str, progress: Progress) -> StepOutcome:
    """Process, land and report one received submission; waits while another worker is at it."""
    process_submission(deployment, submission_id, progress, wait_seconds=_WAIT_SECONDS)
    land_submission(deployment, submission_id, wait_seconds=_WAIT_SECONDS)
    outcome = report_submission(deployment, submission_id)
    tell(deployment)
    return outcome
