"""The object-store contract, on every adapter: a folder and a real Azurite."""

import io
import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from enclave.zones import Zone, Zones
from governance.errors import (
    LeaseHeldError,
    ObjectNotFoundError,
    ObjectStoreError,
    PreconditionFailedError,
)
from governance.objects import ObjectKeyError, ObjectStore

RACERS = 16


@pytest.fixture
def store(zones: Zones) -> ObjectStore:
    return zones.store(Zone.STAGING)


class Repeated(io.RawIOBase):
    """A stream of `size` bytes that is never whole in memory, given in odd pieces."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.block = bytes(range(256)) * 4096

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        piece = self.block[: min(wanted, 777_777)]
        self.left -= len(piece)
        return piece


def race(work: Callable[[int], object]) -> list[object]:
    """Run `work` in 16 threads at once; results or exceptions, by racer."""
    start = threading.Barrier(RACERS)

    def run(racer: int) -> object:
        start.wait()
        try:
            return work(racer)
        except Exception as error:  # noqa: BLE001  the test judges them
            return error

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_what_was_put_is_read_back_with_its_facts(store: ObjectStore) -> None:
    put = store.put("a/b.bin", b"hello", tags={"kind": "test"})
    found = store.stat("a/b.bin")
    assert found == put
    assert (put.key, put.size_bytes, put.tags) == ("a/b.bin", 5, {"kind": "test"})
    assert abs(put.modified_at.timestamp() - time.time()) < 60
    assert store.read("a/b.bin") == b"hello"
    assert list(store.list()) == [put]


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    assert store.put("empty", b"").size_bytes == 0
    assert store.read("empty") == b""
    with store.open("empty") as stream:
        assert stream.read() == b""


def test_overwriting_replaces_content_etag_and_tags(store: ObjectStore) -> None:
    first = store.put("k", b"one", tags={"n": "1"})
    second = store.put("k", b"two")
    assert second.etag != first.etag
    assert store.read("k") == b"two"
    assert store.stat("k") == second
    assert second.tags == {}


def test_versions_written_in_quick_succession_never_share_an_etag(store: ObjectStore) -> None:
    etags = [store.put("k", b"x").etag for _ in range(20)]
    assert len(set(etags)) == 20


def test_tags_are_replaced_without_changing_the_version(store: ObjectStore) -> None:
    put = store.put("k", b"x", tags={"a": "1", "b": "2"})
    store.set_tags("k", {"c": "3"})
    found = store.stat("k")
    assert found is not None
    assert (found.etag, found.tags) == (put.etag, {"c": "3"})
    assert [dict(info.tags) for info in store.list()] == [{"c": "3"}]
    store.set_tags("k", {})
    found = store.stat("k")
    assert found is not None
    assert found.tags == {}


def test_nothing_there(store: ObjectStore) -> None:
    assert store.stat("gone") is None
    store.delete("gone")
    for ask in (store.read, store.open, lambda key: store.copy(key, "to")):
        with pytest.raises(ObjectNotFoundError):
            ask("gone")
    with pytest.raises(ObjectNotFoundError):
        store.set_tags("gone", {"a": "b"})
    assert list(store.list("no/such/")) == []


def test_deleting_removes_object_and_tags(store: ObjectStore) -> None:
    store.put("k", b"x", tags={"a": "b"})
    store.delete("k")
    assert store.stat("k") is None
    assert store.put("k", b"x").tags == {}


def test_listing_is_in_key_order_and_by_prefix(store: ObjectStore) -> None:
    keys = ["b", "a/c", "a-b", "a/b/d", "a.b", "a0", "a/b-1", "é/1", "Z", "a/B"]
    for key in keys:
        store.put(key, b"x")
    assert [info.key for info in store.list()] == sorted(keys)
    assert [info.key for info in store.list("a/")] == ["a/B", "a/b-1", "a/b/d", "a/c"]
    assert [info.key for info in store.list("a/b")] == ["a/b-1", "a/b/d"]


def test_leases_tags_and_unfinished_writes_are_never_listed(store: ObjectStore) -> None:
    store.put("k", b"x", tags={"a": "b"})
    with store.lease("k"), store.lease("other/thing"):
        assert [info.key for info in store.list()] == ["k"]
        with pytest.raises(ObjectKeyError):
            list(store.list("."))


def test_a_conditional_create_has_exactly_one_winner(store: ObjectStore) -> None:
    results = race(lambda racer: store.put("k", str(racer).encode(), if_none_match=True))
    winners = [n for n, result in enumerate(results) if not isinstance(result, Exception)]
    assert len(winners) == 1
    assert store.read("k") == str(winners[0]).encode()
    losers = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, PreconditionFailedError) for error in losers), losers


def test_a_conditional_replace_has_exactly_one_winner(store: ObjectStore) -> None:
    etag = store.put("k", b"start").etag
    results = race(lambda racer: store.put("k", str(racer).encode(), if_match=etag))
    winners = [n for n, result in enumerate(results) if not isinstance(result, Exception)]
    assert len(winners) == 1
    assert store.read("k") == str(winners[0]).encode()
    losers = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, PreconditionFailedError) for error in losers), losers


def test_a_counter_under_compare_and_swap_loses_no_step(store: ObjectStore) -> None:
    store.put("n", b"0")

    def step(_: int) -> int:
        for attempt in range(400):
            info = store.stat("n")
            assert info is not None
            value = int(store.read("n"))
            try:
                store.put("n", str(value + 1).encode(), if_match=info.etag)
            except PreconditionFailedError:
                continue
            return attempt
        raise AssertionError

    results = race(step)
    assert not [result for result in results if isinstance(result, Exception)]
    assert int(store.read("n")) == RACERS


def test_a_lost_condition_writes_nothing(store: ObjectStore) -> None:
    put = store.put("k", b"kept")
    for condition in ({"if_none_match": True}, {"if_match": "1-2-3"}):
        with pytest.raises(PreconditionFailedError):
            store.put("k", b"lost", **condition)
    with pytest.raises(PreconditionFailedError):
        store.put("absent", b"lost", if_match=put.etag)
    assert store.stat("k") == put
    assert store.stat("absent") is None


def test_a_large_stream_goes_through_bounded_memory(store: ObjectStore) -> None:
    size = 80_000_000
    tracemalloc.start()
    try:
        assert store.put("big", Repeated(size)).size_bytes == size  # type: ignore[arg-type]
        with store.open("big") as stream:
            total = sum(len(block) for block in iter(lambda: stream.read(1 << 20), b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == size
    assert peak < 50_000_000  # blocks and their copies; the same at 150 MB


def test_a_large_stream_obeys_conditions_and_tags(store: ObjectStore) -> None:
    size = 20_000_000
    put = store.put("big", Repeated(size), if_none_match=True, tags={"a": "b"})  # type: ignore[arg-type]
    assert store.stat("big") == put
    with pytest.raises(PreconditionFailedError):
        store.put("big", Repeated(size), if_none_match=True)  # type: ignore[arg-type]
    assert store.put("big", Repeated(size), if_match=put.etag).etag != put.etag  # type: ignore[arg-type]


def test_an_opened_object_seeks(store: ObjectStore) -> None:
    content = os.urandom(10_000_001)
    store.put("k", content)
    with store.open("k") as stream:
        assert stream.seekable()
        stream.seek(9_000_000)
        assert stream.read(10) == content[9_000_000:9_000_010]
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == content[-5:]
        assert stream.read() == b""
        stream.seek(3)
        assert stream.tell() == 3
        assert stream.read() == content[3:]


def test_a_failing_source_stream_leaves_nothing(store: ObjectStore) -> None:
    class Failing(Repeated):
        def read(self, size: int | None = -1) -> bytes:
            if self.left < 1_000_000:
                raise RuntimeError("the source broke")
            return super().read(size)

    with pytest.raises(RuntimeError, match="the source broke"):
        store.put("k", Failing(20_000_000))  # type: ignore[arg-type]
    assert store.stat("k") is None
    assert list(store.list()) == []


def test_readers_see_a_whole_version_while_it_is_replaced(store: ObjectStore) -> None:
    # One range only: past 4 MiB Azurite itself answers old bytes under a new etag.
    size = 200_000
    store.put("k", b"a" * size)
    done = threading.Event()

    def write() -> None:
        for letter in b"bcdefghij":
            store.put("k", bytes([letter]) * size)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        content = store.read("k")
        assert len(content) == size
        assert len(set(content)) == 1
    writer.join()


def test_copying_keeps_the_content(store: ObjectStore) -> None:
    store.put("from/a", b"content", tags={"a": "b"})
    store.put("to", b"older")
    copied = store.copy("from/a", "to")
    assert store.read("to") == store.read("from/a") == b"content"
    assert store.stat("to") == copied
    assert copied.tags == {}


def test_a_finished_file_becomes_an_object(store: ObjectStore, tmp_path: Path) -> None:
    file = tmp_path / "made"
    file.write_bytes(b"rows" * 1000)
    store.put("a/b", b"older", tags={"kind": "old"})

    info = store.put_file("a/b", file)
    file.unlink()

    assert store.read("a/b") == b"rows" * 1000
    assert (info.size_bytes, info.tags) == (4000, {})
    assert store.stat("a/b") == info
    assert [i.key for i in store.list()] == ["a/b"]


def test_a_transferred_object_outlives_its_source(zones: Zones) -> None:
    zones.store(Zone.STAGING).put("a", b"one")
    zones.transfer(Zone.STAGING, "a", Zone.CURATED, "t/a")
    zones.store(Zone.STAGING).put("a", b"two")
    zones.store(Zone.STAGING).delete("a")

    assert zones.store(Zone.CURATED).read("t/a") == b"one"


def test_transfer_goes_between_zones(zones: Zones) -> None:
    zones.store(Zone.LANDING).put("a/in", b"content")
    zones.transfer(Zone.LANDING, "a/in", Zone.QUARANTINE, "b/out")
    assert zones.store(Zone.QUARANTINE).read("b/out") == b"content"
    assert zones.store(Zone.LANDING).read("a/in") == b"content"
    assert zones.store(Zone.STAGING).stat("b/out") is None
    with pytest.raises(ObjectNotFoundError):
        zones.transfer(Zone.LANDING, "gone", Zone.QUARANTINE, "b/out")


def test_a_lease_excludes_others_until_it_ends(store: ObjectStore) -> None:
    with store.lease("job/1") as lease:
        lease.renew()
        started = time.monotonic()
        with pytest.raises(LeaseHeldError), store.lease("job/1", wait_seconds=0.3):
            pass
        assert time.monotonic() - started >= 0.3
        with store.lease("job/2", wait_seconds=0):
            pass  # another key is free
    with store.lease("job/1", wait_seconds=0):
        pass


def test_a_waiting_lease_is_taken_over_when_its_holder_lets_go(store: ObjectStore) -> None:
    held, order = threading.Event(), []

    def hold() -> None:
        with store.lease("job"):
            held.set()
            time.sleep(0.4)
            order.append("first")

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with store.lease("job", wait_seconds=20):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


def test_of_many_only_one_holds_a_lease_at_a_time(store: ObjectStore) -> None:
    inside, worst = 0, 0

    def enter(_: int) -> None:
        nonlocal inside, worst
        with store.lease("job", wait_seconds=60):
            inside += 1
            worst = max(worst, inside)
            time.sleep(0.01)
            inside -= 1

    results = race(enter)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert worst == 1


def test_an_error_in_the_body_lets_go_of_the_lease(store: ObjectStore) -> None:
    with pytest.raises(ZeroDivisionError), store.lease("job"):
        raise ZeroDivisionError
    with store.lease("job", wait_seconds=0):
        pass


@pytest.mark.parametrize(
    "key",
    [
        "", "/etc/passwd", "../out", "a/../../out", "a/..", "a/./b", "a//b", "a/", ".", "..",
        "a\0b", "a\\..\\b", "a\nb", ".store/locks/00", ".locks/k", "x" * 201, "a/" * 500 + "b",
        "\ud800", "a/b.",
    ],
)  # fmt: skip
def test_a_key_that_could_climb_or_hide_is_refused_everywhere(store: ObjectStore, key: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: store.put(key, b"x"),
        lambda: store.read(key),
        lambda: store.open(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.copy("ok", key),
        lambda: store.copy(key, "ok"),
        lambda: store.set_tags(key, {}),
        lambda: store.lease(key).__enter__(),
    ]
    store.put("ok", b"x")
    for attempt in attempts:
        with pytest.raises(ObjectKeyError) as caught:
            attempt()
        assert "etc" not in str(caught.value)
    assert [info.key for info in store.list()] == ["ok"]


def test_bad_tags_are_refused_before_anything_is_written(store: ObjectStore) -> None:
    for tags in ({"a": "b&c"}, {"": "x"}, {str(n): "x" for n in range(11)}, {"a": "x" * 257}):
        with pytest.raises(ObjectKeyError):
            store.put("k", b"x", tags=tags)
    assert store.stat("k") is None


def test_messages_never_carry_a_file_name(store: ObjectStore) -> None:
    with pytest.raises(ObjectStoreError) as caught:
        store.read("sde/enrollment/for maria/maria_canary_1999.csv")
    assert "maria" not in str(caught.value) + repr(caught.value.facts)
    assert "sde/enrollment/*/*" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_table_written_by_others_is_listed_and_read(zones: Zones) -> None:
    system, base = zones.arrow(Zone.CURATED)
    system.create_dir(f"{base}/t/part", recursive=True)
    with system.open_output_stream(f"{base}/t/part/0.bin") as stream:
        stream.write(b"abc")
    store = zones.store(Zone.CURATED)
    assert [info.key for info in store.list()] == ["t/part/0.bin"]
    assert store.read("t/part/0.bin") == b"abc"
    info = store.stat("t/part/0.bin")
    assert info is not None
    store.put("t/part/0.bin", b"abcd", if_match=info.etag)
    with system.open_input_file(f"{base}/t/part/0.bin") as file:
        assert file.read() == b"abcd"


def test_a_delta_table_lives_in_a_zone(zones: Zones) -> None:
    import deltalake
    import pyarrow as pa

    address, options = zones.delta(Zone.CURATED, "tables/t")
    deltalake.write_deltalake(address, pa.table({"n": [1, 2, 3]}), storage_options=dict(options))
    table = deltalake.DeltaTable(address, storage_options=dict(options))
    assert table.to_pyarrow_table().num_rows == 3
    keys = [info.key for info in zones.store(Zone.CURATED).list("tables/t/")]
    assert "tables/t/_delta_log/00000000000000000000.json" in keys


def test_reopening_shows_what_was_written(zones: Zones, tmp_path: Path) -> None:
    from enclave.adapters.storage import LocalZones

    zones.store(Zone.LEDGER).put("a", b"1", tags={"x": "y"})
    if isinstance(zones, LocalZones):
        again = LocalZones(tmp_path / "home")
        found = again.store(Zone.LEDGER).stat("a")
        assert found is not None
        assert found.tags == {"x": "y"}
