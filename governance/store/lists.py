"""Lists from the read models: filtered, sorted and paged by the database, two queries a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from governance.people import Person
from governance.store import tables as t
from governance.store.paging import Page, bounded
from governance.store.subjects import is_text
from governance.store.unit import UnitOfWork

Scope = Literal["mine", "waiting", "all"]
SORTS: Final = (
    "number", "title", "status", "type", "organization", "received_on", "decided_on", "ends_on",
    "updated_at",
)  # fmt: skip
MAX_WORDS: Final = 8
"""Words of a search that are looked for."""
RowType = TypeVar("RowType")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list."""

    number: str
    version: int
    status: str
    next_role: str
    type: str
    title: str
    requestor: str
    organization: str
    agencies: tuple[str, ...]
    waiting_agencies: tuple[str, ...]
    received_on: date | None
    decided_on: date | None
    ends_on: date | None
    destruction_on: date | None
    live_version: int | None
    live_status: str | None
    live_ends_on: date | None
    ndas_needed: int
    ndas_received: int
    begun_at: datetime
    updated_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests.

    Attributes:
        text: Anywhere in number, title, organization or agencies.
        status, agency, type: Exactly; several mean any of them.
        live: Only those with a grant that may be in force.
        ends_before: Whose grant in force ends before that legal date.
    """

    text: str = ""
    status: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    live: bool = False
    ends_before: date | None = None
    sort: str = "updated_at"
    descending: bool = True
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, slots=True)
class Viewer:
    """On what grounds somebody sees requests in lists; any one suffices.

    Attributes:
        everything: Every request, drafts too.
        submitted: Every request that was ever submitted.
        person: Those the person is named in.
        agency: Those that ask for this agency's data, once submitted.
        parties: Those whose agreement these parties sign.
    """

    everything: bool = False
    submitted: bool = False
    person: str | None = None
    agency: str | None = None
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A meeting in a list; instants in UTC."""

    body: str
    id: str
    starts_at: datetime
    noticed_at: datetime
    public: bool
    rescheduled_from: str | None
    opened_at: datetime | None
    ended_at: datetime | None
    status: str


_R = t.request_rows


def list_request_rows(
    unit: UnitOfWork, wanted: RequestFilter, conditions: Sequence[ColumnElement[bool]]
) -> Page[RequestRow]:
    """The requests that fit the filter and every condition."""
    query = select(_R).where(*conditions, *_filters(wanted))
    by_sort = select(_R).where(*conditions, *_filters(wanted, by_sort=True))
    sort = wanted.sort if wanted.sort in SORTS else "updated_at"
    column = _R.c[sort]
    down = wanted.descending
    sorted_by = column.desc() if down else column.asc()
    order = (
        sorted_by.nulls_last() if column.nullable else sorted_by,
        _R.c.number.desc() if down else _R.c.number.asc(),
    )
    paging = (wanted.page, wanted.per_page)
    return _page(unit, by_sort, order, paging, RequestRow, counted_by=query)


def seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """What the viewer may see."""
    if viewer.everything:
        return _R.c.number.is_not(None)
    grounds: list[ColumnElement[bool]] = [_R.c.number.is_(None)]
    if viewer.submitted:
        grounds.append(_R.c.received_on.is_not(None))
    if viewer.person is not None:
        grounds.append(named(viewer.person))
    if viewer.agency is not None:
        a = t.request_agencies
        grounds.append(
            _R.c.number.in_(
                select(a.c.number).where(a.c.agency == viewer.agency, a.c.submitted.is_(True))
            )
        )
    if viewer.parties:
        grounds.append(_party(viewer.parties))
    return or_(*grounds)


def named(person: str) -> ColumnElement[bool]:
    """Requests the person began or is named in."""
    people = t.request_people
    return _R.c.number.in_(select(people.c.number).where(people.c.person == person))


def acts_for(person: str) -> ColumnElement[bool]:
    """Requests the person acts for."""
    people = t.request_people
    return _R.c.number.in_(
        select(people.c.number).where(people.c.person == person, people.c.role != "analyst")
    )


def waits_for_agency(agency: str) -> ColumnElement[bool]:
    """Requests whose part of that agency waits for its data owner."""
    a = t.request_agencies
    return _R.c.number.in_(select(a.c.number).where(a.c.agency == agency, a.c.waiting.is_(True)))


def waits_for_party(parties: Sequence[str]) -> ColumnElement[bool]:
    """Requests whose agreement one of the parties has not signed yet."""
    return _party(parties, signed=False)


def waits_for_role(role: str) -> ColumnElement[bool]:
    """Requests on which that role acts next."""
    return _R.c.next_role == role


def any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """At least one of them; none: nothing."""
    return or_(_R.c.number.is_(None), *conditions)


def all_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Every one of them."""
    return and_(*conditions)


def _party(parties: Sequence[str], *, signed: bool | None = None) -> ColumnElement[bool]:
    rows = t.request_parties
    chosen: list[ColumnElement[bool]] = [rows.c.party.in_(tuple(parties))]
    if signed is not None:
        chosen.append(rows.c.signed.is_(signed))
    return _R.c.number.in_(select(rows.c.number).where(*chosen))


def _filters(wanted: RequestFilter, *, by_sort: bool = False) -> list[ColumnElement[bool]]:
    """The filter's conditions.

    `by_sort` leaves the status out of the choice of an index: SQLite would take it, then fetch and
    sort every row of the status for one page, where the list's own order has an index too.
    """
    words = _words(wanted.text)
    found: list[ColumnElement[bool]] = [_R.c.search.contains(w, autoescape=True) for w in words]
    if wanted.status:
        status = func.coalesce(_R.c.status, "") if by_sort else _R.c.status
        found.append(status.in_(_known(wanted.status)))
    if wanted.type:
        found.append(_R.c.type.in_(_known(wanted.type)))
    if wanted.agency:
        a = t.request_agencies
        asked = select(a.c.number).where(a.c.agency.in_(_known(wanted.agency)))
        found.append(_R.c.number.in_(asked))
    if wanted.live:
        found.append(_R.c.live_version.is_not(None))
    if wanted.ends_before is not None:
        found.append(_R.c.live_ends_on < wanted.ends_before)
    return found


def _words(text: str) -> list[str]:
    return [word for word in text.casefold().split() if is_text(word)][:MAX_WORDS]


def _known(values: Sequence[str]) -> list[str]:
    """Those a column can hold; none of them: nothing is found."""
    return [value for value in values if is_text(value)]


def list_people_rows(
    unit: UnitOfWork,
    *,
    text: str = "",
    role: str | None = None,
    agency: str | None = None,
    employed_on: date | None = None,
    page: int = 1,
    per_page: int = 25,
) -> Page[Person]:
    """People, by name."""
    rows = t.people_rows
    query = select(rows.c.record)
    for word in _words(text):
        query = query.where(rows.c.search.contains(word, autoescape=True))
    if role is not None:
        query = query.where(rows.c.roles.contains(f",{role},", autoescape=True))
    if agency is not None:
        query = query.where(rows.c.agency.in_(_known((agency,))))
    if employed_on is not None:
        query = query.where(
            rows.c.employed_from <= employed_on,
            or_(rows.c.employed_until.is_(None), rows.c.employed_until >= employed_on),
        )
    page, per_page = bounded(page, per_page)
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    total = unit.connection.scalar(counted) or 0
    found = unit.connection.scalars(
        query.order_by(rows.c.name, rows.c.id).limit(per_page).offset((page - 1) * per_page)
    )
    items = tuple(Person.model_validate_json(record) for record in found)
    return Page(items, total, page, per_page)


def find_person(unit: UnitOfWork, **named_by: str) -> Person | None:
    """The person with that `id`, or that `account`."""
    rows = t.people_rows
    conditions = [rows.c[name].in_(_known((value,))) for name, value in named_by.items()]
    record = unit.connection.scalar(select(rows.c.record).where(*conditions))
    return None if record is None else Person.model_validate_json(record)


def list_meeting_rows(
    unit: UnitOfWork, *, body: str | None, page: int, per_page: int
) -> Page[MeetingRow]:
    """Meetings, the latest first."""
    rows = t.meeting_rows
    query = select(rows)
    if body is not None:
        query = query.where(rows.c.body.in_(_known((body,))))
    order = (rows.c.starts_at.desc(), rows.c.body, rows.c.id)
    return _page(unit, query, order, (page, per_page), MeetingRow)


def _page(
    unit: UnitOfWork,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    paging: tuple[int, int],
    kind: type[RowType],
    *,
    counted_by: Select[Any] | None = None,
) -> Page[RowType]:
    page, per_page = bounded(*paging)
    counted = (query if counted_by is None else counted_by).with_only_columns(
        func.count(), maintain_column_froms=True
    )
    total = unit.connection.scalar(counted) or 0
    rows = unit.connection.execute(
        query.order_by(*order).limit(per_page).offset((page - 1) * per_page)
    ).mappings()
    return Page(tuple(read_row(kind, row) for row in rows), total, page, per_page)


_LISTED: Final = frozenset({"agencies", "waiting_agencies"})


def read_row(kind: type[RowType], row: Mapping[Any, Any]) -> RowType:
    """A row as its type: instants read, lists split."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every row type is a dataclass
        value = row[field.name]
        if field.name.endswith("_at") and value is not None:
            value = datetime.fromisoformat(value)
        elif field.name in _LISTED:
            value = tuple(part for part in value.split(",") if part)
        values[field.name] = value
    return kind(**values)
