"""Publications: proposed, seen by each contributing agency, recorded once they appeared."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from governance.permissions import Action
from governance.portal.api.agencies import about_agency
from governance.portal.api.files import Base64, decoded
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_whole_request
from governance.portal.visits import Visit, VisitDep
from governance.register.proposals import Proposal, ProposalState, ProposedPublication
from governance.register.source import Publication, PublicationKind, WebAddress
from governance.services.attachments import Upload
from governance.services.publications import (
    find_publication,
    list_publications,
    list_to_see,
    propose_publication,
    record_publication,
    see_publication,
    withdraw_publication,
)

router = PortalRouter(prefix="/api/v1", tags=("publications",))
NAVIGATION: tuple[NavItem, ...] = ()
_ABOUT: Final[dict[str, Any]] = {"about": about_whole_request, "responses": PROBLEMS}
_HERE: Final = "/requests/{number}/publications"
Once = Annotated[str | None, Field(min_length=1, max_length=64)]
Title = Annotated[str, Field(min_length=1, max_length=300)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    once: Once = None


class Output(BaseModel):
    """The output as it will appear, in base64; it is filed as a confidential document."""

    model_config = ConfigDict(extra="forbid")
    title: Title
    media_type: Annotated[str, Field(min_length=1, max_length=64)]
    content: Base64


class WantedPublication(_Body):
    """What the project means to publish."""

    title: Title
    kind: PublicationKind
    venue: Annotated[str, Field(min_length=1, max_length=300, description="Where it will appear.")]
    planned_on: date
    output: Output | None = None


class SeenPublication(_Body):
    """That an agency saw it, and what it says to the project."""

    agency: Annotated[str | None, Field(max_length=63, description="Your own unless said.")] = None
    comment: Annotated[str, Field(max_length=4000)] = ""


class TakenBack(_Body):
    """Why the project takes it back."""

    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class AppearedPublication(_Body):
    """Where and when it appeared; the title where it is another one by then."""

    address: WebAddress
    published_on: date
    title: Title | None = None


class SeenAnswer(BaseModel):
    """An agency's note."""

    agency: str
    by: str
    at: datetime
    comment: str


class PublicationAnswer(BaseModel):
    """A proposed publication with what came of it.

    Attributes:
        unseen: Agencies that have not looked at it yet.
    """

    proposed: ProposedPublication
    proposed_by: str
    proposed_at: datetime
    state: ProposalState
    seen: tuple[SeenAnswer, ...]
    unseen: tuple[str, ...]
    withdrawn: str | None
    published: Publication | None


class PublicationsAsked(ListAsked):
    """Which publications, in which order."""

    state: Word = None
    proposed_by: Word = None
    sort: Literal["proposed_at", "proposed_by", "state"] = "proposed_at"
    descending: bool = True


@router.api(
    "GET",
    _HERE,
    asks=Action.READ_PUBLICATIONS,
    response_model=Paged[PublicationAnswer],
    summary="A request's publications, proposed and recorded, one page",
    **_ABOUT,
)
def publications(
    visit: VisitDep, number: str, asked: Annotated[PublicationsAsked, Query()]
) -> Paged[PublicationAnswer]:
    """The newest first. What is only proposed is confidential."""
    found = list_publications(visit.programme, visit.actor, number)
    return page_of([_answer(visit, x) for x in found], asked)


@router.api(
    "GET",
    f"{_HERE}/{{publication}}",
    asks=Action.READ_PUBLICATIONS,
    response_model=PublicationAnswer,
    summary="One publication, proposed or recorded",
    **_ABOUT,
)
def publication_of(visit: VisitDep, number: str, publication: str) -> PublicationAnswer:
    """Who saw it, and what came of it."""
    return _answer(visit, find_publication(visit.programme, visit.actor, number, publication))


@router.api(
    "POST",
    _HERE,
    asks=Action.PROPOSE_PUBLICATION,
    status_code=201,
    response_model=PublicationAnswer,
    summary="Propose a publication",
    **_ABOUT,
)
def propose(visit: VisitDep, number: str, wanted: WantedPublication) -> PublicationAnswer:
    """Each contributing agency looks at it next."""
    facts = wanted.model_dump(mode="json", exclude={"once", "output"})
    sent = wanted.output
    output = None
    if sent is not None:
        content = decoded(sent.content, "output.content")
        output = Upload("output", sent.title, sent.media_type, content)
    proposed = propose_publication(
        visit.programme, visit.actor, number, facts, output=output, once=wanted.once
    )
    return _answer(visit, proposed)


@router.api(
    "POST",
    f"{_HERE}/{{publication}}/seen",
    asks=Action.SEE_PUBLICATION,
    response_model=PublicationAnswer,
    summary="Note that an agency saw an output before publication",
    **_ABOUT,
)
def see(visit: VisitDep, number: str, publication: str, seen: SeenPublication) -> PublicationAnswer:
    """The first note of an agency stands."""
    noted = see_publication(
        visit.programme,
        visit.actor,
        number,
        publication,
        comment=seen.comment,
        agency=seen.agency,
        once=seen.once,
    )
    return _answer(visit, noted)


@router.api(
    "POST",
    f"{_HERE}/{{publication}}/withdraw",
    asks=Action.PROPOSE_PUBLICATION,
    response_model=PublicationAnswer,
    summary="Take a proposed publication back",
    **_ABOUT,
)
def withdraw(visit: VisitDep, number: str, publication: str, taken: TakenBack) -> PublicationAnswer:
    """A changed output is proposed anew."""
    p, actor = visit.programme, visit.actor
    return _answer(
        visit,
        withdraw_publication(p, actor, number, publication, taken.reason, once=taken.once),
    )


@router.api(
    "POST",
    f"{_HERE}/{{publication}}/published",
    asks=Action.RECORD_PUBLICATION,
    response_model=Publication,
    summary="Record that an output was published",
    **_ABOUT,
)
def appeared(
    visit: VisitDep, number: str, publication: str, told: AppearedPublication
) -> Publication:
    """Every contributing agency saw it, or its time has run out; it stands in the register."""
    facts = told.model_dump(mode="json", exclude={"once"}, exclude_none=True)
    p, actor = visit.programme, visit.actor
    return record_publication(p, actor, number, publication, facts, once=told.once)


@router.api(
    "GET",
    "/agencies/{agency}/publications",
    asks=Action.LIST_AGENCY_DATA,
    about=about_agency,
    response_model=Paged[PublicationAnswer],
    responses=PROBLEMS,
    summary="Outputs that wait for an agency to look at them, one page",
)
def to_see(
    visit: VisitDep, agency: str, asked: Annotated[PublicationsAsked, Query()]
) -> Paged[PublicationAnswer]:
    """The earliest last day first."""
    found = list_to_see(visit.programme, visit.actor, agency)
    return page_of([_answer(visit, x) for x in found], asked)


def _answer(visit: Visit, one: Proposal) -> PublicationAnswer:
    return PublicationAnswer(
        proposed=one.facts,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        state=one.state(visit.today, visit.programme.profile.publication_review),
        seen=tuple(
            SeenAnswer(agency=agency, by=seen.by, at=seen.at, comment=seen.comment)
            for agency, seen in one.seen.items()
        ),
        unseen=one.unseen,
        withdrawn=one.withdrawn,
        published=one.published,
    )
