"""The public register: every request that was submitted, and its page."""

from collections.abc import Iterator, Sequence
from typing import Final

from starlette.responses import Response

from governance.papers.words import STATUS_WORDS
from governance.permissions import Action
from governance.portal.list_pages import asked_list, show_list
from governance.portal.lists import Column, Filter, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, everybody
from governance.portal.routes import PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.profile import Profile
from governance.register import RegisterRow
from governance.register.rows import REFUSALS
from governance.requests.model import RequestType
from governance.requests.states import Status
from governance.services.public_records import PublicRecords, public_records
from governance.store import NotFoundError
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (NavItem(Area.REGISTER, "Register of requests", "/register", everybody),)

_NEVER: Final = frozenset({Status.DRAFT})
_STATUSES: Final = {s.value: STATUS_WORDS[s] for s in Status if s not in _NEVER}
_TYPES: Final = {t.value: t.value.capitalize() for t in RequestType}
_DECISIONS: Final = {
    "approved": "Approved",
    "approved with conditions": "Approved with conditions",
    "denied": "Denied",
}


COLUMNS: Final[tuple[Column[RegisterRow], ...]] = (
    Column("number", "Number", lambda r: r.number, link=lambda r: f"/register/{r.number}"),
    Column("title", "Title", lambda r: r.title),
    Column("organization", "Organization", lambda r: r.organization, only_export=True),
    Column("agencies", "Agencies", lambda r: ", ".join(r.agency_codes)),
    Column("status", "Status", lambda r: r.status.value, kind="status", choices=_STATUSES,
           shown=lambda r: r.status_words),
    Column("next", "Acts next", lambda r: r.next_who),
    Column("type", "Type", lambda r: r.type, choices=_TYPES, only_export=True),
    Column("received", "Received", lambda r: r.received_on, kind="day"),
    Column("decision", "Decision", lambda r: r.decision, choices=_DECISIONS, only_export=True),
    Column("decided", "Decided", lambda r: r.decided_on, kind="day", only_export=True),
    Column("ends", "Ends", lambda r: r.ends_on, kind="day", only_export=True),
    Column("purpose", "Purpose", lambda r: r.purpose, only_export=True),
    Column("updated", "Changed", lambda r: r.updated_at, kind="instant", only_export=True),
)  # fmt: skip


def list_spec(profile: Profile) -> ListSpec[RegisterRow]:
    """The register as a list; agencies to choose from are the profile's."""
    agencies = {a.id: a.code for a in profile.agencies if a.participating}
    return ListSpec(
        "register",
        "Register of data requests",
        COLUMNS,
        sort="number",
        descending=True,
        search="number, title, organization, purpose, agencies and datasets",
        empty="No request was submitted yet. A request stands here from its first submission on.",
        filters={"agency": Filter("Agency", agencies)},
        by_service=True,
    )


def found_rows(
    spec: ListSpec[RegisterRow], wishes: Wishes, records: PublicRecords
) -> Sequence[RegisterRow]:
    """The rows that fit, in the order asked for; orders are made once."""
    words = wishes.text.casefold().split()
    rows = _in_order(spec, wishes, records)
    found = records.found
    for word in words:  # one pass a word over ever fewer rows
        rows = [r for r in rows if word in found[r.number]]
    return [r for r in rows if _fits(spec, wishes, r)] if wishes.filters else rows


def found_page(
    spec: ListSpec[RegisterRow], wishes: Wishes, records: PublicRecords
) -> Page[RegisterRow]:
    """One page of them."""
    found = found_rows(spec, wishes, records)
    start = (wishes.page - 1) * wishes.per_page
    rows = tuple(found[start : start + wishes.per_page])
    return Page(rows, len(found), wishes.page, wishes.per_page)


def _fits(spec: ListSpec[RegisterRow], wishes: Wishes, row: RegisterRow) -> bool:
    for name, wanted in wishes.filters.items():
        column = spec.column(name)
        if (wanted not in row.agencies) if column is None else (column.value(row) != wanted):
            return False
    return True


def _in_order(
    spec: ListSpec[RegisterRow], wishes: Wishes, records: PublicRecords
) -> Sequence[RegisterRow]:
    column = spec.column(wishes.sort) or COLUMNS[0]

    def made() -> tuple[RegisterRow, ...]:
        have = [r for r in records.rows if column.value(r) is not None]
        none = [r for r in records.rows if column.value(r) is None]
        have.sort(key=lambda r: _key(column, r), reverse=wishes.descending)
        return (*have, *none)

    return records.once(f"order:{column.name}:{wishes.descending}", made)


def _key(column: Column[RegisterRow], row: RegisterRow) -> str:
    value = column.value(row)
    return value.casefold() if isinstance(value, str) else str(value)


@router.page("GET", "/register", asks=Action.READ_REGISTER)
def show_register(visit: VisitDep) -> Response:
    """Every request that was ever submitted, searched, sorted, paged or exported."""
    spec, records = list_spec(visit.programme.profile), public_records(visit.programme)
    listing = asked_list(visit, spec, lambda wishes: found_page(spec, wishes, records))
    return show_list(visit, "register/list.html", listing)


def show_row(visit: VisitDep, number: str) -> Response:
    """A request as the public sees it: where it stands, who acts next, the vote, what came of it.

    Raises:
        NotFoundError: There is no such request, or it was never submitted.
    """
    row = public_records(visit.programme).by_number.get(number)
    if row is None:
        raise NotFoundError("The register has no request of that number.")
    refusals = [REFUSALS[r] for r in row.refused]
    links = list(_dataset_links(visit, row))
    return visit.page("register/show.html", row=row, refusals=refusals, datasets=links)


def _dataset_links(visit: Visit, row: RegisterRow) -> Iterator[tuple[str, str, str]]:
    for dataset, title in row.datasets:
        agency = dataset.partition("/")[0]
        known = dataset in visit.programme.contracts
        name = visit.programme.profile.agency_name(agency)
        yield f"/catalogue/{dataset}" if known else "", title, name
