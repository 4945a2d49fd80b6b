"""Settings of the signer, from `GOVERNANCE_SIGNER_…` variables and its own `signer.env`.

Database, policy zone and schemas are those of the control plane (`GOVERNANCE_…`), reached with the
signer's own identity. Key, root and memory lie in the signer's own folder, which the portal's
process cannot read.
"""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from governance.settings import HomeSettings, read_settings

SIGNER_PREFIX = "GOVERNANCE_SIGNER_"
SIGNER_FILE = "signer.env"


class SignerSettings(HomeSettings):
    """One signer's settings; every field is `GOVERNANCE_SIGNER_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=SIGNER_PREFIX, extra="ignore")

    home: Path = Field(
        description="The signer's own folder (also --signer-home); unset: signer in the control "
        "plane's home."
    )
    key: Path | None = Field(
        default=None, description="Its key file (PKCS #8); unset: signer-key.pem in its folder."
    )
    key_passphrase: SecretStr | None = Field(default=None, description="Protects the key file.")
    key_vault_key_id: str | None = Field(
        default=None,
        description="EC P-256 key in Key Vault that signs in place of a key file: "
        "https://VAULT/keys/NAME[/VERSION].",
    )
    root: Path | None = Field(
        default=None, description="The pinned root of trust; unset: root.json in its folder."
    )
    ledger_keys: Path | None = Field(
        default=None,
        description="Pinned public keys (JWK) that sign the ledger's checkpoints; unset: "
        "ledger-keys.json in its folder.",
    )
    accounts: Path | None = Field(
        default=None,
        description="Sign-ins of the data plane's machine, `account: person` lines of YAML, "
        "beside those of the people's records; unset: accounts.yaml in its folder, where it is.",
    )
    poll_seconds: float = Field(
        default=2.0, gt=0, le=60, description="How often the ledger is looked at."
    )
    reissue_hours: int = Field(
        default=84,
        ge=1,
        description="A bundle is published anew this long before it grows stale, or at half its "
        "time when that is shorter.",
    )

    @property
    def key_file(self) -> Path:
        """Where the key lies."""
        return self.key or self.home / "signer-key.pem"

    @property
    def root_file(self) -> Path:
        """Where the pinned root lies."""
        return self.root or self.home / "root.json"

    @property
    def ledger_keys_file(self) -> Path:
        """Where the ledger's public keys are pinned."""
        return self.ledger_keys or self.home / "ledger-keys.json"

    @property
    def accounts_file(self) -> Path:
        """Where further sign-ins are listed."""
        return self.accounts or self.home / "accounts.yaml"

    @property
    def memory_file(self) -> Path:
        """Where the signer keeps what it verified last."""
        return self.home / "memory.json"


def load_signer_settings(home: Path | None = None, **values: object) -> SignerSettings:
    """Settings of the signer whose folder is `home` (or `GOVERNANCE_SIGNER_HOME`).

    Raises:
        ConfigurationError: No folder is named, or a value is unusable; names the settings at fault.
    """
    remedy = "Give --signer-home DIR or set GOVERNANCE_SIGNER_HOME."
    return read_settings(SignerSettings, home, values, file_name=SIGNER_FILE, remedy=remedy)
