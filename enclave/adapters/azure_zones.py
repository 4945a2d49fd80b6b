"""The zones as containers of one Azure storage account, for all three of their readers.

Object store, pyarrow and Delta Lake each have their own client; this module gives the three of them
the same account and the same identity. In production that is `DefaultAzureCredential` over https;
with a connection string, an account key (Azurite, tests).
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pyarrow.fs as pafs
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.identity import DefaultAzureCredential

from enclave.settings import EnclaveSettings
from enclave.zones import Zone
from governance.errors import ConfigurationError
from governance.objects import ObjectStore, check_key
from governance.objects.azure import AzureBlobStore

_SCOPE = "https://storage.azure.com/.default"
_PREFIX = re.compile(r"[a-z0-9](-?[a-z0-9]){1,48}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, repr=False)
class AzureAccount:
    """One storage account and who we are there.

    Attributes:
        name: The account's name.
        blob_url: Address of its blob service, with the account's name as path for Azurite.
        credential: An account key, or a Microsoft Entra credential.
    """

    name: str
    blob_url: str
    credential: AzureNamedKeyCredential | TokenCredential

    def __repr__(self) -> str:
        """The account's name; never the key."""
        return f"AzureAccount({self.name!r})"

    @classmethod
    def from_url(cls, account_url: str, credential: TokenCredential) -> "AzureAccount":
        """An account by address, with a Microsoft Entra credential.

        Raises:
            ConfigurationError: The address is not https, or carries more than an address.
        """
        parts = urlsplit(account_url)
        if parts.scheme != "https" or not parts.hostname:
            raise ConfigurationError("ENCLAVE_AZURE_ACCOUNT_URL must be an https address.")
        if parts.query or parts.username or parts.path.strip("/"):
            raise ConfigurationError(
                "ENCLAVE_AZURE_ACCOUNT_URL must be an address alone; access is granted to the "
                "process's identity, not by a signature."
            )
        name = parts.hostname.partition(".")[0]
        return cls(name, f"https://{parts.netloc}", credential)

    @classmethod
    def from_connection_string(cls, connection_string: str) -> "AzureAccount":
        """An account by connection string with an account key.

        Raises:
            ConfigurationError: It has no account name or key, or speaks http off loopback.
        """
        fields = dict(
            part.partition("=")[::2] for part in connection_string.strip().split(";") if part
        )
        name, key = fields.get("AccountName"), fields.get("AccountKey")
        if not name or not key:
            raise ConfigurationError(
                "ENCLAVE_AZURE_CONNECTION_STRING needs AccountName and AccountKey."
            )
        scheme = fields.get("DefaultEndpointsProtocol", "https")
        suffix = fields.get("EndpointSuffix", "core.windows.net")
        url = fields.get("BlobEndpoint", f"{scheme}://{name}.blob.{suffix}").rstrip("/")
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ConfigurationError("Azure Blob Storage is reached by https, except on loopback.")
        return cls(name, url, AzureNamedKeyCredential(name, key))

    def arrow(self) -> pafs.FileSystem:
        """A pyarrow file system over the account; without a key it finds its own identity."""
        parts = urlsplit(self.blob_url)
        options: dict[str, str] = {}
        if isinstance(self.credential, AzureNamedKeyCredential):
            options["account_key"] = self.credential.named_key.key
        if parts.path.strip("/"):  # account in the path: an emulator
            for service in ("blob", "dfs"):
                options[f"{service}_storage_authority"] = parts.netloc
                options[f"{service}_storage_scheme"] = parts.scheme
        else:
            suffix = parts.netloc.removeprefix(f"{self.name}.blob")
            options["blob_storage_authority"] = f".blob{suffix}"
            options["dfs_storage_authority"] = f".dfs{suffix}"
        return pafs.AzureFileSystem(self.name, **options)

    def delta_options(self) -> dict[str, str]:
        """Storage options for Delta Lake; a token in them lasts about an hour."""
        options = {"account_name": self.name, "azure_storage_endpoint": self.blob_url}
        if isinstance(self.credential, AzureNamedKeyCredential):
            options["account_key"] = self.credential.named_key.key
        else:
            # delta-rs looks for identities in another order than azure-identity does.
            options["bearer_token"] = self.credential.get_token(_SCOPE).token
        if self.blob_url.startswith("http://"):
            options["allow_http"] = "true"
        return options


class AzureZones:
    """One container a zone, named `{prefix}-{zone}`."""

    def __init__(self, account: AzureAccount, prefix: str) -> None:
        """Keep the account; nothing is asked of Azure yet.

        Args:
            account: Where.
            prefix: Start of the containers' names: 2 to 50 lower-case letters, digits and single
                hyphens.

        Raises:
            ConfigurationError: The prefix makes no container name.
        """
        if not _PREFIX.fullmatch(prefix):
            raise ConfigurationError(
                "ENCLAVE_CONTAINER_PREFIX is 2 to 50 lower-case letters, digits, single hyphens."
            )
        self._account = account
        self._containers = {zone: f"{prefix}-{zone.value}" for zone in Zone}
        self._stores = {
            zone: AzureBlobStore(
                zone.value,
                account_url=account.blob_url,
                container=container,
                credential=account.credential,
            )
            for zone, container in self._containers.items()
        }
        self._arrow = account.arrow()

    def create(self) -> None:
        """Make the containers that are missing.

        Raises:
            ObjectStoreError: One is missing and may not be made.
        """
        for store in self._stores.values():
            store.create_container()

    def store(self, zone: Zone) -> ObjectStore:
        """The object store of that zone."""
        return self._stores[zone]

    def arrow(self, zone: Zone) -> tuple[pafs.FileSystem, str]:
        """The account as a file system, and the zone's container in it."""
        return self._arrow, self._containers[zone]

    def delta(self, zone: Zone, path: str) -> tuple[str, Mapping[str, str]]:
        """The table's address, and options that hold a credential: never log them."""
        check_key(path)
        return f"az://{self._containers[zone]}/{path}", self._account.delta_options()

    def transfer(self, source: Zone, source_key: str, target: Zone, target_key: str) -> None:
        """Copy one object's content between zones, on the server where it can be atomic.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """
        self._stores[target].copy_from(self._stores[source], source_key, target_key)


def open_azure_zones(settings: EnclaveSettings) -> AzureZones:
    """The zones in Azure, by connection string when there is one, else by identity.

    Raises:
        ConfigurationError: Neither or both of address and connection string are set, or unusable.
    """
    # Azure's client logs every address it asks for, and a name in it may carry a person.
    logging.getLogger("azure").setLevel(logging.WARNING)
    url, secret = settings.azure_account_url, settings.azure_connection_string
    if (url is None) == (secret is None):
        raise ConfigurationError(
            "ENCLAVE_STORAGE=azure needs either ENCLAVE_AZURE_ACCOUNT_URL or "
            "ENCLAVE_AZURE_CONNECTION_STRING."
        )
    if secret is not None:
        account = AzureAccount.from_connection_string(secret.get_secret_value())
    else:
        account = AzureAccount.from_url(str(url), DefaultAzureCredential())
    return AzureZones(account, settings.container_prefix)
