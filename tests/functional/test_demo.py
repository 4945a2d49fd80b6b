"""The demonstration on this machine's disk: what it tells, what it leaves, what it recommends."""

import re
import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from enclave.demo_data import DemoDrop, write_demo_drops
from enclave.deployment import Deployment, open_deployment
from enclave.zones import Zone
from tests.lib.command import run_enclave

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.xdist_group("dags_in_process"),
]
SCALE = 0.1


class Demo(NamedTuple):
    """One run of `enclave demo`."""

    done: subprocess.CompletedProcess[str]
    home: Path
    deployment: Deployment
    drops: list[DemoDrop]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    home = folder / "home"
    done = run_enclave("demo", "--home", home, "--scale", str(SCALE))
    assert done.returncode == 0, done.stdout + done.stderr
    deployment = open_deployment(home)
    yield Demo(done, home, deployment, write_demo_drops(folder / "again", SCALE))
    deployment.store.close()


def test_every_drop_ends_as_its_maker_says(demo: Demo) -> None:
    found = {
        (s.agency, s.dataset, s.period, s.revision): (s.state, s.rows_landed, s.rows_quarantined)
        for s in demo.deployment.store.list()
    }
    last = {(d.agency, d.dataset, d.period): d.revision for d in demo.drops}
    expected = {}
    for d in demo.drops:
        state = "landed" if last[d.agency, d.dataset, d.period] == d.revision else "superseded"
        expected[d.agency, d.dataset, d.period, d.revision] = (
            "rejected" if d.rejected else state,
            d.landed_rows,
            d.failing_rows,
        )
    assert found == expected
    assert sorted(state for state, _, _ in found.values()) == [
        "landed",
        "landed",
        "landed",
        "rejected",
        "superseded",
    ]
    assert {Path(d.path).suffix for d in demo.drops} == {".csv", ".gz", ".wages"}


def test_tables_hold_what_landed(demo: Demo) -> None:
    lake = demo.deployment.lake
    rows = {}
    for table in lake.tables():
        state = lake.state(table)
        assert state is not None
        rows[table] = state.rows
        assert lake.dataset(table).count_rows() == state.rows
    assert sum(rows.values()) == sum(
        s.rows_landed for s in demo.deployment.store.list() if s.state == "landed"
    )
    assert list(demo.deployment.zones.store(Zone.STAGING).list()) == []


def test_the_ledger_tells_all_of_it(demo: Demo) -> None:
    assert demo.deployment.ledger.verify().verified
    tags = [str(entry.tag) for entry in demo.deployment.ledger.entries()]
    assert tags[0] == "deployment:initialized"
    counts = {tag: tags.count(tag) for tag in set(tags)}
    assert counts == {
        "deployment:initialized": 1,
        "submission:received": 5,
        "rows:quarantined": 4,
        "submission:rejected": 1,
        "table:committed": 4,
        "submission:superseded": 1,
        "receipt:issued": 5,
        "grant:published": 1,
        "query:answered": 1,
        "query:denied": 1,
    }


def test_the_answer_and_the_refusal_are_printed(demo: Demo) -> None:
    told = demo.done.stdout
    assert re.search(r"Planning Region\s+[FM]\s+\d+", told), "a count that may be shown"
    assert re.search(r"Planning Region\s+[FM]\s+\*", told), "a count that may not"
    for line in (line for line in told.splitlines() if "Planning Region" in line):
        for count in re.findall(r"\s[FMN]\s+(\d+)\b", line):
            assert count == "0" or int(count) >= 6
    assert "Rule: no count under 6, but zero [MOU-SDE-2024-03 §5.3]" in told
    assert "refused: " in told
    assert "verifies: True" in told
    assert demo.done.stderr.strip() == ""


def test_a_home_is_private(demo: Demo) -> None:
    names = {path.name for path in demo.home.iterdir()}
    assert {"enclave.env", "keys", "schemas", "state.sqlite", "trust", "uploads", "zones"} <= names
    assert {path.name for path in (demo.home / "zones").iterdir()} == {zone.value for zone in Zone}
    assert list((demo.home / "spill").iterdir()) == []
    assert stat.S_IMODE(demo.home.stat().st_mode) == 0o700
    open_to_others = [
        str(path.relative_to(demo.home))
        for path in demo.home.rglob("*")
        if stat.S_IMODE(path.stat().st_mode) & 0o077
        and path.relative_to(demo.home).parts[0] != "schemas"
    ]
    assert open_to_others == []


def test_nobody_stands_anywhere_but_in_the_drops(demo: Demo) -> None:
    """State-assigned student ids and Social Security numbers of the first people of each file."""
    education = (demo.home / "uploads" / "SDE_enrollment_2025-26_v1.csv").read_text("utf-8-sig")
    students = [line.split(",")[0] for line in education.splitlines()[1:60]]
    wages = (demo.home / "uploads" / "DOL.000.2026Q2.r1.wages").read_text("utf-8")
    workers = [line[6:15] for line in wages.splitlines()[1:60]]
    canaries = [c.encode() for c in students + workers if re.fullmatch(r"\d{9,10}", c)]
    assert len(canaries) > 90

    found = [
        str(path.relative_to(demo.home))
        for path in demo.home.rglob("*")
        if path.is_file()
        and path.relative_to(demo.home).parts[0] != "uploads"
        and path.relative_to(demo.home).parts[:2] != ("zones", "landing")
        and any(canary in content for content in [path.read_bytes()] for canary in canaries)
    ]

    assert found == []
    assert not any(c.decode() in demo.done.stdout for c in canaries)


def test_the_five_commands_it_recommends_work(demo: Demo, tmp_path: Path) -> None:
    lines = [line.strip() for line in demo.done.stdout.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("enclave ")]
    assert [command[0] for command in commands] == [
        "receipt",
        "describe",
        "query",
        "quarantine",
        "ledger",
    ]
    said = {}
    for command in commands:
        arguments = [str(tmp_path / "x.csv") if part == "x.csv" else part for part in command]
        done = run_enclave(*arguments, env={"ENCLAVE_HOME": str(demo.home)})
        assert done.returncode == 0, (command, done.stderr)
        said[command[0]] = done.stdout
    assert "Planning Region" in said["query"]
    assert "verifies" in said["ledger"]
    assert len((tmp_path / "x.csv").read_text("utf-8").splitlines()) > 10
