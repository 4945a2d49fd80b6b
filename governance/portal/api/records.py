"""What the programme records beside requests: documents, publications, costs, matches, letters."""

import base64
import binascii
from datetime import date
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from governance.errors import DocumentError
from governance.papers import RecordsRequest
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, Payload, Said
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.register import Cost, MatchLine, Publication
from governance.services.attachments import (
    Attachment,
    AttachmentKind,
    Upload,
    file_attachment,
    list_attachments,
    read_attachment,
)
from governance.services.records import (
    record_cost,
    record_match,
    record_publication,
    route_request,
)

router = PortalRouter(prefix="/api/v1", tags=("records",))
NAVIGATION: tuple[NavItem, ...] = ()
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


def _described(kind: type[BaseModel]) -> dict[str, Any]:
    schema = kind.model_json_schema()
    schema.pop("$defs", None)
    schema["properties"]["once"] = {"type": "string", "minLength": 1, "maxLength": 64}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.api(
    "POST",
    "/requests/{number}/publications",
    asks=Action.RECORD_PUBLICATION,
    about=about_request,
    status_code=201,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="Record that an output was published",
    openapi_extra=_described(Publication),
)
def publish(visit: VisitDep, number: str, payload: Payload) -> dict[str, JsonValue]:
    """It stands in the public register."""
    said = Said(payload)
    facts = {**said.facts, "request": number}
    told: dict[str, JsonValue] = tell(
        record_publication(visit.programme, visit.actor, facts, once=said.once)
    )
    return told


@router.api(
    "POST",
    "/costs",
    asks=Action.RECORD_COST,
    status_code=201,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="Record a cost of the programme",
    openapi_extra=_described(Cost),
)
def cost(visit: VisitDep, payload: Payload) -> dict[str, JsonValue]:
    """It stands in the annual report."""
    said = Said(payload)
    told: dict[str, JsonValue] = tell(
        record_cost(visit.programme, visit.actor, said.facts, once=said.once)
    )
    return told


@router.api(
    "POST",
    "/matches",
    asks=Action.RECORD_MATCH,
    status_code=201,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="Record a line of the match log",
    openapi_extra=_described(MatchLine),
)
def match_line(visit: VisitDep, payload: Payload) -> dict[str, JsonValue]:
    """A newer line about the same file takes its place."""
    said = Said(payload)
    told: dict[str, JsonValue] = tell(
        record_match(visit.programme, visit.actor, said.facts, once=said.once)
    )
    return told


@router.api(
    "POST",
    "/records-requests",
    asks=Action.ROUTE_RECORDS_REQUEST,
    status_code=201,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="Route a public-records request to its agency",
)
def route(visit: VisitDep, asked: Annotated[AskedRecords, Body()]) -> dict[str, JsonValue]:
    """The agency, and the letter to the requester as a paper (C.G.S. § 4-67dd)."""
    wanted = RecordsRequest(
        reference=asked.reference,
        asks_for=asked.asks_for,
        received_on=asked.received_on,
        dataset=asked.dataset,
        agency=asked.agency,
        requester=asked.requester,
    )
    routed, _ = route_request(visit.programme, visit.actor, wanted)
    told: dict[str, JsonValue] = tell(routed)
    return told
