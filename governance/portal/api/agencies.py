"""An agency's own data: who uses it, what waits, what came in, what was destroyed."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from governance.event_feed import DestructionRow, SubmissionRow
from governance.permissions import Action, Target
from governance.portal.api.models import PROBLEMS, Answer, PageAsked
from governance.portal.api.paging import Paged, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.register import MatchLine
from governance.services.agencies import Use, read_agency
from governance.services.feed import read_agency_feed
from governance.services.links import confirm_link_destroyed
from governance.store.lists import RequestRow

router = PortalRouter(prefix="/api/v1/agencies/{agency}", tags=("agencies",))
NAVIGATION: tuple[NavItem, ...] = ()
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


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
    visit: VisitDep, agency: str, asked: Annotated[PageAsked, Query()]
) -> Paged[SubmissionRow]:
    """The newest first, from the enclave's signed events."""
    feed = read_agency_feed(visit.programme, visit.actor, agency)
    told = feed.submissions.values()
    found = sorted(told, key=lambda s: s.received_at or _LONG_AGO, reverse=True)
    return page_of(found, asked)


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
    visit: VisitDep, agency: str, asked: Annotated[PageAsked, Query()]
) -> Paged[DestructionRow]:
    """The newest first: what, when it was due, and under which clause."""
    feed = read_agency_feed(visit.programme, visit.actor, agency)
    found = sorted(feed.destructions, key=lambda d: d.destroyed_at, reverse=True)
    return page_of(found, asked)


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
