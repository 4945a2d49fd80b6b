"""A small object store and key ring in memory, for unit tests of what builds on the ports."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from enclave.errors import KeyRingError
from enclave.keys import Key, KeyId
from governance.errors import LeaseHeldError
from governance.objects import Lease, ObjectInfo
from tests.lib import memory_store


class MemoryStore(memory_store.MemoryStore):
    """`fail_on` names a key prefix whose next write fails; a held lease is refused at once."""

    def __init__(self, name: str = "memory") -> None:
        super().__init__(name)
        self.fail_on: str | None = None
        self._held: set[str] = set()

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        if self.fail_on is not None and key.startswith(self.fail_on):
            raise ConnectionError("the store went away")
        return super().put(key, data, if_none_match=if_none_match, if_match=if_match, tags=tags)

    @contextmanager
    def lease(self, key: str, *, wait_seconds: float = 60.0) -> Iterator[Lease]:
        with self._lock:
            if key in self._held:
                raise LeaseHeldError("held")
            self._held.add(key)
        try:
            with super().lease(key, wait_seconds=wait_seconds) as lease:
                yield lease
        finally:
            self._held.discard(key)


class MemoryRing:
    """Random keys, made on first use; `seed` makes them repeatable for vectors."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._seed = seed
        self._keys: dict[KeyId, Key] = {}
        self._versions: dict[tuple[str, str], int] = {}

    def current(self, purpose: str, scope: str) -> Key:
        version = self._versions.setdefault((purpose, scope), 1)
        key_id = KeyId(purpose, scope, version)
        if key_id not in self._keys:
            self._keys[key_id] = Key(key_id, self._seed or secrets.token_bytes(32))
        return self._keys[key_id]

    def rotate(self, purpose: str, scope: str) -> Key:
        self.current(purpose, scope)
        self._versions[purpose, scope] += 1
        return self.current(purpose, scope)

    def get(self, key_id: KeyId) -> Key:
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyRingError("no such key", key=str(key_id)) from None

    def destroy(self, key_id: KeyId) -> None:
        self._keys.pop(key_id, None)
