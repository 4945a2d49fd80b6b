"""Authenticated documents: what one process hands to a later one and must not be altered between.

A path alone proves nothing; a sealed manifest proves that this deployment's own step wrote it.
"""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from enclave.errors import EvidenceError
from enclave.keys import Key, KeyId, KeyRing

SEALING = "staging"
"""Purpose of the keys that seal; a document sealed with any other key does not open."""


def _mac(key: Key, purpose: str, body: bytes) -> HMAC:
    mac = HMAC(key.material, hashes.SHA256())
    mac.update(purpose.encode() + b"\x00" + body)
    return mac


def seal(document: dict[str, Any], *, purpose: str, key: Key) -> bytes:
    """The document as bytes, authenticated with HMAC-SHA-256 for `purpose`."""
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    tag = _mac(key, purpose, body).finalize()
    return json.dumps(
        {"key": str(key.id), "mac": base64.b64encode(tag).decode(), "body": body.decode()}
    ).encode()


def unseal(sealed: bytes, *, purpose: str, ring: KeyRing) -> dict[str, Any]:
    """The document that `seal` wrote.

    Raises:
        EvidenceError: It was altered, sealed for another purpose, or is no sealed document.
    """
    try:
        envelope = json.loads(sealed)
        _, scope, version = envelope["key"].split("/")
        key = ring.get(KeyId(SEALING, scope, int(version)))
        body = envelope["body"].encode()
        _mac(key, purpose, body).verify(base64.b64decode(envelope["mac"]))
        document: dict[str, Any] = json.loads(body)
    except (InvalidSignature, KeyError, ValueError, TypeError, AttributeError):
        message = f"The sealed {purpose} does not authenticate: it was altered or is not ours."
        raise EvidenceError(message, purpose=purpose) from None
    return document
