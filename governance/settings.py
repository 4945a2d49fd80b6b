"""Settings of the control plane, from `GOVERNANCE_…` variables and its home's `governance.env`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from governance.errors import ConfigurationError

SETTINGS_FILE = "governance.env"
ENV_PREFIX = "GOVERNANCE_"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HomeSettings(BaseSettings):
    """Settings of a part of the programme that has a folder of its own."""

    home: Path


AnySettings = TypeVar("AnySettings", bound=HomeSettings)


class GovernanceSettings(HomeSettings):
    """One control plane's settings; every field is `GOVERNANCE_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore")

    home: Path = Field(description="Folder of the control plane (also --home).")
    base_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Address under which people reach the portal; https off this machine.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql+psycopg://… or sqlite:///…; unset: governance.db in the home.",
    )
    schemas: Path | None = Field(
        default=None,
        description="Folder with datasets/, agreements/, bylaws/, requests/, programme/; unset: "
        "schemas in the home where there is one, else those that come with the product.",
    )
    storage: Literal["local", "azure"] = Field(
        default="local",
        description="Where the policy zone and filed documents lie: local (folders) or azure "
        "(Blob Storage); azure too when only an account URL or a connection string is given.",
    )
    policy_folder: Path | None = Field(
        default=None,
        description="The policy zone's folder when local; unset: policy in the home. On one "
        "machine with a data plane: its zones/policy.",
    )
    azure_account_url: str | None = Field(
        default=None, description="https://{account}.blob.core.windows.net; DefaultAzureCredential."
    )
    azure_connection_string: SecretStr | None = Field(
        default=None, description="Connection string, for Azurite and tests only."
    )
    container_prefix: str = Field(
        default="enclave",
        description="Containers are named {prefix}-policy and {prefix}-documents.",
    )
    ledger_key: Path | None = Field(
        default=None,
        description="Key file that signs checkpoints (PKCS #8, made when missing); unset: "
        "keys/ledger.pem in the home.",
    )
    ledger_key_passphrase: SecretStr | None = Field(
        default=None, description="Protects the ledger's key file."
    )
    ledger_earlier_keys: tuple[Path, ...] = Field(
        default=(), description="Public keys (JWK) that signed earlier checkpoints."
    )
    enclave_event_keys: Path | None = Field(
        default=None,
        description="Pinned public keys (JWK) of the data plane's event feed; unset: "
        "keys/enclave-event-keys.json in the home, where `governance trust-enclave` puts it.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="At least 32 characters; seals what the database keeps secret; unset: "
        "keys/secret in the home, made when missing.",
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect issuer; unset: sign-in on this machine only."
    )
    oidc_client_id: str | None = Field(default=None, description="Client id at the issuer.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Client secret at the issuer."
    )
    oidc_api_audience: str | None = Field(
        default=None,
        description="Audience (`aud`) of the access tokens that programs send; unset: none is "
        "taken.",
    )
    oidc_role_claim: str = Field(
        default="roles", description="Claim with groups or application roles."
    )
    oidc_role_map: dict[str, str] = Field(
        default_factory=dict, description="Claim value to portal role, JSON."
    )
    session_minutes: int = Field(
        default=60, ge=5, le=1440, description="A session ends after so long without a click."
    )
    smtp_host: str | None = Field(
        default=None, description="Mail server; unset: mail goes to mail_folder."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_user: str | None = Field(default=None, description="Account at the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Its password.")
    smtp_starttls: bool = Field(default=True, description="Whether STARTTLS is required.")
    mail_sender: str = Field(
        default="governance@localhost", description="Sender of the programme's mail."
    )
    mail_folder: Path | None = Field(
        default=None, description="Folder that gets mail without a server; unset: mail in the home."
    )
    upload_max_bytes: int = Field(
        default=20_000_000, ge=1024, description="Largest document that may be filed."
    )
    webhook_private_addresses: bool = Field(
        default=False, description="Whether webhooks may go to private addresses."
    )
    webhook_seconds: float = Field(
        default=10.0, gt=0, le=60, description="Time limit of one webhook."
    )
    demonstration: bool = Field(
        default=False,
        description="Whether everybody here is made up: then anybody at this machine may act as "
        "any of them (--as). Set by `governance demo` only.",
    )
    checkpoint_every: int = Field(
        default=256, ge=1, description="Entries after which a checkpoint is due."
    )

    @field_validator("base_url")
    @classmethod
    def _https_off_this_machine(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return url.rstrip("/")
        if parts.scheme == "http" and parts.hostname in LOOPBACK:
            return url.rstrip("/")
        raise ValueError("not https and not on this machine")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 32:  # noqa: PLR2004  as the text says
            raise ValueError("shorter than 32 characters")
        return key

    @model_validator(mode="after")
    def _azure_when_an_account_is_named(self) -> Self:
        """Naming an account is enough to mean it."""
        named = self.azure_account_url or self.azure_connection_string
        if named and "storage" not in self.model_fields_set:
            self.__dict__["storage"] = "azure"  # derived: not a field that somebody set
        return self

    @property
    def database(self) -> str:
        """Address of the database, with its password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'governance.db'}"

    @property
    def keys_folder(self) -> Path:
        """Where key files lie unless named."""
        return self.home / "keys"

    @property
    def enclave_keys_path(self) -> Path:
        """Where the data plane's keys are pinned; no feed is read while nothing lies there."""
        return self.enclave_event_keys or self.keys_folder / "enclave-event-keys.json"

    @property
    def policy_path(self) -> Path:
        """The policy zone's folder on this machine."""
        return self.policy_folder or self.home / "policy"

    @property
    def mail_path(self) -> Path:
        """Where mail goes without a server."""
        return self.mail_folder or self.home / "mail"

    @property
    def loopback(self) -> bool:
        """Whether people reach the portal on this machine only."""
        return urlsplit(self.base_url).hostname in LOOPBACK


def load_settings(home: Path | None = None, **values: object) -> GovernanceSettings:
    """Settings of the control plane at `home` (or `GOVERNANCE_HOME`).

    The environment wins over `governance.env` in the home.

    Args:
        home: The control plane's folder.
        values: Fields fixed by the caller, whatever the environment says.

    Raises:
        ConfigurationError: No home is named, or a value is unusable; names the settings at fault.
    """
    remedy = "Give --home DIR or set GOVERNANCE_HOME."
    return read_settings(GovernanceSettings, home, values, file_name=SETTINGS_FILE, remedy=remedy)


def read_settings(
    kind: type[AnySettings],
    home: Path | None,
    values: Mapping[str, object],
    *,
    file_name: str,
    remedy: str,
) -> AnySettings:
    """Settings of one kind: what the caller fixes, then the environment, then the home's file.

    Args:
        kind: Whose settings; its variables begin with its `env_prefix`.
        home: The folder; unset: as the environment says.
        values: Fields fixed by the caller, whatever the environment says.
        file_name: Of the file in the home, which may be missing.
        remedy: What to do where no home is named.

    Raises:
        ConfigurationError: No home is named, or a value is unusable; names the settings at fault.
    """
    prefix = kind.model_config.get("env_prefix", "")
    named: dict[str, Any] = dict(values) if home is None else {**values, "home": home}
    try:
        settings = kind(**named)
        file = settings.home / file_name
        if file.is_file():
            named |= {"home": settings.home, "_env_file": file}  # pydantic-settings' own argument
            settings = kind(**named)
    except ValidationError as error:
        fields = ", ".join(
            f"{prefix}{'_'.join(map(str, e['loc'])).upper()} ({e['type']})" for e in error.errors()
        )
        raise ConfigurationError(f"Settings cannot be used: {fields}. {remedy}") from None
    except SettingsError as error:  # a list or mapping that is no JSON; names the field alone
        found = re.search(r'field "(\w+)"', str(error))
        name = f"{prefix}{found[1].upper()}" if found else "one of them"
        raise ConfigurationError(f"Settings cannot be used: {name} is no JSON.") from None
    return settings.model_copy(update={"home": settings.home.resolve()})
