"""`governance serve`: what would not be safe does not start."""

from pathlib import Path
from typing import Any

import pytest

from governance.cli_serve import make_server
from governance.errors import ConfigurationError
from governance.settings import GovernanceSettings, load_settings
from governance.store import Store, StoreOutdatedError

ISSUER: dict[str, Any] = {"oidc_issuer": "https://idp.example", "oidc_client_id": "portal"}


def _settings(home: Path, **values: object) -> GovernanceSettings:
    return load_settings(home, **values)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5"])  # noqa: S104  refused
def test_development_sign_in_stays_on_this_machine(tmp_path: Path, host: str) -> None:
    settings = _settings(tmp_path, base_url="https://data.example.gov")
    with pytest.raises(ConfigurationError, match="this machine only"):
        make_server(settings, host=host, port=8080, development=True)
    with pytest.raises(ConfigurationError, match="GOVERNANCE_BASE_URL"):
        make_server(_settings(tmp_path), host=host, port=8080)


def test_development_sign_in_and_a_provider_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="choose one"):
        make_server(_settings(tmp_path, **ISSUER), host="127.0.0.1", port=1, development=True)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"oidc_issuer": "https://idp.example"}, "CLIENT_ID"),
        ({**ISSUER, "oidc_issuer": "http://idp.example"}, "https"),
        ({**ISSUER, "oidc_role_map": {"g": "king"}}, "king"),
    ],
)
def test_a_provider_is_configured_whole(tmp_path: Path, values: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        make_server(_settings(tmp_path, **values), host="127.0.0.1", port=1)


def test_the_address_people_use(tmp_path: Path) -> None:
    for host, address in (("127.0.0.1", "http://127.0.0.1:8090"), ("::1", "http://[::1]:8090")):
        server, said = make_server(_settings(tmp_path), host=host, port=8090, development=True)
        assert said == address
        assert not server.config.access_log
        assert not server.config.proxy_headers
    public = _settings(tmp_path, base_url="https://data.example.gov")
    server, said = make_server(public, host="127.0.0.1", port=8090, trusted_proxies=("10.0.0.1",))
    assert said == "https://data.example.gov"
    assert server.config.proxy_headers
    assert server.config.forwarded_allow_ips == ["10.0.0.1"]


def test_a_database_of_another_layout_is_refused(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE something (a INTEGER)")
    store.close()
    settings = _settings(tmp_path, database_url=f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(StoreOutdatedError, match="migrate"):
        make_server(settings, host="127.0.0.1", port=1)
