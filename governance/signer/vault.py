"""Signs with a key whose private half never leaves Azure Key Vault: EC P-256, ES256 only.

The public half is read once, when the signer starts, and every signature is verified with it before
it is used: a vault that answers with another key's signature is told, not published. A new version
of the key is another key: it signs only once the root names it, so the version is pinned.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm

from governance.canonical import base64url
from governance.digests import sha256_digest
from governance.errors import ConfigurationError, ProgrammeError
from governance.signing import PublicKey

_KEY_ID: Final = re.compile(
    r"(?P<vault>https://[A-Za-z0-9.-]+(:\d+)?)/keys/(?P<name>[A-Za-z0-9-]{1,127})"
    r"(/(?P<version>[A-Za-z0-9]{1,64}))?/?"
)
_KINDS: Final = frozenset({"EC", "EC-HSM"})
_COORDINATE_BYTES: Final = 32


class VaultSigningError(ProgrammeError):
    """Key Vault did not answer or refused to sign."""

    code: ClassVar[str] = "signer.vault_failed"
    retryable: ClassVar[bool] = True


class VaultSigner:
    """A `Signer` over one version of a key in Key Vault."""

    def __init__(
        self,
        key_id: str,
        credential: TokenCredential,
        *,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Look the key up, check that it fits, and pin its version.

        Args:
            key_id: `https://{vault}/keys/{name}`, with `/{version}` to choose one.
            credential: Needs the rights get and sign.
            client_options: For the SDK's clients; tests only.

        Raises:
            ConfigurationError: The id is no key id, or the key is none that signs ES256.
            VaultSigningError: Key Vault did not answer or refused.
        """
        parts = _KEY_ID.fullmatch(key_id)
        if parts is None:
            message = "GOVERNANCE_SIGNER_KEY_VAULT_KEY_ID must look like https://VAULT/keys/NAME."
            raise ConfigurationError(message)
        options = dict(client_options or {})
        with KeyClient(parts["vault"], credential, **options) as client:
            try:
                key = client.get_key(parts["name"], parts["version"])
            except AzureError as error:
                raise _failed("find", error) from None
        operations = {str(getattr(o, "value", o)) for o in key.key_operations or ()}
        kind = str(getattr(key.key_type, "value", key.key_type))
        shown: Any = key.key
        curve = getattr(shown, "crv", None)
        is_p256 = str(getattr(curve, "value", curve)) == "P-256"
        if kind not in _KINDS or not is_p256 or "sign" not in operations:
            message = "The Key Vault key must be an EC or EC-HSM key on P-256 that may sign."
            raise ConfigurationError(message, kind=kind)
        self._public_key = PublicKey(_coordinate(shown.x), _coordinate(shown.y))
        self._client = CryptographyClient(str(key.id), credential, **options)

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """ES256 over `message`: 64 bytes, `r || s`.

        Raises:
            VaultSigningError: Key Vault did not answer or refused.
            SignatureRefusedError: What it answered is not this key's signature.
        """
        try:
            result = self._client.sign(SignatureAlgorithm.es256, sha256_digest(message))
        except AzureError as error:
            raise _failed("sign with", error) from None
        self._public_key.check(message, result.signature)
        return result.signature


def open_vault_signer(key_id: str) -> VaultSigner:
    """The signer of a key in Key Vault, under this process's own identity.

    Raises:
        ConfigurationError: The id is no key id, or the key cannot sign ES256.
        VaultSigningError: Key Vault did not answer or refused.
    """
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415  slow to import

    return VaultSigner(key_id, DefaultAzureCredential())


def _coordinate(number: bytes) -> str:
    return base64url(number.lstrip(b"\0").rjust(_COORDINATE_BYTES, b"\0"))


def _failed(action: str, error: AzureError) -> VaultSigningError:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    reason = f"status {status}" if status else type(error).__name__
    return VaultSigningError(f"Key Vault did not {action} the key ({reason}).", reason=reason)
