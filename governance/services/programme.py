"""One programme, opened: settings, database, rules, storage, clock."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path

from governance.agreements import Agreement
from governance.agreements.parse import load_agreements
from governance.board.bylaws import BodyRules, Bylaws, MotionKind, load_bylaws
from governance.calendar import legal_date, utc_now
from governance.contracts import DatasetContract
from governance.contracts.parse import load_contracts
from governance.errors import ConfigurationError
from governance.mail import Mailer, open_mailer
from governance.objects import ObjectStore
from governance.objects.local import LocalFolderStore
from governance.objects.opening import open_container
from governance.profile import Profile, load_profile
from governance.requests.rules import RequestRules, load_rules
from governance.settings import GovernanceSettings
from governance.signing import LocalSigner, Signer
from governance.store import Store

PROGRAMME_FILE = "programme.yaml"
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Programme:
    """Everything a use case works with.

    Attributes:
        policy: The policy zone: bundles, the ledger's copy for the public, the enclave's feed.
        documents: What was filed with requests; the data plane cannot reach it.
        mailer: Sends mail.
        clock: Now, UTC.
    """

    settings: GovernanceSettings
    store: Store
    bylaws: Bylaws
    rules: RequestRules
    contracts: Mapping[str, DatasetContract]
    agreements: Mapping[str, Agreement]
    policy: ObjectStore
    documents: ObjectStore
    profile: Profile
    mailer: Mailer
    clock: Callable[[], datetime] = field(default=utc_now)

    @property
    def today(self) -> date:
        """The legal date."""
        return legal_date(self.clock())

    @cached_property
    def board(self) -> BodyRules:
        """The body that decides on data requests.

        Raises:
            ConfigurationError: The bylaws know none.
        """
        for body in self.bylaws.bodies:
            if MotionKind.DATA_REQUEST in body.decides:
                return body
        raise ConfigurationError("No body of the bylaws decides on data requests.")

    @cached_property
    def signer(self) -> Signer:
        """Signs the ledger's checkpoints; its key is made when it is missing."""
        settings = self.settings
        path = settings.ledger_key or settings.keys_folder / "ledger.pem"
        phrase = settings.ledger_key_passphrase
        secret = phrase.get_secret_value().encode() if phrase else None
        made = _create_once(path, lambda: LocalSigner.generate().to_pem(secret))
        return LocalSigner.from_pem(made, secret)

    @cached_property
    def secret(self) -> bytes:
        """Seals what the database keeps secret; made when it is missing."""
        given = self.settings.secret_key
        if given is not None:
            return given.get_secret_value().encode()
        return _create_once(
            self.settings.keys_folder / "secret", lambda: secrets.token_bytes(_SECRET_BYTES)
        )

    def close(self) -> None:
        """Give back the database's connections."""
        self.store.close()


def open_programme(
    settings: GovernanceSettings,
    *,
    mailer: Mailer | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Programme:
    """Open the programme of a home; the database is not touched yet.

    Raises:
        ConfigurationError: A setting contradicts another.
        DocumentError: Bylaws, rules, contracts or agreements have mistakes.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    schemas = _schemas(settings)
    profile = load_profile(_own(schemas, "programme"))
    return Programme(
        settings=settings,
        store=Store.open(settings.database),
        bylaws=load_bylaws(_own(schemas, "bylaws")),
        rules=load_rules(_own(schemas, "requests")),
        contracts=load_contracts(schemas / "datasets"),
        agreements=load_agreements(schemas / "agreements"),
        policy=_container(settings, "policy", settings.policy_path),
        documents=_container(settings, "documents", settings.home / "documents"),
        profile=profile,
        mailer=mailer or open_mailer(settings, profile.name),
        clock=clock,
    )


def _schemas(settings: GovernanceSettings) -> Path:
    if settings.schemas is not None:
        return settings.schemas
    own = settings.home / "schemas"
    return own if own.is_dir() else Path(str(resources.files("schemas")))


def _own(schemas: Path, folder: str) -> Path | None:
    """The programme's own document of a kind; None: the one that comes with the product."""
    path = schemas / folder / PROGRAMME_FILE
    return path if path.is_file() else None


def _container(settings: GovernanceSettings, name: str, folder: Path) -> ObjectStore:
    if settings.storage == "local":
        return LocalFolderStore(folder, name)
    given = settings.azure_connection_string
    return open_container(
        name,
        f"{settings.container_prefix}-{name}",
        account_url=settings.azure_account_url,
        connection_string=given.get_secret_value() if given else None,
        create=given is not None,  # in production infrastructure as code makes containers
    )


def _create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """A key file's content; made when missing, readable by its owner alone, whole or not at all."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    except OSError:
        raise ConfigurationError(f"The key file {path.name} cannot be read.") from None
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(make())
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process was first; its key is the one
    finally:
        temporary.unlink()
    return path.read_bytes()
