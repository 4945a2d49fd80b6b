from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.audit import (
    GENESIS,
    Checkpoint,
    Entry,
    ProblemKind,
    commit_facts,
    leaves,
    link,
    merkle_root,
    new_salt,
    verify_chain,
)
from governance.errors import LedgerError

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def build_chain(size: int) -> list[Entry]:
    entries: list[Entry] = []
    for n in range(size):
        entries.append(
            link(
                entries[-1] if entries else None,
                at=START + timedelta(seconds=n),
                tag="submission:received",
                subject=f"submission-{n}",
                commitment=commit_facts({"rows": n}, bytes(32)),
            )
        )
    return entries


def rehash(entry: Entry, prev: Entry | None, **changes: object) -> Entry:
    changed = replace(entry, **changes)  # type: ignore[arg-type]
    return link(
        prev,
        at=changed.at,
        tag=changed.tag,
        subject=changed.subject,
        commitment=changed.commitment,
    )


def checkpoint(entries: list[Entry]) -> Checkpoint:
    return Checkpoint(
        "enclave", len(entries), merkle_root(list(leaves(entries))).hex(), entries[-1].hash, START
    )


def found(entries: list[Entry], *checkpoints: Checkpoint) -> set[tuple[ProblemKind, int]]:
    return {(p.kind, p.seq) for p in verify_chain(entries, checkpoints=checkpoints).problems}


def test_a_whole_chain_verifies() -> None:
    chain = build_chain(9)
    report = verify_chain(chain, checkpoints=[checkpoint(chain[:4]), checkpoint(chain)])
    assert report.verified
    assert (report.entries, report.head, report.last_checkpoint) == (9, chain[-1].hash, 9)
    assert report.to_dict()["problems"] == []


def test_what_verification_cannot_find_is_said() -> None:
    """A rewrite since the newest checkpoint passes: the report says how much that is."""
    chain = build_chain(9)
    none, some, whole = (
        verify_chain(chain, checkpoints=kept)
        for kept in ([], [checkpoint(chain[:4])], [checkpoint(chain)])
    )
    assert (none.uncovered, some.uncovered, whole.uncovered) == (9, 5, 0)
    assert "any of the 9 entries: no signed checkpoint was compared" in none.cannot_find
    assert "a rewrite of the last 5 entries" in some.cannot_find
    assert "last 5" not in whole.cannot_find
    for report in (none, some, whole):
        assert "somebody else keeps" in str(report.to_dict()["cannot_find"])
    rewritten = build_chain(9)[:6]
    rewritten += [rehash(rewritten[-1], rewritten[-1], subject="another")]
    assert verify_chain(rewritten, checkpoints=[checkpoint(chain[:4])]).verified


def test_an_empty_chain_verifies() -> None:
    report = verify_chain([])
    assert report.verified
    assert report.head == GENESIS


@pytest.mark.parametrize(
    "change",
    [
        lambda e: replace(e, subject="somebody-else"),
        lambda e: replace(e, tag="grant:published"),
        lambda e: replace(e, at=e.at + timedelta(microseconds=1)),
        lambda e: replace(e, commitment="0" * 64),
        lambda e: replace(e, once="x"),
    ],
)
def test_an_altered_entry_is_named(change: Callable[[Entry], Entry]) -> None:
    chain = build_chain(6)
    chain[2] = change(chain[2])
    assert found(chain) == {(ProblemKind.ALTERED, 3)}


def test_an_altered_and_rehashed_entry_is_named_by_the_one_after_it() -> None:
    chain = build_chain(6)
    chain[2] = rehash(chain[2], chain[1], subject="somebody-else")
    assert found(chain) == {(ProblemKind.ALTERED, 3)}


def test_removed_entries_are_named() -> None:
    chain = build_chain(8)
    del chain[3:5]
    assert found(chain) == {(ProblemKind.REMOVED, 4), (ProblemKind.REMOVED, 5)}


def test_a_reordered_entry_is_named() -> None:
    chain = build_chain(6)
    chain[2], chain[3] = chain[3], chain[2]
    assert found(chain) == {(ProblemKind.REORDERED, 3)}


def test_a_doubled_entry_is_named() -> None:
    chain = build_chain(4)
    chain.insert(2, chain[1])
    assert found(chain) == {(ProblemKind.DUPLICATED, 2)}


def test_a_back_dated_entry_is_named() -> None:
    chain = build_chain(3)
    forged = link(
        chain[-1], at=START, tag="query:denied", subject="p", commitment=chain[0].commitment
    )
    assert forged.at == chain[-1].at, "an honest appender never goes back"
    early = START - timedelta(days=1)
    # An appender that lies about the time writes a consistent hash all the same.
    alone = link(None, at=early, tag="query:denied", subject="p", commitment="")
    assert alone.at == early
    liar = build_liar(chain[-1], early)
    assert found([*chain, liar]) == {(ProblemKind.BACK_DATED, 4)}


def build_liar(prev: Entry, at: datetime) -> Entry:
    return link(replace(prev, at=at), at=at, tag="query:denied", subject="p", commitment="")


def test_a_chain_rewritten_whole_is_found_by_a_checkpoint_only() -> None:
    honest = build_chain(10)
    rewritten = honest[:4]
    for old in honest[4:]:
        subject = "somebody-else" if old.seq == 6 else old.subject
        rewritten.append(rehash(old, rewritten[-1], subject=subject))
    assert verify_chain(rewritten).verified, "stated as what a chain alone cannot find"
    kept = [checkpoint(honest[:4]), checkpoint(honest[:8])]
    report = verify_chain(rewritten, checkpoints=kept)
    assert [(p.kind, p.seq) for p in report.problems] == [(ProblemKind.REWRITTEN, 5)]
    assert "entries 5 to 8" in report.problems[0].detail
    assert report.last_checkpoint == 4


def test_a_chain_cut_at_its_end_is_found_by_a_checkpoint() -> None:
    honest = build_chain(10)
    assert found(honest[:7], checkpoint(honest)) == {(ProblemKind.REMOVED, 8)}
    assert verify_chain(honest[:7]).verified


def test_an_entry_survives_its_storage_form() -> None:
    entry = build_chain(1)[0]
    assert Entry.from_dict(entry.to_dict()) == entry


@pytest.mark.parametrize(
    "spoil",
    [
        {"seq": "1"},
        {"at": "yesterday"},
        {"at": "2026-01-01T00:00:00"},
        {"tag": 3},
        {"more": 1},
    ],
)
def test_what_is_no_entry_is_refused(spoil: dict[str, object]) -> None:
    raw = dict(build_chain(1)[0].to_dict())
    with pytest.raises(LedgerError):
        Entry.from_dict({**raw, **spoil})
    with pytest.raises(LedgerError):
        Entry.from_dict({"seq": 1})


def test_a_commitment_depends_on_salt_and_every_fact() -> None:
    salt = new_salt()
    one = commit_facts({"rows": 1, "agency": "dol"}, salt)
    assert one == commit_facts({"agency": "dol", "rows": 1}, salt)
    assert one != commit_facts({"agency": "dol", "rows": 2}, salt)
    assert one != commit_facts({"agency": "dol", "rows": 1}, new_salt())


def test_of_two_checkpoints_of_one_size_both_are_held_against_the_chain() -> None:
    chain = build_chain(4)
    honest = checkpoint(chain)
    other = replace(honest, root="ab" * 32)
    for pair in ((honest, other), (other, honest)):
        assert found(chain, *pair) == {(ProblemKind.REWRITTEN, 1)}
