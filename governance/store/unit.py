"""One transaction: load streams, append to the ledger, keep the read models in step.

An append does, in this order and in one transaction: check what the change is based on; link and
insert the entries; their facts and salt; their places in the stream; the chain's head; the read
models. A crash anywhere leaves nothing of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from governance.audit.chain import Entry, commit_facts, format_instant, link, new_salt
from governance.board.bylaws import BodyRules
from governance.board.state import BodyState
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.errors import LedgerError
from governance.facts import Event
from governance.people import Person
from governance.requests.state import DataRequest
from governance.store import tables as t
from governance.store.errors import NotFoundError, StaleError
from governance.store.projections import project, replace_person, replace_request
from governance.store.replaying import body_after, person_of, request_of
from governance.store.streams import (
    EMPTY,
    POSITION_FACT,
    STREAM_FACT,
    Kind,
    Loaded,
    Reference,
    own_facts,
    say_event,
    stream_name,
    told,
)
from governance.store.subjects import is_id

_HEAD = select(t.ledger_head.c.seq, t.ledger_head.c.at, t.ledger_head.c.hash)
_EVENTS = (
    select(
        t.stream_events.c.position,
        t.stream_events.c.seq,
        t.ledger_entries.c.hash,
        t.ledger_payloads.c.facts,
    )
    .join(t.ledger_entries, t.ledger_entries.c.seq == t.stream_events.c.seq)
    .outerjoin(t.ledger_payloads, t.ledger_payloads.c.seq == t.stream_events.c.seq)
    .where(
        t.stream_events.c.kind == bindparam("kind"),
        t.stream_events.c.subject == bindparam("subject"),
        t.stream_events.c.position > bindparam("after"),
    )
    .order_by(t.stream_events.c.position)
)
_ERASED = select(t.ledger_head.c.erased)


class BodyCache:
    """Replayed bodies of this process, by name; only what was committed."""

    def __init__(self) -> None:
        """Start empty."""
        self.states: dict[str, tuple[int, int, BodyState]] = {}

    def get(self, rules: BodyRules, erased: int) -> tuple[int, BodyState]:
        """Position and state to go on from."""
        known = self.states.get(rules.body)
        if known is None or known[0] != erased or known[2].rules != rules:
            return 0, BodyState(rules)
        return known[1], known[2]

    def put(self, states: Mapping[str, tuple[int, int, BodyState]]) -> None:
        """Keep the newer ones."""
        for name, state in states.items():
            known = self.states.get(name)
            if known is None or known[:2] <= state[:2]:
                self.states[name] = state


class UnitOfWork:
    """What can be read and written in one transaction. Made by `Store`."""

    def __init__(self, connection: Connection, bodies: BodyCache) -> None:
        """Work on a connection whose transaction has begun."""
        self.connection = connection
        self._bodies = bodies
        self._streams: dict[tuple[str, str], Loaded] = {}
        self._positions: dict[tuple[str, str], int] = {}
        self._own_bodies: dict[str, tuple[int, int, BodyState]] = {}
        self.after_commit: list[Callable[[], None]] = []

    def committed(self) -> None:
        """Make known what the transaction found; called by `Store` after the commit."""
        self._bodies.put(self._own_bodies)
        for act in self.after_commit:
            act()

    # ---- the ledger -------------------------------------------------------------------------

    def load(self, kind: Kind, subject: str) -> Loaded:
        """A record's events so far; none for one that does not exist."""
        if not is_id(subject):
            return EMPTY
        known = self._streams.get((kind, subject))
        if known is None:
            known = self._streams[kind, subject] = self._read(kind, subject, 0)
        return known

    def position(self, kind: Kind, subject: str) -> int:
        """How many events a record has, without reading them; 0 for one that does not exist."""
        if not is_id(subject):
            return 0
        known = self._positions.get((kind, subject))
        if known is None:
            places = t.stream_events
            query = select(func.max(places.c.position)).where(
                places.c.kind == kind, places.c.subject == subject
            )
            known = self._positions[kind, subject] = self.connection.scalar(query) or 0
        return known

    def check_current(self, kind: Kind, subject: str, based_on: int | None) -> None:
        """Raise unless the record stands where the change is based on; None: wherever it stands.

        Raises:
            StaleError: Something happened since; says what.
        """
        position = self.position(kind, subject)
        if based_on is None or based_on == position:
            return
        after = based_on if 0 <= based_on < position else position
        since = self._read(kind, subject, after).events
        raise StaleError(tuple(say_event(e) for e in since[-5:]), position=position)

    def find_once(self, once: str) -> int | None:
        """The entry appended under that idempotency key, or None."""
        mark = once_mark(once)
        entries = t.ledger_entries
        return self.connection.scalar(select(entries.c.seq).where(entries.c.once == mark))

    def subject_of(self, seq: int) -> str:
        """The record that an entry is about.

        Raises:
            NotFoundError: It belongs to none.
        """
        return self.place_of(seq)[1]

    def append(
        self,
        kind: Kind,
        subject: str,
        events: Sequence[Event],
        *,
        based_on: int | None,
        actor: str,
        once: str | None = None,
    ) -> tuple[Entry, ...]:
        """Append what happened to a record.

        Args:
            kind: Of the record.
            subject: Its number, name or id.
            events: What happened, in order; each by `actor`.
            based_on: Position the change was decided at; None: wherever the record stands.
            actor: Whose act it is.
            once: Idempotency key, kept with the first of the entries: look it up with `find_once`
                before.

        Returns:
            The entries as they stand in the chain.

        Raises:
            StaleError: Something happened to the record since `based_on`.
            LedgerError: An event is by somebody else.
        """
        self.check_current(kind, subject, based_on)
        if any(event.by != actor for event in events):
            raise LedgerError("An event is not by who acts.")
        position = self.position(kind, subject)
        facts = [
            {
                **event.model_dump(mode="json"),
                STREAM_FACT: stream_name(kind, subject),
                POSITION_FACT: number,
            }
            for number, event in enumerate(events, position + 1)
        ]
        entries = self._link(events, facts, once)
        places = [
            {"kind": kind, "subject": subject, "position": f[POSITION_FACT], "seq": e.seq}
            for f, e in zip(facts, entries, strict=True)
        ]
        if places:
            self.connection.execute(insert(t.stream_events), places)
        own = [own_facts(f) for f in facts]
        self._positions[kind, subject] = position + len(events)
        known = self._streams.get((kind, subject))
        if known is not None:
            self._streams[kind, subject] = known.and_then(own, entries)
        project(self, kind, subject, own, entries)
        return entries

    def remove_payload(self, seq: int) -> None:
        """Remove an entry's facts; the database refuses unless an entry says that they go.

        Raises:
            LedgerError: There are no such facts.
        """
        payloads, head = t.ledger_payloads, t.ledger_head
        gone = self.connection.execute(delete(payloads).where(payloads.c.seq == seq))
        if gone.rowcount != 1:
            raise LedgerError("The entry has no facts to erase.", seq=seq)
        self.connection.execute(update(head).values(erased=head.c.erased + 1))
        self.connection.execute(delete(t.attachments).where(t.attachments.c.seq == seq))

    def forget(self, seqs: Sequence[int]) -> tuple[tuple[Kind, str], ...]:
        """Remove the facts of entries that say that they go, and bring the read models in step.

        Returns:
            Records that no longer say what they said: the caller judges whether they may.
        """
        places = dict.fromkeys(self.place_of(seq) for seq in seqs)
        before = {place: self._record(*place) for place in places}
        for seq in seqs:
            self.remove_payload(seq)
        self._streams.clear()
        self._own_bodies.clear()
        other = tuple(place for place, was in before.items() if self._record(*place) != was)
        for kind, subject in places:
            if self.load(kind, subject).events and self._record(kind, subject) is None:
                continue  # among those returned
            if kind == "request":
                replace_request(self, subject)
            elif kind == "person":
                replace_person(self, subject)
        return other

    def _record(self, kind: Kind, subject: str) -> object:
        """What a record's facts say; None when they are gone, or can no longer be read as one."""
        if kind == "programme":
            return None
        if kind == "body":  # each of its acts is public and part of what it says
            return self.load(kind, subject).events
        try:
            if kind == "request":
                request = self.request(subject)
                return request and replace(request, events=0)
            return self.person(subject)
        except LedgerError:
            return None

    def place_of(self, seq: int) -> tuple[Kind, str]:
        """Kind and name of the record an entry belongs to.

        Raises:
            NotFoundError: It belongs to none.
        """
        places = t.stream_events
        row = self.connection.execute(
            select(places.c.kind, places.c.subject).where(places.c.seq == seq)
        ).one_or_none()
        if row is None:
            raise NotFoundError("The entry belongs to no record.")
        return row.kind, row.subject

    # ---- records, replayed ------------------------------------------------------------------

    def request(self, number: str) -> DataRequest | None:
        """A data request as it stands.

        Raises:
            LedgerError: Its events do not follow from each other.
        """
        return request_of(self.load("request", number).events)

    def known_request(self, number: str) -> DataRequest:
        """A data request that must be there.

        Raises:
            LedgerError: Its events do not follow from each other.
            NotFoundError: There is none of that number.
        """
        request = self.request(number)
        if request is None:
            raise NotFoundError("There is no request of that number.")
        return request

    def person(self, person_id: str) -> Person | None:
        """A person's record as it stands."""
        return person_of(self.load("person", person_id).events)

    def body(self, rules: BodyRules) -> tuple[BodyState, int]:
        """A body as it stands, and the position it stands at; replays only what is new.

        Raises:
            LedgerError: An event is about something that does not exist.
        """
        erased = self.connection.scalar(_ERASED) or 0
        own = self._own_bodies.get(rules.body)
        position, state = (own[1], own[2]) if own else self._bodies.get(rules, erased)
        fresh = self._read("body", rules.body, position)
        state = body_after(state, fresh.events)
        self._own_bodies[rules.body] = (erased, fresh.position, state)
        return state, fresh.position

    def reference(self, kind: Kind, subject: str, position: int) -> Reference | None:
        """Where the event at a position of a record stands in the chain."""
        places, entries = t.stream_events, t.ledger_entries
        row = self.connection.execute(
            select(entries.c.seq, entries.c.hash)
            .join(places, places.c.seq == entries.c.seq)
            .where(
                places.c.kind == kind, places.c.subject == subject, places.c.position == position
            )
        ).one_or_none()
        return None if row is None else Reference(row.seq, row.hash)

    # ---- aside ------------------------------------------------------------------------------

    def next_number(self, name: str) -> int:
        """The next of a running number, from 1; unique whoever else asks."""
        counters = t.counters
        value: int | None = self.connection.scalar(
            update(counters)
            .where(counters.c.name == name)
            .values(value=counters.c.value + 1)
            .returning(counters.c.value)
        )
        if value is None:
            self.connection.execute(insert(counters).values(name=name, value=1))
            return 1
        return value

    # ---- inside -----------------------------------------------------------------------------

    def _read(self, kind: str, subject: str, after: int) -> Loaded:
        parameters = {"kind": kind, "subject": subject, "after": after}
        rows = self.connection.execute(_EVENTS, parameters).all()
        if not rows:
            return Loaded((), (), after)
        there = [row for row in rows if row.facts is not None]
        return Loaded(
            tuple(told(row.facts) for row in there),
            tuple(Reference(row.seq, row.hash) for row in there),
            rows[-1].position,
        )

    def _link(
        self, events: Sequence[Event], facts: Sequence[dict[str, Any]], once: str | None
    ) -> tuple[Entry, ...]:
        if not events:
            return ()
        head = self._head()
        entries, payloads = [], []
        mark = "" if once is None else once_mark(once)
        for event, committed in zip(events, facts, strict=True):
            salt = new_salt()
            head = link(
                head,
                at=event.at,
                tag=event.tag.value,
                subject=event.subject,
                commitment=commit_facts(committed, salt),
                once=mark,
            )
            mark = ""
            entries.append(head)
            payloads.append(
                {"seq": head.seq, "salt": salt.hex(), "facts": canonical_json(committed).decode()}
            )
        self.connection.execute(insert(t.ledger_entries), [e.to_dict() for e in entries])
        self.connection.execute(insert(t.ledger_payloads), payloads)
        last = entries[-1]
        changed = self.connection.execute(
            update(t.ledger_head)
            .where(t.ledger_head.c.seq == entries[0].seq - 1)
            .values(seq=last.seq, at=format_instant(last.at), hash=last.hash)
        )
        if changed.rowcount != 1:  # only a transaction that did not lock the head can see this
            raise LedgerError("The chain went on meanwhile; nothing was written.")
        return tuple(entries)

    def _head(self) -> Entry | None:
        """The last entry, as far as the next one needs it."""
        row = self.connection.execute(_HEAD).one_or_none()
        if row is None:
            raise LedgerError("The database has no chain; run `governance migrate`.")
        if row.seq == 0:
            return None
        at = datetime.fromisoformat(row.at).astimezone(UTC)
        return Entry(row.seq, at, "", "", "", "", "", row.hash)


def once_mark(once: str) -> str:
    """What an entry carries of its idempotency key, whatever somebody made that of."""
    return sha256_of(once.encode(errors="backslashreplace"))
