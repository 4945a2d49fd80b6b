from pathlib import Path

import pytest

from governance.errors import ConfigurationError
from governance.settings import SETTINGS_FILE, load_settings


def test_the_environment_wins_over_the_homes_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / SETTINGS_FILE).write_text(
        "GOVERNANCE_SESSION_MINUTES=30\nGOVERNANCE_SMTP_HOST=mail.example.org\n"
    )
    monkeypatch.setenv("GOVERNANCE_SESSION_MINUTES", "45")
    settings = load_settings(tmp_path)
    assert (settings.session_minutes, settings.smtp_host) == (45, "mail.example.org")
    assert settings.database == f"sqlite:///{tmp_path.resolve() / 'governance.db'}"
    assert load_settings(tmp_path, session_minutes=5).session_minutes == 5


def test_the_home_comes_from_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="GOVERNANCE_HOME"):
        load_settings()
    monkeypatch.setenv("GOVERNANCE_HOME", str(tmp_path))
    assert load_settings().home == tmp_path.resolve()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://portal.example.org"), ("BASE_URL", "ftp://x"), ("BASE_URL", "x"),
        ("SECRET_KEY", "short-secret"), ("SESSION_MINUTES", "1"), ("STORAGE", "s3"),
        ("OIDC_ROLE_MAP", "no json"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GOVERNANCE_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path)
    assert f"GOVERNANCE_{name}" in caught.value.message
    assert value not in caught.value.message.replace(f"GOVERNANCE_{name}", "")


def test_naming_an_account_is_enough_for_azure(tmp_path: Path) -> None:
    url = "https://a.blob.core.windows.net"
    assert load_settings(tmp_path, azure_account_url=url).storage == "azure"
    assert load_settings(tmp_path, azure_account_url=url, storage="local").storage == "local"


def test_only_this_machine_is_loopback(tmp_path: Path) -> None:
    assert load_settings(tmp_path).loopback
    assert load_settings(tmp_path, base_url="http://localhost:9/").base_url == "http://localhost:9"
    assert not load_settings(tmp_path, base_url="https://portal.example.org").loopback


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, secret_key="k" * 40, database_url="postgresql+psycopg://u:pw@h/d"
    )
    assert "k" * 40 not in repr(settings)
    assert "pw" not in repr(settings)
    assert settings.database.endswith("u:pw@h/d")
