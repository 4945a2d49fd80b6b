"""What only the local store promises: crashes, modes, links, other processes."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from governance.errors import LeaseHeldError, ObjectNotFoundError, ObjectStoreError
from governance.objects.local import LocalFolderStore

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from governance.objects.local import LocalFolderStore
store = LocalFolderStore(Path(sys.argv[1]), "test")
print("ready", flush=True)
n = 0
while True:
    n = n % 250 + 1
    store.put("folder/k", bytes([n]) * 3_000_000, tags={"n": str(n)})
"""

HOLDER = """
import sys, time
from pathlib import Path
from governance.objects.local import LocalFolderStore
store = LocalFolderStore(Path(sys.argv[1]), "test")
with store.lease("job"):
    print("ready", flush=True)
    time.sleep(60)
"""

CREATOR = """
import sys, time
from pathlib import Path
from governance.errors import PreconditionFailedError
from governance.objects.local import LocalFolderStore
store = LocalFolderStore(Path(sys.argv[1]), "test")
print("ready", flush=True)
sys.stdin.readline()
won = 0
for n in range(200):
    try:
        store.put(f"k/{n}", sys.argv[2].encode(), if_none_match=True)
        won += 1
    except PreconditionFailedError:
        pass
for _ in range(100):
    while True:
        info = store.stat("count")
        try:
            store.put("count", b"%d" % (int(store.read("count")) + 1), if_match=info.etag)
            break
        except PreconditionFailedError:
            pass
print(won, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(tmp_path / "zone", "test")


def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def hidden_files(store: LocalFolderStore, folder: str) -> list[Path]:
    return [path for path in (store.root / ".store" / folder).rglob("*") if path.is_file()]


@pytest.mark.parametrize("moment", range(6))
def test_a_killed_writer_leaves_a_whole_version(store: LocalFolderStore, moment: int) -> None:
    process = start(WRITER, str(store.root))
    time.sleep(0.05 + moment * 0.017)
    kill(process)

    again = LocalFolderStore(store.root, "test")
    assert hidden_files(again, "temporary") == []
    keys = [info.key for info in again.list()]
    assert keys in ([], ["folder/k"])
    if keys:
        content, info = again.read("folder/k"), again.stat("folder/k")
        assert info is not None
        assert len(content) == 3_000_000
        assert set(content) == {int(info.tags["n"])}


def test_a_sweep_spares_the_unfinished_files_of_living_writers(store: LocalFolderStore) -> None:
    class Slow:
        blocks = 2

        def read(self, _: int = -1) -> bytes:
            LocalFolderStore(store.root, "another process starts meanwhile")
            assert len(hidden_files(store, "temporary")) == 1
            self.blocks -= 1
            return b"x" if self.blocks > 0 else b""

    store.put("k", Slow())  # type: ignore[arg-type]
    assert store.read("k") == b"x"


def test_a_killed_holder_loses_its_lease_at_once(store: LocalFolderStore) -> None:
    process = start(HOLDER, str(store.root))
    with pytest.raises(LeaseHeldError), store.lease("job", wait_seconds=0.05):
        pass
    kill(process)
    started = time.monotonic()
    with store.lease("job", wait_seconds=5) as lease:
        lease.renew()
    assert time.monotonic() - started < 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_keep_its_parents_lease(store: LocalFolderStore) -> None:
    context = multiprocessing.get_context("fork")
    with store.lease("job"):
        child = context.Process(target=time.sleep, args=(5,))
        child.start()
    try:
        with store.lease("job", wait_seconds=0.5):
            pass
    finally:
        child.kill()
        child.join()


def test_a_lease_whose_file_was_removed_says_so(store: LocalFolderStore) -> None:
    with store.lease("job") as lease:
        for path in hidden_files(store, "leases"):
            path.unlink()
        with pytest.raises(LeaseHeldError):
            lease.renew()


def test_leases_leave_no_files_behind(store: LocalFolderStore) -> None:
    for n in range(5):
        with store.lease(f"job/{n}"):
            pass
    assert hidden_files(store, "leases") == []


def test_conditions_hold_between_processes(store: LocalFolderStore) -> None:
    store.put("count", b"0")
    processes = [start(CREATOR, str(store.root), str(n)) for n in range(4)]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    won = []
    for process in processes:
        assert process.stdout
        won.append(int(process.stdout.readline()))
        kill(process)
    assert sum(won) == 200
    assert store.read("count") == b"400"


def test_files_and_folders_are_private(store: LocalFolderStore) -> None:
    previous = os.umask(0)
    try:
        store.put("a/b/c", b"x", tags={"t": "1"})
        with store.lease("a"):
            pass
    finally:
        os.umask(previous)
    for path in (store.root, *store.root.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_symbolic_links_lead_nowhere(store: LocalFolderStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (store.root / "link").symlink_to(outside / "secret")
    (store.root / "folder").symlink_to(outside)
    assert list(store.list()) == []
    assert store.stat("link") is None
    with pytest.raises(ObjectStoreError):
        store.read("link")
    for attempt in (store.read, store.stat, store.delete):
        with pytest.raises(ObjectStoreError):
            attempt("folder/secret")
    with pytest.raises(ObjectStoreError):
        store.put("folder/new", b"x")
    store.put("link", b"replaced")
    assert (outside / "secret").read_bytes() == b"secret"
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


def test_a_pipe_in_the_folder_does_not_block(store: LocalFolderStore) -> None:
    os.mkfifo(store.root / "pipe")
    assert list(store.list()) == []
    with pytest.raises(ObjectNotFoundError):
        store.read("pipe")


def test_a_key_cannot_be_another_keys_folder(store: LocalFolderStore) -> None:
    store.put("a", b"x")
    with pytest.raises(ObjectStoreError):
        store.put("a/b", b"x")
    store.put("c/d", b"x")
    with pytest.raises(ObjectStoreError):
        store.put("c", b"x")
    assert [info.key for info in store.list()] == ["a", "c/d"]
    assert hidden_files(store, "temporary") == []


def test_an_open_stream_keeps_its_version(store: LocalFolderStore) -> None:
    store.put("k", b"old" * 1_000_000)
    with store.open("k") as stream:
        store.put("k", b"new")
        assert stream.read() == b"old" * 1_000_000


def test_messages_never_quote_paths(store: LocalFolderStore) -> None:
    store.put("c/maria_canary", b"x")
    (store.root / "c").chmod(0o500)
    (store.root / "a").write_bytes(b"")
    with pytest.raises(ObjectStoreError) as caught:
        store.put("a/maria_canary", b"x")
    assert "maria" not in str(caught.value)
    assert str(store.root) not in str(caught.value)
