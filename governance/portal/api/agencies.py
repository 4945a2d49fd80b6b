"""An agency's own data: who uses it, what waits, what came in, what was destroyed."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from governance.event_feed import DestructionRow, SubmissionRow
from governance.permissions import Action, Target
from governance.portal.api.models import PROBLEMS, Answer
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.register import MatchLine
from governance.services.agencies import Use, list_matches, list_uses, read_agency
from governance.services.feed import read_agency_feed
from governance.services.links import confirm_link_destroyed
from governance.store.lists import RequestRow

router = PortalRouter(prefix="/api/v1/agencies/{agency}", tags=("agencies",))
NAVIGATION: tuple[NavItem, ...] = ()


class AgencyAnswer(Answer):
    """Who uses an agency's data until when, what waits for its decision, its matches."""

    agency: str
    uses: tuple[Use, ...]
    waiting: tuple[RequestRow, ...]
    matches: tuple[MatchLine, ...]


class LinkDestroyed(BaseModel):
    """Of which request the agency destroyed its link."""

    model_config = ConfigDict(extra="forbid")
    number: Annotated[str, Field(min_length=1, max_length=63)]


class LinkConfirmed(BaseModel):
    """What is on record; the same when it was confirmed before."""

    number: str
    agency: str


class SubmissionsAsked(ListAsked):
    """Which submissions, in which order."""

    dataset: Word = None
    period: Word = None
    state: Word = None
    sort: Literal[
        "received_at", "dataset", "period", "revision", "state", "rows_read", "rows_landed",
        "rows_quarantined", "failed_pct", "id",
    ] = "received_at"  # fmt: skip
    descending: bool = True


class DestructionsAsked(ListAsked):
    """Which destructions, in which order."""

    dataset: Word = None
    what: Word = None
    in_time: bool | None = None
    sort: Literal["destroyed_at", "what", "dataset", "due_on", "clause"] = "destroyed_at"
    descending: bool = True


class UsesAsked(ListAsked):
    """Which projects, in which order."""

    status: Word = None
    organization: Word = None
    sort: Literal["number", "title", "organization", "status", "until"] = "number"


class MatchesAsked(ListAsked):
    """Which lines of the match log, in which order."""

    request: Word = None
    sender: Word = None
    receiver: Word = None
    sort: Literal[
        "received", "sender", "receiver", "request", "file_name", "match_date", "matrix_date",
        "destroyed_date",
    ] = "received"  # fmt: skip
    descending: bool = True


def about_agency(visit: Visit) -> Target:
    """The agency of the path."""
    return Target(agency=visit.wanted["agency"])


@router.api(
    "GET",
    "",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=AgencyAnswer,
    responses=PROBLEMS,
    summary="An agency's data in use, and what waits for the agency",
)
def overview(visit: VisitDep, agency: str) -> AgencyAnswer:
    """For its data owner and data steward, the operating office and the auditor."""
    return AgencyAnswer.model_validate(read_agency(visit.programme, visit.actor, agency))


@router.api(
    "GET",
    "/submissions",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[SubmissionRow],
    responses=PROBLEMS,
    summary="An agency's submissions and their health, one page",
)
def submissions(
    visit: VisitDep, agency: str, asked: Annotated[SubmissionsAsked, Query()]
) -> Paged[SubmissionRow]:
    """The newest first, from the enclave's signed events."""
    feed = read_agency_feed(visit.programme, visit.actor, agency)
    return page_of(tuple(feed.submissions.values()), asked)


@router.api(
    "GET",
    "/destructions",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[DestructionRow],
    responses=PROBLEMS,
    summary="What was destroyed of an agency's data, one page",
)
def destructions(
    visit: VisitDep, agency: str, asked: Annotated[DestructionsAsked, Query()]
) -> Paged[DestructionRow]:
    """The newest first: what, when it was due, and under which clause."""
    feed = read_agency_feed(visit.programme, visit.actor, agency)
    return page_of(feed.destructions, asked)


@router.api(
    "GET",
    "/uses",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[Use],
    responses=PROBLEMS,
    summary="Projects that may use an agency's data now, one page",
)
def uses(visit: VisitDep, agency: str, asked: Annotated[UsesAsked, Query()]) -> Paged[Use]:
    """What of it, and until when."""
    return page_of(list_uses(visit.programme, visit.actor, agency), asked)


@router.api(
    "GET",
    "/matches",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[MatchLine],
    responses=PROBLEMS,
    summary="Files an agency sent for matching, one page",
)
def matches(
    visit: VisitDep, agency: str, asked: Annotated[MatchesAsked, Query()]
) -> Paged[MatchLine]:
    """The newest first unless asked otherwise."""
    return page_of(list_matches(visit.programme, visit.actor, agency), asked)


@router.api(
    "POST",
    "/links",
    asks=Action.CONFIRM_LINK_DESTRUCTION,
    about=about_agency,
    response_model=LinkConfirmed,
    responses=PROBLEMS,
    summary="Confirm that the agency destroyed its link",
)
def confirm_link(visit: VisitDep, agency: str, given: LinkDestroyed) -> LinkConfirmed:
    """From source id to synthetic id, for one request; sent twice, it is recorded once."""
    confirm_link_destroyed(visit.programme, visit.actor, given.number, agency)
    return LinkConfirmed(number=given.number, agency=agency)
