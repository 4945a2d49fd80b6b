"""How an Azure account is named in the settings, and what each of its clients is told."""

from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from pydantic import SecretStr

from enclave.adapters.azure_zones import AzureAccount, AzureZones
from enclave.adapters.storage import build_zones
from enclave.settings import EnclaveSettings
from enclave.zones import Zone
from governance.errors import ConfigurationError
from governance.objects import ObjectKeyError

KEY = "QUJDREVGR0g="


class Credential:
    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("canary-token", 4_102_444_800)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (
            (
                f"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={KEY};"
                "EndpointSuffix=core.usgovcloudapi.net"
            ),
            "https://acct.blob.core.usgovcloudapi.net",
        ),
        (f"AccountName=acct;AccountKey={KEY}", "https://acct.blob.core.windows.net"),
        (
            f"AccountName=acct;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/acct/;",
            "http://127.0.0.1:1/acct",
        ),
    ],
)
def test_a_connection_string_gives_account_and_address(text: str, url: str) -> None:
    account = AzureAccount.from_connection_string(text)
    assert (account.name, account.blob_url) == ("acct", url)
    assert KEY not in repr(account)
    options = account.delta_options()
    assert options["account_key"] == KEY
    assert ("allow_http" in options) == url.startswith("http://")


@pytest.mark.parametrize(
    "text",
    [
        "", "UseDevelopmentStorage=true", "AccountName=a", f"AccountKey={KEY}",
        f"AccountName=a;AccountKey={KEY};BlobEndpoint=http://storage.example/a",
        f"AccountName=a;AccountKey={KEY};DefaultEndpointsProtocol=http",
    ],
)  # fmt: skip
def test_an_unusable_connection_string_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AzureAccount.from_connection_string(text)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://acct.blob.core.windows.net",
        "acct",
        "https://acct.blob.core.windows.net/?sig=canary",
        "https://acct.blob.core.windows.net/container",
        "https://user:canary@acct.blob.core.windows.net",
    ],
)
def test_an_account_address_is_https_and_carries_no_right(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AzureAccount.from_url(url, Credential())
    assert "canary" not in str(caught.value)


def test_delta_gets_the_token_of_the_same_identity() -> None:
    account = AzureAccount.from_url("https://acct.blob.core.windows.net/", Credential())
    zones = AzureZones(account, "enclave")
    address, options = zones.delta(Zone.CURATED, "tables/t")
    assert address == "az://enclave-curated/tables/t"
    assert options == {
        "account_name": "acct",
        "azure_storage_endpoint": "https://acct.blob.core.windows.net",
        "bearer_token": "canary-token",
    }
    assert "canary" not in repr(account)
    with pytest.raises(ObjectKeyError):
        zones.delta(Zone.CURATED, "../other-container/t")


@pytest.mark.parametrize("prefix", ["", "a", "Enclave", "a--b", "-a", "a-", "a_b", "x" * 60])
def test_a_prefix_that_makes_no_container_name_is_refused(prefix: str) -> None:
    account = AzureAccount.from_connection_string(f"AccountName=a;AccountKey={KEY}")
    with pytest.raises(ConfigurationError):
        AzureZones(account, prefix)


def test_settings_name_address_or_connection_string(tmp_path: Path) -> None:
    azure: dict[str, Any] = {"home": tmp_path, "storage": "azure"}
    url = "https://acct.blob.core.windows.net"
    both = {"azure_account_url": url, "azure_connection_string": SecretStr("x")}
    for settings in (azure, azure | both):
        with pytest.raises(ConfigurationError, match="either"):
            build_zones(EnclaveSettings(**settings))
    zones = build_zones(EnclaveSettings(**azure, azure_account_url=url))
    assert isinstance(zones, AzureZones)
