"""Run DAGs of a deployment in this process, without a scheduler.

    python -m dags.run --home DIR [--feed ID ...] [--daily]

The tasks are those a scheduler would run, in the same order. Standard output carries one JSON
object a line: `{"event": "run_started" | "task" | "run_finished" | "ready", ...}` with ids, states,
counts and seconds. Airflow's own console output goes to `{home}/airflow/logs/in_process.log`.
Ends with 0 when every run succeeded, with 1 when one failed, with 4 for a feed nobody knows.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dags.in_process import prepare_airflow, prepare_database
from governance.errors import ConfigurationError, ExitCode, ProgrammeError

if TYPE_CHECKING:
    from airflow.sdk import DAG


class Progress:
    """Writes events as JSON lines to the caller's standard output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started: dict[Any, float] = {}

    def tell(self, event: str, **facts: object) -> None:
        """One line; whoever reads along gets it at once."""
        self._stream.write(json.dumps({"event": event, **facts}) + "\n")
        self._stream.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dags.run", description=__doc__.split("\n")[0])
    parser.add_argument("--home", type=Path, required=True, help="folder of the deployment")
    parser.add_argument(
        "--feed",
        nargs="+",
        action="extend",
        default=[],
        help="agreement ids or DAG ids, in order; all feeds when neither this nor --daily is given",
    )
    parser.add_argument("--daily", action="store_true", help="run the daily DAGs, after the feeds")
    options = parser.parse_args(arguments)
    home = options.home.resolve()
    with _console_to(prepare_airflow(home)) as stream:
        progress = Progress(stream)
        try:
            return _run(progress, options.feed, daily=options.daily)
        except ProgrammeError as error:
            progress.tell("error", code=error.code, message=error.message)
            return int(error.exit_code)


def _run(progress: Progress, feeds: Sequence[str], *, daily: bool) -> int:
    started = time.monotonic()
    prepare_database()
    chosen = _choose(feeds, daily=daily)
    _listen(progress)
    progress.tell("ready", dag_ids=[dag.dag_id for dag in chosen], seconds=_since(started))
    succeeded = True
    for dag in chosen:
        started = time.monotonic()
        progress.tell("run_started", dag_id=dag.dag_id, title=dag.description)
        run = dag.test(run_conf={"wait": False})
        state = str(run.state) if run is not None else "failed"
        progress.tell("run_finished", dag_id=dag.dag_id, state=state, seconds=_since(started))
        succeeded = succeeded and state == "success"
    return int(ExitCode.OK if succeeded else ExitCode.FAULT)


def _choose(feeds: Sequence[str], *, daily: bool) -> list["DAG"]:
    """DAGs in the order asked for.

    Raises:
        ConfigurationError: A name is no feed of this deployment.
    """
    from dags import daily as daily_file  # noqa: PLC0415  after Airflow's environment is set
    from dags import feeds as feeds_file  # noqa: PLC0415
    from dags import retention as retention_file  # noqa: PLC0415

    by_name: dict[str, DAG] = {}
    for name, dag in feeds_file.DAGS.items():
        by_name |= {name: dag, dag.dag_id: dag}
    unknown = [name for name in feeds if name not in by_name]
    if unknown:
        known = ", ".join(sorted({dag.dag_id for dag in by_name.values()}))
        message = f"No feed of this deployment is named {', '.join(unknown)}; there are: {known}."
        raise ConfigurationError(message)
    chosen = [by_name[name] for name in feeds]
    if not feeds and not daily:
        chosen = list(feeds_file.DAGS.values())
    return chosen + ([daily_file.dag, retention_file.dag] if daily else [])


def _listen(progress: Progress) -> None:
    """Tell of each task as it ends, with what it passed on."""
    from airflow.listeners import hookimpl  # noqa: PLC0415
    from airflow.sdk.listener import get_listener_manager  # noqa: PLC0415

    class TaskEvents:
        """Airflow's listener; a task's start and end are told apart by its id."""

        def __init__(self) -> None:
            self._started: dict[object, float] = {}

        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:  # noqa: ANN401
            self._started[task_instance.id] = time.monotonic()

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:  # noqa: ANN401
            self._tell(task_instance, "success", **_passed_on(task_instance))

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:  # noqa: ANN401
            self._tell(task_instance, "skipped")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: object) -> None:  # noqa: ANN401
            self._tell(task_instance, "failed", code=getattr(error, "code", "airflow.failed"))

        def _tell(self, task_instance: Any, state: str, **facts: object) -> None:  # noqa: ANN401
            progress.tell(
                "task",
                dag_id=task_instance.dag_id,
                task_id=task_instance.task_id,
                state=state,
                seconds=_since(self._started.pop(task_instance.id, time.monotonic())),
                **facts,
            )

    get_listener_manager().add_listener(TaskEvents())  # type: ignore[no-untyped-call]  # Airflow's own


def _passed_on(task_instance: Any) -> dict[str, object]:  # noqa: ANN401  Airflow's runtime task instance
    """What the task passed on: ids, names and counts; a submission's state under its own name."""
    passed: object = task_instance.xcom_pull(
        task_ids=task_instance.task_id, map_indexes=task_instance.map_index
    )
    if isinstance(passed, dict):
        return {("submission_state" if k == "state" else k): v for k, v in passed.items()}
    if isinstance(passed, list):
        return {"count": len(passed), "ids": passed}
    return {} if passed is None else {"count": passed}


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)


@contextmanager
def _console_to(file: Path) -> Iterator[TextIO]:
    """Send this process's console to `file`, and give back the standard output that was."""
    sys.stdout.flush()
    sys.stderr.flush()
    with (
        os.fdopen(os.dup(1), "w", encoding="utf-8") as stream,
        file.open("a", encoding="utf-8") as log,
    ):
        kept = os.dup(2)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield stream
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(stream.fileno(), 1)
            os.dup2(kept, 2)
            os.close(kept)


if __name__ == "__main__":
    sys.exit(main())
