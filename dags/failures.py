"""What a task's failure may say, and whether Airflow may try again.

Airflow writes the exception of a failed task, with its chain, to the log, and keeps it for the
callbacks. So nothing raised below this module reaches it: the programme's own errors are said
again by code and message (which carry no value out of a row), any other exception only by its
type and by where in our code it arose, because libraries quote cells in theirs.
"""

import functools
import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from airflow.sdk import Context
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    TaskDeferred,
)

from governance.errors import ProgrammeError

UNEXPECTED = "fault.unexpected"
"""Code of a failure nobody foresaw: a defect, or a machine without memory or disk."""

Args = ParamSpec("Args")
Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = frozenset({"dags", "enclave", "governance"})


class StepFailedError(AirflowFailException):
    """The step failed and a retry cannot help: a refusal, bad input, a defect."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class StepRetryError(AirflowException):
    """The step failed and may succeed when it is tried again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def publishable_failures(step: Callable[Args, Result]) -> Callable[Args, Result]:
    """Let nothing out of `step` but `StepFailedError`, `StepRetryError` and Airflow's own signals.

    A decorator and no context manager: leaving a `with` block by another exception keeps the first
    one as its context, and the log would print it.
    """

    @functools.wraps(step)
    def guarded(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        failure: AirflowException
        try:
            return step(*args, **kwargs)
        except (AirflowFailException, AirflowSkipException, TaskDeferred, StepRetryError):
            raise
        except ProgrammeError as error:
            kind = StepRetryError if error.retryable else StepFailedError
            failure = kind(error.code, error.message)
        except Exception as error:  # noqa: BLE001  whatever a library raised may quote a cell
            place = _place(error.__traceback__)
            failure = StepFailedError(UNEXPECTED, f"{type(error).__name__} at {place}")
        # Outside the handler: the new exception has no context.
        raise failure

    return guarded


def _place(trail: TracebackType | None) -> str:
    """The innermost lines of our own code on the way to the error, without any value."""
    ours = []
    for frame in traceback.extract_tb(trail):
        file = Path(frame.filename).resolve()
        if file.is_relative_to(_ROOT) and file.relative_to(_ROOT).parts[0] in _PACKAGES:
            ours.append(f"{file.relative_to(_ROOT).as_posix()}:{frame.lineno}")
    return " > ".join(ours[-3:]) or "unknown"


def log_failure(context: Context) -> None:
    """Airflow's failure callback: one line with the code and the ids, nothing else."""
    instance = context["ti"]
    exception = context.get("exception")
    code = getattr(exception, "code", None) or (
        f"airflow.{type(exception).__name__}" if exception is not None else UNEXPECTED
    )
    _LOG.error(
        "step failed: code=%s dag=%s task=%s map_index=%s run=%s try=%s",
        code,
        instance.dag_id,
        instance.task_id,
        instance.map_index,
        instance.run_id,
        instance.try_number,
    )


def publishable(report: Mapping[str, object]) -> dict[str, str | int | None]:
    """A copy for XCom, after checking that it holds ids, names and counts only.

    Raises:
        StepFailedError: A step returned something else; its key is named, its value is not.
    """
    wrong = [key for key, value in report.items() if not isinstance(value, str | int | None)]
    if wrong:
        raise StepFailedError("xcom.unpublishable", f"no id or count: {', '.join(sorted(wrong))}")
    return {key: value for key, value in report.items() if isinstance(value, str | int | None)}
