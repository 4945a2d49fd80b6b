"""The object-store port: stream, list, conditional put, lease, tag. Knows nothing of rows.

One `ObjectStore` is one container (a zone). Keys are `/`-separated, relative, without `.` or `..`
parts. A write is visible whole or not at all.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What the store knows of one object.

    Attributes:
        key: The key, relative to the container.
        size_bytes: Length.
        etag: Opaque version; changes with every write.
        modified_at: UTC.
        tags: Index tags.
    """

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


class Lease(Protocol):
    """An exclusive hold on a key, kept alive until released."""

    def renew(self) -> None:
        """Extend the hold.

        Raises:
            LeaseHeldError: The hold was lost to somebody else.
        """


class ObjectStore(Protocol):
    """One container of objects."""

    name: str

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write a whole object atomically.

        Args:
            key: Where.
            data: Bytes, or a binary stream read to its end without holding it in memory.
            if_none_match: Only if nothing lies there yet.
            if_match: Only if the object's etag is still this one.
            tags: Index tags to set with it.

        Raises:
            PreconditionFailedError: The condition does not hold; nothing was written.
        """

    def put_file(self, key: str, file: Path) -> ObjectInfo:
        """Write a finished file of this machine as the object, without copying it where possible.

        The caller may remove the file afterwards, but must not change it any more.

        Raises:
            ObjectStoreError: It could not be written.
        """

    def read(self, key: str) -> bytes:
        """The whole object.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """

    def open(self, key: str) -> BinaryIO:
        """A seekable, buffered stream over the object; memory does not grow with its size.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """

    def stat(self, key: str) -> ObjectInfo | None:
        """What is known of the object, or None when nothing lies there."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, in key order."""

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens when it is already gone."""

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        """Copy the content, not the tags, inside this container; on the server where it can.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags."""

    def lease(self, key: str, *, wait_seconds: float = 60.0) -> AbstractContextManager[Lease]:
        """Hold `key` exclusively (across processes and machines) while the context lasts.

        The key need not exist. A holder that dies loses it within a minute.

        Raises:
            LeaseHeldError: Somebody else held it for longer than `wait_seconds`.
        """
