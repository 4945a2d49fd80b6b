"""The demonstration unchanged on Azure Blob Storage: one setting, the same story."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lib.command import run_enclave

if TYPE_CHECKING:
    from tests.lib.azurite import Azurite

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.xdist_group("dags_in_process"),
]


def test_the_demo_runs_on_azurite_with_one_setting(tmp_path: Path, azurite: "Azurite") -> None:
    setting = {"ENCLAVE_AZURE_CONNECTION_STRING": azurite.connection_string}
    home = tmp_path / "home"

    done = run_enclave("demo", "--home", home, "--scale", "0.1", "--json", env=setting)

    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert sorted(
        (s["agency"], s["period"], s["revision"], s["state"]) for s in story["submissions"]
    ) == [
        ("cscu", "2025FA", 1, "landed"),
        ("dol", "2026Q2", 1, "landed"),
        ("dol", "2026Q3", 1, "rejected"),
        ("sde", "2025-26", 1, "superseded"),
        ("sde", "2025-26", 2, "landed"),
    ]
    assert story["ledger"]["verified"] is True
    assert story["ledger"]["problems"] == []
    assert story["answer"]["cells"] > sum(story["answer"]["suppressed"].values()) > 0
    assert not (home / "zones").exists(), "nothing of the zones lies on this machine"
    kept = (home / "enclave.env").read_text(encoding="utf-8")
    assert "ENCLAVE_STORAGE=azure" in kept
    assert "ENCLAVE_CONTAINER_PREFIX=demo-" in kept
    assert azurite.key not in kept

    verified = run_enclave("ledger", "verify", "--json", "--home", home, env=setting)
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["entries"] == story["ledger"]["entries"]
    without = run_enclave("ledger", "verify", "--home", home)
    assert without.returncode == 4
    assert "ENCLAVE_AZURE_CONNECTION_STRING" in without.stderr
