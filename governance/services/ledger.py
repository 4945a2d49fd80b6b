"""The board's ledger: read it, prove from it, verify it.

Its copy for the public, with signed checkpoints, lies outside the database: see
`governance.services.ledger_copy`; how facts are erased: `governance.services.erasing`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.audit import (
    Checkpoint,
    Entry,
    LedgerProblem,
    LedgerReport,
    ProblemKind,
    Tag,
    consistency_proof,
    inclusion_proof,
    verify_rows,
)
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.canonical import Json
from governance.errors import LedgerError
from governance.permissions import Action, Actor, decide_action
from governance.services.ledger_copy import (
    copy_store,
    known_keys,
    make_checkpoint,
    newest_checkpoint,
    sealed_checkpoint,
    stored_checkpoints,
)
from governance.services.ledger_target import entry_at, target_of
from governance.services.programme import Programme
from governance.store import NotFoundError, UnitOfWork
from governance.store import chain_rows as rows
from governance.store.paging import Page

__all__ = [
    "EntryView",
    "InclusionProof",
    "check_read_models",
    "copy_store",
    "known_keys",
    "list_entries",
    "make_checkpoint",
    "newest_checkpoint",
    "prove_consistency",
    "prove_inclusion",
    "read_entry",
    "sealed_checkpoint",
    "verify",
]


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry, and its facts where the actor may read them.

    Attributes:
        facts: None when they are confidential, not the actor's to read, or erased.
        erased: Whether they are gone.
    """

    entry: Entry
    facts: Mapping[str, Any] | None
    erased: bool


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in the tree a checkpoint was signed over (RFC 6962 §2.1.1).

    Attributes:
        path: Audit path, hex.
    """

    entry: Entry
    checkpoint: Checkpoint
    path: tuple[str, ...]

    def to_dict(self) -> dict[str, Json]:
        """For `--json` and whoever verifies it elsewhere."""
        return {
            "entry": self.entry.to_dict(),
            "size": self.checkpoint.size,
            "root": self.checkpoint.root,
            "path": list(self.path),
        }


def list_entries(
    p: Programme,
    actor: Actor,  # noqa: ARG001  the chain is public
    *,
    tags: Sequence[Tag] = (),
    subject: str | None = None,
    sort: rows.EntrySort = "seq",
    descending: bool = True,
    page: int = 1,
    per_page: int = 25,
) -> Page[Entry]:
    """One page of the public chain; the newest first, unless asked otherwise."""
    told = tuple(tag.value for tag in tags)
    wanted = rows.EntryFilter(told, subject, sort, descending, page, per_page)
    with p.store.read() as unit:
        return rows.read_entries(unit, wanted)


def read_entry(p: Programme, actor: Actor, seq: int) -> EntryView:
    """An entry, with its facts when they are public or the actor may read them.

    Raises:
        NotFoundError: There is no such entry.
    """
    with p.store.read() as unit:
        entry = entry_at(unit, seq)
        stored = rows.read_payload(unit, seq)
        if stored is None:
            return EntryView(entry, None, erased=True)
        facts: dict[str, Any] = json.loads(stored[1])
        public = entry.tag not in CONFIDENTIAL_FACTS
        if not public:
            target = target_of(unit, entry, facts)
            public = decide_action(actor, Action.READ_LEDGER_FACTS, target, today=p.today).permitted
        return EntryView(entry, facts if public else None, erased=False)


def prove_inclusion(p: Programme, seq: int) -> InclusionProof:
    """Proof that an entry is covered by the newest checkpoint.

    Raises:
        NotFoundError: There is no such entry, or no checkpoint covers it yet.
    """
    checkpoint = newest_checkpoint(p)
    with p.store.read() as unit:
        entry = entry_at(unit, seq)
        if checkpoint is None or checkpoint.size < seq:
            raise NotFoundError("No checkpoint covers that entry yet; make one.")
        leaves = list(rows.read_hashes(unit, 0, checkpoint.size))
    path = inclusion_proof(leaves, seq - 1)
    return InclusionProof(entry, checkpoint, tuple(node.hex() for node in path))


def prove_consistency(p: Programme, old_size: int) -> tuple[Checkpoint, tuple[str, ...]]:
    """Proof that the newest checkpoint's chain begins with the first `old_size` entries.

    Returns:
        The newest checkpoint, and the proof's nodes, hex.

    Raises:
        NotFoundError: There is no checkpoint that covers so many.
    """
    checkpoint = newest_checkpoint(p)
    if checkpoint is None or not 0 < old_size <= checkpoint.size:
        raise NotFoundError("No checkpoint covers so many entries.")
    with p.store.read() as unit:
        leaves = list(rows.read_hashes(unit, 0, checkpoint.size))
    return checkpoint, tuple(node.hex() for node in consistency_proof(leaves, old_size))


def verify(
    p: Programme,
    *,
    anchors: Sequence[Checkpoint] = (),
    with_payloads: bool = True,
    with_read_models: bool = True,
) -> LedgerReport:
    """Verify the database's chain: against itself, its checkpoints outside, its facts, its lists.

    Args:
        p: The programme.
        anchors: Further checkpoints kept elsewhere, already verified.
        with_payloads: Whether to compare the facts and every event's place.
        with_read_models: Whether to compare what lists show with a replay.

    Returns:
        The report; each problem names its entry.
    """
    outside, refused = stored_checkpoints(p)
    with p.store.read() as unit:
        report = verify_rows(rows.stream_rows(unit), checkpoints=[*outside, *anchors])
        problems = [*report.problems, *refused, *_head(unit, report)]
        if with_payloads:
            facts = rows.verify_payloads(unit)
            problems += facts.problems
            report = replace(report, payloads=facts.payloads, erased=facts.erased)
    if with_read_models and not problems:
        problems += check_read_models(p)
    return replace(report, problems=tuple(problems))


def check_read_models(p: Programme) -> tuple[LedgerProblem, ...]:
    """What lists show that the entries do not say; `Store.rebuild` mends it."""
    try:
        different = p.store.compare()
    except LedgerError as error:
        return (LedgerProblem(ProblemKind.DERIVED, 0, error.message),)
    return tuple(
        LedgerProblem(ProblemKind.DERIVED, 0, f"{d.table} {'/'.join(d.key)} is {d.what}")
        for d in different
    )


def _head(unit: UnitOfWork, report: LedgerReport) -> list[LedgerProblem]:
    head = rows.read_head(unit)
    if head.hash == report.head:
        return []
    text = f"the database says that its chain ends with entry {head.seq}, another one"
    return [LedgerProblem(ProblemKind.ALTERED, head.seq, text)]
