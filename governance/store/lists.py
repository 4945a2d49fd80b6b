"""Lists from the read models: filtered, sorted and paged by the database, two queries a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar, get_args

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select

from governance.people import Person
from governance.store import tables as t
from governance.store.paging import Page, bounded
from governance.store.sort_keys import sort_key
from governance.store.subjects import is_text
from governance.store.unit import UnitOfWork

Scope = Literal["mine", "waiting", "all"]
RequestSort = Literal[
    "number", "title", "status", "next_role", "type", "organization", "agencies", "received_on",
    "decided_on", "ends_on", "updated_at",
]  # fmt: skip
PeopleSort = Literal[
    "name", "email", "employer", "agency", "role", "employed_from", "employed_until", "id"
]
MeetingSort = Literal["starts_at", "body", "id", "status", "noticed_at"]
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
        status, agency, type: Exactly what the list shows; several mean any of them.
        data_of: That asked for that agency's data in any version that was submitted.
        live: Only those with a grant that may be in force.
        ends_before: Whose grant in force ends before that legal date.
    """

    text: str = ""
    status: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    data_of: str | None = None
    live: bool = False
    ends_before: date | None = None
    sort: str = "updated_at"
    descending: bool = True
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people, in which order.

    Attributes:
        text: Words, anywhere in id, name, address or employer.
        employed_on, not_employed_on: Only those employed on that day, or not employed on it.
    """

    text: str = ""
    role: str | None = None
    agency: str | None = None
    employed_on: date | None = None
    not_employed_on: date | None = None
    sort: str = "name"
    descending: bool = False
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Which meetings, in which order; `text`: words, anywhere in the ids of body and meeting."""

    text: str = ""
    body: str | None = None
    status: str | None = None
    sort: str = "starts_at"
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


_R, _P, _M = t.request_rows, t.people_rows, t.meeting_rows
_Columns = Mapping[str, ColumnElement[Any]]
_SORTED: Final[_Columns] = {
    **{name: _R.c[name] for name in get_args(RequestSort)},
    "title": _R.c.title_key,
    "organization": _R.c.organization_key,
}
_PEOPLE_SORTED: Final[_Columns] = {
    "name": _P.c.name_key,
    "email": _P.c.email_key,
    "employer": _P.c.employer_key,
    "agency": _P.c.agency,
    "role": _P.c.roles,
    "employed_from": _P.c.employed_from,
    "employed_until": _P.c.employed_until,
    "id": _P.c.id,
}
_MEETINGS_SORTED: Final[_Columns] = {name: _M.c[name] for name in get_args(MeetingSort)}


def _order(
    columns: _Columns, sort: str, ties: Sequence[ColumnElement[Any]], *, descending: bool
) -> list[ColumnElement[Any]]:
    """By that column (the first one when there is none of that name), nothing last; then by ids."""
    column = columns.get(sort, next(iter(columns.values())))
    first = column.desc() if descending else column.asc()
    if getattr(column, "nullable", False):
        first = first.nulls_last()
    return [first, *(tie.desc() if descending else tie.asc() for tie in ties)]


def list_request_rows(
    unit: UnitOfWork, wanted: RequestFilter, conditions: Sequence[ColumnElement[bool]]
) -> Page[RequestRow]:
    """The requests that fit the filter and every condition."""
    query = select(_R).where(*conditions, *_filters(wanted))
    by_sort = select(_R).where(*conditions, *_filters(wanted, by_sort=True))
    sort = wanted.sort if wanted.sort in _SORTED else "updated_at"
    order = _order(_SORTED, sort, (_R.c.number,), descending=wanted.descending)
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
    words = words_of(wanted.text)
    found: list[ColumnElement[bool]] = [_R.c.search.contains(w, autoescape=True) for w in words]
    if wanted.status:
        status = func.coalesce(_R.c.status, "") if by_sort else _R.c.status
        found.append(status.in_(_known(wanted.status)))
    if wanted.type:
        found.append(_R.c.type.in_(_known(wanted.type)))
    if wanted.agency:
        found.append(_shows(_known(wanted.agency)))
    if wanted.data_of is not None:
        a = t.request_agencies
        asked = select(a.c.number).where(
            a.c.agency.in_(_known((wanted.data_of,))), a.c.submitted.is_(True)
        )
        found.append(_R.c.number.in_(asked))
    if wanted.live:
        found.append(_R.c.live_version.is_not(None))
    if wanted.ends_before is not None:
        found.append(_R.c.live_ends_on < wanted.ends_before)
    return found


def _shows(agencies: Sequence[str]) -> ColumnElement[bool]:
    """Requests in whose row one of the agencies stands.

    `request_agencies` has also what a draft nobody else may see asks for: it narrows by its index,
    and does not decide.
    """
    a = t.request_agencies
    asked = _R.c.number.in_(select(a.c.number).where(a.c.agency.in_(agencies)))
    shown = literal(",") + _R.c.agencies + literal(",")
    return and_(asked, or_(false(), *(shown.contains(f",{x},", autoescape=True) for x in agencies)))


def words_of(text: str) -> list[str]:
    """Words that a search looks for, without capitals; those no column can hold are left out."""
    return [word for word in text.casefold().split() if is_text(word)][:MAX_WORDS]


def _known(values: Sequence[str]) -> list[str]:
    """Those a column can hold; none of them: nothing is found."""
    return [value for value in values if is_text(value)]


def list_people_rows(unit: UnitOfWork, wanted: PeopleFilter) -> Page[Person]:
    """The people that fit the filter."""
    query = select(_P.c.record).where(*_people(wanted))
    page, per_page = bounded(wanted.page, wanted.per_page)
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    total = unit.connection.scalar(counted) or 0
    order = _order(_PEOPLE_SORTED, wanted.sort, (_P.c.id,), descending=wanted.descending)
    start = (page - 1) * per_page
    if start >= total:  # nothing there: a search is not run a second time
        return Page((), total, page, per_page)
    found = unit.connection.scalars(query.order_by(*order).limit(per_page).offset(start))
    items = tuple(Person.model_validate_json(record) for record in found)
    return Page(items, total, page, per_page)


def _people(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    words = words_of(wanted.text)
    found: list[ColumnElement[bool]] = [_P.c.search.contains(w, autoescape=True) for w in words]
    if wanted.role is not None:
        found.append(_P.c.roles.contains(f",{wanted.role},", autoescape=True))
    if wanted.agency is not None:
        found.append(_P.c.agency.in_(_known((wanted.agency,))))
    if wanted.employed_on is not None:
        found.append(_employed(wanted.employed_on))
    if wanted.not_employed_on is not None:
        found.append(not_(_employed(wanted.not_employed_on)))
    return found


def _employed(on: date) -> ColumnElement[bool]:
    until = func.coalesce(_P.c.employed_until, date.max)
    return and_(_P.c.employed_from <= on, until >= on)


def find_person(unit: UnitOfWork, **named_by: str) -> Person | None:
    """The person with that `id`, or that `account`."""
    rows = t.people_rows
    conditions = [rows.c[name].in_(_known((value,))) for name, value in named_by.items()]
    record = unit.connection.scalar(select(rows.c.record).where(*conditions))
    return None if record is None else Person.model_validate_json(record)


def people_under(unit: UnitOfWork, email: str) -> tuple[Person, ...]:
    """Everybody on record under exactly that address, capitals or not, by id: however many."""
    wanted = email.casefold()
    same = _P.c.email_key.in_(_known((sort_key(email),)))  # a long address is cut there
    records = unit.connection.scalars(select(_P.c.record).where(same).order_by(_P.c.id))
    found = (Person.model_validate_json(record) for record in records)
    return tuple(person for person in found if person.email.casefold() == wanted)


def list_meeting_rows(unit: UnitOfWork, wanted: MeetingFilter) -> Page[MeetingRow]:
    """The meetings that fit the filter."""
    told = _M.c.body + literal(" ") + _M.c.id
    query = select(_M)
    for word in words_of(wanted.text):
        query = query.where(func.lower(told).contains(word, autoescape=True))
    if wanted.body is not None:
        query = query.where(_M.c.body.in_(_known((wanted.body,))))
    if wanted.status is not None:
        query = query.where(_M.c.status.in_(_known((wanted.status,))))
    ties = (_M.c.body, _M.c.id)
    order = _order(_MEETINGS_SORTED, wanted.sort, ties, descending=wanted.descending)
    return _page(unit, query, order, (wanted.page, wanted.per_page), MeetingRow)


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
    start = (page - 1) * per_page
    if start >= total:
        return Page((), total, page, per_page)
    found = query.order_by(*order).limit(per_page).offset(start)
    rows = unit.connection.execute(found).mappings()
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
