"""Open a container of the deployment's storage account, for whoever has no zones of its own.

Azure's client is imported when a container is opened: a deployment in local folders never pays.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from governance.errors import ConfigurationError
from governance.objects.port import ObjectStore

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def open_container(
    name: str,
    container: str,
    *,
    account_url: str | None,
    connection_string: str | None,
    create: bool = False,
) -> ObjectStore:
    """One container of objects in Azure Blob Storage.

    Args:
        name: What messages call it.
        container: Its own name.
        account_url: https address of the account; the process's Microsoft Entra identity is used.
        connection_string: With an account key instead, for Azurite and tests.
        create: Whether to make it when it is missing.

    Raises:
        ConfigurationError: Neither or both are given, or one is unusable.
    """
    from governance.objects.azure import AzureBlobStore  # noqa: PLC0415  slow to import

    address, credential = _account(account_url, connection_string)
    store = AzureBlobStore(name, account_url=address, container=container, credential=credential)
    if create:
        store.create_container()
    return store


def _account(account_url: str | None, connection_string: str | None) -> tuple[str, Any]:
    if (account_url is None) == (connection_string is None):
        raise ConfigurationError("Azure storage needs an account URL or a connection string.")
    if account_url is not None:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415  slow to import

        parts = urlsplit(account_url)
        if parts.scheme != "https" or not parts.hostname or parts.query or parts.username:
            raise ConfigurationError("The storage account's URL must be an https address alone.")
        return f"https://{parts.netloc}", DefaultAzureCredential()
    fields = dict(p.partition("=")[::2] for p in (connection_string or "").strip().split(";") if p)
    return _with_key(fields)


def _with_key(fields: Mapping[str, str]) -> tuple[str, Any]:
    from azure.core.credentials import AzureNamedKeyCredential  # noqa: PLC0415  slow to import

    account, key = fields.get("AccountName"), fields.get("AccountKey")
    if not account or not key:
        raise ConfigurationError("The connection string needs AccountName and AccountKey.")
    suffix = fields.get("EndpointSuffix", "core.windows.net")
    address = fields.get("BlobEndpoint") or f"https://{account}.blob.{suffix}"
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("The storage account is reached by https, or on this machine.")
    return address, AzureNamedKeyCredential(account, key)
