"""Canaries in every identifying column, file name and header: kept and said by nobody."""

import gzip
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from enclave.deployment import Deployment
from enclave.steps import (
    land_submission,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from governance.calendar import utc_now
from governance.contracts import DatasetContract
from governance.digests import sha256_of
from tests.lib.canaries import WORD, canaries_of, rows_of, write_canaries
from tests.lib.dag_description import ROOT
from tests.lib.leaks import Needles, find_leaks
from tests.lib.real_inputs import open_home, read_table

CONTRACTS = {
    "ocme/accidental_drug_deaths": (200, 2, 1),
    "dmhas/treatment_episodes": (300, 2, 1),
    "sde/enrollment": (200, 3, 1),
    "dss/tanf_families": (200, 0, 0),
}
"""Rows, failing rows among them, and malformed records on top."""


def load(deployment: Deployment, contract: DatasetContract, path: Path, period: str) -> str:
    """Every step; a fault's whole traceback, if one comes up."""
    found = deployment.terms_of(contract.agency, contract.dataset)
    assert found is not None
    submit_file(deployment, path, agency=contract.agency, dataset=contract.dataset, period=period)
    try:
        for submission_id in receive_drops(deployment, found[0].id):
            process_submission(deployment, submission_id)
            land_submission(deployment, submission_id)
            report_submission(deployment, submission_id)
    except Exception:  # noqa: BLE001  whatever it is, its words are searched
        return traceback.format_exc()
    return ""


@pytest.mark.parametrize("dataset", CONTRACTS)
def test_canaries_in_every_identifying_column(
    dataset: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    count, failing, malformed = CONTRACTS[dataset]
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts[dataset]
    rows = rows_of(contract, count, failing=failing)
    extra = [f"{WORD}{n},{WORD}" for n in range(malformed)]
    path = write_canaries(tmp_path / "drop.csv", contract, rows, extra=extra)
    needles = Needles(canaries_of(contract, rows), [WORD])
    assert needles.found_in(path.read_bytes()), "they are there to be found"

    with caplog.at_level(logging.DEBUG):
        fault = load(deployment, contract, path, "2026")

    (submission,) = deployment.store.list()
    assert fault == ""
    assert submission.state == "landed", submission.facts
    assert submission.rows_quarantined == failing + malformed
    assert read_table(deployment, dataset).num_rows == count - failing
    said = capfd.readouterr()
    spoken = {"log": caplog.text, "standard error": said.err, "standard output": said.out}
    assert find_leaks(deployment, needles, spoken) == []


def test_canaries_in_file_name_and_unknown_header(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither is kept or told anywhere: not in the state database, the ledger or a receipt."""
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts["sde/enrollment"]
    path = tmp_path / f"{WORD}filename.csv"
    write_canaries(path, contract, rows_of(contract, 5, failing=0))
    lines = path.read_text(encoding="utf-8").splitlines()
    odd = [lines[0] + f",{WORD}header", *(line + f",{WORD}cell" for line in lines[1:])]
    path.write_text("\n".join(odd) + "\n", encoding="utf-8")

    with caplog.at_level(logging.DEBUG):
        fault = load(deployment, contract, path, "2026")

    (submission,) = deployment.store.list()
    assert fault == ""
    assert submission.state == "rejected"
    said = capfd.readouterr()
    spoken = {
        "facts": json.dumps(submission.facts),
        "log": caplog.text,
        "standard error": said.err,
    }
    assert find_leaks(deployment, Needles({}, [WORD]), spoken) == []


def test_canaries_in_the_names_of_folder_and_file_of_a_load_that_lands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """An agency that writes into the landing zone by itself names its folders after people."""
    deployment = replace(open_home(tmp_path / "home"), now=lambda: utc_now() + timedelta(days=1))
    contract = deployment.contracts["sde/enrollment"]
    path = tmp_path / "plain.csv"
    write_canaries(path, contract, rows_of(contract, 200, failing=3))
    landing = deployment.zones.store(Zone.LANDING)
    key = f"sde/enrollment/for {WORD}folder/SDE_enrollment_2026_{WORD}.csv"
    landing.put(key, path.read_bytes())
    notice = {
        "period": "2026",
        "files": [{"name": key.rsplit("/", 1)[1], "sha256": sha256_of(path.read_bytes())}],
    }
    landing.put(f"sde/enrollment/for {WORD}folder/manifest.json", json.dumps(notice).encode())
    found = deployment.terms_of("sde", "enrollment")
    assert found is not None

    with caplog.at_level(logging.DEBUG):
        (name,) = receive_drops(deployment, found[0].id)
        process_submission(deployment, name)
        staged = [
            deployment.zones.store(Zone.STAGING).read(info.key)
            for info in deployment.zones.store(Zone.STAGING).list(f"{name}/")
        ]
        land_submission(deployment, name)
        report_submission(deployment, name)

    assert deployment.store.get(name).state == "landed"
    assert receive_drops(deployment, found[0].id) == [], "the same folder is no new drop"
    needles = Needles({}, [WORD])
    assert not any(needles.found_in(content) for content in staged)
    said = capfd.readouterr()
    spoken = {"log": caplog.text, "standard error": said.err, "standard output": said.out}
    assert find_leaks(deployment, needles, spoken) == []


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "unbalanced quote": lambda data: data + f'"{WORD}unclosed,{WORD}\n'.encode(),
    "bytes that are no UTF-8": lambda data: data + f"{WORD}\xff\n".encode("latin-1"),
    "NUL bytes": lambda data: data + f"{WORD}\x00{WORD}\n".encode(),
    "cut-off gzip": lambda data: gzip.compress(data)[:-20],
    "UTF-16 without a mark": lambda data: data.decode().encode("utf-16-le"),
    "another file": lambda _: f"{WORD}a,{WORD}b\n{WORD}1,{WORD}2\n".encode(),
    "a zip that is none": lambda data: b"PK\x03\x04" + data,
}


def test_canaries_in_broken_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong with a file, what is said about it quotes nothing of it."""
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts["sde/enrollment"]
    good = write_canaries(tmp_path / "good.csv", contract, rows_of(contract, 40, failing=0))
    faults = []
    with caplog.at_level(logging.DEBUG):
        for number, damage in enumerate(BROKEN.values()):
            path = tmp_path / f"broken{number}.csv"
            path.write_bytes(damage(good.read_bytes()))
            faults.append(load(deployment, contract, path, f"P{number}"))

    assert len(deployment.store.list()) == len(BROKEN)
    said = capfd.readouterr()
    spoken = {"faults": "\n".join(faults), "log": caplog.text, "standard error": said.err}
    needles = Needles(canaries_of(contract, rows_of(contract, 40, failing=0)), [WORD])
    assert find_leaks(deployment, needles, spoken) == []
    assert faults == [""] * len(BROKEN), "a bad file is the agency's to mend, no fault of ours"


@pytest.mark.xdist_group("dags_in_process")
def test_canaries_through_airflow(tmp_path: Path) -> None:
    """The feed's DAG in process: XComs, task logs, Airflow's database and output hold none."""
    home = tmp_path / "home"
    deployment = open_home(home)
    contract = deployment.contracts["dmhas/treatment_episodes"]
    rows = rows_of(contract, 300, failing=2)
    path = write_canaries(tmp_path / "DMHAS_episodes_2026_v1.csv", contract, rows)
    submit_file(deployment, path, agency="dmhas", dataset="treatment_episodes")

    done = subprocess.run(
        [sys.executable, "-m", "dags.run", "--home", str(home), "--feed", "MOU-DMHAS-2026-01"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    (submission,) = deployment.store.list()
    assert (submission.state, submission.rows_quarantined) == ("landed", 2)
    searched = [file for file in (home / "airflow").rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in searched)
    assert any(file.suffix == ".log" for file in searched)
    spoken = {"standard output": done.stdout, "standard error": done.stderr}
    assert find_leaks(deployment, Needles(canaries_of(contract, rows), [WORD]), spoken) == []
