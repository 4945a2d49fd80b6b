"""An encrypted stream of chunks under one random data key, itself wrapped by an agency's key.

    magic (8) | header length (4) | header: JSON | chunk | chunk | … | last chunk
    chunk: length (4) | AES-256-GCM ciphertext with its tag

The data key is random per stream and wrapped with AES-KWP (RFC 5649). Chunk n has the nonce n (a
data key encrypts one stream, so no nonce is used twice) and is bound by its associated data to the
header, its number and whether it is the last: a chunk changed, left out, moved, taken from another
stream or cut off the end is found out.
"""

import base64
import binascii
import json
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from enclave.errors import EnclaveError
from enclave.keys import Key, KeyId

MAGIC: Final = b"ENCLAVE1"
ALGORITHM: Final = "AES-256-GCM, data key wrapped by AES-256-KWP"
_LENGTH: Final = struct.Struct(">I")
_BOUND: Final = struct.Struct(">Q?")
_KEY_BYTES: Final = 32
_LARGEST_HEADER: Final = 1 << 20
_LARGEST_CHUNK: Final = 1 << 30


class EnvelopeError(EnclaveError):
    """An encrypted stream was changed, cut short, or is not opened by that key."""

    code = "quarantine.unreadable"


class EnvelopeWriter:
    """Writes chunks to a stream; the last one must be said to be the last."""

    def __init__(self, out: BinaryIO, key: Key, header: Mapping[str, object]) -> None:
        """Draw the data key, wrap it and write the header.

        Args:
            out: Where to.
            key: Wraps the data key.
            header: Publishable facts; authenticated, not encrypted.
        """
        data_key = secrets.token_bytes(_KEY_BYTES)
        wrapped = aes_key_wrap_with_padding(key.material, data_key)
        facts = {
            **header,
            "algorithm": ALGORITHM,
            "key": {
                "purpose": key.id.purpose,
                "scope": key.id.scope,
                "version": key.id.version,
            },
            "wrapped_key": base64.b64encode(wrapped).decode(),
        }
        self._header = json.dumps(facts, sort_keys=True).encode()
        self._out = out
        self._cipher = AESGCM(data_key)
        self._number = 0
        out.write(MAGIC + _LENGTH.pack(len(self._header)) + self._header)

    def write(self, plain: bytes, *, last: bool = False) -> None:
        """Encrypt and append one chunk."""
        bound = self._header + _BOUND.pack(self._number, last)
        chunk = self._cipher.encrypt(_nonce(self._number), plain, bound)
        self._out.write(_LENGTH.pack(len(chunk)))
        self._out.write(chunk)
        self._number += 1


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


@dataclass(frozen=True, slots=True)
class EnvelopeHeader:
    """The header of a stream.

    Attributes:
        facts: What the writer said; believed only once a chunk was opened.
        key_id: Which key wrapped the data key.
        wrapped_key: The data key, wrapped.
        raw: The bytes as they stand.
    """

    facts: Mapping[str, object]
    key_id: KeyId
    wrapped_key: bytes
    raw: bytes


def read_header(stream: BinaryIO) -> EnvelopeHeader:
    """Read the header; the stream then stands at the first chunk.

    Raises:
        EnvelopeError: It is no such stream.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        raise EnvelopeError("This is no quarantine object.")
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    raw = _exactly(stream, min(length, _LARGEST_HEADER))
    try:
        facts = json.loads(raw)
        key = facts["key"]
        key_id = KeyId(str(key["purpose"]), str(key["scope"]), int(key["version"]))
        wrapped = base64.b64decode(facts["wrapped_key"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise EnvelopeError("The header of a quarantine object cannot be read.") from None
    return EnvelopeHeader(facts, key_id, wrapped, raw)


def read_chunks(stream: BinaryIO, header: EnvelopeHeader, key: Key) -> Iterator[bytes]:
    """Decrypt the chunks in order.

    Raises:
        EnvelopeError: The key does not open it, or something was changed or cut off.
    """
    try:
        cipher = AESGCM(aes_key_unwrap_with_padding(key.material, header.wrapped_key))
    except (InvalidUnwrap, ValueError):
        raise EnvelopeError("That key does not open this quarantine object.",
                            key=str(key.id)) from None  # fmt: skip
    number, last = 0, False
    while not last:
        (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
        if length > _LARGEST_CHUNK:
            raise EnvelopeError("A quarantine object was changed.", chunk=number)
        chunk = _exactly(stream, length)
        plain, last = _open(cipher, header.raw, number, chunk)
        yield plain
        number += 1
    if stream.read(1):
        raise EnvelopeError("A quarantine object goes on after its end.", chunk=number)


def _open(cipher: AESGCM, header: bytes, number: int, chunk: bytes) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return cipher.decrypt(_nonce(number), chunk, header + _BOUND.pack(number, last)), last
        except InvalidTag:
            continue
    raise EnvelopeError("A quarantine object was changed.", chunk=number)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EnvelopeError("A quarantine object was cut short.")
    return data
