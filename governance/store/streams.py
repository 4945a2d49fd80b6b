"""Streams: the events of one record, in order, as they lie in the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from governance.audit.chain import Entry

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


def say_event(facts: dict[str, Any]) -> str:
    """`data_request:submitted by p-ruiz on 2026-03-12 at 14:00 UTC`."""
    at = str(facts.get("at", ""))
    return f"{facts.get('tag')} by {facts.get('by')} on {at[:10]} at {at[11:16]} UTC"
