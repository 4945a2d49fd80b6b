"""Destruction certificates: drafted, certified under their digest, read."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from governance.papers.destruction import Destroyed, Survivor
from governance.permissions import Action
from governance.portal.api.agreements import Given, Hex, Version
from governance.portal.api.models import PROBLEMS, RequestAnswer
from governance.portal.api.papers import PAPER, EditionOfVersion, PaperAnswer, answer_paper
from governance.portal.api.requests import answer_request
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.requests.states import Act
from governance.services.destruction import (
    Told,
    certify_destruction,
    draft_certificate,
    read_certificate,
)

router = PortalRouter(prefix="/api/v1/requests/{number}", tags=("destruction",))
NAVIGATION: tuple[NavItem, ...] = ()
Words = Annotated[str, Field(min_length=1, max_length=500)]
_ASKS: dict[str, Any] = {"asks": Act.CERTIFY_DESTRUCTION, "about": about_request}


class DestroyedThing(BaseModel):
    """One thing that was destroyed."""

    model_config = ConfigDict(extra="forbid")
    what: Words
    where: Words
    how: Words
    on: date


class Surviving(BaseModel):
    """One thing that is left, where, until when, and how nobody reads it."""

    model_config = ConfigDict(extra="forbid")
    what: Words
    where: Words
    until: Words
    protected: Words


class Certificate(BaseModel):
    """What a certificate says."""

    model_config = ConfigDict(extra="forbid")
    destroyed: Annotated[list[DestroyedThing], Field(min_length=1, max_length=50)]
    survives: Annotated[list[Surviving], Field(max_length=50)] = []
    capacity: Annotated[str, Field(min_length=1, max_length=200)]

    def told(self) -> Told:
        """As the service takes it."""
        return Told(
            tuple(Destroyed(d.what, d.where, d.how, d.on) for d in self.destroyed),
            tuple(Survivor(s.what, s.where, s.until, s.protected) for s in self.survives),
            self.capacity,
        )


class Drafted(Certificate):
    """The certificate to draft, of which version of the request."""

    version: Version = None


class Certifying(Given):
    """The certificate, and the digest of the text that was read."""

    certificate: Certificate
    digest: Hex


@router.api(
    "POST",
    "/draft-certificate",
    **_ASKS,
    response_model=PaperAnswer,
    responses=PROBLEMS,
    summary="The certificate as it would be certified today",
)
def draft(visit: VisitDep, number: str, given: Drafted) -> Response:
    """As a paper; `digest` is what is certified."""
    p, actor = visit.programme, visit.actor
    return answer_paper(
        visit, draft_certificate(p, actor, number, given.told(), version=given.version)
    )


@router.api(
    "POST",
    "/certify-destruction",
    **_ASKS,
    response_model=RequestAnswer,
    responses=PROBLEMS,
    summary="Certify destruction",
)
def certify(visit: VisitDep, number: str, given: Certifying) -> RequestAnswer:
    """Exactly the text with that digest."""
    view = certify_destruction(
        visit.programme,
        visit.actor,
        number,
        given.certificate.told(),
        digest=given.digest,
        version=given.version,
        based_on=given.based_on,
        once=given.once,
    )
    return answer_request(view)


@router.api(
    "GET",
    "/certificate",
    asks=Action.READ_REQUEST,
    about=about_request,
    summary="The certificate that was given",
    **PAPER,
)
def read(visit: VisitDep, number: str, asked: EditionOfVersion) -> Response:
    """As a paper."""
    paper = read_certificate(visit.programme, visit.actor, number, version=asked.version)
    return answer_paper(visit, paper, asked.format)
