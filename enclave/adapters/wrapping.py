"""What protects the keys of the ring at rest: the wrapper port, and a wrapping key in a file."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from enclave.errors import KeyRingError
from governance.errors import ConfigurationError
from governance.objects.files import FILE_MODE, make_folders, sync_folder

KEY_BYTES = 32


def keyed_mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(message)
    return mac.finalize()


@dataclass(frozen=True, slots=True)
class WrappedMaterial:
    """Key material that only its wrapper can open.

    Attributes:
        algorithm: `AES-256-KWP` or `RSA-OAEP-256`.
        wrapped_by: Which wrapping key, by name and version; safe to publish.
        data: The wrapped bytes.
    """

    algorithm: str
    wrapped_by: str
    data: bytes


class KeyWrapper(Protocol):
    """What protects the keys at rest."""

    def wrap(self, material: bytes) -> WrappedMaterial:
        """Wrap with the current wrapping key.

        Raises:
            KeyRingError: The wrapping key does not answer.
        """

    def unwrap(self, wrapped: WrappedMaterial) -> bytes:
        """Open with the wrapping key that wrapped it.

        Raises:
            KeyRingError: It was wrapped by another key, or was changed.
        """


class LocalWrapper:
    """AES key wrap with padding under one 256-bit key.

    Source:
        RFC 5649.
    """

    def __init__(self, wrapping_key: bytes) -> None:
        """Keep the key.

        Raises:
            ConfigurationError: It does not have 256 bits.
        """
        if len(wrapping_key) != KEY_BYTES:
            raise ConfigurationError("The wrapping key must have 256 bits.")
        self._key = wrapping_key
        self._name = f"local:{keyed_mac(wrapping_key, b'wrapping key name').hex()[:16]}"

    def __repr__(self) -> str:
        """The wrapping key's name; never the key."""
        return f"LocalWrapper({self._name})"

    def wrap(self, material: bytes) -> WrappedMaterial:
        """Wrap; see `KeyWrapper`."""
        return WrappedMaterial(
            "AES-256-KWP", self._name, aes_key_wrap_with_padding(self._key, material)
        )

    def unwrap(self, wrapped: WrappedMaterial) -> bytes:
        """Unwrap; see `KeyWrapper`."""
        if wrapped.wrapped_by != self._name:
            raise KeyRingError(
                "The key was wrapped by another wrapping key; restore the one this deployment "
                "was made with.",
                wrapped_by=wrapped.wrapped_by,
                wrapping_key=self._name,
            )
        try:
            return aes_key_unwrap_with_padding(self._key, wrapped.data)
        except (InvalidUnwrap, ValueError):
            raise KeyRingError("A wrapped key was changed since it was written.") from None


def create_wrapping_key(path: Path) -> None:
    """Make a random wrapping key in a file of mode 0600, unless there is one already.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        make_folders(path.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(KEY_BYTES).hex().encode())
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError:
        raise ConfigurationError("The wrapping key cannot be written.") from None


def load_wrapping_key(path: Path) -> bytes:
    """Read the wrapping key.

    Raises:
        ConfigurationError: It is missing, damaged, or others may read it.
    """
    try:
        found = path.stat(follow_symlinks=False)
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError:
        raise ConfigurationError("The wrapping key is missing; run `enclave init`.") from None
    except (OSError, ValueError):
        raise ConfigurationError("The wrapping key cannot be read.") from None
    if found.st_mode & 0o077:
        raise ConfigurationError(
            "Others may read the wrapping key; take their rights away (chmod 600) and consider "
            "the keys known."
        )
    if len(key) != KEY_BYTES:
        raise ConfigurationError("The wrapping key does not have 256 bits.")
    return key
