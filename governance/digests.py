"""Unkeyed digests of files and documents, never of an identifier or a cell."""

import hashlib  # noqa: TID251  the one place; whole files and documents only
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20


def sha256_of(data: bytes) -> str:
    """SHA-256 of a document, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_stream(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 (lower-case hex) and length in bytes of a stream read to its end."""
    digest = hashlib.sha256()
    size = 0
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def sha256_digest(data: bytes) -> bytes:
    """SHA-256 of a document, 32 raw bytes; for hash chains and Merkle trees over documents."""
    return hashlib.sha256(data).digest()
