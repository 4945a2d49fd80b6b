"""Steps that break: said once in the ledger, and never a reason to keep a raw file for ever.

A step that raises writes `submission:failed` (step and error code) once an attempt, and the
submission says so until a later run of a step ends well. The raw file's clock runs from when the
submission was taken up (`clock_start`), so that one whose step fails for good, or is killed each
time, is destroyed after the agreement's raw term like any other (`enclave.steps.clocks`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from enclave.deployment import Deployment
from enclave.steps.record import record
from enclave.store import Submission, SubmissionState, as_utc
from governance.errors import LeaseHeldError, ProgrammeError

UNEXPECTED = "fault.unexpected"
"""Code of a failure nobody foresaw; what a library said may quote a cell and is told nowhere."""

UNFINISHED = "step.unfinished"
"""Code of a step that never said why it did not end: killed each time, or never run."""

_ANY = tuple(SubmissionState)


@contextmanager
def saying_failures(deployment: Deployment, submission: Submission, step: str) -> Iterator[None]:
    """Around the work of `step`: set down when it was taken up, and whether it failed.

    That somebody else holds the submission or its table is no failure.
    """
    if "taken_up_at" not in submission.facts:
        _say(deployment, submission, {"taken_up_at": deployment.now().isoformat()})
    try:
        yield
    except LeaseHeldError:
        raise
    except Exception as error:
        code = error.code if isinstance(error, ProgrammeError) else UNEXPECTED
        with suppress(ProgrammeError):  # the first error is the one to tell
            _tell(deployment, submission, step, code)
        raise
    if submission.facts.get("failed"):
        _say(deployment, submission, {"failed": None})


def _tell(deployment: Deployment, submission: Submission, step: str, code: str) -> None:
    _say(deployment, submission, {"failed": {"step": step, "code": code}})
    apart = f"{step}/{code}"
    record(deployment, "submission:failed", submission, apart=apart, step=step, code=code)


def _say(deployment: Deployment, submission: Submission, facts: dict[str, object]) -> None:
    deployment.store.change(submission.id, expected=_ANY, facts=facts)


def clock_start(submission: Submission) -> datetime:
    """The instant (UTC) the clocks of raw file and quarantined rows run from.

    The first report; for a submission that has none, or that failed for good, when it was taken up.
    """
    if submission.reported_at is not None and submission.state != SubmissionState.FAILED:
        return as_utc(submission.reported_at)
    taken_up = submission.facts.get("taken_up_at")
    if taken_up is not None:
        return as_utc(datetime.fromisoformat(taken_up))
    return as_utc(submission.received_at)
