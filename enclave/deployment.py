"""One deployment, opened: settings, zones, keys, contracts, agreements, state and ledger."""

import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path

from pydantic import SecretStr

from enclave.adapters.keyring import init_ring, open_ring
from enclave.adapters.parquet_encryption import ParquetEncryption
from enclave.adapters.storage import build_zones, init_zones
from enclave.keys import KeyRing
from enclave.lake import Lake
from enclave.ledger import Ledger
from enclave.provenance import code_version
from enclave.settings import ENV_PREFIX, SETTINGS_FILE, EnclaveSettings, load_settings
from enclave.store import SubmissionStore
from enclave.zones import Zone, Zones
from governance.agreements import Agreement, DatasetTerms
from governance.agreements.parse import load_agreements
from governance.calendar import legal_date, utc_now
from governance.contracts import DatasetContract
from governance.contracts.parse import load_contracts
from governance.errors import ConfigurationError
from governance.signing import LocalSigner

SCHEMAS = "schemas"
DATABASE = "state.sqlite"
SPILL = "spill"
_PLAIN = re.compile(r"[\w.:/@%+,=;-]*")


@dataclass(frozen=True)
class Deployment:
    """An opened deployment; build it with `open_deployment`.

    Attributes:
        settings: As loaded.
        zones, ring, store, ledger, lake, encryption: Where things lie and what opens them.
        contracts: By `agency/dataset`.
        agreements: By id.
        now: The clock (UTC); tests move it.
    """

    settings: EnclaveSettings
    zones: Zones
    ring: KeyRing
    store: SubmissionStore
    ledger: Ledger
    lake: Lake
    encryption: ParquetEncryption
    contracts: Mapping[str, DatasetContract]
    agreements: Mapping[str, Agreement]
    now: Callable[[], datetime] = utc_now

    @property
    def home(self) -> Path:
        """The deployment's folder."""
        return self.settings.home

    def today(self) -> date:
        """The legal date (America/New_York)."""
        return legal_date(self.now())

    def agreement(self, agreement_id: str) -> Agreement:
        """The agreement of that id.

        Raises:
            ConfigurationError: The deployment has none.
        """
        try:
            return self.agreements[agreement_id]
        except KeyError:
            message = f"This deployment has no agreement {agreement_id!r}."
            raise ConfigurationError(message) from None

    def terms_of(self, agency: str, dataset: str) -> tuple[Agreement, DatasetTerms] | None:
        """The agreement and terms of a dataset: the one in force, else the newest naming it."""
        named = [
            (agreement, terms)
            for agreement in self.agreements.values()
            if agreement.agency == agency and (terms := agreement.terms(dataset)) is not None
        ]
        today = self.today()
        named.sort(key=lambda pair: (pair[0].in_force(today), pair[0].effective_on))
        return named[-1] if named else None

    @contextmanager
    def spill_folder(self, name: str) -> Iterator[Path]:
        """A private folder for encrypted temporary files, removed at the end."""
        folder = self.home / SPILL / f"{name}-{secrets.token_hex(4)}"
        folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @cached_property
    def schemas(self) -> Path:
        """Contracts, agreements and code lists of this deployment."""
        return self.home / SCHEMAS


def open_deployment(home: Path | None = None) -> Deployment:
    """Open the deployment at `home` (or `ENCLAVE_HOME`).

    Raises:
        ConfigurationError: There is none, or its settings, contracts or agreements are unusable.
    """
    settings = load_settings(home)
    if not (settings.home / SETTINGS_FILE).is_file():
        message = (
            f"{settings.home} is no deployment (it has no {SETTINGS_FILE}). "
            "`enclave init DIR` makes one."
        )
        raise ConfigurationError(message)
    return _open(settings)


def _open(settings: EnclaveSettings) -> Deployment:
    zones = build_zones(settings)
    ring = open_ring(settings, zones.store(Zone.IDENTITY))
    encryption = ParquetEncryption(ring)
    store = SubmissionStore(_database_url(settings))
    schemas = settings.home / SCHEMAS
    return Deployment(
        settings=settings,
        zones=zones,
        ring=ring,
        store=store,
        ledger=Ledger(zones.store(Zone.LEDGER), ledger_signer(ring)),
        lake=Lake(zones, encryption.dataset_config),
        encryption=encryption,
        contracts=load_contracts(schemas / "datasets"),
        agreements=load_agreements(schemas / "agreements"),
    )


def _database_url(settings: EnclaveSettings) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.home / DATABASE}"


def ledger_signer(ring: KeyRing) -> LocalSigner:
    """Signs the ledger's checkpoints; its key is derived from the ring."""
    return LocalSigner.derive(ring.current("ledger-signing", "enclave").material)


def init_deployment(home: Path, **settings: str | int | SecretStr | None) -> Deployment:
    """Make a deployment at `home`: settings file, wrapping key, zones, database, example schemas.

    What the environment says is written into the settings file too, so that the deployment stays
    where it was made; its secrets are not, and must be in the environment ever after.

    Args:
        home: An empty or new folder.
        settings: Values for the settings file, by field name; the environment wins.

    Raises:
        ConfigurationError: The folder holds something already, or a setting is unusable; nothing
            was written.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        message = f"{home} is not empty; give a new folder."
        raise ConfigurationError(message)
    environment = load_settings(home).model_fields_set
    given = {
        name: value
        for name, value in settings.items()
        if value is not None and name not in environment
    }
    chosen = load_settings(home, **given)
    if chosen.storage != "local":
        build_zones(chosen)  # refuses contradictions before anything is made
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    try:
        _fill_home(home, chosen, environment)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return _start(home, chosen)


def _fill_home(home: Path, chosen: EnclaveSettings, environment: Collection[str]) -> None:
    """Settings, schemas and zones: what can fail without a key having been used."""
    _write_settings(chosen, from_environment=environment)
    shutil.copytree(
        str(resources.files("schemas")),
        home / SCHEMAS,
        ignore=shutil.ignore_patterns("__pycache__", "*.py"),
    )
    _check_unused(init_zones(chosen), chosen)
    if chosen.key_vault_key_id is not None:
        open_ring(chosen, build_zones(chosen).store(Zone.IDENTITY))


def _start(home: Path, chosen: EnclaveSettings) -> Deployment:
    """Keys, tables and the ledger's first entry; from here on the home is worth keeping."""
    init_ring(chosen)
    if chosen.database_url is None:
        (home / DATABASE).touch(mode=0o600)
    deployment = open_deployment(home)
    deployment.store.create()
    deployment.ledger.append(
        "deployment:initialized", "deployment", {"code_version": code_version()}, once="init"
    )
    return deployment


def _check_unused(zones: Zones, settings: EnclaveSettings) -> None:
    """Keys that another home wrapped could not be opened; with Key Vault they are shared."""
    if settings.key_vault_key_id is None and any(zones.store(Zone.IDENTITY).list()):
        message = (
            f"The containers {settings.container_prefix}-… hold another deployment's keys. Give "
            f"another {ENV_PREFIX}CONTAINER_PREFIX, or use the home that deployment has."
        )
        raise ConfigurationError(message)


def _write_settings(settings: EnclaveSettings, *, from_environment: Collection[str]) -> None:
    """`enclave.env`: every setting, those left at their default as comments."""
    lines = ["# Settings of this deployment; ENCLAVE_… variables of the environment win."]
    for name, field in EnclaveSettings.model_fields.items():
        if name == "home":
            continue
        lines.append(f"# {field.description}")
        variable = f"{ENV_PREFIX}{name.upper()}"
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and name in from_environment:
            lines.append(f"#{variable}=   (a secret of the environment, never written here)")
        elif name in settings.model_fields_set or value != field.default:
            lines.append(f"{variable}={_quoted(value)}")
        else:
            lines.append(f"#{variable}={'' if value is None else _quoted(value)}")
    file = settings.home / SETTINGS_FILE
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(value: object) -> str:
    """The value as the settings file holds it, in quotes where it is more than one plain word."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
