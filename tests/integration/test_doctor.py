"""The doctor finds what is wrong with a deployment, says what to do, and goes on looking."""

import stat
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from enclave.deployment import init_deployment, open_deployment
from enclave.doctor import Check, _landing, examine, mend
from enclave.steps.feed import publish_feed
from enclave.zones import Zone
from governance.calendar import utc_now
from governance.errors import ConfigurationError
from governance.event_feed import batch_key
from tests.lib.deployments import csv_rows, drop, make_deployment, write_csv

if TYPE_CHECKING:
    from tests.lib.azurite import Azurite

NAMES = [
    "deployment",
    "permissions",
    "key ring",
    "zones",
    "database",
    "contracts",
    "agreements",
    "terms",
    "submissions",
    "landing",
    "spill",
    "ledger",
    "event feed",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A deployment without feeds: quick to open."""
    folder = tmp_path / "home"
    make_deployment(folder).store.close()
    folder.chmod(0o700)
    return folder


def ailing(home: Path) -> dict[str, Check]:
    """What is not healthy, by name."""
    return {check.name: check for check in examine(home) if not check.healthy}


def test_a_fresh_deployment_is_healthy(tmp_path: Path) -> None:
    init_deployment(tmp_path / "home").store.close()

    checks = examine(tmp_path / "home")

    assert [check.name for check in checks] == NAMES
    assert [asdict(check) for check in checks if not check.healthy] == []
    zones = open_deployment(tmp_path / "home").zones
    left = [i.key for zone in Zone for i in zones.store(zone).list() if "probe" in i.key]
    assert left == []


def test_a_fresh_deployment_in_azure_is_healthy(tmp_path: Path, azurite: "Azurite") -> None:
    secret = SecretStr(azurite.connection_string)
    init_deployment(
        tmp_path / "home", container_prefix="doctor", azure_connection_string=secret
    ).store.close()

    checks = examine(tmp_path / "home")

    assert [asdict(check) for check in checks if not check.healthy] == []
    assert next(c.detail for c in checks if c.name == "zones") == "8 zones, azure"


def test_rights_of_others_are_found_and_taken_away(home: Path) -> None:
    for path in (home, home / "enclave.env", home / "state.sqlite", home / "keys"):
        path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o044)

    found = ailing(home)

    assert list(found) == ["permissions"]
    assert found["permissions"].detail == "open to others: home, enclave.env, state.sqlite, keys"
    assert len(mend(home)) == 4
    assert ailing(home) == {}


def test_a_wrapping_key_that_others_read_opens_nothing(home: Path) -> None:
    """Not mended: who knows it has every key; it is to be replaced."""
    (home / "keys" / "wrapping.key").chmod(0o644)

    found = ailing(home)

    assert list(found) == ["deployment"]
    assert "Others may read the wrapping key" in found["deployment"].detail


def test_a_missing_wrapping_key_is_said(home: Path) -> None:
    (home / "keys" / "wrapping.key").unlink()

    found = ailing(home)

    assert list(found) == ["deployment"]
    assert "wrapping" in found["deployment"].detail
    assert found["deployment"].remedy
    with pytest.raises(ConfigurationError):
        mend(home)


def test_another_wrapping_key_opens_nothing(home: Path, tmp_path: Path) -> None:
    make_deployment(tmp_path / "other").store.close()
    init_deployment(tmp_path / "fresh").store.close()
    other = (tmp_path / "fresh" / "keys" / "wrapping.key").read_bytes()
    (home / "keys" / "wrapping.key").chmod(0o600)
    (home / "keys" / "wrapping.key").write_bytes(other)

    found = ailing(home)

    assert list(found) == ["deployment"]
    assert "key" in found["deployment"].detail


def test_a_broken_agreement_is_named_with_its_place(tmp_path: Path) -> None:
    home = tmp_path / "home"
    init_deployment(home).store.close()
    broken = next((home / "schemas" / "agreements").glob("*.yaml"))
    broken.write_text(broken.read_text("utf-8").replace("clauses:", "clawses:"), "utf-8")

    found = ailing(home)

    assert list(found) == ["deployment"]
    assert broken.name in found["deployment"].detail
    assert found["deployment"].remedy


def test_a_contract_that_no_agreement_fits_is_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    init_deployment(home).store.close()
    (home / "schemas" / "datasets" / "sde" / "graduation.yaml").unlink()

    found = ailing(home)

    assert "agreements" in found
    assert "graduation" in found["agreements"].detail


def test_a_changed_ledger_entry_is_found(home: Path) -> None:
    (entry,) = (home / "zones" / "ledger" / "entries").glob("*.json")
    text = entry.read_text("utf-8")
    assert "deployment:initialized" in text
    entry.write_text(text.replace("deployment:initialized", "submission:received"), "utf-8")

    found = ailing(home)

    assert list(found) == ["ledger"]
    assert "enclave ledger verify" in found["ledger"].remedy


def test_missing_tables_are_found_and_made(home: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{home / 'state.sqlite'}")
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE submissions"))
    engine.dispose()

    found = ailing(home)

    assert list(found) == ["database", "submissions", "landing"], "both are held against it"
    assert "submissions" in found["database"].detail
    assert "backup" in found["database"].remedy
    assert mend(home) == ["The tables submissions were made, empty."]
    assert ailing(home) == {}
    assert mend(home) == []


def test_an_unreachable_database_is_said_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCLAVE_DATABASE_URL", "postgresql+psycopg://u:canary@127.0.0.1:1/x")

    found = ailing(home)

    assert list(found) == ["database", "submissions", "landing"], "both are held against it"
    assert "canary" not in found["database"].detail + found["database"].remedy


def test_what_interrupted_runs_left_is_counted(home: Path) -> None:
    (home / "spill" / "12345678-abcd").mkdir(parents=True)

    found = ailing(home)

    assert list(found) == ["spill"]
    assert "1 folders left" in found["spill"].detail or "1 folder left" in found["spill"].detail


def test_a_zone_that_cannot_be_written_is_said_and_the_rest_examined(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance.errors import ObjectStoreError
    from governance.objects.local import LocalFolderStore

    def refuse(self: LocalFolderStore, *_arguments: object, **_options: object) -> None:
        raise ObjectStoreError(f"{self.name}: cannot write (EROFS).")

    monkeypatch.setattr(LocalFolderStore, "put", refuse)

    checks = examine(home)

    found = {check.name: check for check in checks if not check.healthy}
    assert "cannot write" in found["zones"].detail
    assert [check.name for check in checks] == NAMES


def test_no_deployment_at_all(tmp_path: Path) -> None:
    found = ailing(tmp_path)
    assert list(found) == ["deployment"]
    assert "enclave init" in found["deployment"].remedy


def test_raw_files_that_no_clock_will_destroy_are_told(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    landing = deployment.zones.store(Zone.LANDING)
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(5)))
    assert _landing(deployment).healthy, "a fresh drop waits to be received"

    landing.put("sde/unheard_of/drop/a.csv", b"rows")
    landing.put("sde/enrollment/too_high.csv", b"rows")
    later = replace(deployment, now=lambda: utc_now() + timedelta(days=8))

    assert _landing(deployment).detail == "2 files without a clock"
    assert not _landing(later).healthy, "nobody ever received the drop"


def test_a_database_of_an_earlier_version_is_named_with_what_to_do(home: Path) -> None:
    """One that kept the names of files must not go on lying about."""
    engine = sa.create_engine(f"sqlite:///{home / 'state.sqlite'}")
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE submissions ADD COLUMN file_name TEXT"))
    engine.dispose()

    found = ailing(home)

    assert list(found) == ["database"]
    assert "of an earlier version" in found["database"].detail
    assert "Destroy the old database" in found["database"].remedy


def test_a_feed_that_somebody_altered_is_found(home: Path) -> None:
    deployment = open_deployment(home)
    publish_feed(deployment, daily=True)
    policy = deployment.zones.store(Zone.POLICY)
    good = policy.read(batch_key(1))
    policy.put(batch_key(1), b"{}")
    assert "not signed" in ailing(home)["event feed"].detail
    policy.put(batch_key(1), good)
    assert "event feed" not in ailing(home)
