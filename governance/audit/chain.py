"""The hash chain: entries that commit to their facts and to the entry before, and its verification.

What is in the chain is public: number, time, tag, subject (an internal id) and a salted commitment.
The facts lie apart, with their salt; erased, they leave the chain whole and say nothing.

What verification finds: an entry altered, removed, put elsewhere, doubled or back-dated. What it
cannot find by itself: a chain rewritten from some entry to its end, or cut at its end. Against
those stand the signed checkpoints (`governance.audit.checkpoints`), and only as far as somebody
outside keeps them: a rewrite since the last checkpoint known outside cannot be shown.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Final, TypeAlias, TypeGuard

from governance.audit.checkpoints import Checkpoint
from governance.audit.merkle import Frontier
from governance.canonical import Json, canonical_json
from governance.digests import sha256_of
from governance.errors import LedgerError

GENESIS: Final = "0" * 64
"""What the first entry names as the hash before it."""
SALT_BYTES: Final = 32
HIGHEST_ENTRY: Final = 999_999_999_999
"""Twelve digits, as in the names of stored entries."""
_COMMITMENT_DOMAIN: Final = b"ledger-facts-v1\x00"
_quote: Final = encode_basestring
"""A text as `canonical_json` quotes it."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
"""As `format_instant` writes it: in the order of time when sorted as text."""
_FIELDS: Final = frozenset({"at", "commitment", "hash", "once", "prev", "seq", "subject", "tag"})


def is_entry_number(number: object) -> TypeGuard[int]:
    """Whether it can be the number of an entry: numbers have at most twelve digits."""
    return type(number) is int and 1 <= number <= HIGHEST_ENTRY


@dataclass(frozen=True, slots=True)
class Entry:
    """One link.

    Attributes:
        seq: 1, 2, 3, … without gaps.
        at: UTC; never before the entry before it.
        tag: `subject:past_tense`, one of `governance.audit.tags.Tag`.
        subject: Internal id of what it is about; never a name or a value.
        commitment: Of the facts, see `commit_facts`.
        prev: `hash` of the entry before, `GENESIS` for the first.
        once: Digest of the idempotency key, or empty.
        hash: SHA-256 of all the above, lower-case hex.
    """

    seq: int
    at: datetime
    tag: str
    subject: str
    commitment: str
    prev: str
    once: str
    hash: str

    def to_dict(self) -> dict[str, Json]:
        """As stored and published."""
        return {
            "at": format_instant(self.at),
            "commitment": self.commitment,
            "hash": self.hash,
            "once": self.once,
            "prev": self.prev,
            "seq": self.seq,
            "subject": self.subject,
            "tag": self.tag,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> "Entry":
        """Read a stored entry; its hash is not verified.

        Raises:
            LedgerError: It is no entry.
        """
        try:
            seq, at = raw["seq"], raw["at"]
            texts = [raw[k] for k in ("tag", "subject", "commitment", "prev", "once", "hash")]
            if raw.keys() != _FIELDS or not is_entry_number(seq) or not isinstance(at, str):
                raise LedgerError("The document is no ledger entry.")
            instant = datetime.fromisoformat(at)
        except (KeyError, ValueError, AttributeError, TypeError):
            raise LedgerError("The document is no ledger entry.") from None
        tag, subject, commitment, prev, once, own = texts
        if not (
            isinstance(tag, str)
            and isinstance(subject, str)
            and isinstance(commitment, str)
            and isinstance(prev, str)
            and isinstance(once, str)
            and isinstance(own, str)
            and instant.tzinfo is not None
        ):
            raise LedgerError("The document is no ledger entry.")
        return cls(seq, instant, tag, subject, commitment, prev, once, own)


def link(
    prev: Entry | None, *, at: datetime, tag: str, subject: str, commitment: str, once: str = ""
) -> Entry:
    """The entry that follows `prev`.

    Its time is `at`, or the time of the entry before when that is later: clocks of several machines
    differ, the chain's order does not.
    """
    seq = 1 if prev is None else prev.seq + 1
    instant = at.astimezone(UTC) if prev is None else max(at.astimezone(UTC), prev.at)
    before = GENESIS if prev is None else prev.hash
    own = _hash(seq, format_instant(instant), tag, subject, commitment, before, once)
    return Entry(seq, instant, tag, subject, commitment, before, once, own)


def follows(prev: Entry | None, entry: Entry) -> bool:
    """Whether the entry is whole and continues `prev`; None: it is the first."""
    return entry == link(
        prev,
        at=entry.at,
        tag=entry.tag,
        subject=entry.subject,
        commitment=entry.commitment,
        once=entry.once,
    )


def commit_facts(facts: Mapping[str, Json], salt: bytes) -> str:
    """SHA-256 over a domain, the salt (32 random bytes) and the canonical facts, hex.

    The salt keeps a reader of the chain from guessing facts of few possible values.
    """
    return commit_stored(canonical_json(facts), salt)


def commit_stored(facts: bytes, salt: bytes) -> str:
    """As `commit_facts`, for facts that are stored as canonical bytes."""
    return sha256_of(_COMMITMENT_DOMAIN + salt + facts)


def new_salt() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def format_instant(at: datetime) -> str:
    """ISO 8601 with microseconds, UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class ProblemKind(StrEnum):
    """What is wrong with a ledger."""

    ALTERED = "altered"
    """The entry's content is not what its hash, or the entry after it, committed to."""
    REMOVED = "removed"
    """The entry is missing."""
    REORDERED = "reordered"
    """The entry stands after one with a higher number."""
    DUPLICATED = "duplicated"
    """A second entry has the number."""
    BACK_DATED = "back_dated"
    """The entry's time is before that of the entry before it."""
    UNREADABLE = "unreadable"
    """What lies under the number is no entry."""
    REWRITTEN = "rewritten"
    """The chain up to here is not the one a signed checkpoint was made of."""
    PAYLOAD_ALTERED = "payload_altered"
    """The facts beside the chain are not the ones the entry committed to."""
    PAYLOAD_REMOVED = "payload_removed"
    """The facts beside the chain are gone, and no entry says that they were erased."""
    NOT_ERASED = "not_erased"
    """The facts beside the chain are there, though a later entry says that they were erased."""
    MISFILED = "misfiled"
    """The entry does not stand in the record it committed to, or at another place in it."""
    DERIVED = "derived"
    """What lists show is not what the entries say; the chain itself is whole."""
    CHECKPOINT_REFUSED = "checkpoint_refused"
    """A checkpoint's signature does not verify."""


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """One thing that is wrong, and where.

    Attributes:
        kind: What.
        seq: The entry it is about.
        detail: One sentence.
    """

    kind: ProblemKind
    seq: int
    detail: str


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What verification found.

    Attributes:
        entries: Entries read.
        head: Hash of the last entry, `GENESIS` for an empty chain.
        first_at, last_at: UTC, or None for an empty chain.
        checkpoints: Checkpoints that were compared.
        last_checkpoint: Entries covered by the newest checkpoint that agrees; what came after it
            stands on the chain alone.
        payloads: Facts beside the chain that were compared; `erased` of them are gone.
        withheld: Facts that this copy leaves out because they are confidential.
        problems: In order of discovery; empty when the chain verifies.
    """

    entries: int
    head: str
    first_at: datetime | None = None
    last_at: datetime | None = None
    checkpoints: int = 0
    last_checkpoint: int = 0
    payloads: int = 0
    erased: int = 0
    withheld: int = 0
    problems: tuple[LedgerProblem, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def uncovered(self) -> int:
        """Entries after the newest checkpoint that agrees: they stand on the chain alone."""
        return max(self.entries - self.last_checkpoint, 0)

    @property
    def cannot_find(self) -> str:
        """What this verification could not have found, in two sentences."""
        since = (
            f"the last {self.uncovered} entries, which came after the newest checkpoint that "
            f"agrees ({self.last_checkpoint} entries)"
            if self.last_checkpoint
            else f"any of the {self.entries} entries: no signed checkpoint was compared"
        )
        covered = "" if self.uncovered == 0 else f"a rewrite of {since}; and "
        return (
            f"What this cannot find: {covered}a rewrite by whoever holds the ledger, its copy and "
            "the signing key, back to the newest checkpoint that somebody else keeps. Compare one "
            "of those with --anchor."
        )

    def to_dict(self) -> dict[str, Json]:
        """For `--json`."""
        return {
            "verified": self.verified,
            "uncovered": self.uncovered,
            "cannot_find": self.cannot_find,
            "entries": self.entries,
            "head": self.head,
            "first_at": None if self.first_at is None else format_instant(self.first_at),
            "last_at": None if self.last_at is None else format_instant(self.last_at),
            "checkpoints": self.checkpoints,
            "last_checkpoint": self.last_checkpoint,
            "payloads": self.payloads,
            "erased": self.erased,
            "withheld": self.withheld,
            "problems": [
                {"kind": p.kind.value, "seq": p.seq, "detail": p.detail} for p in self.problems
            ],
        }


Row: TypeAlias = tuple[int, str, str, str, str, str, str, str]
"""An entry as stored: seq, at, tag, subject, commitment, prev, once, hash."""


def verify_rows(rows: Iterable[Row], *, checkpoints: Sequence[Checkpoint] = ()) -> LedgerReport:
    """As `verify_chain`, for entries as a database stores them: several times as fast.

    A row that continues the chain without fault is only hashed; whatever does not is judged as
    `verify_chain` would.

    Args:
        rows: The whole chain in the order in which it is stored; read once, not held.
        checkpoints: Checkpoints whose signature was verified already, in any order.
    """
    walk = _Walk(_by_size(checkpoints))
    for row in rows:
        walk.take_row(row)
    return walk.report(len(checkpoints))


def verify_chain(
    entries: Iterable[Entry], *, checkpoints: Sequence[Checkpoint] = ()
) -> LedgerReport:
    """Verify entries in the order in which they are stored.

    Args:
        entries: The whole chain from its first entry; read once, not held.
        checkpoints: Checkpoints whose signature was verified already, in any order.

    Returns:
        The report; every problem names its entry.
    """
    walk = _Walk(_by_size(checkpoints))
    for entry in entries:
        walk.take(entry)
    return walk.report(len(checkpoints))


def _by_size(checkpoints: Sequence[Checkpoint]) -> dict[int, list[Checkpoint]]:
    by_size: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        by_size.setdefault(checkpoint.size, []).append(checkpoint)
    return by_size


class _Walk:
    """State of one verification."""

    def __init__(self, checkpoints: Mapping[int, Sequence[Checkpoint]]) -> None:
        self._checkpoints = checkpoints
        self._frontier: Frontier | None = Frontier() if checkpoints else None
        self._problems: list[LedgerProblem] = []
        self._missing: dict[int, None] = {}
        self._head, self._seq = GENESIS, 0
        self._at = self._first = ""
        self._expected = 1
        self._count = 0
        self._agreed = 0

    def take_row(self, row: Row) -> None:
        """Judge the next entry as stored; in the plain case nothing but its hash."""
        seq, at, tag, subject, commitment, prev, once, own = row
        if (
            seq == self._expected
            and prev == self._head
            and at >= self._at
            and _INSTANT.fullmatch(at)
            and own == _hash(seq, at, tag, subject, commitment, prev, once)
        ):
            self._count += 1
            self._follow(seq, at, own)
            return
        try:
            instant = datetime.fromisoformat(at)
            if instant.tzinfo is None or format_instant(instant) != at:
                raise ValueError  # noqa: TRY301  judged as unreadable below
        except ValueError:
            # The time is no longer what was hashed, so the hash cannot hold either.
            self._count += 1
            self._add(ProblemKind.ALTERED, seq, "its content does not have its hash")
            if seq == self._expected:
                self._follow(seq, self._at, own)
            return
        self.take(Entry(seq, instant, tag, subject, commitment, prev, once, own))

    def take(self, entry: Entry) -> None:
        """Judge the next entry as stored."""
        self._count += 1
        at = format_instant(entry.at)
        whole = entry.hash == _hash(
            entry.seq,
            at,
            entry.tag,
            entry.subject,
            entry.commitment,
            entry.prev,
            entry.once,
        )
        if not whole:
            self._add(ProblemKind.ALTERED, entry.seq, "its content does not have its hash")
        if entry.seq < self._expected:
            self._out_of_order(entry.seq)
            return
        if entry.seq > self._expected:
            self._missing.update(dict.fromkeys(range(self._expected, entry.seq)))
        else:
            self._judge_link(entry, at)
        self._follow(entry.seq, at, entry.hash)

    def report(self, checkpoints: int) -> LedgerReport:
        """Everything found."""
        for seq in self._missing:
            self._add(ProblemKind.REMOVED, seq, "the entry is missing")
        for size in self._checkpoints:
            if size >= self._expected:
                self._add(
                    ProblemKind.REMOVED,
                    self._expected,
                    f"a signed checkpoint covers {size} entries, the chain ends before",
                )
        return LedgerReport(
            entries=self._count,
            head=self._head,
            first_at=datetime.fromisoformat(self._first) if self._first else None,
            last_at=datetime.fromisoformat(self._at) if self._at else None,
            checkpoints=checkpoints,
            last_checkpoint=self._agreed,
            problems=tuple(self._problems),
        )

    def _judge_link(self, entry: Entry, at: str) -> None:
        if entry.prev != self._head:
            self._add(
                ProblemKind.ALTERED,
                self._seq or entry.seq,
                "the entry after it committed to another content"
                if self._seq
                else "the first entry names an entry before it",
            )
        if at < self._at:
            self._add(ProblemKind.BACK_DATED, entry.seq, "its time is before the entry before it")

    def _out_of_order(self, seq: int) -> None:
        if seq in self._missing:
            del self._missing[seq]
            self._add(ProblemKind.REORDERED, seq, f"it stands after entry {self._expected - 1}")
        else:
            self._add(ProblemKind.DUPLICATED, seq, "a second entry has this number")

    def _follow(self, seq: int, at: str, own: str) -> None:
        self._first = self._first or at
        self._head, self._seq, self._at = own, seq, at
        self._expected = seq + 1
        if self._frontier is None:
            return
        self._frontier.append(_leaf(own))
        checkpoints = self._checkpoints.get(seq, ())
        if not checkpoints:
            return
        here = (self._frontier.root().hex(), own)
        if all((c.root, c.head) == here for c in checkpoints):
            self._agreed = max(self._agreed, seq)
        elif not self._problems and not self._missing:
            self._add(
                ProblemKind.REWRITTEN,
                self._agreed + 1,
                f"entries {self._agreed + 1} to {seq} are not the ones the checkpoint "
                f"of {seq} entries was signed over",
            )

    def _add(self, kind: ProblemKind, seq: int, detail: str) -> None:
        problem = LedgerProblem(kind, seq, detail)
        if not any(p.kind is kind and p.seq == seq for p in self._problems[-4:]):
            self._problems.append(problem)


def leaves(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Leaf data of the Merkle tree: the raw hash of each entry."""
    return (_leaf(entry.hash) for entry in entries)


def _leaf(own: str) -> bytes:
    try:
        return bytes.fromhex(own)
    except ValueError:
        return own.encode()


def _hash(seq: int, *texts: str) -> str:
    """Hash of time, tag, subject, commitment, previous hash and idempotency digest, in order.

    What `canonical_json(["ledger-entry-v1", seq, …])` gives, written out for speed.
    """
    return sha256_of(f'["ledger-entry-v1",{seq},{",".join(map(_quote, texts))}]'.encode())
