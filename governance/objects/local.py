"""The object store over a local folder: an object is a file at its key.

What it promises: a write is visible whole or not at all, also after `kill -9` or a power cut; the
conditions of a conditional write hold across threads and processes of one machine; a lease ends
with its holder. Other libraries may read and write files of the same folder (Parquet, Delta Lake);
against them only `if_none_match` is a guarantee.

Hidden beside the objects lies `.store/`: locks, leases, tags and unfinished files. A key may not
also be another key's folder (`a` and `a/b`), which Azure would allow.
"""

import contextlib
import errno
import fcntl
import io
import json
import os
import secrets
import stat as stat_module
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from governance.errors import (
    LeaseHeldError,
    ObjectStoreError,
)
from governance.objects import files
from governance.objects.naming import check_key, check_prefix, check_tags, shown_key
from governance.objects.port import Lease, ObjectInfo
from governance.objects.refusing import lease_held, not_found, precondition_failed

_HIDDEN = ".store"
_LOCKS = 256
_BLOCK_BYTES = 1 << 20


class LocalFolderStore:
    """One container of objects, as files under one folder.

    Attributes:
        name: What messages call it; the zone's name.
        root: The folder; absolute, private to its owner.
    """

    def __init__(self, root: Path, name: str) -> None:
        """Open the folder, making it when it is missing, and sweep what dead writers left.

        Raises:
            ObjectStoreError: The folder cannot be made or read.
        """
        self.name = name
        self.root = Path(os.path.realpath(root))
        self._hidden = self.root / _HIDDEN
        self._temporary = self._hidden / "temporary"
        with self._errors("open", ""):
            files.make_folders(self._temporary)
            files.sweep_temporaries(self._temporary)

    def __repr__(self) -> str:
        """Its name."""
        return f"LocalFolderStore({self.name!r})"

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write a whole object atomically and durably.

        Args:
            key: Where.
            data: Bytes, or a binary stream read to its end, a block at a time.
            if_none_match: Only if nothing lies there yet.
            if_match: Only if the object's etag is still this one.
            tags: Index tags to set with it; without, the object has none.

        Raises:
            PreconditionFailedError: The condition does not hold; nothing was written.
            ObjectStoreError: The disk refused.
        """
        path = self._path(key)
        checked_tags = check_tags(dict(tags or {}))
        with self._errors("write", key):
            self._check_conditions(key, path, if_none_match=if_none_match, if_match=if_match)
            held, temporary = files.create_temporary(self._temporary)
            try:
                _fill(held.descriptor, data)
                with self._locked(key):
                    self._check_conditions(
                        key, path, if_none_match=if_none_match, if_match=if_match
                    )
                    made = os.fstat(held.descriptor)
                    if checked_tags:
                        self._write_tags(key, path, _etag(made), checked_tags)
                    self._publish(key, temporary, path, exclusive=if_none_match)
                    if not checked_tags:
                        self._tags_path(key).unlink(missing_ok=True)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
                held.close()
        return _info(key, made, checked_tags)

    def put_file(self, key: str, file: Path) -> ObjectInfo:
        """Make a finished file the object too: one file under two names, durably.

        Where the two lie on different file systems it is copied. The file becomes private to its
        owner, and must not be changed any more.

        Raises:
            ObjectStoreError: The disk refused.
        """
        path = self._path(key)
        temporary = self._temporary / secrets.token_hex(16)
        with self._errors("write", key):
            descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            held = files.HeldFile(descriptor)
            try:
                # A shared lock keeps the sweep of dead writers' files away from the second name.
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                os.fchmod(descriptor, files.FILE_MODE)
                os.fsync(descriptor)
                files.make_folders(self._temporary)
                try:
                    os.link(file, temporary, follow_symlinks=False)
                except OSError as error:
                    if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK}:
                        raise
                    with file.open("rb") as stream:
                        return self.put(key, stream)
                with self._locked(key):
                    self._publish(key, temporary, path, exclusive=False)
                    self._tags_path(key).unlink(missing_ok=True)
                return _info(key, os.fstat(descriptor), {})
            finally:
                temporary.unlink(missing_ok=True)
                held.close()

    def link_from(self, source: "LocalFolderStore", source_key: str, key: str) -> ObjectInfo:
        """Take over an object of another store on this machine, without copying it.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """
        path = source._path(source_key)  # noqa: SLF001  the same class
        if _regular_file(path) is None:
            raise not_found(source.name, source_key)
        return self.put_file(key, path)

    def read(self, key: str) -> bytes:
        """The whole object.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        with self.open(key) as stream, self._errors("read", key):
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        """A seekable, buffered stream over the object as it is now, even if it is replaced.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        path = self._path(key)
        with self._errors("read", key):
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(path, flags)
            if not stat_module.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise not_found(self.name, key)
            return io.BufferedReader(io.FileIO(descriptor, "rb"), _BLOCK_BYTES)

    def stat(self, key: str) -> ObjectInfo | None:
        """What is known of the object, or None when nothing lies there."""
        path = self._path(key)
        with self._errors("read", key):
            found = _regular_file(path)
            return found and _info(key, found, self._read_tags(key, _etag(found)))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, in key order."""
        check_prefix(prefix)
        folder, slash, _ = prefix.rpartition("/")
        with self._errors("list", prefix):
            yield from self._walk(folder + slash, prefix)

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens when it is already gone."""
        path = self._path(key)
        with self._errors("delete", key), self._locked(key):
            if _regular_file(path):
                path.unlink(missing_ok=True)
                files.sync_folder(path.parent)
            self._tags_path(key).unlink(missing_ok=True)

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        """Copy the content, not the tags, inside this folder.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """
        with self.open(source_key) as source:
            return self.put(target_key, source)

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags; its etag stays.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        path = self._path(key)
        checked = check_tags(dict(tags))
        with self._errors("tag", key), self._locked(key):
            found = _regular_file(path)
            if found is None:
                raise not_found(self.name, key)
            self._write_tags(key, path, _etag(found), checked)

    @contextlib.contextmanager
    def lease(self, key: str, *, wait_seconds: float = 60.0) -> Iterator[Lease]:
        """Hold `key` exclusively across the machine's processes while the context lasts.

        The key need not exist. A killed holder loses it at once.

        Raises:
            LeaseHeldError: Somebody else held it for longer than `wait_seconds`.
        """
        check_key(key)
        path = files.flat_path(self._hidden / "leases", key)
        with self._errors("lease", key):
            held = files.wait_for_lock(path, wait_seconds)
        if held is None:
            raise lease_held(self.name, key)
        try:
            yield _FileLease(held, path)
        finally:
            if files.is_still_held(held, path):
                path.unlink(missing_ok=True)  # while held: whoever waits on it sees it is gone
                fcntl.flock(held.descriptor, fcntl.LOCK_UN)
            held.close()

    def _path(self, key: str) -> Path:
        path = self.root.joinpath(*check_key(key))
        if os.path.realpath(path.parent) != str(path.parent):
            raise ObjectStoreError(
                f"{self.name}: {shown_key(key)} lies behind a symbolic link.", store=self.name
            )
        return path

    def _locked(self, key: str) -> contextlib.AbstractContextManager[None]:
        shard = zlib.crc32(key.encode()) % _LOCKS
        return files.lock(self._hidden / "locks" / f"{shard:02x}")

    def _check_conditions(
        self, key: str, path: Path, *, if_none_match: bool, if_match: str | None
    ) -> None:
        if not if_none_match and if_match is None:
            return
        found = _regular_file(path)
        if (if_none_match and found) or (
            if_match is not None and (found is None or _etag(found) != if_match)
        ):
            raise precondition_failed(self.name, key)

    def _publish(self, key: str, temporary: Path, path: Path, *, exclusive: bool) -> None:
        files.make_folders(path.parent)
        if exclusive:
            try:
                os.link(temporary, path, follow_symlinks=False)
            except FileExistsError:
                raise precondition_failed(self.name, key) from None
        else:
            temporary.replace(path)
        files.sync_folder(path.parent)

    def _walk(self, base: str, prefix: str) -> Iterator[ObjectInfo]:
        try:
            with os.scandir(self.root / base) as entries:
                names = sorted(
                    e.name + "/" if e.is_dir(follow_symlinks=False) else e.name for e in entries
                )
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            key = base + name
            if not base and name.startswith("."):
                continue
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(key, prefix)
            elif key.startswith(prefix) and (found := _regular_file(self.root / key)):
                yield _info(key, found, self._read_tags(key, _etag(found)))

    def _tags_path(self, key: str) -> Path:
        return files.flat_path(self._hidden / "tags", key)

    def _read_tags(self, key: str, etag: str) -> dict[str, str]:
        try:
            by_etag = json.loads(self._tags_path(key).read_bytes())
        except FileNotFoundError:
            return {}
        tags: dict[str, str] = by_etag.get(etag, {})
        return tags

    def _write_tags(self, key: str, path: Path, etag: str, tags: dict[str, str]) -> None:
        # Tags are kept per etag, so that they change with the object in one rename of the object:
        # until then the old version still finds its own.
        by_etag = {etag: tags}
        if (found := _regular_file(path)) and _etag(found) != etag:
            by_etag[_etag(found)] = self._read_tags(key, _etag(found))
        held, temporary = files.create_temporary(self._temporary)
        try:
            _fill(held.descriptor, json.dumps(by_etag).encode())
            target = self._tags_path(key)
            files.make_folders(target.parent)
            temporary.replace(target)
            files.sync_folder(target.parent)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            held.close()

    @contextlib.contextmanager
    def _errors(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise not_found(self.name, key) from None
        except OSError as error:
            # The system's text quotes the path, and a file name may carry a person.
            reason = errno.errorcode.get(error.errno or 0, "unknown")
            raise ObjectStoreError(
                f"{self.name}: cannot {action} {shown_key(key)} ({reason}).",
                store=self.name,
                reason=reason,
            ) from None


class _FileLease:
    """A lease held by a lock on a file."""

    def __init__(self, held: files.HeldFile, path: Path) -> None:
        self._held = held
        self._path = path

    def renew(self) -> None:
        """Check that the hold is still ours; the kernel keeps it as long as we live.

        Raises:
            LeaseHeldError: The context ended, or somebody removed the lock file.
        """
        if not files.is_still_held(self._held, self._path):
            raise LeaseHeldError("The lease is no longer held.")


def _fill(descriptor: int, data: bytes | BinaryIO) -> None:
    if isinstance(data, (bytes, bytearray, memoryview)):
        _write_whole(descriptor, memoryview(data))
    else:
        while block := data.read(_BLOCK_BYTES):
            _write_whole(descriptor, memoryview(block))
    # Kernel times tick every few milliseconds, and inodes are reused: the nanosecond clock keeps
    # two versions of one key apart.
    now = time.time_ns()
    os.utime(descriptor, ns=(now, now))
    os.fsync(descriptor)


def _write_whole(descriptor: int, block: memoryview) -> None:
    while block:
        block = block[os.write(descriptor, block) :]


def _regular_file(path: Path) -> os.stat_result | None:
    try:
        found = path.stat(follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if stat_module.S_ISREG(found.st_mode) else None


def _etag(found: os.stat_result) -> str:
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"


def _info(key: str, found: os.stat_result, tags: dict[str, str]) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size_bytes=found.st_size,
        etag=_etag(found),
        modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
        tags=tags,
    )
