"""Settings of the data plane, from `ENCLAVE_…` variables and the deployment's `enclave.env`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from governance.settings import HomeSettings, read_settings

SETTINGS_FILE = "enclave.env"
ENV_PREFIX = "ENCLAVE_"


class EnclaveSettings(HomeSettings):
    """One deployment's settings; every field is `ENCLAVE_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore")

    home: Path = Field(description="Folder of the deployment (also --home).")
    programme: str = Field(default="Data enclave", description="Name shown on receipts.")
    contact: str = Field(default="", description="Whom a steward asks, shown on receipts.")
    storage: Literal["local", "azure"] = Field(
        default="local",
        description="Where the zones lie: local (folders in the home) or azure (Blob Storage); "
        "azure too when only an account URL or a connection string is given.",
    )
    azure_account_url: str | None = Field(
        default=None, description="https://{account}.blob.core.windows.net; DefaultAzureCredential."
    )
    azure_connection_string: SecretStr | None = Field(
        default=None, description="Connection string, for Azurite and tests only."
    )
    container_prefix: str = Field(
        default="enclave", description="Containers are named {prefix}-{zone}."
    )
    key_vault_key_id: str | None = Field(
        default=None, description="RSA key in Key Vault that wraps the key ring; unset: local file."
    )
    database_url: SecretStr | None = Field(
        default=None, description="State of submissions; unset: SQLite in the home."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Lanes of the streaming pass.")
    drop_settle_seconds: int = Field(
        default=60,
        ge=0,
        description="A drop without manifest is complete when untouched this long.",
    )
    query_memory_mb: int = Field(default=1024, ge=64, description="Memory limit of one query.")
    query_seconds: int = Field(default=60, ge=1, description="Time limit of one query.")
    disclosure_seconds: int = Field(
        default=20, ge=1, description="Time limit of protecting one answer's small cells."
    )

    @model_validator(mode="after")
    def _azure_when_an_account_is_named(self) -> Self:
        """Naming an account is enough to mean it."""
        named = self.azure_account_url or self.azure_connection_string
        if named and "storage" not in self.model_fields_set:
            self.__dict__["storage"] = "azure"  # derived: not a field that somebody set
        return self


def load_settings(home: Path | None = None, **values: object) -> EnclaveSettings:
    """Settings of the deployment at `home` (or `ENCLAVE_HOME`).

    The environment wins over `enclave.env` in the home.

    Args:
        home: The deployment's folder.
        values: Fields fixed by the caller, whatever the environment says.

    Raises:
        ConfigurationError: No home is named, or a value is unusable; names the settings at fault.
    """
    remedy = "Give --home DIR or set ENCLAVE_HOME; `enclave init DIR` makes a deployment."
    return read_settings(EnclaveSettings, home, values, file_name=SETTINGS_FILE, remedy=remedy)
