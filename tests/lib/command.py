"""The command line as its users run it: a process of its own, with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any setting of the product, plus `extra`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ENCLAVE_", "GOVERNANCE_", "AIRFLOW"))
    }
    return {**kept, "COLUMNS": "200", **(extra or {})}


def enclave_command(*arguments: str | Path) -> list[str]:
    """The command line as arguments of a process."""
    return [sys.executable, "-m", "enclave.cli", *map(str, arguments)]


def run_enclave(
    *arguments: str | Path, env: Mapping[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run `enclave …` to its end; its exit code is the test's to judge."""
    return subprocess.run(
        enclave_command(*arguments),
        cwd=ROOT,
        env=clean_environment(env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
