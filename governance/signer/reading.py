"""The ledger, read and verified, event by event; no other row of the database is read.

Steps, repeated at their code:

1. Every entry hashes to what it says and continues the one before.
2. The chain agrees with every checkpoint that the pinned keys signed, read from outside the
   database, and continues the last head this signer verified.
3. Facts are those the entry committed to; gone ones were erased by an entry that says so.
4. Facts name the same event as their entry, and their place in their record: an event that stands
   elsewhere or twice is told, and a record with a gap cannot be judged.

The whole chain is read when the signer starts and once an hour. In between only what was added is
read, and judged on what is held in memory: older rows are not asked again.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    follows,
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
ANY_BODY: Final = ("body", "*")
"""Among the erased: facts of some body, nobody can tell of which."""
_BLOCK_ROWS: Final = 2000
_OF_PERSON: Final = frozenset({"person:registered", "person:changed", "person:ended"})
_OF_REQUEST: Final = (
    "data_request:", "sharing_agreement:", "nda:", "training:", "condition:", "destruction:",
    "person:left", "interest:declared",
)  # fmt: skip
_OF_BODY: Final = (
    "seat:", "alternate:", "proxy:", "meeting:", "motion:", "vote:", "agency:admitted",
    "person:arrived", "person:departed",
)  # fmt: skip

_E, _P = t.ledger_entries, t.ledger_payloads
_ALL: Final = (
    select(*_E.c, _P.c.salt, _P.c.facts).outerjoin(_P, _P.c.seq == _E.c.seq).order_by(_E.c.seq)
)
_COLUMNS: Final = tuple(column.name for column in _E.c)

Record = tuple[str, str]
"""Kind and subject: `("request", "Q0042")`."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its entry, the record it is of, and its own facts."""

    entry: Entry
    record: Record
    facts: dict[str, Any]


@dataclass
class Progress:
    """How far the chain was verified, and what the next part needs to know.

    Attributes:
        last: The last entry; None before the first.
        positions: Last position seen in each record.
        missing: Entries whose facts are gone and of which no later one says so, by erasure mark.
        drafts: Drafts of a request whose facts are gone, since its last event that is not.
    """

    last: Entry | None = None
    positions: dict[Record, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    drafts: dict[Record, int] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """Length of the chain so far."""
        return 0 if self.last is None else self.last.seq

    @property
    def head(self) -> str:
        """Its last hash."""
        return GENESIS if self.last is None else self.last.hash


def read_ledger(
    store: Store,
    policy: ObjectStore,
    keys: Mapping[str, PublicKey],
    memory: Memory,
    *,
    progress: Progress,
    take: Callable[[Told], None],
    forget: Callable[[Sequence[Record]], None],
) -> None:
    """Read and verify the ledger from where `progress` stands; the whole of it from a fresh one.

    When this raises, what was taken must be thrown away.

    Args:
        store: The control plane's database.
        policy: The policy zone, where checkpoints lie.
        keys: Pinned keys that may have signed checkpoints.
        memory: What this signer verified last.
        progress: Is moved on.
        take: Gets each event, in the order of the chain.
        forget: Gets the records an entry may be of whose facts are gone.

    Raises:
        LedgerRefusedError: Something does not verify; names the entries.
    """
    reading = _Reading(progress, memory, take, forget)
    checkpoints = reading.checkpoints(policy, keys)
    with store.read() as unit:
        if progress.last is None:
            rows = unit.connection.execute(_ALL).yield_per(_BLOCK_ROWS)
            report = verify_chain(reading.entries(rows), checkpoints=checkpoints)  # steps 1, 2
            reading.problems.extend(report.problems)
        else:
            since = _ALL.where(_E.c.seq >= progress.last.seq)
            rows = unit.connection.execute(since).yield_per(_BLOCK_ROWS)
            reading.go_on(rows, {c.size: c for c in checkpoints})
    reading.finish()
    if reading.problems:
        raise LedgerRefusedError(reading.problems)


def head_of(store: Store) -> tuple[int, str]:
    """Length and last hash as the database says: only to tell whether anything happened."""
    with store.read() as unit:
        row = unit.connection.execute(
            select(_E.c.seq, _E.c.hash).order_by(_E.c.seq.desc()).limit(1)
        ).one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


class _Reading:
    """One pass over rows."""

    def __init__(
        self,
        progress: Progress,
        memory: Memory,
        take: Callable[[Told], None],
        forget: Callable[[Sequence[Record]], None],
    ) -> None:
        self._progress, self._memory = progress, memory
        self._take, self._forget = take, forget
        self._continued = memory.seq <= progress.entries
        self.problems: list[LedgerProblem] = []

    def checkpoints(self, policy: ObjectStore, keys: Mapping[str, PublicKey]) -> list[Checkpoint]:
        """Step 2: those that lie outside, each with a signature that verifies."""
        found = []
        for info in policy.list(CHECKPOINTS):
            number = info.key.rsplit("/", 1)[1].removesuffix(".json")
            if not number.isdecimal() or 0 < int(number) < self._progress.entries:
                continue
            try:
                envelope = Envelope.from_json(policy.read(info.key))
                found.append(verify_checkpoint(envelope, keys))
            except SignatureRefusedError as error:
                self._add(ProblemKind.CHECKPOINT_REFUSED, int(number), error.message)
        return found

    def entries(self, rows: Any) -> Iterator[Entry]:  # noqa: ANN401  rows of `_ALL`
        """Each entry of the whole chain, after steps 3 and 4."""
        for row in rows:
            entry = self._entry(row)
            if entry is not None:
                self._read(entry, row)
                yield entry

    def go_on(self, rows: Any, checkpoints: Mapping[int, Checkpoint]) -> None:  # noqa: ANN401
        """Steps 1 and 2 for what was added; the first row is the last one that was verified.

        A checkpoint's head suffices here: the hash of an entry covers everything before it.
        """
        last = self._progress.last
        is_first = True
        for row in rows:
            entry = self._entry(row)
            if entry is None or last is None:
                return
            if is_first:
                is_first = False
                if entry != last:
                    detail = "it is not what this signer verified before"
                    self._add(ProblemKind.REWRITTEN, last.seq, detail)
                    return
            else:
                if not follows(last, entry):
                    detail = "it does not continue the entry before it"
                    self._add(ProblemKind.ALTERED, entry.seq, detail)
                    return
                self._read(entry, row)
                last = entry
            if (known := checkpoints.get(entry.seq)) is not None and known.head != entry.hash:
                detail = "it is not what a signed checkpoint was made of"
                self._add(ProblemKind.REWRITTEN, entry.seq, detail)
                return
        if is_first and last is not None:
            self._add(ProblemKind.REMOVED, last.seq, "the entry is missing")
        for size in checkpoints:
            if last is not None and size > last.seq:
                detail = f"a signed checkpoint covers {size} entries, the chain ends before"
                self._add(ProblemKind.REMOVED, last.seq + 1, detail)

    def finish(self) -> None:
        """What only the end can tell."""
        for seq in self._progress.missing.values():
            self._add(ProblemKind.PAYLOAD_REMOVED, seq, "its facts are gone, and no entry says why")
        if not self._continued:
            detail = "the chain does not continue what this signer verified before"
            self._add(ProblemKind.REWRITTEN, self._memory.seq, detail)

    def _read(self, entry: Entry, row: Any) -> None:  # noqa: ANN401  a row of `_ALL`
        self._take_facts(entry, row.salt, row.facts)
        if entry.seq == self._memory.seq:
            self._continued = entry.hash == self._memory.head
        self._progress.last = entry

    def _entry(self, row: Any) -> Entry | None:  # noqa: ANN401  a row of `_ALL`
        seq, at, *texts = (getattr(row, name) for name in _COLUMNS)
        instant = _instant(at)
        if instant is None:
            self._add(ProblemKind.UNREADABLE, seq, "what stands there is no entry")
            return None
        return Entry(seq, instant, *texts)

    def _take_facts(self, entry: Entry, salt: str | None, text: str | None) -> None:
        if entry.tag == Tag.PAYLOAD_ERASED:
            self._progress.missing.pop(entry.once, None)
        if salt is None or text is None:
            self._progress.missing[erasure_mark(entry.seq)] = entry.seq
            self._miss(entry)
            return
        facts = _committed(entry, salt, text)  # step 3
        if facts is None:
            detail = "its facts are not those it committed to"
            self._add(ProblemKind.PAYLOAD_ALTERED, entry.seq, detail)
            return
        stream, position = facts.pop(STREAM_FACT, None), facts.pop(POSITION_FACT, None)
        named = (facts.get("tag"), facts.get("subject"))
        if named != (entry.tag, entry.subject) or not isinstance(stream, str):  # step 4
            self._add(ProblemKind.ALTERED, entry.seq, "its facts name another event")
            return
        kind, _, subject = stream.partition("/")
        record = (kind, subject)
        if kind != "programme" and not self._file(entry, record, position):
            return
        self._take(Told(entry, record, facts))

    def _miss(self, entry: Entry) -> None:
        """Facts that are gone: a draft may be (a digest tells what was submitted), others not."""
        if entry.tag == Tag.DATA_REQUEST_DRAFTED:
            record = ("request", entry.subject)
            self._progress.drafts[record] = self._progress.drafts.get(record, 0) + 1
        else:
            self._forget(tuple(_records_of(entry)))

    def _file(self, entry: Entry, record: Record, position: object) -> bool:
        """Step 4: the event's place in its record."""
        last = self._progress.positions.get(record, 0)
        if type(position) is not int or position <= last:
            self._add(ProblemKind.REORDERED, entry.seq, "it stands twice in its record")
            return False
        if position != last + 1 + self._progress.drafts.pop(record, 0):
            # Whether the ones in between were erased or are gone, it cannot be judged any more.
            self._forget((record,))
        self._progress.positions[record] = position
        return True

    def _add(self, kind: ProblemKind, seq: int, detail: str) -> None:
        self.problems.append(LedgerProblem(kind, seq, detail))


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None


def _records_of(entry: Entry) -> Iterator[Record]:
    """Records an entry may be of, when its facts no longer say so."""
    if entry.tag in _OF_PERSON:
        yield "person", entry.subject
    if entry.tag.startswith(_OF_REQUEST):
        yield "request", entry.subject
    if entry.tag.startswith(_OF_BODY):
        yield ANY_BODY
    if entry.tag == Tag.INTEREST_DECLARED:
        yield "motion", entry.subject  # or of a request, which is named above


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
