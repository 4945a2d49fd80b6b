"""Making a deployment: what is written, what is not, and that a failed one leaves nothing."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from enclave.deployment import init_deployment, open_deployment
from enclave.errors import KeyRingError
from enclave.settings import load_settings
from governance.errors import ConfigurationError

if TYPE_CHECKING:
    from tests.lib.azurite import Azurite

SECRET = "canary-of-a-secret"


def test_a_home_is_private_and_says_every_setting(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deployment = init_deployment(home, programme="It's a `state's` # 1 \\ enclave")
    deployment.store.close()

    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "enclave.env").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "keys" / "wrapping.key").stat().st_mode) & 0o077 == 0
    settings = load_settings(home)
    assert settings.programme == "It's a `state's` # 1 \\ enclave"
    assert settings.storage == "local"
    text = (home / "enclave.env").read_text(encoding="utf-8")
    for name in type(settings).model_fields:
        assert name == "home" or f"ENCLAVE_{name.upper()}=" in text, name


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="not empty"):
        init_deployment(tmp_path)
    with pytest.raises(ConfigurationError, match="not empty"):
        init_deployment(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"storage": "cloud"}, "ENCLAVE_STORAGE"),
        ({"threads": 0}, "ENCLAVE_THREADS"),
        ({"storage": "azure"}, "ENCLAVE_AZURE_ACCOUNT_URL"),
        ({"azure_account_url": "http://example.org"}, "ENCLAVE_AZURE_ACCOUNT_URL"),
        (
            {"azure_connection_string": SecretStr(f"AccountKey={SECRET}")},
            "ENCLAVE_AZURE_CONNECTION_STRING",
        ),
    ],
)
def test_an_unusable_setting_makes_nothing(
    tmp_path: Path, settings: dict[str, str | int | SecretStr], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        init_deployment(tmp_path / "home", **settings)
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_a_service_that_does_not_answer_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise KeyRingError("Key Vault does not answer.")

    monkeypatch.setattr("enclave.deployment.open_ring", refuse)
    with pytest.raises(KeyRingError):
        init_deployment(tmp_path / "home", key_vault_key_id="https://v.vault.azure.net/keys/k")
    assert not (tmp_path / "home").exists()


def test_naming_an_account_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCLAVE_AZURE_CONNECTION_STRING", "x")
    assert load_settings(tmp_path).storage == "azure"
    assert "storage" not in load_settings(tmp_path).model_fields_set
    monkeypatch.setenv("ENCLAVE_STORAGE", "local")
    assert load_settings(tmp_path).storage == "local"


def test_the_environment_is_kept_but_not_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("ENCLAVE_DATABASE_URL", f"sqlite:///{tmp_path}/{SECRET}.sqlite")
    monkeypatch.setenv("ENCLAVE_PROGRAMME", "From the environment")
    init_deployment(home, programme="loses", threads=3).store.close()

    assert SECRET not in (home / "enclave.env").read_text(encoding="utf-8")
    monkeypatch.delenv("ENCLAVE_PROGRAMME")
    settings = load_settings(home)
    assert (settings.programme, settings.threads) == ("From the environment", 3)
    assert settings.database_url is not None
    monkeypatch.delenv("ENCLAVE_DATABASE_URL")
    assert load_settings(home).database_url is None


def test_a_deployment_in_azure_stays_there(
    tmp_path: Path, azurite: "Azurite", monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("ENCLAVE_AZURE_CONNECTION_STRING", azurite.connection_string)
    init_deployment(home, container_prefix="stays").store.close()
    text = (home / "enclave.env").read_text(encoding="utf-8")
    assert azurite.key not in text
    assert not (home / "zones").exists()

    with pytest.raises(ConfigurationError, match="hold another deployment's keys"):
        init_deployment(tmp_path / "other", container_prefix="stays")
    assert not (tmp_path / "other").exists()

    monkeypatch.delenv("ENCLAVE_AZURE_CONNECTION_STRING")
    with pytest.raises(ConfigurationError, match="ENCLAVE_AZURE_CONNECTION_STRING"):
        open_deployment(home)


def test_a_secret_given_on_purpose_is_kept(tmp_path: Path, azurite: "Azurite") -> None:
    home = tmp_path / "home"
    init_deployment(
        home,
        container_prefix="given",
        azure_connection_string=SecretStr(azurite.connection_string),
    ).store.close()
    assert stat.S_IMODE((home / "enclave.env").stat().st_mode) == 0o600

    deployment = open_deployment(home)

    assert deployment.settings.storage == "azure"
    assert deployment.ledger.verify().verified
    deployment.store.close()
