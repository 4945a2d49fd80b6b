"""Read models: what lists show, kept in step with the ledger in the same transaction.

Each projection is a function of the record's replayed state or of the event alone, so that
`Store.rebuild` gives the same rows again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, update

from governance.audit.chain import Entry, format_instant
from governance.audit.tags import Tag
from governance.board import events as b
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.facts import Event
from governance.store import tables as t
from governance.store.request_rows import request_rows_of, stored_instant

if TYPE_CHECKING:
    from governance.store.unit import UnitOfWork


def project(
    unit: "UnitOfWork",
    kind: str,
    subject: str,
    events: Sequence[Event],
    entries: Sequence[Entry],
) -> None:
    """Bring the read models in step with what was just appended to a record."""
    if not events:
        return
    if kind == "request":
        _project_request(unit, subject)
    elif kind == "person":
        _project_person(unit, subject)
    else:
        for event, entry in zip(events, entries, strict=True):
            _project_event(unit, subject, event, entry)


def _project_request(unit: "UnitOfWork", number: str) -> None:
    loaded = unit.load("request", number)
    request = unit.request(number)
    for table in (t.request_agencies, t.request_people, t.request_parties, t.request_rows):
        unit.connection.execute(delete(table).where(table.c.number == number))
    if request is None:
        return
    rows = request_rows_of(request, loaded)
    unit.connection.execute(insert(t.request_rows), rows.row)
    for table, several in (
        (t.request_agencies, rows.agencies),
        (t.request_people, rows.people),
        (t.request_parties, rows.parties),
    ):
        if several:
            unit.connection.execute(insert(table), several)


def _project_person(unit: "UnitOfWork", person_id: str) -> None:
    loaded = unit.load("person", person_id)
    person = unit.person(person_id)
    unit.connection.execute(delete(t.people_rows).where(t.people_rows.c.id == person_id))
    if person is None:
        return
    row = {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "account": person.account,
        "employer": person.employer,
        "agency": person.agency,
        "employment_class": person.employment_class,
        "roles": _listed(role.value for role in person.roles),
        "employed_from": person.employed_from,
        "employed_until": person.employed_until,
        "record": canonical_json(person.model_dump(mode="json")).decode(),
        "updated_at": stored_instant(loaded.events[-1]["at"]),
        "position": loaded.position,
        "search": searchable(person.id, person.name, person.email, person.employer),
    }
    unit.connection.execute(insert(t.people_rows), row)


def _listed(names: Any) -> str:  # noqa: ANN401  any iterable of names
    """`,a,b,`: so that `LIKE '%,a,%'` finds a whole name."""
    joined = ",".join(names)
    return f",{joined}," if joined else ""


def searchable(*texts: str) -> str:
    """What a search looks in: case folded."""
    return " ".join(texts).casefold()


def party_key(party: str) -> str:
    """A party's key in `request_parties`: its name may be long."""
    return sha256_of(party.encode())


def _project_event(unit: "UnitOfWork", body: str, event: Event, entry: Entry) -> None:
    handler = _HANDLERS.get(type(event))
    if handler is not None:
        handler(unit, body, event)
    elif event.tag in _TAGGED:
        _TAGGED[event.tag](unit, event, entry)


def _noticed(unit: "UnitOfWork", body: str, event: b.MeetingNoticed) -> None:
    unit.connection.execute(
        insert(t.meeting_rows).values(
            body=body,
            id=event.subject,
            starts_at=format_instant(event.starts_at),
            noticed_at=format_instant(event.at),
            public=event.public,
            rescheduled_from=event.rescheduled_from,
            status="noticed",
        )
    )


def _opened(unit: "UnitOfWork", body: str, event: b.MeetingOpened) -> None:
    _meeting(unit, body, event, opened_at=format_instant(event.at), status="in_session")


def _ended(unit: "UnitOfWork", body: str, event: b.MeetingEnded) -> None:
    status = "adjourned" if event.tag is Tag.MEETING_ADJOURNED else "closed"
    _meeting(unit, body, event, ended_at=format_instant(event.at), status=status)


def _moved(unit: "UnitOfWork", body: str, event: b.MotionMoved) -> None:
    unit.connection.execute(
        insert(t.motion_rows).values(
            body=body,
            id=event.subject,
            meeting=event.meeting,
            kind=event.kind.value,
            about=event.about,
            text=event.text,
            moved_by=event.by,
            moved_at=format_instant(event.at),
        )
    )


def _put(unit: "UnitOfWork", body: str, event: b.MotionPut) -> None:
    _motion(unit, body, event, put_at=format_instant(event.at))


def _decided(unit: "UnitOfWork", body: str, event: b.MotionDecided) -> None:
    _motion(
        unit,
        body,
        event,
        closed_at=format_instant(event.at),
        passed=event.tag is Tag.MOTION_PASSED,
        in_favor=event.in_favor,
        represented=event.represented,
        quorum_needed=event.quorum_needed,
        approval_needed=event.approval_needed,
    )


def _meeting(unit: "UnitOfWork", body: str, event: Event, **values: object) -> None:
    rows = t.meeting_rows
    chosen = (rows.c.body == body, rows.c.id == event.subject)
    unit.connection.execute(update(rows).where(*chosen).values(**values))


def _motion(unit: "UnitOfWork", body: str, event: Event, **values: object) -> None:
    rows = t.motion_rows
    chosen = (rows.c.body == body, rows.c.id == event.subject)
    unit.connection.execute(update(rows).where(*chosen).values(**values))


def _attachment(unit: "UnitOfWork", event: Event, entry: Entry) -> None:
    facts = event.model_dump(mode="json")["facts"]
    unit.connection.execute(
        insert(t.attachments).values(
            id=facts["attachment"],
            number=event.subject,
            version=facts["version"],
            kind=facts["kind"],
            title=facts["title"],
            media_type=facts["media_type"],
            size_bytes=facts["size_bytes"],
            digest=facts["digest"],
            confidential=facts["confidential"],
            by=event.by,
            filed_at=format_instant(event.at),
            seq=entry.seq,
        )
    )


_HANDLERS: Final[Mapping[type[Event], Callable[..., None]]] = {
    b.MeetingNoticed: _noticed,
    b.MeetingOpened: _opened,
    b.MeetingEnded: _ended,
    b.MotionMoved: _moved,
    b.MotionPut: _put,
    b.MotionDecided: _decided,
}
_TAGGED: Final[Mapping[Tag, Callable[..., None]]] = {Tag.ATTACHMENT_FILED: _attachment}
