r"""Many entries, or their facts, in one object: JSON Lines in a ledger's copy. Pure.

| object | holds | may change |
|---|---|---|
| `entries/{first}.jsonl` | entries from number `first` on, one a line | never |
| `payloads/{first}.jsonl` | a line `{"first":…,"through":…}`, then the facts and salt of those of \
them that are public, one a line | lines are taken out when their facts are erased |

A segment ends before the next thousand (`BLOCK`), so that the segments of a number's block are
found by their names. Both objects are only ever created where nothing lies, the facts first: they
settle how far the segment goes, whoever else exports at the same time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.audit.chain import Entry, is_entry_number
from governance.canonical import canonical_json
from governance.errors import LedgerError

BLOCK: Final = 1000
"""Numbers whose segments lie beside each other; no segment crosses from one block to the next."""
SUFFIX: Final = ".jsonl"
_DIGITS: Final = 12
_BLOCK_DIGITS: Final = _DIGITS - 3


def last_of_block(seq: int) -> int:
    """The highest number in the block of `seq`."""
    return seq - seq % BLOCK + BLOCK - 1


def entries_prefix(seq: int) -> str:
    """Begins the keys of all objects with entries of the block, also of single ones."""
    return f"entries/{seq // BLOCK:0{_BLOCK_DIGITS}d}"


def payloads_prefix(seq: int) -> str:
    """Begins the keys of all segments of facts of the block."""
    return f"payloads/{seq // BLOCK:0{_BLOCK_DIGITS}d}"


def entries_key(first: int) -> str:
    """Where the segment of entries from that number on lies."""
    return f"entries/{first:0{_DIGITS}d}{SUFFIX}"


def payloads_key(first: int) -> str:
    """Where its facts lie."""
    return f"payloads/{first:0{_DIGITS}d}{SUFFIX}"


def number_in(key: str) -> int:
    """The number an object's name carries; 0 for none."""
    digits = key.rsplit("/", 1)[-1].removesuffix(SUFFIX).removesuffix(".json")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def write_entries(entries: Iterable[Entry]) -> bytes:
    """A segment of entries."""
    return b"".join(canonical_json(entry.to_dict()) + b"\n" for entry in entries)


def read_entries(data: bytes) -> Iterator[Entry | None]:
    """Each line's entry; None for a line that is none. Hashes are not verified."""
    for line in data.splitlines():
        try:
            yield Entry.from_dict(json.loads(line))
        except (ValueError, TypeError, RecursionError, LedgerError):
            yield None


@dataclass(frozen=True, slots=True)
class Payloads:
    """The facts of a segment.

    Attributes:
        first, through: Numbers of the entries it is about.
        lines: Salt and facts of those that have any here, as stored, by number.
    """

    first: int
    through: int
    lines: Mapping[int, bytes] = field(default_factory=dict)

    def without(self, seqs: Iterable[int]) -> "Payloads":
        """The same without the facts of these entries."""
        gone = frozenset(seqs)
        kept = {seq: line for seq, line in self.lines.items() if seq not in gone}
        return Payloads(self.first, self.through, kept)

    def to_bytes(self) -> bytes:
        """As stored."""
        head = canonical_json({"first": self.first, "through": self.through})
        return b"".join(line + b"\n" for line in (head, *self.lines.values()))


def payload_line(seq: int, salt: str, facts: str) -> bytes:
    """A line of facts; `facts` are the canonical text that was committed."""
    return f'{{"facts":{facts},"salt":"{salt}","seq":{seq}}}'.encode()


def read_payloads(data: bytes) -> Payloads:
    """A stored segment of facts; lines that name no entry are left out, and so missed.

    Raises:
        LedgerError: It does not say which entries it is about.
    """
    head, *lines = data.splitlines() or [b""]
    told = _object(head)
    first, through = told.get("first"), told.get("through")
    if not is_entry_number(first) or not is_entry_number(through) or through < first:
        raise LedgerError("A segment of facts does not say which entries it is about.")
    found: dict[int, bytes] = {}
    for line in lines:
        seq = _object(line).get("seq")
        if is_entry_number(seq):
            found.setdefault(seq, line)
    return Payloads(first, through, found)


def _object(line: bytes) -> dict[str, object]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
