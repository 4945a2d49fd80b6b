"""What the programme records beside requests: documents, publications, costs, matches, letters."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Body, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from governance.errors import DocumentError
from governance.facts import Facts
from governance.papers import RecordsRequest, render_pdf
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, PageAsked, Payload, Said
from governance.portal.api.paging import Paged, page_of
from governance.portal.api.papers import tell_paper
from governance.portal.declared import about_nothing
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.register import Cost, MatchLine, Publication, RegisterSource
from governance.services.attachments import (
    Attachment,
    AttachmentKind,
    Upload,
    file_attachment,
    list_attachments,
    read_attachment,
)
from governance.services.public_records import public_records
from governance.services.records import (
    record_cost,
    record_match,
    record_publication,
    route_request,
)
from governance.services.told import Routed, list_routed

router = PortalRouter(prefix="/api/v1", tags=("records",))
NAVIGATION: tuple[NavItem, ...] = ()
Line = Annotated[str, Field(max_length=300)]
_READ: dict[str, Any] = {"asks": Action.READ_ATTACHMENT, "about": about_request}


class Filing(BaseModel):
    """A document to file with a request; its content in base64."""

    model_config = ConfigDict(extra="forbid")
    kind: AttachmentKind
    title: Annotated[str, Field(min_length=1, max_length=300)]
    media_type: Annotated[str, Field(min_length=1, max_length=64)]
    content: Annotated[str, Field(min_length=1, max_length=20_000_000)]
    confidential: bool = True
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class FiledDocument(BaseModel):
    """A document and its content in base64."""

    document: Attachment
    content: str


class AskedRecords(BaseModel):
    """A public-records request as it came in; who asked is kept nowhere."""

    model_config = ConfigDict(extra="forbid")
    reference: Annotated[str, Field(min_length=1, max_length=60)]
    asks_for: Annotated[str, Field(min_length=1, max_length=4000)]
    received_on: date
    dataset: Annotated[str, Field(max_length=130)] = ""
    agency: Annotated[str, Field(max_length=63)] = ""
    requester: Annotated[str, Field(max_length=300)] = ""
    address: Annotated[list[Line], Field(max_length=8)] = []
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class RoutedAnswer(BaseModel):
    """Where it goes and why, and the letter: as data and as a PDF in base64; neither is kept.

    Attributes:
        agencies: None of them where it cannot be told; the letter asks back.
        because: Why each, in the same order.
        answer_by: Last day to answer the requester in writing.
    """

    agencies: tuple[str, ...]
    because: tuple[str, ...]
    answer_by: date
    letter: dict[str, JsonValue]
    letter_pdf: str


@router.api(
    "GET",
    "/requests/{number}/documents",
    **_READ,
    response_model=tuple[Attachment, ...],
    responses=PROBLEMS,
    summary="A request's documents",
)
def documents(visit: VisitDep, number: str) -> tuple[Attachment, ...]:
    """Oldest first, without their content."""
    return list_attachments(visit.programme, visit.actor, number)


@router.api(
    "GET",
    "/requests/{number}/documents/{document}",
    **_READ,
    response_model=FiledDocument,
    responses=PROBLEMS,
    summary="One document, with its content",
)
def document_of(visit: VisitDep, number: str, document: str) -> FiledDocument:
    """Reading a confidential one is an entry of the ledger."""
    found, content = read_attachment(visit.programme, visit.actor, number, document)
    return FiledDocument(document=found, content=base64.b64encode(content).decode())


@router.api(
    "POST",
    "/requests/{number}/documents",
    asks=Action.ADD_ATTACHMENT,
    about=about_request,
    status_code=201,
    response_model=Attachment,
    responses=PROBLEMS,
    summary="File a document with a request",
)
def file_document(visit: VisitDep, number: str, filing: Filing) -> Attachment:
    """Its content must be of the type it says."""
    try:
        content = base64.b64decode(filing.content, validate=True)
    except (binascii.Error, ValueError):
        raise DocumentError.counted("The body has", "content: it is no base64") from None
    upload = Upload(filing.kind, filing.title, filing.media_type, content, filing.confidential)
    return file_attachment(visit.programme, visit.actor, number, upload, once=filing.once)


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of record that somebody adds, and where the earlier ones are read.

    Attributes:
        kind: Its facts.
        record: Checks who may, and records.
        of: The records of a request, or all of them.
        asks: Who may add one; reading the list asks the same.
        summary, listed: In the OpenAPI document.
    """

    path: str
    kind: type[Facts]
    record: Callable[..., Facts]
    of: Callable[[RegisterSource, str], Sequence[Facts]]
    asks: Action
    summary: str
    listed: str


_KEPT: Final = (
    Kept(
        "/requests/{number}/publications", Publication, record_publication,
        lambda source, number: source.published(number), Action.RECORD_PUBLICATION,
        "Record that an output was published", "What a project published, one page",
    ),
    Kept(
        "/costs", Cost, record_cost, lambda source, _: source.costs, Action.RECORD_COST,
        "Record a cost of the programme", "Costs of the programme, one page",
    ),
    Kept(
        "/matches", MatchLine, record_match, lambda source, _: source.matches,
        Action.RECORD_MATCH, "Record a line of the match log", "The match log, one page",
    ),
)  # fmt: skip


def _register(kept: Kept) -> None:
    about = about_request if "{number}" in kept.path else about_nothing
    own = {"request"} if "{number}" in kept.path else set()
    name = kept.path.rpartition("/")[2]
    paged: Any = Paged.__class_getitem__(kept.kind)

    @router.api(
        "GET",
        kept.path,
        asks=kept.asks,
        about=about,
        response_model=paged,
        responses=PROBLEMS,
        summary=kept.listed,
        operation_id=f"list_{name}",
    )
    def rows(visit: VisitDep, asked: Annotated[PageAsked, Query()]) -> Paged[Facts]:
        """As recorded; the operating office and the annual report count these."""
        source = public_records(visit.programme).source
        return page_of(kept.of(source, visit.wanted.get("number", "")), asked)

    @router.api(
        "POST",
        kept.path,
        asks=kept.asks,
        about=about,
        status_code=201,
        response_model=kept.kind,
        responses=PROBLEMS,
        summary=kept.summary,
        operation_id=f"record_{name}",
        openapi_extra=_described(kept.kind, own),
    )
    def add(visit: VisitDep, payload: Payload) -> Facts:
        """It stands in the public register or the annual report."""
        said = Said(payload)
        facts = said.facts | ({"request": visit.wanted["number"]} if own else {})
        return kept.record(visit.programme, visit.actor, facts, once=said.once)


def _described(kind: type[Facts], known: set[str]) -> dict[str, Any]:
    """The body of a record: its facts but those the path says, and a token."""
    schema = kind.model_json_schema()
    schema.pop("$defs", None)
    once = {"type": "string", "minLength": 1, "maxLength": 64}
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in known} | {
        "once": once
    }
    schema["required"] = [k for k in schema.get("required", ()) if k not in known]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


for _kept in _KEPT:
    _register(_kept)


@router.api(
    "GET",
    "/records-requests",
    asks=Action.ROUTE_RECORDS_REQUEST,
    response_model=Paged[Routed],
    responses=PROBLEMS,
    summary="Public-records requests that were routed, one page",
)
def routed_before(visit: VisitDep, asked: Annotated[PageAsked, Query()]) -> Paged[Routed]:
    """The newest first; who asked, and for what, is kept nowhere."""
    return page_of(list_routed(visit.programme, visit.actor), asked)


@router.api(
    "POST",
    "/records-requests",
    asks=Action.ROUTE_RECORDS_REQUEST,
    status_code=201,
    response_model=RoutedAnswer,
    responses=PROBLEMS,
    summary="Route a public-records request to its agency",
)
def route(visit: VisitDep, asked: Annotated[AskedRecords, Body()]) -> RoutedAnswer:
    """The agencies, and the letter to the requester as a paper (C.G.S. § 4-67dd)."""
    wanted = RecordsRequest(
        reference=asked.reference,
        asks_for=asked.asks_for,
        received_on=asked.received_on,
        dataset=asked.dataset,
        agency=asked.agency,
        requester=asked.requester,
        address=tuple(asked.address),
    )
    routed, _ = route_request(visit.programme, visit.actor, wanted, once=asked.once)
    return RoutedAnswer(
        agencies=tuple(a.id for a in routed.agencies),
        because=routed.because,
        answer_by=routed.answer_by,
        letter=tell_paper(routed.letter),
        letter_pdf=base64.b64encode(render_pdf(routed.letter)).decode(),
    )
