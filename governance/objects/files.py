"""File-system parts of the local store: durable folders, temporary files, locks.

Every lock is a `flock`, so the kernel drops it with its holder: nothing has to expire.
"""

import contextlib
import fcntl
import os
import secrets
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_CHUNK_CHARACTERS = 180
_POLL_SECONDS = 0.005
_SLOWEST_POLL_SECONDS = 0.1


class HeldFile:
    """An open, exclusively locked file; closing it lets go of the lock."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open descriptor."""
        self.descriptor = descriptor
        _held.add(self)

    def close(self) -> None:
        """Let go; again is fine."""
        if self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


_held: "weakref.WeakSet[HeldFile]" = weakref.WeakSet()


def _forget_in_child() -> None:
    # A forked child shares the lock: it would outlive a killed parent.
    for held in list(_held):
        with contextlib.suppress(OSError):
            held.close()


os.register_at_fork(after_in_child=_forget_in_child)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Create a folder and its missing parents, private and durable."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        with contextlib.suppress(FileExistsError):
            made.mkdir(mode=FOLDER_MODE)
        sync_folder(made.parent)


def flat_path(folder: Path, key: str) -> Path:
    """A file for `key` under `folder` that no other key, longer or shorter, collides with."""
    quoted = quote(key, safe="")
    chunks = [quoted[i : i + _CHUNK_CHARACTERS] for i in range(0, len(quoted), _CHUNK_CHARACTERS)]
    return folder.joinpath(*(f"{chunk}+" for chunk in chunks[:-1]), f"{chunks[-1]}=")


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _open_lock(path: Path) -> int:
    while True:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            return os.open(path, flags, FILE_MODE)
        except FileNotFoundError:
            make_folders(path.parent)


def try_lock(path: Path) -> HeldFile | None:
    """Lock a file, making it when it is missing; None when somebody else holds it."""
    while True:
        held = HeldFile(_open_lock(path))
        try:
            fcntl.flock(held.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            return None
        if _same_file(held.descriptor, path):
            return held
        held.close()  # its last holder removed it between our open and our lock


def wait_for_lock(path: Path, wait_seconds: float) -> HeldFile | None:
    """Lock a file as soon as it is free; None when that took longer than `wait_seconds`."""
    deadline = time.monotonic() + wait_seconds
    pause = _POLL_SECONDS
    while True:
        if held := try_lock(path):
            return held
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return None
        time.sleep(min(pause, remaining))
        pause = min(pause * 1.5, _SLOWEST_POLL_SECONDS)


def is_still_held(held: HeldFile, path: Path) -> bool:
    """Whether the lock is ours and its file is still the one others would lock."""
    return held.descriptor >= 0 and _same_file(held.descriptor, path)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a short lock; waits as long as it takes."""
    held = HeldFile(_open_lock(path))
    try:
        fcntl.flock(held.descriptor, fcntl.LOCK_EX)
        yield
    finally:
        held.close()


def create_temporary(folder: Path) -> tuple[HeldFile, Path]:
    """A fresh locked file: while it is locked its writer lives."""
    while True:
        path = folder / secrets.token_hex(16)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            held = HeldFile(os.open(path, flags, FILE_MODE))
        except FileNotFoundError:
            make_folders(folder)
            continue
        with contextlib.suppress(BlockingIOError):  # a sweep just took it
            fcntl.flock(held.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same_file(held.descriptor, path):
                return held, path
        held.close()


def sweep_temporaries(folder: Path) -> int:
    """Remove what dead writers left behind; returns how many files."""
    removed = 0
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            held = HeldFile(os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW))
            try:
                fcntl.flock(held.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
            finally:
                held.close()
    return removed
