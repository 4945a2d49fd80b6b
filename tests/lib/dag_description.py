"""Describes every DAG of a home as JSON, in a process of its own: `python -m … HOME`.

Airflow is not for the test process: it warns while importing, and it configures logging.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

HEAVY = [
    "pyarrow",
    "duckdb",
    "pandas",
    "numpy",
    "deltalake",
    "great_expectations",
    "presidio_analyzer",
    "spacy",
    "enclave.steps",
    "enclave.deployment",
]


def describe_dags(home: Path) -> dict[str, Any]:
    """What Airflow sees of the deployment at `home`, from a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.lib.dag_description", str(home)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    described: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return described


def _main(home: Path) -> None:
    from dags.in_process import dags_folder, prepare_airflow

    prepare_airflow(home)
    import airflow.sdk  # noqa: F401  not part of what is measured
    from airflow.dag_processing.dagbag import DagBag

    before, started = time.process_time(), time.monotonic()
    bag = DagBag(dag_folder=dags_folder())
    cpu, wall = time.process_time() - before, time.monotonic() - started
    heavy = [name for name in HEAVY if name in sys.modules]
    described = {
        "errors": {Path(str(k)).name: str(v)[-2000:] for k, v in bag.import_errors.items()},
        "heavy": heavy,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "dags": {name: _describe(dag) for name, dag in bag.dags.items()},
    }
    sys.stdout.write("\n" + json.dumps(described) + "\n")


def _describe(dag: Any) -> dict[str, Any]:
    timetable = dag.timetable
    return {
        "file": Path(dag.fileloc).name,
        "doc_md": dag.doc_md,
        "tags": sorted(dag.tags),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "cron": getattr(timetable, "expression", None),
        "timezone": str(getattr(timetable, "timezone", "")),
        "tasks": {task.task_id: _describe_task(task) for task in dag.tasks},
    }


def _describe_task(task: Any) -> dict[str, Any]:
    kwargs = getattr(task, "partial_kwargs", None) or {}

    def setting(name: str) -> Any:
        return kwargs[name] if name in kwargs else getattr(task, name)

    callbacks = setting("on_failure_callback") or []
    callbacks = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    return {
        "owner": setting("owner"),
        "retries": setting("retries"),
        "backoff": setting("retry_exponential_backoff"),
        "timeout": setting("execution_timeout").total_seconds(),
        "callbacks": [f"{c.__module__}.{c.__name__}" for c in callbacks],
        "outlets": [[asset.name, asset.uri] for asset in setting("outlets") or []],
        "upstream": sorted(task.upstream_task_ids),
    }


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
