"""Authenticated documents, and the encrypted file of a step that must remember more than fits.

A path alone proves nothing; a sealed manifest proves that this deployment's own step wrote it.
"""

import base64
import json
import os
import secrets
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from enclave.errors import EvidenceError
from enclave.keys import Key, KeyId, KeyRing

SEALING = "staging"
"""Purpose of the keys that seal; a document sealed with any other key does not open."""

_NONCE_BYTES: Final = 12


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


class SealedSpill:
    """An unnamed temporary file of AES-256-GCM frames under a key that dies with this object.

    Safe for several threads. A context manager: leaving it removes the file.
    """

    def __init__(self, directory: Path | None = None) -> None:
        """Open nothing before it is needed.

        Args:
            directory: Where the file is made; None is the system's temporary directory.
        """
        self._directory = directory
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._cipher: AESGCM | None = AESGCM(secrets.token_bytes(32))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the file and let go of the key; a worker still at it finds neither."""
        with self._lock:
            self._cipher = None
            if self._file is not None:
                self._file.close()
                self._file = None

    @property
    def size_bytes(self) -> int:
        """Bytes that went to the disk so far."""
        with self._lock:
            return 0 if self._file is None else self._file.seek(0, os.SEEK_END)

    def store(self, plain: bytes) -> tuple[int, int]:
        """Encrypt and append; where it lies and its length, for `load`.

        Raises:
            RuntimeError: The spill was closed.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        frame = nonce + self._open_cipher().encrypt(nonce, plain, None)
        with self._lock:
            self._open_cipher()
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="enclave-spill-", dir=self._directory)  # noqa: SIM115  closed by close()
            at = self._file.seek(0, os.SEEK_END)
            self._file.write(frame)
        return at, len(frame)

    def load(self, at: int, size: int) -> bytes:
        """What `store` was given.

        Raises:
            RuntimeError: The spill was closed.
        """
        cipher = self._open_cipher()
        with self._lock:
            if self._file is None:
                raise RuntimeError("The spill was closed while it was used.")
            self._file.seek(at)
            frame = self._file.read(size)
        return cipher.decrypt(frame[:_NONCE_BYTES], frame[_NONCE_BYTES:], None)

    def _open_cipher(self) -> AESGCM:
        if self._cipher is None:
            raise RuntimeError("The spill was closed while it was used.")
        return self._cipher
