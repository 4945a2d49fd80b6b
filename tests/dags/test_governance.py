"""The control plane's daily DAG, run by Airflow itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lib.dag_description import ROOT
from tests.lib.programme import Office

pytestmark = pytest.mark.xdist_group("dags_in_process")


def _run(home: Path, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.lib.governance_dag", str(home)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("GOVERNANCE_")} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_it_winds_the_clocks_and_is_skipped_where_there_is_no_control_plane(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path / "office")
    office.register()
    office.programme.close()
    (tmp_path / "airflow").mkdir()
    wound = _run(tmp_path / "airflow", GOVERNANCE_HOME=str(tmp_path / "office"))
    assert wound["state"] == "success"
    state, told = wound["tasks"]["wind_clocks"]
    assert state == "success"
    assert told | {"on": ""} == {
        "on": "", "expiring": [], "ended": [], "refused": [], "packets": [], "republish": [],
        "reminders": {},
        "sent": 0, "failed": 0, "given_up": 0,
        "problems": {},
    }  # fmt: skip
    assert wound["heavy"] == []
    skipped = _run(tmp_path / "airflow")
    assert skipped["tasks"]["wind_clocks"] == ["skipped", None]
