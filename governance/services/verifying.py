"""Verifications of the ledger that people ask for: what was found is an entry itself."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.audit import Checkpoint, LedgerReport, Tag
from governance.audit.merkle import verify_consistency
from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.services.ledger import list_entries, prove_consistency, read_entry, verify
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, record
from governance.store.chain_rows import read_tags

SUBJECT = "governance-ledger"
"""What a verification's entry is about."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification on record.

    Attributes:
        facts: Entries, head, checkpoints, problems by kind; None when they were erased.
    """

    seq: int
    at: datetime
    facts: Mapping[str, Any] | None


def verify_and_record(p: Programme, actor: Actor, *, once: str | None = None) -> LedgerReport:
    """Verify the whole chain against itself, its checkpoints, facts and lists, and record it.

    Raises:
        AccessDeniedError: The actor is neither of the operating office nor the auditor; recorded.
    """
    with denials_recorded(p, actor, Action.READ_LEDGER_FACTS.value, SUBJECT):
        check_permitted(decide_action(actor, Action.READ_LEDGER_FACTS, today=p.today))
    report = verify(p)
    facts = {
        "entries": report.entries,
        "head": report.head,
        "checkpoints": report.checkpoints,
        "last_checkpoint": report.last_checkpoint,
        "payloads": report.payloads,
        "erased": report.erased,
        "problems": dict(Counter(problem.kind.value for problem in report.problems)),
    }
    mark = None if once is None else f"verify:{actor.by}:{once}"
    record(p, actor, Tag.LEDGER_VERIFIED, subject=SUBJECT, facts=facts, once=mark)
    return report


def last_verification(p: Programme, actor: Actor) -> Verification | None:
    """The newest verification on record; None when there was none."""
    found = list_entries(p, actor, tags=(Tag.LEDGER_VERIFIED,), per_page=1).items
    if not found:
        return None
    view = read_entry(p, actor, found[0].seq)
    facts = None if view.facts is None else view.facts.get("facts", {})
    return Verification(view.entry.seq, view.entry.at, facts)


def continues(p: Programme, old_size: int, old_root: str) -> tuple[Checkpoint, bool]:
    """Whether the newest checkpoint continues one that somebody kept.

    Args:
        p: The programme.
        old_size: Entries that checkpoint covers.
        old_root: Its Merkle root, hex.

    Raises:
        NotFoundError: No checkpoint covers so many entries.
        ValueError: The root is no hexadecimal number.
    """
    checkpoint, path = prove_consistency(p, old_size)
    proof = [bytes.fromhex(node) for node in path]
    new_root = bytes.fromhex(checkpoint.root)
    same = verify_consistency(old_size, bytes.fromhex(old_root), checkpoint.size, new_root, proof)
    return checkpoint, same


def tags_in_use(p: Programme) -> tuple[Tag, ...]:
    """Kinds of entries that the chain has, in the order of their names."""
    with p.store.read() as unit:
        return tuple(Tag(tag) for tag in read_tags(unit))
