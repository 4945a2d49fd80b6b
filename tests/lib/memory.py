"""A small object store and key ring in memory, for unit tests of what builds on the ports."""

import io
import itertools
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from enclave.errors import KeyRingError
from enclave.keys import Key, KeyId
from governance.errors import LeaseHeldError, ObjectNotFoundError, PreconditionFailedError
from governance.objects import Lease, ObjectInfo


class MemoryLease:
    def renew(self) -> None:
        pass


class MemoryStore:
    """Keeps objects in a dict; `fail_on` names a key prefix whose next write fails."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self.fail_on: str | None = None
        self._leases: set[str] = set()
        self._lock = threading.Lock()
        self._etags = itertools.count(1)

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
        content = data if isinstance(data, bytes) else data.read()
        with self._lock:
            held = self.objects.get(key)
            if (if_none_match and held is not None) or (
                if_match is not None and (held is None or held[1].etag != if_match)
            ):
                raise PreconditionFailedError("condition does not hold")
            etag = str(next(self._etags))
            info = ObjectInfo(key, len(content), etag, datetime.now(UTC), dict(tags or {}))
            self.objects[key] = (content, info)
            return info

    def read(self, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectNotFoundError("no such object")
        return self.objects[key][0]

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.read(key))

    def stat(self, key: str) -> ObjectInfo | None:
        held = self.objects.get(key)
        return held[1] if held is not None else None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield self.objects[key][1]

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        return self.put(target_key, self.read(source_key))

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        self.put(key, self.read(key), tags=tags)

    @contextmanager
    def lease(self, key: str, *, wait_seconds: float = 60.0) -> Iterator[Lease]:
        with self._lock:
            if key in self._leases:
                raise LeaseHeldError("held")
            self._leases.add(key)
        try:
            yield MemoryLease()
        finally:
            self._leases.discard(key)


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
