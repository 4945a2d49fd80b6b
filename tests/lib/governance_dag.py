"""Runs the control plane's daily DAG in a process of its own: `python -m … AIRFLOW_HOME`."""

import json
import sys
from pathlib import Path


def _main(home: Path) -> None:
    from dags.in_process import prepare_airflow, prepare_database

    prepare_airflow(home)
    prepare_database()
    from dags.governance_daily import dag

    run = dag.test()
    found = {
        "state": str(run.state),
        "tasks": {ti.task_id: [str(ti.state), ti.xcom_pull()] for ti in run.get_task_instances()},
        "heavy": [m for m in ("enclave.steps", "pyarrow", "duckdb") if m in sys.modules],
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
