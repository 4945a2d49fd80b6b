"""Sharing agreements and confidentiality statements: as papers, sent and signed."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import JSONResponse, Response

from governance.papers import Paper
from governance.permissions import Action
from governance.portal.api.files import Base64, decoded
from governance.portal.api.models import PROBLEMS, RequestAnswer
from governance.portal.api.papers import (
    PAPER,
    EditionOfVersion,
    PaperAnswer,
    answer_paper,
    tell_paper,
)
from governance.portal.api.requests import answer_request
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_own_statement, about_request
from governance.portal.visits import VisitDep
from governance.requests.states import Act
from governance.services.agreements import (
    Terms,
    draft_agreement,
    read_agreement,
    send_agreement,
    sign_agreement,
)
from governance.services.statements import read_statement, sign_nda
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/requests/{number}", tags=("agreements",))
NAVIGATION: tuple[NavItem, ...] = ()
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the text.")]


Version = Annotated[
    int | None, Field(ge=1, le=10_000, description="Of the request; the newest unless said.")
]
Name = Annotated[str, Field(min_length=1, max_length=4000)]


class Given(BaseModel):
    """What is said about a command itself.

    Attributes:
        based_on: Position of the request you looked at.
        once: Your token: sent twice, it happens once.
    """

    model_config = ConfigDict(extra="forbid")
    version: Version = None
    based_on: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class Dates(BaseModel):
    """Dates, both inclusive, and what a review board said."""

    model_config = ConfigDict(extra="forbid")
    effective_on: date
    ends_on: date
    irb: Annotated[str, Field(max_length=4000)] = ""

    def terms(self) -> Terms:
        """As the service takes them."""
        return Terms(self.effective_on, self.ends_on, self.irb)


class Drafting(Dates):
    """The dates to draft it with."""

    version: Version = None


class Sending(Dates, Given):
    """The dates, and the digest of the draft that was read: then exactly that text goes out."""

    digest: Hex | None = None


class SigningOwn(Given):
    """The digest of the text that was read, and one's own name."""

    digest: Hex
    name: Name


class Signing(Given):
    """For which party, the digest of the text, and one's own name or the signed PDF."""

    digest: Hex
    party: Name
    name: Annotated[str, Field(max_length=4000)] = ""
    signed_pdf: Base64 | None = None


_READ: dict[str, Any] = {"asks": Action.READ_REQUEST, "about": about_request}
_ANSWER: dict[str, Any] = {
    "about": about_request,
    "response_model": RequestAnswer,
    "responses": PROBLEMS,
}
StatementAnswer: Final[type[BaseModel]] = create_model(
    "StatementAnswer",
    __base__=PaperAnswer,
    __doc__="A statement as data, and how its person stands to it.",
    accepted_on=(date | None, Field(description="Of the signature that counts.")),
    accepted_version=(int | None, Field(description="Of the request, when it was given.")),
    again=(bool, Field(description="Signed before, under terms that changed since.")),
)


@router.api(
    "GET", "/agreement", summary="The agreement that went out, signatures and all", **_READ, **PAPER
)
def agreement(visit: VisitDep, number: str, asked: EditionOfVersion) -> Response:
    """As a paper; `digest` is what the parties sign."""
    paper = read_agreement(visit.programme, visit.actor, number, version=asked.version)
    return answer_paper(visit, _out(paper), asked.format)


@router.api(
    "POST",
    "/draft-agreement",
    asks=Act.SEND_AGREEMENT,
    about=about_request,
    response_model=PaperAnswer,
    responses=PROBLEMS,
    summary="The agreement as it would go out today",
)
def draft(visit: VisitDep, number: str, given: Drafting) -> Response:
    """Nothing is kept; `digest` is what `send-agreement` then sends."""
    p, actor = visit.programme, visit.actor
    paper = draft_agreement(p, actor, number, given.terms(), version=given.version)
    return answer_paper(visit, paper)


@router.api(
    "GET",
    "/ndas/{person}",
    summary="A person's confidentiality statement",
    **_READ,
    **(PAPER | {"response_model": StatementAnswer}),
)
def statement(visit: VisitDep, number: str, person: str, asked: EditionOfVersion) -> Response:
    """As a paper with what is new in its terms; `digest` is what the person signs."""
    p, actor = visit.programme, visit.actor
    found = read_statement(p, actor, number, person, version=asked.version)
    if found is None:
        raise _not_out()
    if asked.format != "json":
        return answer_paper(visit, found.paper, asked.format)
    signed, accepted = found.standing.signed_on, found.standing.accepted
    standing = {
        "accepted_on": None if signed is None else signed.isoformat(),
        "accepted_version": None if accepted is None else accepted.version,
        "again": found.standing.again,
    }
    return JSONResponse(tell_paper(found.paper) | standing)


@router.api(
    "POST", "/send-agreement", asks=Act.SEND_AGREEMENT, summary="Send the agreement out", **_ANSWER
)
def send(visit: VisitDep, number: str, given: Sending) -> RequestAnswer:
    """Drafted from the approved request and the clauses in force, kept, and sent for signature."""
    view = send_agreement(
        visit.programme,
        visit.actor,
        number,
        given.terms(),
        digest=given.digest,
        version=given.version,
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


@router.api(
    "POST", "/sign-agreement", asks=Act.SIGN_AGREEMENT, summary="Sign for a party", **_ANSWER
)
def sign(visit: VisitDep, number: str, given: Signing) -> RequestAnswer:
    """The text with that digest, by typing one's name or with the PDF signed by hand."""
    uploaded = given.signed_pdf
    view = sign_agreement(
        visit.programme,
        visit.actor,
        number,
        given.party,
        digest=given.digest,
        name=given.name,
        signed_pdf=None if uploaded is None else decoded(uploaded, "signed_pdf"),
        version=given.version,
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


@router.api(
    "POST",
    "/sign-nda",
    asks=Act.SIGN_NDA,
    summary="Sign one's own confidentiality statement",
    **(_ANSWER | {"about": about_own_statement}),
)
def sign_own(visit: VisitDep, number: str, given: SigningOwn) -> RequestAnswer:
    """The text with that digest, by typing one's name."""
    view = sign_nda(
        visit.programme,
        visit.actor,
        number,
        digest=given.digest,
        name=given.name,
        version=given.version,
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


def _out(paper: Paper | None) -> Paper:
    if paper is None:
        raise _not_out()
    return paper


def _not_out() -> NotFoundError:
    return NotFoundError("The sharing agreement has not gone out yet.")
