"""`kill -9` in the middle of a load, again and again; then the load is run to its end."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from enclave.deployment import Deployment, init_deployment
from enclave.doctor import examine
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from tests.lib.command import ROOT, clean_environment, enclave_command, run_enclave
from tests.lib.graduates import find_canaries, write_graduates

pytestmark = [pytest.mark.functional, pytest.mark.slow]
ROWS, FAILING = 200_000, 3
SEED = 20261122
MOMENTS = {
    "it starts": "enclave.env",
    "the file flows": "spill/*/*",
    "rows are set apart": "zones/quarantine/sde/**/*",
    "people are committed": "zones/identity/crosswalk/**/*",
    "the table is staged": "zones/staging/*/*.parquet",
    "the stage is sealed": "zones/staging/*/manifest.json",
    "the table is copied": "zones/curated/*/2022-23/**/*.parquet",
    "the table is committed": "zones/curated/*/_delta_log/*.json",
    "the agency is told": "zones/egress/sde/**/*",
}
"""In the order of the road, each with what is seen in the home from then on."""


def _seen(home: Path, pattern: str) -> bool:
    return next(home.glob(pattern), None) is not None


def _kill_when(home: Path, pattern: str, delay: float) -> bool:
    """Start a load and kill it a little after that moment; whether it still ran then."""
    process = subprocess.Popen(
        enclave_command("load", "--all", "--home", home),
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not _seen(home, pattern) and process.poll() is None:
        assert time.monotonic() < deadline, pattern
        time.sleep(0.0005)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait(10) == -signal.SIGKILL


def _spill(deployment: Deployment) -> tuple[bool, str]:
    check = next(check for check in examine(deployment.home) if check.name == "spill")
    return check.healthy, check.detail


def test_killed_at_any_moment_it_is_one_load_in_the_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deployment = init_deployment(home)
    path = write_graduates(tmp_path / "SDE_graduation_2022-23_v1.csv", rows=ROWS, failing=FAILING)
    upload = submit_file(deployment, path, agency="sde", dataset="graduation")
    submission_id = str(upload.submission_id)
    chance = random.Random(SEED)

    killed = [
        moment
        for moment, pattern in MOMENTS.items()
        if moment == "it starts" or not _seen(home, pattern)  # a late kill may have passed it
        if _kill_when(home, pattern, chance.uniform(0, 0.01))
    ]
    assert len(killed) >= 4, killed
    print("killed when", *killed, sep="\n  ")
    healthy, left = _spill(deployment)
    assert not healthy, "a killed load leaves encrypted temporary files, and the doctor says so"
    assert "left by interrupted runs" in left
    assert find_canaries(home / "spill", 50) == []

    done = run_enclave("load", "--all", "--home", home, "--json")

    assert done.returncode == 0, done.stderr
    submission = deployment.store.get(submission_id)
    assert (submission.state, submission.rows_read) == ("landed", ROWS)
    assert (submission.rows_landed, submission.rows_quarantined) == (ROWS - FAILING, FAILING)
    (table,) = deployment.lake.tables()
    assert len(deployment.lake.history(table)) == 1
    people = deployment.lake.dataset(table, ["person_id"]).to_table().column("person_id")
    assert len(people) == len(people.unique()) == ROWS - FAILING
    report = deployment.ledger.verify()
    assert report.verified, report.problems
    tags = [str(e.tag) for e in deployment.ledger.entries() if submission_id in e.subject]
    assert sorted(tags) == [
        "receipt:issued",
        "rows:quarantined",
        "submission:received",
        "table:committed",
    ]

    assert list(deployment.zones.store(Zone.STAGING).list()) == []
    quarantined = [info.key for info in deployment.zones.store(Zone.QUARANTINE).list()]
    assert len(quarantined) == 1, quarantined
    for key in (f"submissions/{submission_id}", "feeds/MOU-SDE-2024-03", f"tables/{table}"):
        with deployment.zones.store(Zone.STAGING).lease(f"held/{key}", wait_seconds=0):
            pass
    again = run_enclave("load", "--all", "--home", home, "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, [])

    deployment.store.close()
    drops = {str(p.relative_to(home)) for p in (home / "zones" / "landing").rglob("*.csv")}
    assert set(find_canaries(home, 50)) == drops, "nobody stands anywhere but in the drop itself"
    others = [check for check in examine(home) if not check.healthy and check.name != "spill"]
    assert others == []
