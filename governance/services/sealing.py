"""Secrets at rest in the database: sealed by a key derived from the programme's own secret."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.errors import ConfigurationError

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


def seal(secret: bytes, purpose: str, owner: str, content: bytes) -> bytes:
    """Encrypt for one purpose and owner (AES-256-GCM, random nonce first)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed: bytes = AESGCM(_key(secret, purpose)).encrypt(nonce, content, owner.encode())
    return nonce + sealed


def unseal(secret: bytes, purpose: str, owner: str, sealed: bytes) -> bytes:
    """What was sealed.

    Raises:
        ConfigurationError: It was sealed by another secret, or for somebody else.
    """
    nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_key(secret, purpose)).decrypt(nonce, content, owner.encode())
    except (InvalidTag, ValueError):
        raise ConfigurationError(
            "A sealed secret does not open; GOVERNANCE_SECRET_KEY, or keys/secret, is another one."
        ) from None


def _key(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, None, f"data-enclave {purpose} v1".encode()).derive(secret)
