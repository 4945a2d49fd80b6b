"""Airflow for one process: its home inside the deployment, its settings, its database.

Airflow reads its environment when it is first imported, so `prepare_airflow` must run before any
module that imports it; this one does not.
"""

import os
from pathlib import Path

LOG_FILE = "in_process.log"


def airflow_folder(home: Path) -> Path:
    """Everything Airflow writes for this deployment lies here; only its owner reads it."""
    folder = home / "airflow"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def dags_folder() -> Path:
    """Where the DAG files lie."""
    return Path(__file__).resolve().parent


def prepare_airflow(home: Path) -> Path:
    """Set Airflow's environment for in-process runs of the deployment at `home`.

    SQLite in the home, no examples, no telemetry, logs under `{home}/airflow/logs`.

    Returns:
        The log file that Airflow's console output belongs in.
    """
    folder = airflow_folder(home)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    settings = {
        "ENCLAVE_HOME": home,
        "AIRFLOW_HOME": folder,
        "AIRFLOW__CORE__DAGS_FOLDER": dags_folder(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": False,
        "AIRFLOW__CORE__UNIT_TEST_MODE": False,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'in_process.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": logs,
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": False,
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": False,
    }
    for name, value in settings.items():
        os.environ[name] = str(value)  # noqa: TID251  Airflow has no other way in
    return logs / LOG_FILE


def prepare_database() -> None:
    """Create or upgrade Airflow's database; needs `prepare_airflow` first."""
    from airflow.utils.db import initdb  # noqa: PLC0415  reads the environment on import

    initdb()
