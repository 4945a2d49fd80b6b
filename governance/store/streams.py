"""Streams: the events of one record, in order, as they lie in the ledger."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from governance.audit.chain import Entry
from governance.calendar import LEGAL_ZONE
from governance.errors import LedgerError

Kind = Literal["request", "body", "person", "programme"]
PROGRAMME: Final = "programme"
"""The one stream of its kind: denials, reads, attachments, reminders, costs."""
STREAM_FACT, POSITION_FACT = "stream", "position"
"""Committed with the event's own facts: which record it is about, and where it stands in it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an event stands in the chain."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream as it was read.

    Attributes:
        events: Their facts, in order; those that were erased are left out.
        references: Entry of each event, in the same order.
        position: Number of events, erased ones too: what a change is based on.
    """

    events: tuple[dict[str, Any], ...]
    references: tuple[Reference, ...]
    position: int

    @property
    def erased(self) -> int:
        """How many events' facts are gone."""
        return self.position - len(self.events)

    def and_then(self, events: Iterable[dict[str, Any]], entries: Iterable[Entry]) -> "Loaded":
        """The stream with further events."""
        more = tuple(events)
        references = tuple(Reference(e.seq, e.hash) for e in entries)
        return Loaded(self.events + more, self.references + references, self.position + len(more))


EMPTY: Final = Loaded((), (), 0)


def stream_name(kind: str, subject: str) -> str:
    """As committed in the facts."""
    return f"{kind}/{subject}"


def told(stored: str) -> dict[str, Any]:
    """An event's own facts, from what was committed with its place.

    Raises:
        LedgerError: What is stored is no JSON object.
    """
    try:
        facts = json.loads(stored)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise LedgerError("The facts of an entry cannot be read; verify the ledger.")
    return own_facts(facts)


def own_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without its place."""
    return {k: v for k, v in facts.items() if k not in (STREAM_FACT, POSITION_FACT)}


def say_event(facts: dict[str, Any]) -> str:
    """`data request submitted by p-ruiz on March 12, 2026, at 10:00 EDT`."""
    what = str(facts["tag"]).replace("_", " ").replace(":", " ")
    return f"{what} by {facts['by']} {say_instant(facts['at'])}"


def say_instant(at: str) -> str:
    """`on March 12, 2026, at 10:00 EDT`."""
    local = datetime.fromisoformat(at).astimezone(LEGAL_ZONE)
    return f"on {local:%B} {local.day}, {local.year}, at {local:%H:%M %Z}"
