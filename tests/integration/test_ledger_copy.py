"""The ledger's copy outside: exports that race, die between any two writes, or follow an old copy.

Whatever happens, facts that were erased in the database do not stay outside.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from governance.audit import Entry, LedgerReport, ProblemKind, Tag, link
from governance.audit.segments import (
    BLOCK,
    Payloads,
    entries_key,
    payload_line,
    payloads_key,
    read_payloads,
)
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.canonical import canonical_json
from governance.errors import LedgerError
from governance.objects import ObjectStore
from governance.permissions import Actor
from governance.services import Programme
from governance.services.ledger import verify
from governance.services.ledger_copy import FOLDER, copy_store, known_keys, make_checkpoint
from governance.services.recording import Noted, note
from governance.store import chain_rows as rows
from governance.store import tables as t
from governance.stored_ledger import checkpoint_key, entry_key, payload_key, verify_stored
from tests.lib.memory_store import MemoryStore
from tests.lib.programme import Office

COSTS = BLOCK + 40
"""Public entries, so many that the copy has two blocks."""


class DeathError(BaseException):
    """The process ends here, whatever it was doing."""


class Stepping(MemoryStore):
    """A store in which something happens once, before the change of a given number."""

    def __init__(self, at: int = 0, happens: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.at, self.happens, self.changes = at, happens, 0

    def _step(self) -> None:
        self.changes += 1
        if self.changes == self.at and self.happens is not None:
            happens, self.happens = self.happens, None
            happens()

    def put(self, key: str, *args: Any, **options: Any) -> Any:
        self._step()
        return super().put(key, *args, **options)

    def delete(self, key: str) -> None:
        self._step()
        super().delete(key)


def die() -> None:
    raise DeathError


@pytest.fixture(scope="module")
def long(office_template: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with a long chain of public entries."""
    office = office_template.copy(tmp_path_factory.mktemp("long") / "office")
    p = office.programme
    noted = [
        Noted(tag=Tag.COST_RECORDED, subject="programme", at=office.clock(), by="p-office",
              facts={"note": f"secret-{n}-"})
        for n in range(COSTS)
    ]  # fmt: skip
    with p.store.begin() as unit:
        unit.append("programme", "programme", noted, based_on=None, actor="p-office")
    yield office
    office.discard()


def with_policy(office: Office, policy: ObjectStore) -> Programme:
    return replace(office.programme, policy=policy)


def costs(p: Programme) -> list[int]:
    """Entries whose facts are public and still there, in their order."""
    with p.store.read() as unit:
        size = rows.read_head(unit).seq
        return [
            entry.seq
            for entry, _, facts in rows.stream_with_payloads(unit, 0, size)
            if entry.tag == Tag.COST_RECORDED and facts is not None
        ]


def secret_of(p: Programme, seq: int) -> bytes:
    with p.store.read() as unit:
        stored = rows.read_payload(unit, seq)
    assert stored is not None
    return str(json.loads(stored[1])["facts"]["note"]).encode()


def erase(p: Programme, seq: int) -> None:
    """In the database alone, as the services do it in one transaction."""
    facts = {"seq": seq, "reason": "asked_by_person"}
    with p.store.begin() as unit:
        note(p, unit, Actor(), Tag.PAYLOAD_ERASED, subject="programme", facts=facts,
             once=f"erase:{seq}")  # fmt: skip
        unit.forget([seq])


def verified(p: Programme) -> LedgerReport:
    return verify_stored(copy_store(p), known_keys(p))


def content(store: MemoryStore) -> bytes:
    return b"\n".join(data for data, _ in store.objects.values())


def check_whole(p: Programme, store: MemoryStore, *secrets: bytes) -> None:
    """The copy verifies as far as the database goes, and none of the secrets is in it."""
    made = make_checkpoint(p)
    assert made is not None
    report = verified(p)
    assert report.verified, report.problems[:3]
    assert report.entries == report.last_checkpoint == made.size
    everything = content(store)
    assert not [s for s in secrets if s in everything]
    before = dict(store.objects)
    assert make_checkpoint(p) == made
    changed = {k for k, v in store.objects.items() if before.get(k) != v}
    assert changed <= {f"{FOLDER}/checkpoints/latest.json"}


def writes_of(office: Office) -> int:
    """How many changes an export of all makes."""
    counting = Stepping()
    make_checkpoint(with_policy(office, counting))
    return counting.changes


def test_the_copy_is_few_objects_and_is_verified_without_the_database(long: Office) -> None:
    store = MemoryStore()
    p = with_policy(long, store)
    check_whole(p, store)
    names = [key.removeprefix(f"{FOLDER}/") for key in sorted(store.objects)]
    entries = [n for n in names if n.startswith("entries/")]
    assert entries == [entries_key(1), entries_key(BLOCK)]
    assert [n for n in names if n.startswith("payloads/")] == [
        payloads_key(1), payloads_key(BLOCK)
    ]  # fmt: skip
    report = verified(p)
    assert report.payloads == COSTS
    assert report.withheld == report.entries - COSTS


def test_an_erasure_between_any_two_writes_of_an_export_wins(long: Office) -> None:
    """Another process erases, and exports too, while this one is under way."""
    for step in range(1, writes_of(long) + 1):
        store = Stepping(step)
        p = with_policy(long, store)
        seq = costs(p)[-1 - step % 7]
        secret = secret_of(p, seq)
        store.happens = partial(erased_by_a_rival, p, seq, exports=bool(step % 2))
        make_checkpoint(p)
        assert secret not in content(store), f"write {step}"
        check_whole(p, store, secret)


def erased_by_a_rival(p: Programme, seq: int, *, exports: bool) -> None:
    erase(p, seq)
    if exports:
        make_checkpoint(p)


def test_an_export_that_dies_at_any_write_is_mended_by_the_next(long: Office) -> None:
    """The first copy dies; what it may have written is erased before the next."""
    for step in range(1, writes_of(long) + 1):
        store = Stepping(step, die)
        p = with_policy(long, store)
        seqs = costs(p)[3], costs(p)[-1]
        secrets = [secret_of(p, seq) for seq in seqs]
        with pytest.raises(DeathError):
            make_checkpoint(p)
        for seq in seqs:
            erase(p, seq)
        check_whole(p, store, *secrets)


def test_an_erasure_whose_export_dies_at_any_write_is_carried_out_by_the_next(
    long: Office,
) -> None:
    before, died = MemoryStore(), 0
    p = with_policy(long, before)
    make_checkpoint(p)
    seqs = costs(p)[3], costs(p)[-1]
    secrets = [secret_of(p, seq) for seq in seqs]
    assert secrets[0] in content(before)
    for seq in seqs:
        erase(p, seq)
    while True:
        store = Stepping(died + 1, die)
        store.objects = dict(before.objects)
        try:
            make_checkpoint(with_policy(long, store))
        except DeathError:
            died += 1
        else:
            break
        check_whole(with_policy(long, store), store, *secrets)
    assert died > len(seqs) * 2


def test_two_exports_of_different_states_leave_one_copy(long: Office) -> None:
    """The slower one read the database before the other's entries were there."""
    for step in range(1, writes_of(long) + 1):
        store = Stepping(step)
        p = with_policy(long, store)
        store.happens = partial(gone_on, long, p)
        make_checkpoint(p)
        check_whole(p, store)


def gone_on(office: Office, p: Programme) -> None:
    office.begin()
    make_checkpoint(p)


def test_an_export_that_died_ahead_of_another_is_caught_up_with(long: Office) -> None:
    """Facts lie there of more entries than this export read; it reads again."""
    store = Stepping()
    p = with_policy(long, store)
    make_checkpoint(p)
    long.begin()
    store.at, store.happens = store.changes + 1, partial(died_ahead, long, store, p)
    make_checkpoint(p)
    check_whole(p, store)


def died_ahead(office: Office, store: Stepping, p: Programme) -> None:
    office.begin()
    store.at, store.happens = store.changes + 2, die
    with pytest.raises(DeathError):
        make_checkpoint(p)


def test_a_copy_ahead_of_a_restored_database_stops_the_export(long: Office) -> None:
    store = MemoryStore()
    p = with_policy(long, store)
    made = make_checkpoint(p)
    assert made is not None
    first = made.size + 1
    beyond = Payloads(first, first + 5, {first: payload_line(first, "00", "{}")})
    copy_store(p).put(payloads_key(first), beyond.to_bytes())
    long.begin()
    with pytest.raises(LedgerError, match="goes further than the database"):
        make_checkpoint(p)


def test_nothing_is_signed_over_a_chain_with_a_break(office: Office) -> None:
    p = office.programme
    made = make_checkpoint(p)
    assert made is not None
    number = office.begin()
    with p.store.database.engine.connect() as connection, connection.begin():
        if p.store.database.sqlite:
            connection.exec_driver_sql("DROP TRIGGER ledger_entries_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE ledger_entries DISABLE TRIGGER ALL")
        connection.exec_driver_sql(
            f"UPDATE ledger_entries SET subject = 'x' WHERE subject = '{number}'"
        )
    with pytest.raises(LedgerError, match="does not continue the one before"):
        make_checkpoint(p)
    sizes = [i.key for i in copy_store(p).list("checkpoints/") if not i.key.endswith("latest.json")]
    assert sizes == [checkpoint_key(made.size)]


def old_copy(p: Programme, through: int) -> None:
    """As earlier versions wrote it: one object an entry, one for its facts."""
    folder = copy_store(p)
    with p.store.read() as unit:
        for entry, salt, facts in rows.stream_with_payloads(unit, 0, through):
            folder.put(entry_key(entry.seq), canonical_json(entry.to_dict()))
            if entry.tag not in CONFIDENTIAL_FACTS and facts is not None:
                document = f'{{"facts":{facts},"salt":"{salt}"}}'.encode()
                folder.put(payload_key(entry.commitment), document)


def size_of(p: Programme) -> int:
    with p.store.read() as unit:
        return rows.read_head(unit).seq


def test_a_copy_of_one_object_an_entry_is_gone_on_with(long: Office) -> None:
    """The old export died some entries past its last checkpoint."""
    store = MemoryStore()
    p = with_policy(long, store)
    size = size_of(p)
    old_copy(p, size - 3)
    check_whole(p, store)
    assert entry_key(size - 3) in {k.removeprefix(f"{FOLDER}/") for k in store.objects}
    assert f"{FOLDER}/{entries_key(size - 2)}" in store.objects
    seq = [s for s in costs(p) if s < size - 3][5]
    secret = secret_of(p, seq)
    assert secret in content(store)
    erase(p, seq)
    check_whole(p, store, secret)


K = ProblemKind
Lines = list[bytes]


def altered(lines: Lines) -> Lines:
    return [*lines[:8], lines[8].replace(b'"tag":"', b'"tag":"x'), *lines[9:]]


def back_dated(lines: Lines) -> Lines:
    at = json.loads(lines[8])["at"]
    return [*lines[:8], lines[8].replace(at.encode(), b"2020" + at[4:].encode()), *lines[9:]]


def relinked(lines: Lines) -> Lines:
    """Back-dated, and hashed anew: only the entry after it still says what stood there."""
    entry = Entry.from_dict(json.loads(lines[8]))
    made = link(
        Entry(entry.seq - 1, entry.at.replace(year=2020), "", "", "", "", "", entry.prev),
        at=entry.at.replace(year=2020), tag=entry.tag, subject=entry.subject,
        commitment=entry.commitment, once=entry.once,
    )  # fmt: skip
    return [*lines[:8], canonical_json(made.to_dict()), *lines[9:]]


def removed(lines: Lines) -> Lines:
    return [*lines[:8], b"", *lines[9:]]


def reordered(lines: Lines) -> Lines:
    return [*lines[:8], lines[9], lines[8], *lines[10:]]


def no_entry(lines: Lines) -> Lines:
    return [*lines[:8], b"{}", *lines[9:]]


def cut(lines: Lines) -> Lines:
    return [*lines[:-1], b""]


TAMPERINGS: list[tuple[Callable[[Lines], Lines], tuple[ProblemKind, int]]] = [
    (altered, (K.ALTERED, 9)),
    (back_dated, (K.BACK_DATED, 9)),
    (relinked, (K.BACK_DATED, 9)),
    (relinked, (K.ALTERED, 9)),
    (removed, (K.REMOVED, 9)),
    (reordered, (K.REORDERED, 9)),
    (no_entry, (K.UNREADABLE, 9)),
    (cut, (K.REMOVED, -1)),
]


@pytest.mark.parametrize("layout", ["segments", "one object an entry"])
def test_what_was_done_to_a_copy_is_named_from_outside(small_office: Office, layout: str) -> None:
    """Altered, removed, reordered, back-dated: the same findings in both layouts."""
    whole = MemoryStore()
    p = with_policy(small_office, whole)
    size = size_of(p)
    if layout != "segments":
        old_copy(p, size)
    make_checkpoint(p)
    for tamper, (kind, seq) in TAMPERINGS:
        store = MemoryStore()
        store.objects = dict(whole.objects)
        mine = replace(p, policy=store)
        folder = copy_store(mine)
        keys = [info.key for info in folder.list("entries/")]
        lines = [line for key in keys for line in folder.read(key).splitlines()]
        assert len(lines) == size
        done = tamper(lines)
        if layout == "segments":
            folder.put(keys[0], b"".join(line + b"\n" for line in done if line))
        else:
            for key, line in zip(keys, done, strict=True):
                if line:
                    folder.put(key, line)
                else:
                    folder.delete(key)
        found = {(x.kind, x.seq) for x in verified(mine).problems}
        assert (kind, size if seq < 0 else seq) in found, (tamper.__name__, found)


def test_facts_that_came_back_after_their_erasure_are_named(office: Office) -> None:
    """Inside and outside: somebody put them where they were."""
    p = office.programme
    with p.store.begin() as unit:
        made = note(p, unit, Actor(), Tag.COST_RECORDED, subject="programme", facts={"note": "s"})
    assert made is not None
    make_checkpoint(p)
    folder = copy_store(p)
    key = payloads_key(1)
    before = folder.read(key)
    with p.store.read() as unit:
        stored = rows.read_payload(unit, made.seq)
    assert stored is not None
    erase(p, made.seq)
    make_checkpoint(p)
    assert made.seq not in read_payloads(folder.read(key)).lines
    assert verified(p).erased == verify(p).erased == 1
    folder.put(key, before)
    assert [(x.kind, x.seq) for x in verified(p).problems] == [(K.NOT_ERASED, made.seq)]
    with p.store.database.engine.connect() as connection, connection.begin():
        connection.execute(
            sa.insert(t.ledger_payloads).values(seq=made.seq, salt=stored[0], facts=stored[1])
        )
    found = {(x.kind, x.seq) for x in verify(p, with_read_models=False).problems}
    assert (K.NOT_ERASED, made.seq) in found
