"""An `ObjectStore` in memory, for tests of what is built on the port."""

import io
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from governance.errors import ObjectNotFoundError, PreconditionFailedError
from governance.objects import Lease, ObjectInfo


class _Held:
    def renew(self) -> None:
        return


class MemoryStore:
    """Behaves as the port says; `before_put` lets a test step in between (a crash, a rival)."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self.puts = 0
        self.fail_put_at: int | None = None
        self._lock = threading.RLock()
        self._leases = threading.RLock()
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
        content = data if isinstance(data, bytes) else data.read()
        with self._lock:
            self.puts += 1
            if self.fail_put_at == self.puts:
                raise KeyboardInterrupt
            known = self.objects.get(key)
            if if_none_match and known:
                raise PreconditionFailedError("It exists.")
            if if_match is not None and (not known or known[1].etag != if_match):
                raise PreconditionFailedError("It changed.")
            info = ObjectInfo(
                key, len(content), str(next(self._etags)), datetime.now(UTC), dict(tags or {})
            )
            self.objects[key] = (content, info)
            return info

    def read(self, key: str) -> bytes:
        with self._lock:
            if key not in self.objects:
                raise ObjectNotFoundError("Nothing lies there.")
            return self.objects[key][0]

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.read(key))

    def stat(self, key: str) -> ObjectInfo | None:
        with self._lock:
            known = self.objects.get(key)
            return known[1] if known else None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        with self._lock:
            found = [info for key, (_, info) in self.objects.items() if key.startswith(prefix)]
        return iter(sorted(found, key=lambda info: info.key))

    def delete(self, key: str) -> None:
        with self._lock:
            self.objects.pop(key, None)

    def put_file(self, key: str, file: Path) -> ObjectInfo:
        return self.put(key, file.read_bytes())

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        return self.put(target_key, self.read(source_key))

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        with self._lock:
            content, info = self.objects[key]
            self.objects[key] = (
                content,
                ObjectInfo(key, info.size_bytes, info.etag, info.modified_at, dict(tags)),
            )

    @contextmanager
    def lease(self, key: str, *, wait_seconds: float = 60.0) -> Iterator[Lease]:
        with self._leases:
            yield _Held()
