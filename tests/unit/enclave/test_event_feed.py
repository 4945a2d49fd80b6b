import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from enclave.event_feed import EventFeed
from enclave.ledger import Ledger
from governance.errors import LedgerError
from governance.event_feed import batch_key, read_feed, view_of
from governance.event_feed.model import CURRENT_KEY, MAX_EVENTS
from governance.stored_ledger import entry_key, payload_key
from tests.lib.feed import KEYS, SIGNER, Plane


def told(plane: Plane) -> list[tuple[int, str, str]]:
    reading = read_feed(plane.policy, KEYS)
    assert reading.stop is None
    return [(e.seq, e.tag, e.subject) for b in reading.batches for e in b.events]


def test_nothing_new_publishes_nothing_and_an_empty_ledger_no_batch() -> None:
    plane = Plane()
    assert plane.publish(heartbeat=True) == 0
    plane.receive()
    assert (plane.publish(), plane.publish(), plane.publish()) == (1, 1, 1)
    assert plane.policy.read(CURRENT_KEY) == plane.policy.read(batch_key(1))
    assert plane.feed.verify(KEYS).position.number == 1


def test_only_facts_of_the_list_and_of_their_shape_are_published() -> None:
    plane = Plane()
    plane.receive(
        "a1", period="smith_john", sha256="ab" * 32, file_name="smith.csv", bytes=12,
        agency="sde", dataset=["smith"],
    )  # fmt: skip
    plane.record("key:destroyed", "key/k1", material="smith")
    plane.record("seat:filled", "smith", person="smith")
    plane.record("query:denied", "project/p1", person="smith", rules="smith", sql="smith")
    plane.publish()

    (batch,) = read_feed(plane.policy, KEYS).batches
    received, destroyed = batch.events
    assert received.facts == {"agency": "sde", "revision": 1, "bytes": 12}
    assert received.withheld == ("dataset", "period")
    assert (destroyed.facts, destroyed.withheld) == ({}, ())
    assert [(q.project, q.denied) for q in batch.queries] == [("p1", 1)]
    assert b"smith" not in plane.policy.read(batch_key(1))
    assert (batch.after, batch.through) == (0, 4)
    assert view_of([batch]).submissions["a1"].period == "unknown"


@pytest.mark.parametrize(
    ("period", "is_told"),
    [
        ("2026", True), ("2025Q3", True), ("2025-26", True), ("SY2025-26", True),
        ("01_2000", True), ("FY2026", True), ("2026-01", True), ("2025-2026", True),
        ("123-45-6789", False), ("19850312", False), ("0312-1985x", False), ("smith2026", False),
        ("2026smith", False), ("14-0273", False), ("1985-03-12", False),
    ],
)  # fmt: skip
def test_a_period_is_told_only_when_it_looks_like_one(period: str, *, is_told: bool) -> None:
    plane = Plane()
    plane.receive("a1", period=period)
    plane.publish()
    (event,) = read_feed(plane.policy, KEYS).batches[0].events
    assert ("period" in event.facts) is is_told
    assert event.withheld == (() if is_told else ("period",))


def test_erased_facts_are_withheld_and_altered_ones_stop_the_publisher() -> None:
    plane = Plane()
    plane.receive("a1")
    plane.kept.delete(payload_key(plane.ledger.entry(1).commitment))
    plane.publish()
    (event,) = read_feed(plane.policy, KEYS).batches[0].events
    assert event.facts == {}
    assert "period" in event.withheld
    plane.receive("a2")
    plane.kept.put(
        payload_key(plane.ledger.entry(2).commitment),
        json.dumps({"salt": "00", "facts": {"agency": "dol"}}).encode(),
    )
    with pytest.raises(LedgerError, match="committed to"):
        plane.publish()


def test_a_rewritten_ledger_is_not_published_over() -> None:
    plane = Plane()
    plane.receive("a1")
    plane.receive("a2")
    plane.publish()
    entry = json.loads(plane.kept.read(entry_key(2)))
    plane.kept.put(entry_key(2), json.dumps(entry | {"hash": "ab" * 32}).encode())
    plane.reopen()
    with pytest.raises(LedgerError, match="does not continue"):
        plane.publish()
    plane.kept.delete(entry_key(2))
    plane.reopen()
    with pytest.raises(LedgerError, match="does not continue"):
        plane.publish()


def test_a_long_backlog_is_published_in_parts() -> None:
    plane = Plane()
    for n in range(MAX_EVENTS + 3):
        plane.receive(f"s{n}")
    assert plane.publish() == 2
    assert [b.through for b in read_feed(plane.policy, KEYS).batches] == [
        MAX_EVENTS,
        MAX_EVENTS + 3,
    ]


@pytest.mark.parametrize("zone", ["kept", "policy"])
@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_crash_at_any_write_loses_and_doubles_nothing(zone: str, write: int) -> None:
    plane = Plane()
    plane.receive("a1")
    plane.publish()
    plane.receive("a2")
    plane.receive("a3")
    store = getattr(plane, zone)
    store.fail_put_at = store.puts + write
    try:
        plane.publish()
    except KeyboardInterrupt:
        plane.reopen()
    store.fail_put_at = None
    plane.receive("a4")
    plane.reopen()
    plane.publish()
    assert [subject for _, _, subject in told(plane)] == [f"submission/a{n}" for n in range(1, 5)]
    assert plane.policy.read(CURRENT_KEY) == plane.policy.read(
        batch_key(plane.feed.verify(KEYS).position.number)
    )


def test_publishers_side_by_side_tell_each_entry_once() -> None:
    plane = Plane()
    for n in range(20):
        plane.receive(f"s{n}")

    def publish(_: int) -> int:
        ledger = Ledger(plane.kept, SIGNER)
        return EventFeed(ledger, plane.kept, plane.policy).publish(plane.now).through

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(publish, range(12))) == {20}
    assert [seq for seq, _, _ in told(plane)] == list(range(1, 21))


def test_a_foreign_batch_in_the_policy_zone_is_replaced_by_ours() -> None:
    plane = Plane()
    plane.receive("a1")
    plane.publish()
    plane.policy.put(batch_key(2), b"not ours")
    plane.receive("a2")
    plane.publish()
    assert read_feed(plane.policy, KEYS).stop is not None
    assert plane.feed.publish(plane.now, mend=True).copied == 1
    assert len(told(plane)) == 2


def test_a_publisher_that_comes_late_does_not_take_the_newest_batch_back() -> None:
    plane = Plane()
    plane.receive("a1")
    plane.publish()
    plane.receive("a2")
    plane.publish()
    newest = plane.policy.read(batch_key(2))

    plane.feed._copy(1, mend=False)  # what a slower publisher has left to do
    assert plane.policy.read(CURRENT_KEY) == newest
    plane.policy.put(CURRENT_KEY, b"forged")
    plane.feed._copy(2, mend=False)
    assert plane.policy.read(CURRENT_KEY) == newest
