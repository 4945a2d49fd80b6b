"""A ledger as it lies in an object store: names of its objects, and the verification of them all.

Reading only; whoever has a copy of the objects can verify them (`governance ledger verify`).
Entries lie one an object, as the data plane's appender (`enclave.ledger`) writes them, or in
segments (`governance.audit.segments`), as the board's ledger is copied; a copy may have both.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from governance.audit import (
    Checkpoint,
    Entry,
    LedgerProblem,
    LedgerReport,
    ProblemKind,
    Tag,
    commit_facts,
    verify_chain,
    verify_checkpoint,
)
from governance.audit.segments import (
    SUFFIX,
    number_in,
    payloads_key,
    read_entries,
    read_payloads,
)
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.canonical import Json
from governance.digests import sha256_of
from governance.errors import LedgerError, ObjectNotFoundError
from governance.objects import ObjectStore
from governance.signing import Envelope, PublicKey, SignatureRefusedError

LATEST_CHECKPOINT: Final = "checkpoints/latest.json"
_DIGITS: Final = 12


def entry_key(seq: int) -> str:
    """Where an entry lies."""
    return f"entries/{seq:0{_DIGITS}d}.json"


def checkpoint_key(size: int) -> str:
    """Where the checkpoint of that many entries lies."""
    return f"checkpoints/{size:0{_DIGITS}d}.json"


def payload_key(commitment: str) -> str:
    """Where the facts of that commitment lie."""
    return f"payloads/{commitment[:2]}/{commitment}.json"


def erasure_key(seq: int) -> str:
    """Idempotency key of the entry that says that the facts of entry `seq` were erased."""
    return f"erase:{seq}"


def erasure_mark(seq: int) -> str:
    """What that entry carries in `once`."""
    return sha256_of(erasure_key(seq).encode())


def parse_object(data: bytes) -> dict[str, object]:
    """A stored JSON object.

    Raises:
        LedgerError: It is none.
    """
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise LedgerError("An object of the ledger is no JSON.") from None
    if not isinstance(raw, dict):
        raise LedgerError("An object of the ledger is no JSON object.")
    return raw


def read_facts(store: ObjectStore, entry: Entry) -> Mapping[str, Json] | None:
    """The facts of an entry, or None when they were erased.

    Raises:
        LedgerError: What lies there is not what the entry committed to.
    """
    try:
        stored = store.read(payload_key(entry.commitment))
    except ObjectNotFoundError:
        return None
    return _facts_in(stored, entry)


def erased_entry(entry: Entry, facts: Mapping[str, object]) -> int:
    """Whose facts are gone by the word of this entry and its facts; 0 when they do not agree."""
    own = facts.get("facts", facts)  # the board's ledger has them inside the event
    seq = own.get("seq") if isinstance(own, Mapping) else None
    return seq if type(seq) is int and erasure_mark(seq) == entry.once else 0


def _facts_in(stored: bytes | None, entry: Entry) -> Mapping[str, Json] | None:
    if stored is None:
        return None
    raw = parse_object(stored)
    facts, salt = raw.get("facts"), raw.get("salt")
    altered = LedgerError("The facts of an entry are not those it committed to.", seq=entry.seq)
    if not isinstance(facts, dict) or not isinstance(salt, str):
        raise altered
    try:
        commitment = commit_facts(facts, bytes.fromhex(salt))
    except ValueError:
        raise altered from None
    if commitment != entry.commitment:
        raise altered
    return facts


def verify_stored(
    store: ObjectStore,
    keys: Mapping[str, PublicKey],
    *,
    anchors: Iterable[Checkpoint] = (),
    with_payloads: bool = True,
    chain: str | None = None,
) -> LedgerReport:
    """Verify a stored chain, its checkpoints and the facts beside it.

    Args:
        store: The ledger zone, or a copy of it.
        keys: Keys that may have signed checkpoints; without any, stored checkpoints are not
            compared and the chain stands alone.
        anchors: Checkpoints kept outside, already verified.
        with_payloads: Whether to compare the facts too.
        chain: The chain's name, which each checkpoint must have; None where it is not known: then
            all must have the same.

    Returns:
        The report; each problem names its entry.
    """
    reading = _Reading(store, keys, with_payloads=with_payloads)
    found = [*(reading.checkpoints() if keys else ()), *anchors]
    checkpoints = reading.of_chain(found, chain)
    report = verify_chain(reading.entries(), checkpoints=checkpoints)
    reading.judge_missing()
    return replace(
        report,
        payloads=reading.payloads,
        erased=reading.erased,
        withheld=reading.withheld,
        problems=report.problems + tuple(reading.problems),
    )


@dataclass
class _Reading:
    """What one pass over the objects finds besides the chain itself."""

    store: ObjectStore
    keys: Mapping[str, PublicKey]
    with_payloads: bool
    problems: list[LedgerProblem] = field(default_factory=list)
    payloads: int = 0
    erased: int = 0
    withheld: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    present: set[int] = field(default_factory=set)

    def entries(self) -> Iterator[Entry]:
        for info in self.store.list("entries/"):
            if info.key.endswith(SUFFIX):
                yield from self._segment(info.key)
            elif (entry := self._entry(info.key)) is not None:
                if self.with_payloads:
                    self._facts(entry, lambda e: read_facts(self.store, e))
                yield entry

    def judge_missing(self) -> None:
        """Facts that are gone, and of which no later entry says that they were erased."""
        for seq in self.missing.values():
            self._add(ProblemKind.PAYLOAD_REMOVED, seq, "its facts are gone, and no entry says why")

    def checkpoints(self) -> Iterator[Checkpoint]:
        for info in self.store.list("checkpoints/"):
            if info.key == LATEST_CHECKPOINT:
                continue
            try:
                envelope = Envelope.from_json(self.store.read(info.key))
                checkpoint = verify_checkpoint(envelope, self.keys)
            except SignatureRefusedError as error:
                self._add(ProblemKind.CHECKPOINT_REFUSED, number_in(info.key), error.message)
            else:
                yield checkpoint

    def of_chain(self, found: Iterable[Checkpoint], chain: str | None) -> list[Checkpoint]:
        """Checkpoints of the chain; one of another, signed by the same key, proves nothing here."""
        kept: list[Checkpoint] = []
        for checkpoint in found:
            chain = checkpoint.chain if chain is None else chain
            if checkpoint.chain == chain:
                kept.append(checkpoint)
            else:
                detail = "the checkpoint is of another chain"
                self._add(ProblemKind.CHECKPOINT_REFUSED, checkpoint.size, detail)
        return kept

    def _entry(self, key: str) -> Entry | None:
        seq = number_in(key)
        try:
            entry = Entry.from_dict(parse_object(self.store.read(key)))
        except LedgerError:
            self._add(ProblemKind.UNREADABLE, seq, "what lies there is no entry")
            return None
        if entry.seq != seq:
            self._add(ProblemKind.REORDERED, entry.seq, f"it lies under the number {seq}")
        return entry

    def _segment(self, key: str) -> Iterator[Entry]:
        lines = self._lines(key) if self.with_payloads else {}
        number = number_in(key)
        for entry in read_entries(self.store.read(key)):
            if entry is None:
                self._add(ProblemKind.UNREADABLE, number, "what lies there is no entry")
            else:
                number = entry.seq
                if self.with_payloads:
                    self._facts(entry, lambda e: _facts_in(lines.get(e.seq), e))
                yield entry
            number += 1

    def _lines(self, key: str) -> Mapping[int, bytes]:
        """The facts beside a segment; none when they are gone, which is told of each entry."""
        try:
            return read_payloads(self.store.read(payloads_key(number_in(key)))).lines
        except (LedgerError, ObjectNotFoundError):
            return {}

    def _facts(self, entry: Entry, read: Callable[[Entry], Mapping[str, Json] | None]) -> None:
        try:
            facts = read(entry)
        except LedgerError as error:
            self._add(ProblemKind.PAYLOAD_ALTERED, entry.seq, error.message)
            return
        if facts is not None:
            self.payloads += 1
            self.present.add(entry.seq)
        elif entry.tag in CONFIDENTIAL_FACTS:
            self.withheld += 1
        else:
            self.missing[erasure_mark(entry.seq)] = entry.seq
        if entry.tag == Tag.PAYLOAD_ERASED:
            self._take_erasure(entry, facts or {})

    def _take_erasure(self, entry: Entry, facts: Mapping[str, Json]) -> None:
        if self.missing.pop(entry.once, None) is not None:
            self.erased += 1
            return
        seq = erased_entry(entry, facts)
        if seq in self.present:
            detail = f"entry {entry.seq} says that its facts were erased, and they are there"
            self._add(ProblemKind.NOT_ERASED, seq, detail)

    def _add(self, kind: ProblemKind, seq: int, detail: str) -> None:
        self.problems.append(LedgerProblem(kind, seq, detail))
