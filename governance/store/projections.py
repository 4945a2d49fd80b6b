"""Read models: what lists show, kept in step with the ledger in the same transaction.

Each row is a function of the record's replayed state, or of the event alone, so that
`expected_rows` gives the same rows again: to rebuild them, and to find one that somebody changed.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, delete, insert, or_, select, update

from governance.audit.chain import Entry
from governance.audit.tags import Tag
from governance.canonical import canonical_json
from governance.errors import LedgerError
from governance.people import Person
from governance.requests.state import DataRequest
from governance.store import tables as t
from governance.store.replaying import person_of, request_of
from governance.store.request_rows import request_rows_of, stored_instant
from governance.store.sort_keys import sort_key
from governance.store.streams import Loaded, Reference, told

if TYPE_CHECKING:
    from governance.store.unit import UnitOfWork

Row = dict[str, Any]
_BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """What one event does to one row: makes it, or changes some of its columns."""

    table: Table
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    new: bool = False


def project(
    unit: "UnitOfWork",
    kind: str,
    subject: str,
    facts: Sequence[dict[str, Any]],
    entries: Sequence[Entry],
) -> None:
    """Bring the read models in step with what was just appended to a record."""
    if not facts:
        return
    if kind == "request":
        replace_request(unit, subject)
    elif kind == "person":
        replace_person(unit, subject)
    else:
        for event, entry in zip(facts, entries, strict=True):
            _apply(unit, change_of(subject, event, entry.seq))


def replace_request(unit: "UnitOfWork", number: str) -> None:
    """Write a request's rows anew; none for one whose facts are gone."""
    rows = rows_of_request(unit.request(number), unit.load("request", number))
    for table in _REQUEST_TABLES:
        unit.connection.execute(delete(table).where(table.c.number == number))
        if rows.get(table):
            unit.connection.execute(insert(table), rows[table])


def replace_person(unit: "UnitOfWork", person_id: str) -> None:
    """Write a person's row anew; none for one whose facts are gone."""
    rows = t.people_rows
    unit.connection.execute(delete(rows).where(rows.c.id == person_id))
    row = row_of_person(unit.person(person_id), unit.load("person", person_id))
    if row is not None:
        unit.connection.execute(insert(rows), row)


def rows_of_request(request: DataRequest | None, loaded: Loaded) -> dict[Table, list[Row]]:
    """A request's rows, by table."""
    if request is None:
        return {}
    rows = request_rows_of(request, loaded)
    return {
        t.request_rows: [rows.row],
        t.request_agencies: rows.agencies,
        t.request_people: rows.people,
        t.request_parties: rows.parties,
    }


def row_of_person(person: Person | None, loaded: Loaded) -> Row | None:
    """A person's row."""
    if person is None:
        return None
    return {
        "id": person.id,
        "name": person.name,
        "name_key": sort_key(person.name),
        "email": person.email,
        "email_key": sort_key(person.email),
        "account": person.account,
        "employer": person.employer,
        "employer_key": sort_key(person.employer),
        "agency": person.agency,
        "employment_class": person.employment_class,
        # `,a,b,`: so that `LIKE '%,a,%'` finds a whole name
        "roles": f",{','.join(role.value for role in person.roles)},",
        "employed_from": person.employed_from,
        "employed_until": person.employed_until,
        "record": canonical_json(person.model_dump(mode="json")).decode(),
        "updated_at": stored_instant(loaded.events[-1]["at"]),
        "position": loaded.position,
        "search": f"{person.id} {person.name} {person.email} {person.employer}".casefold(),
    }


def change_of(body: str, event: Mapping[str, Any], seq: int) -> Change | None:
    """What an event of a body, or of the programme, does to the read models.

    Raises:
        LedgerError: It lacks what an event of its tag has.
    """
    try:
        handler = _HANDLERS.get(event["tag"])
        return None if handler is None else handler(body, event, seq)
    except (KeyError, TypeError, ValueError):
        message = "The facts of an entry cannot be read; verify the ledger."
        raise LedgerError(message, seq=seq) from None


_REPLAYED: Final = ("request", "person")
"""Kinds of records whose rows follow from all their events, not from some of them one by one."""


def expected_rows(unit: "UnitOfWork") -> Iterator[tuple[Table, Row]]:
    """Every row of the read models, worked out from the ledger alone."""
    with closing(_all_events(unit)) as events:
        for (kind, subject), several in groupby(events, key=lambda row: (row[0], row[1])):
            yield from _rows_of(kind, subject, _loaded(several))


def _rows_of(kind: str, subject: str, loaded: Loaded) -> Iterator[tuple[Table, Row]]:
    if kind == "request":
        request = request_of(loaded.events)
        for table, rows in rows_of_request(request, loaded).items():
            yield from ((table, row) for row in rows)
    elif kind == "person":
        row = row_of_person(person_of(loaded.events), loaded)
        if row is not None:
            yield t.people_rows, row
    else:
        yield from _folded(subject, loaded)


def _folded(subject: str, loaded: Loaded) -> Iterator[tuple[Table, Row]]:
    rows: dict[tuple[str, tuple[Any, ...]], tuple[Table, Row]] = {}
    for event, reference in zip(loaded.events, loaded.references, strict=True):
        change = change_of(subject, event, reference.seq)
        if change is None:
            continue
        name = (change.table.name, tuple(change.key.values()))
        empty = dict.fromkeys(column.name for column in change.table.columns)
        _, row = rows.get(name, (change.table, empty))
        rows[name] = (change.table, {**row, **change.key, **change.values})
    yield from rows.values()


def _all_events(
    unit: "UnitOfWork",
) -> Generator[tuple[str, str, int, int, str, str | None], None, None]:
    """Every event that some row follows from, record by record."""
    places, payloads, entries = t.stream_events, t.ledger_payloads, t.ledger_entries
    query = (
        select(
            places.c.kind,
            places.c.subject,
            places.c.position,
            places.c.seq,
            entries.c.hash,
            payloads.c.facts,
        )
        .join(entries, entries.c.seq == places.c.seq)
        .outerjoin(payloads, payloads.c.seq == places.c.seq)
        .where(or_(places.c.kind.in_(_REPLAYED), entries.c.tag.in_(_HANDLERS)))
        .order_by(places.c.kind, places.c.subject, places.c.position)
    )
    with unit.connection.execute(query.execution_options(yield_per=_BATCH)) as result:
        for row in result:
            yield row.kind, row.subject, row.position, row.seq, row.hash, row.facts


def _loaded(rows: Iterator[tuple[str, str, int, int, str, str | None]]) -> Loaded:
    events, references, last = [], [], 0
    for _, _, position, seq, own, facts in rows:
        last = position
        if facts is not None:
            events.append(told(facts))
            references.append(Reference(seq, own))
    return Loaded(tuple(events), tuple(references), last)


def _apply(unit: "UnitOfWork", change: Change | None) -> None:
    if change is None:
        return
    table = change.table
    if change.new:
        unit.connection.execute(insert(table).values(**change.key, **change.values))
        return
    chosen = [table.c[name] == value for name, value in change.key.items()]
    unit.connection.execute(update(table).where(*chosen).values(**change.values))


def _meeting(body: str, event: Mapping[str, Any], *, new: bool = False, **values: Any) -> Change:  # noqa: ANN401  columns
    key = {"body": body, "id": event["subject"]}
    return Change(t.meeting_rows, key, values, new)


def _motion(body: str, event: Mapping[str, Any], *, new: bool = False, **values: Any) -> Change:  # noqa: ANN401  columns
    key = {"body": body, "id": event["subject"]}
    return Change(t.motion_rows, key, values, new)


def _noticed(body: str, event: Mapping[str, Any], _: int) -> Change:
    return _meeting(
        body,
        event,
        new=True,
        starts_at=stored_instant(event["starts_at"]),
        noticed_at=stored_instant(event["at"]),
        public=event["public"],
        rescheduled_from=event["rescheduled_from"],
        status="noticed",
    )


def _opened(body: str, event: Mapping[str, Any], _: int) -> Change:
    return _meeting(body, event, opened_at=stored_instant(event["at"]), status="in_session")


def _ended(body: str, event: Mapping[str, Any], _: int) -> Change:
    status = "adjourned" if event["tag"] == Tag.MEETING_ADJOURNED.value else "closed"
    return _meeting(body, event, ended_at=stored_instant(event["at"]), status=status)


def _moved(body: str, event: Mapping[str, Any], _: int) -> Change:
    return _motion(
        body,
        event,
        new=True,
        meeting=event["meeting"],
        kind=event["kind"],
        about=event["about"],
        text=event["text"],
        moved_by=event["by"],
        moved_at=stored_instant(event["at"]),
    )


def _put(body: str, event: Mapping[str, Any], _: int) -> Change:
    return _motion(body, event, put_at=stored_instant(event["at"]))


def _decided(body: str, event: Mapping[str, Any], _: int) -> Change:
    return _motion(
        body,
        event,
        closed_at=stored_instant(event["at"]),
        passed=event["tag"] == Tag.MOTION_PASSED.value,
        in_favor=event["in_favor"],
        represented=event["represented"],
        quorum_needed=event["quorum_needed"],
        approval_needed=event["approval_needed"],
    )


def _attachment(_: str, event: Mapping[str, Any], seq: int) -> Change:
    facts = event["facts"]
    values = {
        "number": event["subject"],
        "version": facts["version"],
        "kind": facts["kind"],
        "title": facts["title"],
        "media_type": facts["media_type"],
        "size_bytes": facts["size_bytes"],
        "digest": facts["digest"],
        "confidential": facts["confidential"],
        "by": event["by"],
        "filed_at": stored_instant(event["at"]),
        "seq": seq,
    }
    return Change(t.attachments, {"id": facts["attachment"]}, values, new=True)


_REQUEST_TABLES: Final = (
    t.request_rows,
    t.request_agencies,
    t.request_people,
    t.request_parties,
)
_HANDLERS: Final[Mapping[str, Callable[[str, Mapping[str, Any], int], Change]]] = {
    Tag.MEETING_NOTICED.value: _noticed,
    Tag.MEETING_OPENED.value: _opened,
    Tag.MEETING_ADJOURNED.value: _ended,
    Tag.MEETING_CLOSED.value: _ended,
    Tag.MOTION_MOVED.value: _moved,
    Tag.MOTION_PUT.value: _put,
    Tag.MOTION_PASSED.value: _decided,
    Tag.MOTION_FAILED.value: _decided,
    Tag.ATTACHMENT_FILED.value: _attachment,
}
