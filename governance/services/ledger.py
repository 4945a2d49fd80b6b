"""The board's ledger: read it, prove from it, verify it, erase facts from it.

Its copy for the public, with signed checkpoints, lies outside the database: see
`governance.services.ledger_copy`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

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
from governance.decisions import Decision, Denial, check_permitted
from governance.errors import LedgerError
from governance.permissions import Action, Actor, Target, decide_action
from governance.requests.states import Status
from governance.services.ledger_copy import (
    copy_store,
    known_keys,
    make_checkpoint,
    newest_checkpoint,
    sealed_checkpoint,
    stored_checkpoints,
)
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note
from governance.store import Kind, NotFoundError, UnitOfWork
from governance.store import chain_rows as rows
from governance.store.drafts import forget_drafts
from governance.store.paging import Page

__all__ = [
    "EntryView",
    "InclusionProof",
    "check_read_models",
    "copy_store",
    "erase",
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


_OVER: Final = frozenset({Status.DENIED, Status.WITHDRAWN, Status.SUPERSEDED, Status.CLOSED})
"""Statuses of a request's version after which nothing is left to do."""
_OF_WHO_ACTED: Final = frozenset({Tag.ACTION_DENIED, Tag.ATTACHMENT_READ})
_OF_A_PERSON: Final = frozenset(
    {Tag.NDA_SIGNED, Tag.TRAINING_RECORDED, Tag.PERSON_LEFT, Tag.INTEREST_DECLARED}
)


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
        entry = _entry(unit, seq)
        stored = rows.read_payload(unit, seq)
        if stored is None:
            return EntryView(entry, None, erased=True)
        facts: dict[str, Any] = json.loads(stored[1])
        public = entry.tag not in CONFIDENTIAL_FACTS
        if not public:
            target = _target(unit, entry, facts)
            public = decide_action(actor, Action.READ_LEDGER_FACTS, target, today=p.today).permitted
        return EntryView(entry, facts if public else None, erased=False)


def prove_inclusion(p: Programme, seq: int) -> InclusionProof:
    """Proof that an entry is covered by the newest checkpoint.

    Raises:
        NotFoundError: There is no such entry, or no checkpoint covers it yet.
    """
    checkpoint = newest_checkpoint(p)
    with p.store.read() as unit:
        entry = _entry(unit, seq)
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


def erase(p: Programme, actor: Actor, seq: int, *, reason: str) -> Entry:
    """Erase the facts of an entry; the chain stays whole, and says that, by whom and why.

    Only facts that no record follows from: a draft that was saved over, a denial. `erase_record`
    erases a whole record that is over.

    Raises:
        AccessDeniedError: The actor may not, or a record follows from them; recorded.
        LedgerError: They are gone already.
        NotFoundError: There is no such entry.
    """
    return _erase(p, actor, (seq,), reason=reason)[0]


def erase_record(p: Programme, actor: Actor, kind: Kind, subject: str, *, reason: str) -> int:
    """Erase every fact of a request or person that is over, with drafts and every document of it.

    Lists forget it; the entries stay. After a crash the same call removes the documents left.

    Returns:
        How many entries' facts were erased.

    Raises:
        AccessDeniedError: The actor may not, or the record is not over; recorded.
        NotFoundError: There is no such record.
    """
    with p.store.read() as unit:
        found = [r.seq for r in unit.load(kind, subject).references]
        if kind == "request":
            found += rows.attachment_entries(unit, subject)
        begun = kind == "request" and unit.position(kind, subject) > 0
    if not found and not (begun and _left_behind(p, actor, subject)):
        raise NotFoundError("There is no such record, or its facts are gone.")
    erased = len(_erase(p, actor, found, reason=reason, whole=(kind, subject))) if found else 0
    if kind == "request":
        with p.store.aside() as unit:
            forget_drafts(unit, subject)
        for key in _documents_of(p, subject):
            p.documents.delete(key)
    return erased


def _left_behind(p: Programme, actor: Actor, number: str) -> bool:
    """Whether a crash left documents of a request whose facts are gone: no entry names them."""
    with denials_recorded(p, actor, Action.ERASE_FACTS.value, "programme"):
        check_permitted(decide_action(actor, Action.ERASE_FACTS, today=p.today))
    return bool(_documents_of(p, number))


def _documents_of(p: Programme, number: str) -> list[str]:
    """Keys of everything on file of a request: filed, drafted and signed."""
    folders = ("attachments", "papers", "signed")
    return [info.key for f in folders for info in p.documents.list(f"{f}/{number}/")]


def _erase(
    p: Programme,
    actor: Actor,
    seqs: Sequence[int],
    *,
    reason: str,
    whole: tuple[Kind, str] | None = None,
) -> tuple[Entry, ...]:
    made = []
    with denials_recorded(p, actor, Action.ERASE_FACTS.value, "programme"), p.store.begin() as unit:
        for entry in [_entry(unit, seq) for seq in seqs]:
            target = _target(unit, entry, {})
            check_permitted(decide_action(actor, Action.ERASE_FACTS, target, today=p.today))
            if entry.tag == Tag.PAYLOAD_ERASED:
                raise LedgerError("What says that facts were erased stays.", seq=entry.seq)
            facts, once = {"seq": entry.seq, "reason": reason}, f"erase:{entry.seq}"
            said = note(
                p, unit, actor, Tag.PAYLOAD_ERASED, subject=entry.subject, facts=facts, once=once
            )
            if said is None:
                raise LedgerError("Those facts were erased before.", seq=entry.seq)
            made.append(said)
        if whole is not None:
            check_permitted(_over(p, unit, *whole))
        others = [place for place in unit.forget(seqs) if place != whole]
        check_permitted(_unneeded(p, others))
    return tuple(made)


def _over(p: Programme, unit: UnitOfWork, kind: Kind, subject: str) -> Decision:
    """Whether nobody acts on a record any more: only then may all its facts go."""
    rule, clause = "record.over", p.rules.destruction_clause
    denials = []
    if kind == "request":
        request = unit.request(subject)
        if request is not None and any(v.status not in _OVER for v in request.versions):
            remedy = "Close or withdraw it first."
            denials.append(Denial(rule, f"Request {subject} is not over.", remedy, clause))
    elif kind == "person":
        person = unit.person(subject)
        if person is not None and person.employed(p.today):
            reason, remedy = "The person is employed today.", "End the employment first."
            denials.append(Denial(rule, reason, remedy, clause))
    else:
        reason = "What a body or the office did is public record."
        denials.append(Denial(rule, reason, "It stays.", clause))
    return Decision((rule,), tuple(denials))


def _unneeded(p: Programme, others: Sequence[tuple[Kind, str]]) -> Decision:
    rule = "record.follows"
    denials = [
        Denial(
            rule,
            f"What the {kind} {subject} is follows from those facts.",
            "Erase the whole record when it is over, or leave them.",
            p.rules.destruction_clause,
        )
        for kind, subject in others
    ]
    return Decision((rule,), tuple(denials))


def _entry(unit: UnitOfWork, seq: int) -> Entry:
    entry = rows.read_entry(unit, seq)
    if entry is None:
        raise NotFoundError("There is no entry of that number.")
    return entry


def _target(unit: UnitOfWork, entry: Entry, facts: Mapping[str, Any]) -> Target:
    """What an entry is about, as far as who may read it goes."""
    place = unit.place_of(entry.seq)
    if place == ("person", entry.subject):
        return Target(person=entry.subject)
    return Target(request=unit.request(entry.subject), person=_concerned(entry, facts))


def _concerned(entry: Entry, facts: Mapping[str, Any]) -> str | None:
    """The one person an entry concerns, not all whom its request names; None for the others."""
    if entry.tag == Tag.REMINDER_SENT.value:
        found = facts.get("facts", {}).get("to")
    elif entry.tag in _OF_WHO_ACTED:
        found = facts.get("by")
    else:
        found = facts.get("person") if entry.tag in _OF_A_PERSON else None
    return found if isinstance(found, str) else None


def _head(unit: UnitOfWork, report: LedgerReport) -> list[LedgerProblem]:
    head = rows.read_head(unit)
    if head.hash == report.head:
        return []
    text = f"the database says that its chain ends with entry {head.seq}, another one"
    return [LedgerProblem(ProblemKind.ALTERED, head.seq, text)]
