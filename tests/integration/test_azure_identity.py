"""The production way in: a Microsoft Entra token over https, no account key.

Azurite checks a token's audience, issuer and dates, not its signature nor any role; those need
Azure.
"""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from enclave.adapters.azure_zones import AzureAccount
from governance.errors import LeaseHeldError
from governance.objects.azure import AzureBlobStore, ObjectAccessError
from tests.lib.azurite import Azurite, run_azurite
from tests.lib.fake_key_vault import make_certificate

TENANT = "11111111-2222-3333-4444-555555555555"


class Credential:
    """An unsigned token, such as Azurite takes."""

    def __init__(self, audience: str = "https://storage.azure.com") -> None:
        self.audience = audience
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked.extend(scopes)
        now = int(time.time())
        claims = {
            "aud": self.audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now - 60,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        parts = ({"alg": "none", "typ": "JWT"}, claims, "x")
        encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
        return AccessToken(b".".join(p.rstrip(b"=") for p in encoded).decode(), now + 3600)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure_azurite(certificate: Path) -> Iterator[Azurite]:
    arguments = ("--oauth", "basic", "--cert", str(certificate), "--key", str(certificate))
    with run_azurite(*arguments) as running:
        yield running


def connect(azurite: Azurite, certificate: Path, credential: Credential) -> AzureBlobStore:
    return AzureBlobStore(
        "test",
        account_url=azurite.blob_url.replace("http:", "https:"),
        container=f"c{secrets.token_hex(6)}",
        credential=credential,
        transport=RequestsTransport(connection_verify=str(certificate)),
    )


def test_a_token_is_enough_for_everything_a_zone_does(
    secure_azurite: Azurite, certificate: Path
) -> None:
    credential = Credential()
    store = connect(secure_azurite, certificate, credential)
    store.create_container()
    put = store.put("a/b", b"content", if_none_match=True, tags={"a": "b"})
    assert store.stat("a/b") == put
    with store.open("a/b") as stream:
        assert stream.read() == b"content"
    store.copy("a/b", "c")
    assert store.read("c") == b"content"
    assert [info.key for info in store.list()] == ["a/b", "c"]
    with store.lease("job") as lease:
        lease.renew()
        with pytest.raises(LeaseHeldError), store.lease("job", wait_seconds=0):
            pass
    store.delete("a/b")
    assert set(credential.asked) == {"https://storage.azure.com/.default"}


def test_a_token_for_another_service_is_refused_for_good(
    secure_azurite: Azurite, certificate: Path
) -> None:
    store = connect(secure_azurite, certificate, Credential("https://vault.azure.net"))
    with pytest.raises(ObjectAccessError) as caught:
        store.create_container()
    assert not caught.value.retryable


def test_delta_writes_with_the_same_token(secure_azurite: Azurite, certificate: Path) -> None:
    credential = Credential()
    store = connect(secure_azurite, certificate, credential)
    store.create_container()
    url = secure_azurite.blob_url.replace("http:", "https:")
    options = AzureAccount(secure_azurite.account, url, credential).delta_options()
    assert "account_key" not in options
    options["allow_invalid_certificates"] = "true"
    address = f"az://{store.container}/t"
    deltalake.write_deltalake(address, pa.table({"n": [1]}), storage_options=options)
    assert deltalake.DeltaTable(address, storage_options=options).version() == 0
