"""Small real deployments for tests: a home, one feed, files to drop; and a crash at any write."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from enclave.adapters.storage import init_zones
from enclave.deployment import Deployment, _open, init_deployment
from enclave.settings import EnclaveSettings
from enclave.steps import (
    StepOutcome,
    land_submission,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.submit import Upload, submit_file
from enclave.zones import Zone
from governance.agreements import Agreement
from governance.contracts import DatasetContract
from tests.lib.builders import build_agreement, build_contract

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HEADER = "person_number,town,birth_date,grade,year,amount"


def make_deployment(
    home: Path, *contracts: DatasetContract, agreement: Agreement | None = None, **settings: Any
) -> Deployment:
    """A deployment with one feed over these contracts, its clock at noon of a Monday.

    It is a copy of one that `init_deployment` made once in this process; `settings` are those of
    `EnclaveSettings`, e.g. for zones in Azurite.
    """
    shutil.copytree(_initialized(), home)
    if settings:
        shutil.rmtree(home / "zones")
    chosen = EnclaveSettings(home=home, **settings)
    init_zones(chosen)
    return arrange(_open(chosen), *contracts, agreement=agreement)


def arrange(
    deployment: Deployment, *contracts: DatasetContract, agreement: Agreement | None = None
) -> Deployment:
    """The deployment with these contracts and one agreement over them, its clock stopped."""
    contracts = contracts or (build_contract(),)
    agreement = agreement or build_agreement(*contracts)
    return replace(
        deployment,
        contracts={contract.id: contract for contract in contracts},
        agreements={agreement.id: agreement},
        now=lambda: NOW,
    )


@cache
def _initialized() -> Path:
    """A deployment's home, made once, without the example contracts (slow to parse)."""
    folder = Path(tempfile.mkdtemp(prefix="deployment-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = folder / "home"
    init_deployment(home).store.close()
    for part in ("datasets", "agreements"):
        shutil.rmtree(home / "schemas" / part)
        (home / "schemas" / part).mkdir()
    return home


def copy_deployment(deployment: Deployment, home: Path) -> Deployment:
    """The same local deployment again in another home, as it stands now."""
    deployment.store.close()
    shutil.copytree(deployment.home, home)
    return replace(
        _open(deployment.settings.model_copy(update={"home": home})),
        contracts=deployment.contracts,
        agreements=deployment.agreements,
        now=deployment.now,
    )


def csv_rows(count: int, *, start: int = 0, year: int = 2026) -> list[str]:
    """Good rows of the example contract: different people, a few towns and grades."""
    towns = ("Hartford", "New Haven", "Bridgeport", "Stamford")
    return [
        f"{1_000_000_000 + start + n},{towns[n % 4]},2009-{n % 12 + 1:02d}-15,"
        f"{(9 + n % 4):02d},{year},{n}.50"
        for n in range(count)
    ]


def write_csv(path: Path, rows: list[str], header: str = HEADER) -> Path:
    """The rows as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def drop(deployment: Deployment, path: Path, *, period: str = "2026", revision: int = 1) -> Upload:
    """Drop a file for the example dataset."""
    return submit_file(
        deployment, path, agency="sde", dataset="enrollment", period=period, revision=revision
    )


def load(deployment: Deployment) -> list[StepOutcome]:
    """Every step for everything that waits, as the DAG runs them."""
    outcomes = []
    for agreement_id in deployment.agreements:
        for submission_id in receive_drops(deployment, agreement_id):
            process_submission(deployment, submission_id)
            land_submission(deployment, submission_id)
            outcomes.append(report_submission(deployment, submission_id))
    return outcomes


def landed(deployment: Deployment, contract: DatasetContract | None = None) -> list[dict[str, Any]]:
    """Rows of the curated table now, decrypted, in no particular order."""
    table = (contract or next(iter(deployment.contracts.values()))).table
    rows: list[dict[str, Any]] = deployment.lake.dataset(table).to_table().to_pylist()
    return rows


class CrashError(BaseException):
    """Stands for the process being killed at that moment: nothing in the product may catch it."""


class Crasher:
    """Lets `writes` writes through, then crashes before or after the next one, once."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at = at
        self.before = before
        self.writes = 0

    @contextmanager
    def write(self) -> Iterator[None]:
        """Around one write."""
        self.writes += 1
        if self.writes == self.at and self.before:
            raise CrashError
        yield
        if self.writes == self.at and not self.before:
            raise CrashError


def install(monkeypatch: pytest.MonkeyPatch, deployment: Deployment, crasher: Crasher) -> None:
    """Put the crasher around every write of zones, state store and lake."""

    def around(owner: object, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        def guarded(*args: Any, **kwargs: Any) -> Any:
            with crasher.write():
                return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, guarded)

    for zone in Zone:
        store = deployment.zones.store(zone)
        around(store, "put")
        around(store, "delete")
    around(deployment.store, "add")
    around(deployment.store, "change")
    around(deployment.lake, "_commit")
