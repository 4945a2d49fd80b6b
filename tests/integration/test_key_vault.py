"""Key Vault wraps the ring's keys, through the real client against a small https server."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from enclave.adapters.key_vault import KeyVaultError, KeyVaultWrapper
from enclave.adapters.keyring import StoredKeyRing
from enclave.adapters.wrapping import WrappedMaterial
from enclave.errors import KeyRingError
from governance.errors import ConfigurationError
from governance.objects.local import LocalFolderStore
from tests.lib.fake_key_vault import FakeKeyVault, run_key_vault

MATERIAL = bytes(range(32))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[FakeKeyVault]:
    with run_key_vault(tmp_path) as vault:
        yield vault


def connect(vault: FakeKeyVault, key_id: str | None = None) -> KeyVaultWrapper:
    return KeyVaultWrapper(
        key_id or vault.key_id, vault.credential, client_options=vault.client_options
    )


def test_what_is_wrapped_opens_again_and_only_in_the_vault(vault: FakeKeyVault) -> None:
    wrapper = connect(vault)
    wrapped = wrapper.wrap(MATERIAL)
    assert wrapped.algorithm == "RSA-OAEP-256"
    assert wrapped.wrapped_by == f"{vault.key_id}/{next(iter(vault.versions))}"
    assert MATERIAL not in wrapped.data
    before = len(vault.requests)
    assert connect(vault).unwrap(wrapped) == MATERIAL
    assert any("unwrapkey" in request for request in vault.requests[before:])
    wrapper.check()


def test_keys_of_a_ring_open_for_another_process_and_after_rotation(
    vault: FakeKeyVault, tmp_path: Path
) -> None:
    store = LocalFolderStore(tmp_path / "identity", "identity")
    first = StoredKeyRing(store, connect(vault)).current("staging", "sde")
    vault.rotate()
    ring = StoredKeyRing(store, connect(vault))
    second = ring.rotate("staging", "sde")
    assert ring.get(first.id).material == first.material
    again = StoredKeyRing(store, connect(vault))
    assert again.current("staging", "sde").material == second.material
    record = store.read("keys/staging/sde.json")
    assert all(version.encode() in record for version in vault.versions)
    assert first.material not in record


def test_a_pinned_version_goes_on_wrapping(vault: FakeKeyVault) -> None:
    pinned = f"{vault.key_id}/{next(iter(vault.versions))}"
    vault.rotate()
    assert connect(vault, pinned).wrap(MATERIAL).wrapped_by == pinned
    assert connect(vault).wrap(MATERIAL).wrapped_by != pinned


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "oct-HSM"},
        {"kind": "EC"},
        {"bits": 1024},
        {"operations": ("wrapKey",)},
        {"operations": ()},
    ],
)
def test_a_key_that_would_lose_the_data_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with run_key_vault(tmp_path, **options) as vault, pytest.raises(ConfigurationError):
        connect(vault)


def test_the_self_test_notices_a_vault_that_gives_back_other_bytes(vault: FakeKeyVault) -> None:
    wrapper = connect(vault)
    vault.garble = True
    with pytest.raises(KeyRingError, match="does not give back"):
        wrapper.check()


@pytest.mark.parametrize(
    "key_id",
    [
        "", "http://v.vault.azure.net/keys/k", "https://v.vault.azure.net/secrets/k",
        "https://v.vault.azure.net/keys/k/1?x=y", "https://u:p@v.vault.azure.net/keys/k",
        "https://v.vault.azure.net/keys/",
    ],
)  # fmt: skip
def test_what_is_no_key_id_is_refused(vault: FakeKeyVault, key_id: str) -> None:
    with pytest.raises(ConfigurationError):
        KeyVaultWrapper(key_id, vault.credential)


def test_a_record_cannot_send_us_to_another_vault_or_key(vault: FakeKeyVault) -> None:
    wrapper = connect(vault)
    wrapped = wrapper.wrap(MATERIAL)
    before = len(vault.requests)
    for key_id in (
        "https://evil.example/keys/wrapping/1",
        f"{vault.url}/keys/other/1",
        f"{vault.key_id}/../other/1",
        f"{vault.key_id}x/1",
        "",
    ):
        with pytest.raises(KeyRingError):
            wrapper.unwrap(WrappedMaterial("RSA-OAEP-256", key_id, wrapped.data))
    with pytest.raises(KeyRingError):
        wrapper.unwrap(WrappedMaterial("RSA1_5", wrapped.wrapped_by, wrapped.data))
    assert len(vault.requests) == before


def test_refusals_are_retryable_and_quote_nothing(vault: FakeKeyVault) -> None:
    wrapper = connect(vault)
    wrapped = wrapper.wrap(MATERIAL)
    vault.fail_with = 403
    with pytest.raises(KeyVaultError) as caught:
        wrapper.unwrap(wrapped)
    assert caught.value.retryable
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts)
    assert "403" in text
    for secret in ("secret details", vault.token, vault.url):
        assert secret not in text
    with pytest.raises(KeyVaultError):
        connect(vault)


def test_changed_wrapped_bytes_do_not_open(vault: FakeKeyVault) -> None:
    wrapper = connect(vault)
    wrapped = wrapper.wrap(MATERIAL)
    changed = WrappedMaterial(wrapped.algorithm, wrapped.wrapped_by, b"\x01" + wrapped.data[1:])
    with pytest.raises(KeyRingError):
        wrapper.unwrap(changed)
