"""Sharing agreements and confidentiality statements: as papers, sent and signed."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from governance.papers import Paper
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, RequestAnswer
from governance.portal.api.requests import answer_request
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_own_statement, about_request
from governance.portal.visits import VisitDep
from governance.requests.states import Act
from governance.services.agreements import (
    Terms,
    read_agreement,
    send_agreement,
    sign_agreement,
)
from governance.services.statements import read_statement, sign_nda
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/requests/{number}", tags=("agreements",))
NAVIGATION: tuple[NavItem, ...] = ()
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the text.")]


class Given(BaseModel):
    """What is said about a command itself.

    Attributes:
        based_on: Position of the request you looked at.
        once: Your token: sent twice, it happens once.
    """

    model_config = ConfigDict(extra="forbid")
    based_on: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class Sending(Given):
    """Dates, both inclusive, and what a review board said."""

    effective_on: date
    ends_on: date
    irb: Annotated[str, Field(max_length=4000)] = ""


class SigningOwn(Given):
    """The digest of the text that was read, and one's own name."""

    digest: Hex
    name: Annotated[str, Field(min_length=1, max_length=4000)]


class Signing(SigningOwn):
    """Also for which party."""

    party: Annotated[str, Field(min_length=1, max_length=4000)]


_PAPER: dict[str, Any] = {
    "asks": Action.READ_REQUEST,
    "about": about_request,
    "response_model": dict[str, JsonValue],
    "responses": PROBLEMS,
}
_ANSWER: dict[str, Any] = {
    "about": about_request,
    "response_model": RequestAnswer,
    "responses": PROBLEMS,
}


@router.api(
    "GET", "/agreement", summary="The agreement that went out, signatures and all", **_PAPER
)
def agreement(visit: VisitDep, number: str) -> dict[str, JsonValue]:
    """As a paper; `digest` is what the parties sign."""
    return _paper(read_agreement(visit.programme, visit.actor, number))


@router.api("GET", "/ndas/{person}", summary="A person's confidentiality statement", **_PAPER)
def statement(visit: VisitDep, number: str, person: str) -> dict[str, JsonValue]:
    """As a paper with what is new in its terms; `digest` is what the person signs.

    `accepted_on` and `accepted_version`: of the signature that counts, or null; `again`: whether
    they signed before, under terms that changed since.
    """
    found = read_statement(visit.programme, visit.actor, number, person)
    if found is None:
        raise NotFoundError("The sharing agreement has not gone out yet.")
    standing = found.standing
    return {
        **_paper(found.paper),
        "accepted_on": None if standing.signed_on is None else standing.signed_on.isoformat(),
        "accepted_version": standing.accepted.version if standing.accepted else None,
        "again": standing.again,
    }


@router.api(
    "POST", "/send-agreement", asks=Act.SEND_AGREEMENT, summary="Send the agreement out", **_ANSWER
)
def send(visit: VisitDep, number: str, given: Sending) -> RequestAnswer:
    """Drafted from the approved request and the clauses in force, kept, and sent for signature."""
    view = send_agreement(
        visit.programme,
        visit.actor,
        number,
        Terms(given.effective_on, given.ends_on, given.irb),
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


@router.api(
    "POST", "/sign-agreement", asks=Act.SIGN_AGREEMENT, summary="Sign for a party", **_ANSWER
)
def sign(visit: VisitDep, number: str, given: Signing) -> RequestAnswer:
    """The text with that digest, by typing one's name."""
    view = sign_agreement(
        visit.programme,
        visit.actor,
        number,
        given.party,
        digest=given.digest,
        name=given.name,
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
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


def _paper(paper: Paper | None) -> dict[str, JsonValue]:
    if paper is None:
        raise NotFoundError("The sharing agreement has not gone out yet.")
    told: dict[str, JsonValue] = tell(paper)
    return {**told, "digest": paper.digest}
