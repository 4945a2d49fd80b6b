"""Documents filed with a request."""

from collections.abc import Mapping
from typing import Final, get_args

from starlette.responses import Response

from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.downloads import download
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_request
from governance.portal.uploads import ACCEPT, read_upload
from governance.portal.visits import Visit, VisitDep
from governance.services.attachments import (
    Attachment,
    AttachmentKind,
    Upload,
    file_attachment,
    list_attachments,
    read_attachment,
)

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(document_filed="The document is filed.")
KINDS: Final = {
    "irb_approval": "Approval of an institutional review board",
    "proposal": "Proposal",
    "signed_agreement": "Signed sharing agreement",
    "signed_nda": "Signed confidentiality statement",
    "training_certificate": "Training certificate",
    "destruction_certificate": "Destruction certificate",
    "output": "Output",
    "other": "Other",
}
_KINDS: Final[dict[str, AttachmentKind]] = {kind: kind for kind in get_args(AttachmentKind)}
UPLOAD_FORM: Final = FormSpec(
    (
        Field("kind", "Kind of document", "select", choices=KINDS, required=True),
        Field("title", "Title", maximum=200, hint="Leave it empty to take the file's name."),
        Field("file", "File", "file", accept=ACCEPT, required=True,
              hint="PDF, image, text, CSV, or a Word or Excel file without macros."),
        Field("confidential", "Confidential: each time somebody reads it is recorded", "checkbox"),
    )
)  # fmt: skip


@router.page(
    "GET", "/requests/{number}/documents", asks=Action.READ_ATTACHMENT, about=about_request
)
def show_documents(visit: VisitDep, number: str) -> Response:
    """What was filed, by whom and when."""
    return _show(visit, number, UPLOAD_FORM.bind({"confidential": True}))


@router.page(
    "POST",
    "/requests/{number}/documents",
    asks=Action.ADD_ATTACHMENT,
    about=about_request,
    uploads=True,
)
def file_document(visit: VisitDep, number: str) -> Response:
    """File a document."""
    form = UPLOAD_FORM.read(visit.form)
    uploaded, kind = read_upload(visit, "file"), _KINDS.get(form["kind"].value)
    if uploaded is None or kind is None:
        problems = ["kind: Choose one of the list."] if kind is None else []
        problems += ["file: Choose a file."] if uploaded is None else []
        return _show(visit, number, form.with_problems(problems), 422)
    upload = Upload(
        kind=kind,
        title=form["title"].value.strip() or uploaded.name,
        media_type=uploaded.media_type,
        content=uploaded.content,
        confidential=bool(form["confidential"].value),
    )
    try:
        file_attachment(visit.programme, visit.actor, number, upload, once=form.token)
    except DocumentError as error:
        return _show(visit, number, form.refused(error), 422)
    may_read = visit.may(Action.READ_ATTACHMENT)
    to = f"/requests/{number}/documents" if may_read else f"/requests/{number}"
    return visit.redirect(to, said="document_filed")


@router.page(
    "GET", "/requests/{number}/documents/{document}", asks=Action.READ_ATTACHMENT,
    about=about_request,
)  # fmt: skip
def take_document(visit: VisitDep, number: str, document: str) -> Response:
    """A document, always as a download: nothing that was sent is run in our pages."""
    found, content = read_attachment(visit.programme, visit.actor, number, document)
    ending = _ENDINGS.get(found.media_type, "bin")
    return download(content, found.media_type, f"{number}-{found.id}.{ending}")


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_ENDINGS: Final = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/plain": "txt",
    "text/csv": "csv",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}wordprocessingml.document": "docx",
}


def _show(visit: Visit, number: str, form: Form, status: int = 200) -> Response:
    documents = list_attachments(visit.programme, visit.actor, number)
    names = {}
    for document in documents:
        person = visit.portal.person(document.by)
        names[document.by] = person.name if person else document.by
    listing = held_list(visit, _spec(number, names), documents)
    return show_list(
        visit, "after/documents.html", listing, status=status, number=number,
        may_add=visit.may(Action.ADD_ATTACHMENT), form=form,
    )  # fmt: skip


def _spec(number: str, names: Mapping[str, str]) -> ListSpec[Attachment]:
    return ListSpec(
        "documents",
        f"Documents of {number}",
        (
            Column("title", "Title", lambda d: d.title,
                   link=lambda d: f"/requests/{number}/documents/{d.id}"),
            Column("kind", "Kind", lambda d: d.kind, choices=KINDS, shown=lambda d: KINDS[d.kind]),
            Column("filed_at", "Filed", lambda d: d.filed_at, kind="instant"),
            Column("by", "By", lambda d: names[d.by]),
            Column("size_bytes", "Size", lambda d: d.size_bytes, kind="number",
                   shown=lambda d: f"{(d.size_bytes + 1023) // 1024:,} KB"),
            Column("confidential", "Confidential", lambda d: d.confidential,
                   choices={"yes": "Yes", "no": "No"}),
            Column("version", "Version", lambda d: d.version, only_export=True),
            Column("media_type", "Type", lambda d: d.media_type, only_export=True),
            Column("digest", "Digest", lambda d: d.digest, only_export=True),
            Column("entry", "Entry", lambda d: d.seq, only_export=True),
        ),
        sort="filed_at",
        search="titles, kinds and names",
        empty="Nothing is filed yet.",
    )  # fmt: skip
