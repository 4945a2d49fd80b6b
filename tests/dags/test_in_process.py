"""A feed run in process: what lands, what is skipped, and what Airflow keeps of it."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from enclave.deployment import Deployment, init_deployment
from enclave.steps.submit import submit_file
from tests.lib.dag_description import ROOT
from tests.lib.graduates import find_canaries, write_graduates

FEED = "feed__sde__mou_2024_03"
ROWS = 240
FAILING = 3
"""Under the two percent at which the agreement rejects a file."""
pytestmark = pytest.mark.xdist_group("dags_in_process")


@dataclass(frozen=True)
class Run:
    """What one `python -m dags.run` did."""

    deployment: Deployment
    exit_code: int
    events: list[dict[str, Any]]

    def tasks(self, task_id: str) -> list[dict[str, Any]]:
        """Events of that task."""
        return [event for event in self.events if event.get("task_id") == task_id]


def _run(home: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "dags.run", "--home", str(home), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two graduation files, one good and one rotten, and a feed that runs twice."""
    folder = tmp_path_factory.mktemp("in_process")
    deployment = init_deployment(folder / "home")
    for period, failing in (("2022-23", FAILING), ("2023-24", ROWS)):
        name = f"SDE_graduation_{period}_v1.csv"
        path = write_graduates(folder / name, rows=ROWS, failing=failing)
        submit_file(deployment, path, agency="sde", dataset="graduation", sent_by="test")
    exit_code, events = _run(folder / "home", "--feed", "MOU-SDE-2024-03", FEED, "--daily")
    return Run(deployment, exit_code, events)


def test_one_submission_lands_and_the_rotten_one_is_rejected(run: Run) -> None:
    assert run.exit_code == 0, run.events
    states = {
        s.period: (s.state, s.rows_read, s.rows_landed, s.rows_quarantined)
        for s in run.deployment.store.list()
    }
    assert states["2022-23"] == ("landed", ROWS, ROWS - FAILING, FAILING)
    assert states["2023-24"][0] == "rejected"
    assert states["2023-24"][2] == 0
    assert all(s.reported_at is not None for s in run.deployment.store.list())


def test_the_rejected_submission_skips_landing_and_is_reported(run: Run) -> None:
    landed = run.tasks("graduation.submission.land")
    assert sorted(event["state"] for event in landed) == ["skipped", "success"]
    reported = run.tasks("graduation.submission.report")
    assert sorted(event["submission_state"] for event in reported) == ["landed", "rejected"]


def test_a_second_run_finds_nothing_to_do(run: Run) -> None:
    waits = run.tasks("wait_for_drop")
    assert [event["state"] for event in waits] == ["success", "skipped"]
    finished = [event for event in run.events if event["event"] == "run_finished"]
    assert [event["state"] for event in finished] == ["success"] * 4


def test_the_clocks_ran(run: Run) -> None:
    assert run.tasks("expire_terms")[0]["state"] == "success"
    assert run.tasks("destroy_due")[0]["count"] == 0


def test_xcoms_hold_ids_and_counts_only(run: Run) -> None:
    database = run.deployment.home / "airflow" / "in_process.db"
    with sqlite3.connect(database) as connection:
        kept = list(connection.execute("SELECT task_id, value FROM xcom"))
    connection.close()
    assert len(kept) >= 8
    for task_id, value in kept:
        content = json.loads(value) if isinstance(value, str) else value
        parts = content.values() if isinstance(content, dict) else content
        for part in parts if isinstance(content, dict | list) else [content]:
            assert isinstance(part, str | int | None), task_id


def test_airflow_keeps_no_value_out_of_a_row(run: Run) -> None:
    airflow = run.deployment.home / "airflow"
    assert (airflow / "logs" / "in_process.log").stat().st_size > 1000
    assert find_canaries(airflow, ROWS) == []
    assert not any("canary" in json.dumps(event).lower() for event in run.events)


def test_an_unknown_feed_is_bad_input(run: Run) -> None:
    exit_code, events = _run(run.deployment.home, "--feed", "MOU-NOBODY")
    assert exit_code == 4
    assert events[-1]["code"] == "configuration.invalid"
    assert FEED in events[-1]["message"]
