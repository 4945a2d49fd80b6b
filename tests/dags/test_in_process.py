"""A feed run in process: what lands, what is skipped, and what Airflow keeps of it."""

import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from enclave.deployment import Deployment, init_deployment, open_deployment
from enclave.steps.submit import submit_file
from tests.lib.dag_description import ROOT
from tests.lib.graduates import find_canaries, write_graduates

FEED = "feed__sde__mou_2024_03"
FEEDS = ("MOU-SDE-2024-03", FEED, "MOU-CSCU-2024-02")
"""One of them twice, by its other name."""
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


def _drop(folder: Path) -> Deployment:
    """A good and a rotten graduation file wait, and one under an agreement that has ended."""
    init_deployment(folder / "home")
    colleges = folder / "home/schemas/agreements/cscu-enrollment-and-degrees.yaml"
    ended = re.sub(r"endsOn: \S+", "endsOn: 2026-01-31", colleges.read_text(), count=1)
    colleges.write_text(ended)
    deployment = open_deployment(folder / "home")
    for period, failing in (("2022-23", FAILING), ("2023-24", ROWS)):
        name = f"SDE_graduation_{period}_v1.csv"
        path = write_graduates(folder / name, rows=ROWS, failing=failing)
        submit_file(deployment, path, agency="sde", dataset="graduation", sent_by="test")
    late = write_graduates(folder / "late.txt", rows=ROWS, failing=0)
    submit_file(deployment, late, agency="cscu", dataset="degrees", period="2025", sent_by="test")
    return deployment


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The feed, run twice, and the daily DAGs after it."""
    deployment = _drop(tmp_path_factory.mktemp("in_process"))
    exit_code, events = _run(deployment.home, "--feed", *FEEDS, "--daily")
    return Run(deployment, exit_code, events)


def _ends(deployment: Deployment) -> dict[str, tuple[str, int, int, int]]:
    return {
        s.period: (s.state, s.rows_read, s.rows_landed, s.rows_quarantined)
        for s in deployment.store.list()
    }


def test_one_submission_lands_and_the_rotten_one_is_rejected(run: Run) -> None:
    assert run.exit_code == 0, run.events
    states = _ends(run.deployment)
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
    assert [e["state"] for e in waits if e["dag_id"] == FEED] == ["success", "skipped"]
    finished = [event for event in run.events if event["event"] == "run_finished"]
    assert [event["state"] for event in finished] == ["success"] * 5


def test_an_ended_agreement_refuses_what_is_dropped_under_it(run: Run) -> None:
    assert _ends(run.deployment)["2025"] == ("refused", 0, 0, 0)
    colleges = [event for event in run.events if event.get("dag_id", "").startswith("feed__cscu")]
    assert [e["state"] for e in colleges if e.get("task_id") == "wait_for_drop"] == ["success"]
    assert not any("submission" in event.get("task_id", "") for event in colleges)


def test_the_command_line_comes_to_the_same(run: Run, tmp_path: Path) -> None:
    other = _drop(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "enclave.cli", "load", "--all", "--home", str(other.home)],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    # One was rejected, one refused.
    assert done.returncode in {3, 4}, done.stderr
    assert _ends(other) == _ends(run.deployment)


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


def _names_a_file(path: Path) -> bool:
    """File names carry people, too."""
    content = path.read_bytes()
    return b"SDE_graduation" in content or b"late.txt" in content


def test_airflow_keeps_no_value_out_of_a_row(run: Run) -> None:
    airflow = run.deployment.home / "airflow"
    assert (airflow / "logs" / "in_process.log").stat().st_size > 1000
    assert find_canaries(airflow, ROWS) == []
    named = [path for path in airflow.rglob("*") if path.is_file() and _names_a_file(path)]
    assert named == []
    assert not any("canary" in json.dumps(event).lower() for event in run.events)


def test_an_unknown_feed_is_bad_input(run: Run) -> None:
    exit_code, events = _run(run.deployment.home, "--feed", "MOU-NOBODY")
    assert exit_code == 4
    assert events[-1]["code"] == "configuration.invalid"
    assert FEED in events[-1]["message"]
