"""What an agency's data owner and data steward see of their own data."""

from dataclasses import dataclass
from datetime import date

from governance.decisions import check_permitted
from governance.permissions import Action, Actor, Target, decide_action
from governance.register import MatchLine
from governance.requests.links import agencies_with_link
from governance.requests.states import Status
from governance.services.programme import Programme
from governance.services.public_records import public_records
from governance.services.recording import denials_recorded
from governance.services.request_lists import ListQuery, list_requests
from governance.store.lists import RequestRow
from governance.store.paging import MOST_ROWS


@dataclass(frozen=True, slots=True)
class Use:
    """A project that may use an agency's data now.

    Attributes:
        agency: Whose data.
        datasets: Titles of the agency's, with how many variables of each.
        until: Last day, inclusive.
        link: Whether the agency analyzes its own data there: `destroyed`, `open`, or empty.
    """

    agency: str
    number: str
    title: str
    organization: str
    datasets: tuple[tuple[str, int], ...]
    status: str
    until: date | None
    link: str


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency's data and what waits for it.

    Attributes:
        waiting: Requests whose part of this agency waits for its data owner.
        matches: Lines of the match log with files this agency sent.
    """

    agency: str
    uses: tuple[Use, ...]
    waiting: tuple[RequestRow, ...]
    matches: tuple[MatchLine, ...]


def read_agency(p: Programme, actor: Actor, agency: str) -> AgencyView:
    """Who uses an agency's data and until when; what waits for its decision; its matches.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    uses = list_uses(p, actor, agency)
    review = ListQuery(
        data_of=agency, status=(Status.OWNER_REVIEW.value,), sort="received_on", descending=False,
        per_page=MOST_ROWS,
    )  # fmt: skip
    waiting = list_requests(p, actor, review).items
    return AgencyView(
        agency=agency,
        uses=uses,
        waiting=tuple(r for r in waiting if agency in r.waiting_agencies),
        matches=list_matches(p, actor, agency),
    )


def list_uses(p: Programme, actor: Actor, agency: str) -> tuple[Use, ...]:
    """Projects with a grant that may be in force for an agency's data, by their number.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    _check(p, actor, agency)
    asked = ListQuery(
        data_of=agency, live=True, sort="number", descending=False, per_page=MOST_ROWS
    )
    uses = (_use(p, agency, row) for row in list_requests(p, actor, asked).items)
    return tuple(use for use in uses if use.datasets)


def list_matches(p: Programme, actor: Actor, agency: str) -> tuple[MatchLine, ...]:
    """Lines of the match log with files an agency sent.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    _check(p, actor, agency)
    matches = public_records(p).source.matches
    return tuple(m for m in matches if p.profile.agency_of(m.sender) == agency)


def _check(p: Programme, actor: Actor, agency: str) -> None:
    with denials_recorded(p, actor, Action.LIST_AGENCY_DATA.value, agency):
        target = Target(agency=agency)
        check_permitted(decide_action(actor, Action.LIST_AGENCY_DATA, target, today=p.today))


def _use(p: Programme, agency: str, row: RequestRow) -> Use:
    with p.store.read() as unit:
        request = unit.request(row.number)
        destroyed = unit.find_once(f"link:{row.number}:{agency}") is not None
    live = request.live if request else None
    content = live.submitted if live else None
    parts = content.part(agency) if content else ()
    linked = content is not None and agency in agencies_with_link(content)
    return Use(
        agency=agency,
        number=row.number,
        title=content.title if content else row.title,
        organization=row.organization,
        datasets=tuple((_title(p, d.dataset), len(d.variables)) for d in parts),
        status=row.live_status or row.status,
        until=row.live_ends_on,
        link="" if not linked else "destroyed" if destroyed else "open",
    )


def _title(p: Programme, dataset: str) -> str:
    contract = p.contracts.get(dataset)
    return contract.title if contract else dataset
