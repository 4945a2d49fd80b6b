"""Fixtures every test may use: real stores, services and key rings. Imports stay light."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from enclave.adapters.keyring import StoredKeyRing
    from enclave.settings import EnclaveSettings
    from enclave.zones import Zones
    from tests.lib.azurite import Azurite
    from tests.lib.programme import Office


@pytest.fixture(scope="session")
def azurite() -> Iterator["Azurite"]:
    """A running Azurite, one a test process."""
    from tests.lib.azurite import run_azurite

    with run_azurite() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty database in a throw-away PostgreSQL, one a test process (`postgresql+psycopg://`)."""
    from tests.lib.postgres import run_postgres

    with run_postgres() as url:
        yield url


@pytest.fixture
def settings_local(tmp_path: Path) -> "EnclaveSettings":
    """Settings of a local deployment in a temporary home."""
    from enclave.settings import EnclaveSettings

    return EnclaveSettings(home=tmp_path / "home", storage="local")


@pytest.fixture
def settings_azure(tmp_path: Path, azurite: "Azurite") -> "EnclaveSettings":
    """Settings of a deployment whose zones lie in Azurite, in containers of its own."""
    from pydantic import SecretStr

    from enclave.settings import EnclaveSettings

    return EnclaveSettings(
        home=tmp_path / "home",
        storage="azure",
        azure_connection_string=SecretStr(azurite.connection_string),
        container_prefix=f"t{secrets.token_hex(6)}",
    )


@pytest.fixture
def zones_local(settings_local: "EnclaveSettings") -> "Zones":
    """Zones in a temporary folder."""
    from enclave.adapters.storage import init_zones

    return init_zones(settings_local)


@pytest.fixture
def zones_azure(settings_azure: "EnclaveSettings") -> "Zones":
    """Zones in Azurite."""
    from enclave.adapters.storage import init_zones

    return init_zones(settings_azure)


@pytest.fixture(params=["local", "azure"])
def zones(request: pytest.FixtureRequest) -> "Zones":
    """Zones, once in a local folder and once in Azurite."""
    found: Zones = request.getfixturevalue(f"zones_{request.param}")
    return found


@pytest.fixture
def ring(tmp_path: Path) -> "StoredKeyRing":
    """A key ring in a temporary folder, with a wrapping key of its own."""
    from tests.lib.rings import build_ring

    return build_ring(tmp_path / "ring", secrets.token_bytes(32))


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A headless Chromium, one a file: while it runs, its thread has a running event loop."""
    from tests.lib.browser import run_browser

    with run_browser() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_of_office(request: pytest.FixtureRequest) -> str | None:
    """Of a programme yet to be made: None for SQLite in its home; an empty one in PostgreSQL."""
    from tests.lib.programme import fresh_database

    if request.param == "sqlite":
        return None
    return fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def office_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Office":
    """A programme with people, closed: to be copied."""
    from tests.lib.programme import Office, fresh_database

    url = None
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url"))
    made = Office(tmp_path_factory.mktemp("template") / "office", url)
    made.register()
    made.programme.close()
    return made


@pytest.fixture
def office(office_template: "Office", tmp_path: Path) -> Iterator["Office"]:
    """A programme with people and a database of its own, once on SQLite and once on PostgreSQL."""
    made = office_template.copy(tmp_path / "office")
    yield made
    made.discard()


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator["Office"]:
    """A programme with people on SQLite, for what no database can matter to."""
    from tests.lib.programme import Office

    made = Office(tmp_path / "office")
    made.register()
    yield made
    made.programme.close()
