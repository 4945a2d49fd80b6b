"""Wraps the ring's keys with an RSA key whose private half never leaves Azure Key Vault.

RSA-OAEP-256 only. For a symmetric (oct-HSM) key whose material Key Vault does not show, the SDK
wraps with a random key of its own and the data are lost: such keys are refused, and a self-test
unwraps with a second client what the first one wrapped. Anybody who may write the identity zone
could wrap a key of their own with the public half; so that zone admits the data plane only.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

from enclave.adapters.wrapping import KEY_BYTES, WrappedMaterial
from enclave.errors import KeyRingError
from governance.errors import ConfigurationError

ALGORITHM = "RSA-OAEP-256"
MINIMUM_RSA_BITS = 2048
"""NIST SP 800-57 part 1: 112 bits of strength, the least allowed to protect new data."""

_KEY_ID = re.compile(
    r"(?P<vault>https://[A-Za-z0-9.-]+(:\d+)?)/keys/(?P<name>[A-Za-z0-9-]{1,127})"
    r"(/(?P<version>[A-Za-z0-9]{1,64}))?/?"
)
_KINDS = frozenset({"RSA", "RSA-HSM"})
_NEEDED = frozenset({"wrapKey", "unwrapKey"})


class KeyVaultError(KeyRingError):
    """Key Vault did not answer or refused; the keys themselves may be whole."""

    code = "keys.vault_failed"
    retryable = True


class KeyVaultWrapper:
    """A `KeyWrapper` over one key of a vault; what an earlier version wrapped still opens."""

    def __init__(
        self,
        key_id: str,
        credential: TokenCredential,
        *,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Look the key up and check that it fits.

        Args:
            key_id: `https://{vault}/keys/{name}`, with `/{version}` to pin one; without, the
                newest version wraps.
            credential: Needs the rights get, wrapKey and unwrapKey.
            client_options: For the SDK's clients; tests only.

        Raises:
            ConfigurationError: The id is no key id, or the key cannot wrap with RSA-OAEP-256.
            KeyVaultError: Key Vault did not answer or refused.
        """
        parts = _KEY_ID.fullmatch(key_id)
        if parts is None:
            raise ConfigurationError(
                "ENCLAVE_KEY_VAULT_KEY_ID must look like https://VAULT/keys/NAME[/VERSION]."
            )
        self._credential = credential
        self._options = dict(client_options or {})
        self._start = f"{parts['vault']}/keys/{parts['name']}/"
        self._current = self._find_key(parts["vault"], parts["name"], parts["version"])

    def __repr__(self) -> str:
        """The key's id."""
        return f"KeyVaultWrapper({self._current!r})"

    def wrap(self, material: bytes) -> WrappedMaterial:
        """Wrap; see `KeyWrapper`."""
        with self._client(self._current) as client:
            try:
                result = client.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, material)
            except AzureError as error:
                raise _failed("wrap", error) from None
        if result.key_id != self._current or result.algorithm != ALGORITHM:
            raise KeyRingError("Key Vault wrapped with another key or algorithm than asked.")
        return WrappedMaterial(ALGORITHM, self._current, result.encrypted_key)

    def unwrap(self, wrapped: WrappedMaterial) -> bytes:
        """Unwrap; see `KeyWrapper`.

        Raises:
            KeyRingError: Another key or algorithm wrapped it.
            KeyVaultError: Key Vault did not answer or refused.
        """
        parts = _KEY_ID.fullmatch(wrapped.wrapped_by)
        if parts is None or not wrapped.wrapped_by.startswith(self._start):
            raise KeyRingError("The key was wrapped by another key than this deployment's.")
        if wrapped.algorithm != ALGORITHM:
            raise KeyRingError(f"The key was not wrapped with {ALGORITHM}.")
        with self._client(wrapped.wrapped_by) as client:
            try:
                return client.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.data).key
            except AzureError as error:
                raise _failed("unwrap", error) from None

    def check(self) -> None:
        """Self-test: a second client opens what the first one wrapped.

        Raises:
            KeyRingError: It does not come back; nothing may be wrapped with this key.
            KeyVaultError: Key Vault did not answer or refused.
        """
        probe = secrets.token_bytes(KEY_BYTES)
        if self.unwrap(self.wrap(probe)) != probe:
            raise KeyRingError("Key Vault does not give back what was wrapped with its key.")

    def _find_key(self, vault: str, name: str, version: str | None) -> str:
        with KeyClient(vault, self._credential, **self._options) as client:
            try:
                key = client.get_key(name, version)
            except AzureError as error:
                raise _failed("find", error) from None
        kind = str(getattr(key.key_type, "value", key.key_type))
        operations = {str(getattr(o, "value", o)) for o in key.key_operations or ()}
        modulus = getattr(key.key, "n", None) or b""
        bits = len(modulus.lstrip(b"\0")) * 8
        if kind not in _KINDS or bits < MINIMUM_RSA_BITS or not operations >= _NEEDED:
            raise ConfigurationError(
                f"The Key Vault key must be RSA or RSA-HSM of at least {MINIMUM_RSA_BITS} bits "
                "and allow wrapKey and unwrapKey.",
                kind=kind,
                bits=bits,
            )
        found = str(key.id)
        if not found.startswith(self._start):
            raise KeyRingError("Key Vault answered with another key than asked.")
        return found

    def _client(self, key_id: str) -> CryptographyClient:
        return CryptographyClient(key_id, self._credential, **self._options)


def open_wrapper(key_id: str) -> KeyVaultWrapper:
    """The wrapper of a deployment, after its self-test.

    Raises:
        ConfigurationError: The id is no key id, or the key cannot wrap.
        KeyRingError: The self-test failed, or Key Vault did not answer.
    """
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415  slow to import

    wrapper = KeyVaultWrapper(key_id, DefaultAzureCredential())
    wrapper.check()
    return wrapper


def _failed(action: str, error: AzureError) -> KeyVaultError:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    reason = f"status {status}" if status else type(error).__name__
    return KeyVaultError(f"Key Vault did not {action} the key ({reason}).", reason=reason)
