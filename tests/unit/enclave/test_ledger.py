import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from enclave.ledger import Ledger
from governance.audit import ProblemKind, Tag
from governance.audit.erasures import ErasureReason
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.errors import LedgerError
from governance.signing import LocalSigner, SignatureRefusedError
from governance.stored_ledger import LATEST_CHECKPOINT, checkpoint_key, verify_stored
from tests.lib.memory_store import MemoryStore

SIGNER = LocalSigner.derive(b"\x07" * 32)


def build_ledger(store: MemoryStore, every: int = 4) -> Ledger:
    return Ledger(store, SIGNER, checkpoint_every=every)


def fill(store: MemoryStore, size: int) -> Ledger:
    ledger = build_ledger(store)
    for n in range(size):
        ledger.append(Tag.SUBMISSION_RECEIVED, f"submission-{n}", {"rows": n})
    return ledger


def kinds(store: MemoryStore) -> set[tuple[ProblemKind, int]]:
    return {(p.kind, p.seq) for p in build_ledger(store).verify().problems}


def test_appended_entries_verify_with_their_facts_and_checkpoints() -> None:
    store = MemoryStore()
    fill(store, 11)
    report = build_ledger(store).verify()
    assert report.verified
    assert (report.entries, report.payloads, report.checkpoints) == (11, 11, 2)
    assert report.last_checkpoint == 8


def test_a_fresh_process_goes_on_where_the_last_one_stopped() -> None:
    store = MemoryStore()
    for n in range(40):
        entry = build_ledger(store).append("query:answered", "project", {"cells": n})
        assert entry.seq == n + 1
    assert build_ledger(store).verify().last_checkpoint == 40


def test_an_unknown_tag_or_a_time_without_zone_is_refused() -> None:
    ledger = build_ledger(MemoryStore())
    with pytest.raises(LedgerError, match="tag"):
        ledger.append("submission:eaten", "s", {})
    with pytest.raises(LedgerError, match="zone"):
        ledger.append(Tag.QUERY_DENIED, "s", {}, at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert ledger.head() is None
    assert ledger.checkpoint() is None
    assert ledger.sealed_checkpoint() is None


def test_the_same_event_is_appended_once() -> None:
    store = MemoryStore()
    first = build_ledger(store).append(Tag.TABLE_COMMITTED, "t", {"rows": 1}, once="s1:land")
    fill(store, 3)
    again = build_ledger(store).append(Tag.TABLE_COMMITTED, "t", {"rows": 1}, once="s1:land")
    other = build_ledger(store).append(Tag.TABLE_COMMITTED, "t", {"rows": 1}, once="s2:land")
    assert again == first
    assert other.seq == 5
    report = build_ledger(store).verify()
    assert (report.entries, report.payloads) == (5, 5)


@pytest.mark.parametrize("crash_at", [1, 2, 3])
def test_a_crash_anywhere_in_an_append_and_a_rerun_give_one_entry(crash_at: int) -> None:
    store = MemoryStore()
    fill(store, 2)
    store.fail_put_at = store.puts + crash_at
    with pytest.raises(KeyboardInterrupt):
        build_ledger(store).append(Tag.TABLE_COMMITTED, "t", {"rows": 1}, once="s1:land")
    store.fail_put_at = None
    build_ledger(store).append(Tag.SUBMISSION_RECEIVED, "between", {})
    for _ in range(3):
        build_ledger(store).append(Tag.TABLE_COMMITTED, "t", {"rows": 1}, once="s1:land")
    report = build_ledger(store).verify()
    assert report.verified
    tags = [e.tag for e in build_ledger(store).entries()]
    assert tags.count("table:committed") == 1


def test_many_appenders_at_once_lose_and_double_nothing() -> None:
    store = MemoryStore()
    start = threading.Barrier(8)

    def work(worker: int) -> None:
        ledger = build_ledger(store, every=16)
        start.wait()
        for n in range(25):
            ledger.append(Tag.QUERY_ANSWERED, f"w{worker}", {"n": n})
            ledger.append(Tag.TABLE_COMMITTED, "t", {"n": n}, once=f"commit-{n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    report = build_ledger(store).verify()
    assert report.verified, report.problems
    assert report.entries == 8 * 25 + 25
    assert report.payloads == report.entries
    assert len(list(store.list("payloads/"))) == report.entries


def test_what_was_done_to_the_objects_is_named() -> None:
    store = MemoryStore()
    fill(store, 10)
    whole = dict(store.objects)

    def key(seq: int) -> str:
        return f"entries/{seq:012d}.json"

    store.delete(key(5))
    assert kinds(store) == {(ProblemKind.REMOVED, 5)}

    store.objects = dict(whole)
    store.objects[key(5)], store.objects[key(6)] = whole[key(6)], whole[key(5)]
    assert (ProblemKind.REORDERED, 5) in kinds(store)

    store.objects = dict(whole)
    store.put(key(5), store.read(key(5)).replace(b"submission-4", b"submission-9"))
    assert kinds(store) == {(ProblemKind.ALTERED, 5)}

    store.objects = dict(whole)
    store.put(key(5), b"not json")
    assert (ProblemKind.UNREADABLE, 5) in kinds(store)

    store.objects = dict(whole)
    for seq in (7, 8, 9, 10):
        store.delete(key(seq))
    assert kinds(store) == {(ProblemKind.REMOVED, 7)}, "the checkpoint of 8 entries shows it"


def test_altered_facts_are_named_and_erased_ones_are_counted() -> None:
    store = MemoryStore()
    ledger = fill(store, 3)
    second = list(ledger.entries())[1]
    assert ledger.facts(second) == {"rows": 1}
    key = f"payloads/{second.commitment[:2]}/{second.commitment}.json"
    before = store.read(key)
    store.put(key, before.replace(b'"rows":1', b'"rows":2'))
    assert kinds(store) == {(ProblemKind.PAYLOAD_ALTERED, 2)}
    store.put(key, canonical_json({"facts": 1, "salt": "x"}))
    assert kinds(store) == {(ProblemKind.PAYLOAD_ALTERED, 2)}
    store.put(key, before)
    for _ in range(2):
        record = ledger.erase(second, reason=ErasureReason.ASKED_BY_AGENCY)
        assert record.seq == 4
    report = build_ledger(store).verify()
    assert report.verified
    assert (report.erased, report.payloads) == (1, 3)
    assert ledger.facts(second) is None


def test_facts_that_vanished_without_an_erasure_are_named() -> None:
    store = MemoryStore()
    ledger = fill(store, 4)
    second, third = list(ledger.entries())[1:3]
    for entry in (second, third):
        store.delete(f"payloads/{entry.commitment[:2]}/{entry.commitment}.json")
    assert kinds(store) == {(ProblemKind.PAYLOAD_REMOVED, n) for n in (2, 3)}
    ledger.append(Tag.PAYLOAD_ERASED, third.subject, {"seq": 3}, once="erase:9")
    assert kinds(store) == {(ProblemKind.PAYLOAD_REMOVED, n) for n in (2, 3)}
    ledger.erase(third, reason=ErasureReason.ASKED_BY_AGENCY)
    assert kinds(store) == {(ProblemKind.PAYLOAD_REMOVED, 2)}
    assert ledger.verify().erased == 1
    assert ledger.verify(with_payloads=False).verified


def test_no_checkpoint_is_signed_over_a_chain_that_was_rewritten() -> None:
    honest, forged = MemoryStore(), MemoryStore()
    fill(honest, 4)
    fill(forged, 5)
    for info in list(honest.list("checkpoints/")):
        forged.put(info.key, honest.read(info.key))
    with pytest.raises(LedgerError, match="does not continue"):
        build_ledger(forged).checkpoint()
    forged.delete("entries/000000000005.json")
    with pytest.raises(LedgerError, match="does not continue"):
        build_ledger(forged).sealed_checkpoint()


def test_a_checkpoint_by_a_stranger_is_refused() -> None:
    store = MemoryStore()
    fill(store, 3)
    Ledger(store, LocalSigner.generate()).checkpoint()
    assert kinds(store) == {(ProblemKind.CHECKPOINT_REFUSED, 3)}


def test_keys_of_before_a_rotation_still_verify() -> None:
    store = MemoryStore()
    fill(store, 5)
    rotated = Ledger(store, LocalSigner.generate(), earlier_keys=[SIGNER.public_key])
    rotated.append(Tag.QUERY_DENIED, "p", {})
    made = rotated.checkpoint(other_head="ab" * 32)
    assert made is not None
    assert (made.size, made.other_head) == (6, "ab" * 32)
    assert rotated.checkpoint() == made
    assert rotated.verify().last_checkpoint == 6


def test_a_checkpoint_kept_outside_shows_a_rewrite_of_the_whole_zone() -> None:
    honest = MemoryStore()
    kept = fill(honest, 6).checkpoint()
    forged = MemoryStore()
    fill(forged, 5)
    build_ledger(forged).append(Tag.QUERY_DENIED, "other", {})
    assert kept is not None
    assert build_ledger(forged).verify().verified
    sealed = build_ledger(honest).sealed_checkpoint()
    assert sealed is not None
    assert build_ledger(forged).open_checkpoint(sealed) == kept
    report = build_ledger(forged).verify(anchors=[kept])
    assert [p.kind for p in report.problems] == [ProblemKind.REWRITTEN]


def test_times_never_go_back() -> None:
    ledger = build_ledger(MemoryStore())
    later = ledger.append(Tag.QUERY_DENIED, "p", {}, at=datetime(2026, 6, 1, tzinfo=UTC))
    after = ledger.append(Tag.QUERY_DENIED, "p", {}, at=datetime(2026, 5, 1, tzinfo=UTC))
    assert after.at == later.at
    assert ledger.verify().verified


def test_a_checkpoint_of_another_chain_of_the_same_key_proves_nothing() -> None:
    """A deployment restored from a copy, or the other plane's chain, signed by the same key."""
    store, other = MemoryStore(), MemoryStore()
    fill(store, 6)
    alien = Ledger(other, SIGNER, chain="governance", checkpoint_every=4)
    for n in range(6):
        alien.append(Tag.SUBMISSION_RECEIVED, f"submission-{n}", {"rows": n})
    sealed = alien.sealed_checkpoint()
    assert sealed is not None
    with pytest.raises(SignatureRefusedError, match="another chain"):
        build_ledger(store).open_checkpoint(sealed)

    store.put(checkpoint_key(4), other.read(checkpoint_key(4)))

    assert kinds(store) == {(ProblemKind.CHECKPOINT_REFUSED, 4)}


def test_checkpoints_of_two_chains_in_one_folder_are_told_without_knowing_its_name() -> None:
    store, other = MemoryStore(), MemoryStore()
    fill(store, 4)
    Ledger(other, SIGNER, chain="governance").append(Tag.QUERY_DENIED, "p", {})
    alien = Ledger(other, SIGNER, chain="governance").sealed_checkpoint()
    assert alien is not None
    store.put(checkpoint_key(1), alien)
    keys = {SIGNER.public_key.key_id: SIGNER.public_key}

    assert ProblemKind.CHECKPOINT_REFUSED in {p.kind for p in verify_stored(store, keys).problems}


@pytest.mark.parametrize("size", [0, -1, True, 2.0, "6", 10**12, 10**400, None])
def test_a_hint_that_is_no_number_of_an_entry_is_not_believed(size: object) -> None:
    store = MemoryStore()
    fill(store, 6)
    store.put(LATEST_CHECKPOINT, json.dumps({"size": size}).encode())

    ledger = build_ledger(store)

    head = ledger.head()
    assert head is not None
    assert head.seq == 6
    assert ledger.append(Tag.QUERY_DENIED, "p", {}).seq == 7
    assert ledger.verify().verified


@pytest.mark.parametrize("first", [-3, 0, True, 10**400])
def test_a_marker_that_points_nowhere_is_refused(first: object) -> None:
    store = MemoryStore()
    ledger = fill(store, 3)
    mark = sha256_of(b"twice")
    store.put(f"once/{mark}.json", json.dumps({"from": first}).encode())

    with pytest.raises(LedgerError, match="marker"):
        ledger.append(Tag.QUERY_DENIED, "p", {}, once="twice")
