"""A part of a container as a store of its own: keys below one folder."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from governance.objects.naming import check_key
from governance.objects.port import Lease, ObjectInfo, ObjectStore


class PrefixedStore:
    """The objects of `store` whose keys begin with `prefix`, by the rest of their keys."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        """Look at a part.

        Args:
            store: The container.
            prefix: A folder's key, without a slash at its end.
        """
        check_key(prefix)
        self._store = store
        self._prefix = f"{prefix}/"
        self.name = f"{store.name}/{prefix}"

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """As the port says."""
        found = self._store.put(
            self._prefix + key, data, if_none_match=if_none_match, if_match=if_match, tags=tags
        )
        return replace(found, key=key)

    def put_file(self, key: str, file: Path) -> ObjectInfo:
        """As the port says."""
        return replace(self._store.put_file(self._prefix + key, file), key=key)

    def read(self, key: str) -> bytes:
        """As the port says."""
        return self._store.read(self._prefix + key)

    def open(self, key: str) -> BinaryIO:
        """As the port says."""
        return self._store.open(self._prefix + key)

    def stat(self, key: str) -> ObjectInfo | None:
        """As the port says."""
        found = self._store.stat(self._prefix + key)
        return None if found is None else replace(found, key=key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """As the port says."""
        for found in self._store.list(self._prefix + prefix):
            yield replace(found, key=found.key.removeprefix(self._prefix))

    def delete(self, key: str) -> None:
        """As the port says."""
        self._store.delete(self._prefix + key)

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        """As the port says."""
        found = self._store.copy(self._prefix + source_key, self._prefix + target_key)
        return replace(found, key=target_key)

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        """As the port says."""
        self._store.set_tags(self._prefix + key, tags)

    def lease(self, key: str, *, wait_seconds: float = 60.0) -> AbstractContextManager[Lease]:
        """As the port says."""
        return self._store.lease(self._prefix + key, wait_seconds=wait_seconds)
