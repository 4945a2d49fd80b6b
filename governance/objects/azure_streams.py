"""Streams to and from blobs: uploads a block at a time, reads ranges of one version."""

import io
import secrets
from typing import Any, BinaryIO, Protocol

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobClient, BlobProperties

BLOCK_BYTES = 8 << 20
"""Size of a staged block; 50,000 blocks make 390 GiB."""

READ_BYTES = 4 << 20
"""Size of one ranged read."""


def error_code(error: HttpResponseError) -> str:
    """Azure's name for what went wrong, safe to publish."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "unknown")


class RangeSource(Protocol):
    """What a `RangeReader` reads from."""

    def read_range(self, key: str, offset: int, length: int, etag: str) -> bytes:
        """Bytes of that very version; fewer at its end."""


class RangeReader(io.RawIOBase):
    """Unbuffered ranged reads of one version of a blob."""

    def __init__(self, store: RangeSource, key: str, properties: BlobProperties) -> None:
        self._store = store
        self._key = key
        self._size = int(properties.size)
        self._etag = str(properties.etag)
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  a writable buffer has no type in 3.11
        """Fill the buffer with one ranged read."""
        view = memoryview(buffer)
        length = min(len(view), self._size - self._position)
        if length <= 0:
            return 0
        data = self._store.read_range(self._key, self._position, length, self._etag)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """The rest of the blob."""
        length = self._size - self._position
        if length <= 0:
            return b""
        data = self._store.read_range(self._key, self._position, length, self._etag)
        self._position += len(data)
        return data


def upload(
    blob: BlobClient, data: bytes | BinaryIO, options: dict[str, Any]
) -> tuple[dict[str, Any], int]:
    """Write a block blob from bytes, or from a stream with one block in memory.

    Args:
        blob: Where.
        data: What; a stream is read to its end.
        options: Conditions, tags and metadata of the write that shows it.

    Returns:
        Azure's answer, and the length in bytes.
    """
    stream = io.BytesIO(data) if isinstance(data, (bytes, bytearray, memoryview)) else data
    block = _read_block(stream)
    if len(block) < BLOCK_BYTES:
        # `overwrite` only says that the conditions decide, not the client.
        return blob.upload_blob(block, length=len(block), overwrite=True, **options), len(block)
    blocks, size = [], 0
    while block:
        block_id = secrets.token_hex(16)
        blob.stage_block(block_id, block)
        blocks.append(BlobBlock(block_id))
        size += len(block)
        block = _read_block(stream)
    return blob.commit_block_list(blocks, **options), size


def _read_block(stream: BinaryIO) -> bytes:
    """A whole block, or what is left; a pipe may give less than asked at a time."""
    parts, missing = [], BLOCK_BYTES
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
