"""What the programme records beside requests: documents, costs, matches, letters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Literal

from fastapi import Body, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from governance.facts import Facts
from governance.papers import RecordsRequest, render_pdf
from governance.permissions import Action
from governance.portal.api.agencies import MatchesAsked
from governance.portal.api.files import Base64, decoded, encoded
from governance.portal.api.models import PROBLEMS, Payload, Said
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.api.papers import tell_paper
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.register import Cost, MatchLine
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
    content: Base64
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
        written_to: Those whose records office gets the request by mail.
        by_hand: Those without an address in the profile: the office forwards it.
        answer_by: Last day to answer the requester in writing.
    """

    agencies: tuple[str, ...]
    because: tuple[str, ...]
    written_to: tuple[str, ...]
    by_hand: tuple[str, ...]
    answer_by: date
    letter: dict[str, JsonValue]
    letter_pdf: str


class DocumentsAsked(ListAsked):
    """Which documents, in which order."""

    kind: AttachmentKind | None = None
    by: Word = None
    version: Annotated[int | None, Field(ge=1, le=10_000)] = None
    confidential: bool | None = None
    sort: Literal["filed_at", "title", "kind", "by", "size_bytes", "version"] = "filed_at"


class CostsAsked(ListAsked):
    """Which costs, in which order."""

    year: Annotated[int | None, Field(ge=1900, le=9999)] = None
    heading: Word = None
    sort: Literal["year", "heading", "cents"] = "year"
    descending: bool = True


class RoutedAsked(ListAsked):
    """Which public-records requests, in which order."""

    FOUND_IN: ClassVar[Mapping[str, str]] = {"agency": "agencies"}
    agency: Word = None
    reference: Word = None
    sort: Literal["at", "reference", "received_on", "answer_by"] = "at"
    descending: bool = True


@router.api(
    "GET",
    "/requests/{number}/documents",
    **_READ,
    response_model=Paged[Attachment],
    responses=PROBLEMS,
    summary="A request's documents, one page",
)
def documents(
    visit: VisitDep, number: str, asked: Annotated[DocumentsAsked, Query()]
) -> Paged[Attachment]:
    """Oldest first unless asked otherwise, without their content."""
    return page_of(list_attachments(visit.programme, visit.actor, number), asked)


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
    return FiledDocument(document=found, content=encoded(content))


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
    content = decoded(filing.content, "content")
    upload = Upload(filing.kind, filing.title, filing.media_type, content, filing.confidential)
    return file_attachment(visit.programme, visit.actor, number, upload, once=filing.once)


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of record that somebody adds.

    Attributes:
        kind: Its facts.
        record: Checks who may, and records.
        asks: Who may add one; reading the list asks the same.
        summary: In the OpenAPI document.
    """

    path: str
    kind: type[Facts]
    record: Callable[..., Facts]
    asks: Action
    summary: str


_KEPT: Final = (
    Kept(
        "/costs", Cost, record_cost, Action.RECORD_COST, "Record a cost of the programme",
    ),
    Kept(
        "/matches", MatchLine, record_match, Action.RECORD_MATCH,
        "Record a line of the match log",
    ),
)  # fmt: skip


def _register(kept: Kept) -> None:
    name = kept.path.rpartition("/")[2]

    @router.api(
        "POST",
        kept.path,
        asks=kept.asks,
        status_code=201,
        response_model=kept.kind,
        responses=PROBLEMS,
        summary=kept.summary,
        operation_id=f"record_{name}",
        openapi_extra=_described(kept.kind),
    )
    def add(visit: VisitDep, payload: Payload) -> Facts:
        """It stands in the public register or the annual report."""
        said = Said(payload)
        return kept.record(visit.programme, visit.actor, said.facts, once=said.once)


def _described(kind: type[Facts]) -> dict[str, Any]:
    """The body of a record: its facts, and a token."""
    schema = kind.model_json_schema()
    schema.pop("$defs", None)
    schema["properties"]["once"] = {"type": "string", "minLength": 1, "maxLength": 64}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


for _kept in _KEPT:
    _register(_kept)


@router.api(
    "GET",
    "/costs",
    asks=Action.RECORD_COST,
    response_model=Paged[Cost],
    responses=PROBLEMS,
    summary="Costs of the programme, one page",
    operation_id="list_costs",
)
def costs(visit: VisitDep, asked: Annotated[CostsAsked, Query()]) -> Paged[Cost]:
    """As recorded; the annual report counts these."""
    return page_of(public_records(visit.programme).source.costs, asked)


@router.api(
    "GET",
    "/matches",
    asks=Action.RECORD_MATCH,
    response_model=Paged[MatchLine],
    responses=PROBLEMS,
    summary="The match log, one page",
    operation_id="list_matches",
)
def matches(visit: VisitDep, asked: Annotated[MatchesAsked, Query()]) -> Paged[MatchLine]:
    """As recorded."""
    return page_of(public_records(visit.programme).source.matches, asked)


@router.api(
    "GET",
    "/records-requests",
    asks=Action.ROUTE_RECORDS_REQUEST,
    response_model=Paged[Routed],
    responses=PROBLEMS,
    summary="Public-records requests that were routed, one page",
)
def routed_before(visit: VisitDep, asked: Annotated[RoutedAsked, Query()]) -> Paged[Routed]:
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
        written_to=tuple(a.id for a in routed.written_to),
        by_hand=tuple(a.id for a in routed.by_hand),
        answer_by=routed.answer_by,
        letter=tell_paper(routed.letter),
        letter_pdf=encoded(render_pdf(routed.letter)),
    )
