"""The ledger, read whole and verified, as records to replay; a table's other rows are not read.

Steps, repeated at their code:

1. Every entry hashes to what it says and continues the one before (`verify_chain`).
2. The chain agrees with every checkpoint that the pinned keys signed, read from outside the
   database, and continues the last head this signer verified.
3. Facts are those the entry committed to; gone ones were erased by an entry that says so.
4. Facts name the same event as their entry, and their place in their record: an event that stands
   elsewhere, twice or not at all in its record is told.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from governance.audit.chain import (
    GENESIS,
    Entry,
    LedgerProblem,
    ProblemKind,
    commit_facts,
    verify_chain,
)
from governance.audit.checkpoints import Checkpoint, verify_checkpoint
from governance.audit.tags import Tag
from governance.objects import ObjectStore
from governance.signer.errors import LedgerRefusedError
from governance.signer.memory import Memory
from governance.signing import Envelope, PublicKey, SignatureRefusedError
from governance.store import Store
from governance.store import tables as t
from governance.store.streams import POSITION_FACT, STREAM_FACT
from governance.stored_ledger import erasure_mark

CHECKPOINTS: Final = "ledger/governance/checkpoints/"
"""Where the control plane's checkpoints lie in the policy zone."""
_NOTED: Final = frozenset({Tag.GRANT_PUBLISHED.value, Tag.PEOPLE_PUBLISHED.value})
"""Of the programme's own stream, what the signer needs."""
_BLOCK_ROWS: Final = 2000
ANY_BODY: Final = ("body", "*")
"""Among the erased: facts of some body, nobody can tell of which."""
_OF_PERSON: Final = frozenset({"person:registered", "person:changed", "person:ended"})
_OF_REQUEST: Final = (
    "data_request:", "sharing_agreement:", "nda:", "training:", "condition:", "destruction:",
    "person:left", "interest:declared",
)  # fmt: skip
_OF_BODY: Final = (
    "seat:", "alternate:", "proxy:", "meeting:", "motion:", "vote:", "agency:admitted",
    "person:arrived", "person:departed", "interest:declared",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a record: where it stands in the chain, and its facts as JSON text."""

    entry: Entry
    text: str

    @property
    def facts(self) -> dict[str, Any]:
        """The event's own facts."""
        raw: dict[str, Any] = json.loads(self.text)
        return {k: v for k, v in raw.items() if k not in (STREAM_FACT, POSITION_FACT)}


@dataclass(frozen=True)
class VerifiedLedger:
    """A chain that passed every step.

    Attributes:
        entries, head: Its length, and the hash of its last entry.
        records: Events by kind and subject (`("request", "Q0042")`), in order.
        erased: Records of which facts were erased: they cannot be replayed.
        noted: What was published, of the programme's own stream.
    """

    entries: int
    head: str
    records: Mapping[tuple[str, str], Sequence[Told]] = field(default_factory=dict)
    erased: frozenset[tuple[str, str]] = frozenset()
    noted: Sequence[Told] = ()

    def of_kind(self, kind: str) -> Iterator[tuple[str, Sequence[Told]]]:
        """Every record of a kind, by subject."""
        for (known, subject), events in sorted(self.records.items()):
            if known == kind:
                yield subject, events


def read_ledger(
    store: Store, policy: ObjectStore, keys: Mapping[str, PublicKey], memory: Memory
) -> VerifiedLedger:
    """Read and verify the whole ledger.

    Args:
        store: The control plane's database.
        policy: The policy zone, where checkpoints lie.
        keys: Pinned keys that may have signed checkpoints.
        memory: What this signer verified last.

    Raises:
        LedgerRefusedError: Something does not verify; names the entries.
    """
    reading = _Reading(memory)
    checkpoints = reading.checkpoints(policy, keys)
    with store.read() as unit:
        rows = unit.connection.execute(_ALL).yield_per(_BLOCK_ROWS)
        report = verify_chain(reading.take(rows), checkpoints=checkpoints)  # steps 1, 2
    problems = [*report.problems, *reading.finish()]
    if problems:
        raise LedgerRefusedError(problems)
    return VerifiedLedger(
        report.entries,
        report.head,
        reading.records,
        frozenset(reading.erased),
        reading.noted,
    )


def head_of(store: Store) -> tuple[int, str]:
    """Length and last hash as the database says: only to tell whether anything happened."""
    entries = t.ledger_entries
    with store.read() as unit:
        row = unit.connection.execute(
            select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)
        ).one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


_E, _P = t.ledger_entries, t.ledger_payloads
_ALL: Final = (
    select(*_E.c, _P.c.salt, _P.c.facts).outerjoin(_P, _P.c.seq == _E.c.seq).order_by(_E.c.seq)
)
_COLUMNS: Final = tuple(column.name for column in _E.c)


class _Reading:
    """One pass over the rows."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._problems: list[LedgerProblem] = []
        self._missing: dict[str, int] = {}
        self._continued = memory.seq == 0
        self._positions: dict[tuple[str, str], int] = {}
        self._seen_erasures: set[int] = set()
        self.records: dict[tuple[str, str], list[Told]] = {}
        self.noted: list[Told] = []
        self.erased: set[tuple[str, str]] = set()

    def checkpoints(self, policy: ObjectStore, keys: Mapping[str, PublicKey]) -> list[Checkpoint]:
        """Step 2: those that lie outside, each with a signature that verifies."""
        found = []
        for info in policy.list(CHECKPOINTS):
            number = info.key.rsplit("/", 1)[1].removesuffix(".json")
            if not number.isdecimal():
                continue
            try:
                envelope = Envelope.from_json(policy.read(info.key))
                found.append(verify_checkpoint(envelope, keys))
            except SignatureRefusedError as error:
                self._add(ProblemKind.CHECKPOINT_REFUSED, int(number), error.message)
        return found

    def take(self, rows: Any) -> Iterator[Entry]:  # noqa: ANN401  rows of `_ALL`
        """Each entry, after steps 3 and 4."""
        for row in rows:
            entry = self._entry(row)
            if entry is None:
                continue
            self._take_facts(entry, row.salt, row.facts)
            if entry.seq == self._memory.seq:
                self._continued = entry.hash == self._memory.head
            yield entry

    def finish(self) -> Sequence[LedgerProblem]:
        """What only the end can tell."""
        for seq in self._missing.values():
            if seq not in self._seen_erasures:
                self._add(
                    ProblemKind.PAYLOAD_REMOVED, seq, "its facts are gone, and no entry says why"
                )
        if not self._continued:
            detail = "the chain does not continue what this signer verified before"
            self._add(ProblemKind.REWRITTEN, self._memory.seq, detail)
        return self._problems

    def _entry(self, row: Any) -> Entry | None:  # noqa: ANN401  a row of `_ALL`
        seq, at, *texts = (getattr(row, name) for name in _COLUMNS)
        instant = _instant(at)
        if instant is None:
            self._add(ProblemKind.UNREADABLE, seq, "what stands there is no entry")
            return None
        return Entry(seq, instant, *texts)

    def _take_facts(self, entry: Entry, salt: str | None, text: str | None) -> None:
        if entry.tag == Tag.PAYLOAD_ERASED:
            self._seen_erasures.update(
                seq for mark, seq in self._missing.items() if mark == entry.once
            )
        if salt is None or text is None:
            self._missing[erasure_mark(entry.seq)] = entry.seq
            self.erased.update(_records_of(entry))
            return
        facts = _committed(entry, salt, text)  # step 3
        if facts is None:
            detail = "its facts are not those it committed to"
            self._add(ProblemKind.PAYLOAD_ALTERED, entry.seq, detail)
            return
        stream, position = facts.get(STREAM_FACT), facts.get(POSITION_FACT)
        named = (facts.get("tag"), facts.get("subject"))
        if named != (entry.tag, entry.subject) or not isinstance(stream, str):  # step 4
            detail = "its facts name another event"
            self._add(ProblemKind.ALTERED, entry.seq, detail)
            return
        kind, _, subject = stream.partition("/")
        if kind == "programme":
            if entry.tag in _NOTED:
                self.noted.append(Told(entry, text))
            return
        self._file(entry, text, (kind, subject), position)

    def _file(self, entry: Entry, text: str, record: tuple[str, str], position: object) -> None:
        """Step 4: the event's place in its record."""
        last = self._positions.get(record, 0)
        if type(position) is not int or position <= last:
            self._add(ProblemKind.REORDERED, entry.seq, "it stands twice in its record")
            return
        if position != last + 1:
            # Whether the ones in between were erased or are gone, the record cannot be replayed.
            self.erased.add(record)
        self._positions[record] = position
        self.records.setdefault(record, []).append(Told(entry, text))

    def _add(self, kind: ProblemKind, seq: int, detail: str) -> None:
        self._problems.append(LedgerProblem(kind, seq, detail))


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None


def _records_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Records an entry may be of, when its facts no longer say so."""
    if entry.tag in _OF_PERSON:
        yield "person", entry.subject
    if entry.tag.startswith(_OF_REQUEST):
        yield "request", entry.subject
    if entry.tag.startswith(_OF_BODY):
        yield ANY_BODY


def _committed(entry: Entry, salt: str, text: str) -> dict[str, Any] | None:
    """The facts, when the entry committed to them."""
    try:
        facts = json.loads(text)
        whole = isinstance(facts, dict) and (
            commit_facts(facts, bytes.fromhex(salt)) == entry.commitment
        )
    except (ValueError, TypeError, RecursionError):
        return None
    return facts if whole else None
