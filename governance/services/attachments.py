"""Documents filed with a request: what they claim to be and are, kept apart, reads recorded."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import select

from governance.audit.tags import Tag
from governance.decisions import check_permitted
from governance.digests import sha256_of
from governance.errors import DocumentError, LedgerError
from governance.permissions import Action, Actor, Target, decide_action
from governance.requests.state import Version
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note, record
from governance.store import NotFoundError, UnitOfWork
from governance.store import tables as t
from governance.store.lists import read_row
from governance.store.subjects import is_text

AttachmentKind = Literal[
    "irb_approval",
    "proposal",
    "signed_agreement",
    "signed_nda",
    "training_certificate",
    "destruction_certificate",
    "output",
    "other",
]
_LONGEST_TITLE: Final = 200
_MAGIC: Final = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
}
_TEXT: Final = frozenset({"text/plain", "text/csv"})
MEDIA_TYPES: Final = tuple(sorted({*_MAGIC, *_TEXT}))
"""What may be filed. Nothing a browser would run."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A filed document.

    Attributes:
        digest: SHA-256, hex.
        seq: Entry of the ledger that says it was filed.
    """

    id: str
    number: str
    version: int
    kind: str
    title: str
    media_type: str
    size_bytes: int
    digest: str
    confidential: bool
    by: str
    filed_at: datetime
    seq: int

    @property
    def is_output(self) -> bool:
        """Whether it is an output proposed for publication; fewer people see it."""
        return self.kind == "output" and self.confidential


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody hands in.

    Attributes:
        title: As it is listed; a file's name will do.
        media_type: As declared; the content must be of it.
        confidential: Whether each read is an entry of the ledger.
    """

    kind: AttachmentKind
    title: str
    media_type: str
    content: bytes
    confidential: bool = True


def file_attachment(
    p: Programme,
    actor: Actor,
    number: str,
    upload: Upload,
    *,
    version: int | None = None,
    once: str | None = None,
) -> Attachment:
    """File a document with a request.

    Args:
        p: The programme.
        actor: Who hands it in.
        number: The request.
        upload: The document.
        version: Of the request; the newest unless told.
        once: The form's token: submitted twice, it is filed once.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: Too large, of no type that may be filed, or not what it claims to be.
        NotFoundError: There is no such request.
    """
    mark = None if once is None else f"attach:{number}:{actor.by}:{once}"
    with denials_recorded(p, actor, Action.ADD_ATTACHMENT.value, number):
        with p.store.read() as unit:
            _may(p, unit, actor, Action.ADD_ATTACHMENT, number, version)
        _check(p, upload)
        attachment = f"a-{secrets.token_hex(8)}"
        # A crash after this leaves a document that no entry names.
        p.documents.put(_key(number, attachment), upload.content, if_none_match=True)
        with p.store.begin() as unit:
            meant = _may(p, unit, actor, Action.ADD_ATTACHMENT, number, version)
            if mark is not None and (seq := unit.find_once(mark)) is not None:
                p.documents.delete(_key(number, attachment))
                return _find(unit, number, seq=seq)
            facts = {
                "attachment": attachment,
                "version": meant.number,
                "kind": upload.kind,
                "title": upload.title.strip(),
                "media_type": upload.media_type,
                "size_bytes": len(upload.content),
                "digest": sha256_of(upload.content),
                "confidential": upload.confidential,
            }
            note(p, unit, actor, Tag.ATTACHMENT_FILED, subject=number, facts=facts, once=mark)
            return _find(unit, number, id=attachment)


def list_attachments(p: Programme, actor: Actor, number: str) -> tuple[Attachment, ...]:
    """A request's documents, oldest first; their titles are as confidential as they.

    Raises:
        AccessDeniedError: The actor may not read them; recorded.
        NotFoundError: There is no such request.
    """
    denials = denials_recorded(p, actor, Action.READ_ATTACHMENT.value, number)
    with denials, p.store.read() as unit:
        readable = _readable(p, unit, actor, number)
        a = t.attachments
        rows = unit.connection.execute(
            select(a).where(a.c.number == number).order_by(a.c.filed_at, a.c.id)
        ).mappings()
        outputs = _sees_outputs(p, unit, actor, number)
        found = (read_row(Attachment, row) for row in rows)
        return tuple(x for x in found if x.version <= readable and (outputs or not x.is_output))


def read_attachment(
    p: Programme, actor: Actor, number: str, attachment: str
) -> tuple[Attachment, bytes]:
    """A document's content; of a confidential one the read is an entry before it is given.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        LedgerError: What lies there is not what was filed.
        NotFoundError: There is no such request or document.
    """
    denials = denials_recorded(p, actor, Action.READ_ATTACHMENT.value, number)
    with denials, p.store.read() as unit:
        readable = _readable(p, unit, actor, number)
        found = _find(unit, number, id=attachment)
        hidden = found.is_output and not _sees_outputs(p, unit, actor, number)
        if found.version > readable or hidden:
            raise NotFoundError("There is no such document.")
    content = p.documents.read(_key(number, found.id))
    if sha256_of(content) != found.digest:
        message = "The document is not the one that was filed; tell the operating office."
        raise LedgerError(message, seq=found.seq)
    if found.confidential:
        facts = {"attachment": found.id, "digest": found.digest}
        record(p, actor, Tag.ATTACHMENT_READ, subject=number, facts=facts)
    return found, content


def _check(p: Programme, upload: Upload) -> None:
    problems = []
    if upload.kind not in get_args(AttachmentKind):
        problems.append("kind: choose one of the list")
    if not 0 < len(upload.title.strip()) <= _LONGEST_TITLE or not is_text(upload.title):
        problems.append(f"title: give one of at most {_LONGEST_TITLE} characters")
    limit = p.settings.upload_max_bytes
    if not 0 < len(upload.content) <= limit:
        problems.append(f"file: it is empty, or larger than {limit} bytes")
    elif upload.media_type not in MEDIA_TYPES:
        problems.append("file: hand in a PDF, an image, a Word or Excel document, or plain text")
    elif not _is_of_type(upload.media_type, upload.content):
        problems.append(f"file: it is not what it says it is ({upload.media_type})")
    if problems:
        raise DocumentError.counted("The form has", *problems)


def _is_of_type(media_type: str, content: bytes) -> bool:
    if media_type in _TEXT:
        return b"\x00" not in content and _is_utf8(content)
    return content.startswith(_MAGIC[media_type])


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _may(  # noqa: PLR0917  who may do what to which version
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    action: Action,
    number: str,
    version: int | None,
) -> Version:
    request = unit.request(number)
    meant = None
    if request is not None:
        meant = request.latest if version is None else request.version(version)
    if meant is None:
        raise NotFoundError("There is no such request.")
    target = Target(request=request, version=meant, body=unit.body(p.board)[0])
    check_permitted(decide_action(actor, action, target, today=p.today))
    return meant


def _readable(p: Programme, unit: UnitOfWork, actor: Actor, number: str) -> int:
    """The newest version whose documents the actor may read, those of earlier ones among them.

    What is filed with an amendment is read by the others once that is submitted.
    """
    request = unit.request(number)
    if request is None:
        raise NotFoundError("There is no such request.")
    body, action = unit.body(p.board)[0], Action.READ_ATTACHMENT
    for version in reversed(request.versions):
        target = Target(request=request, version=version, body=body)
        if decide_action(actor, action, target, today=p.today).permitted:
            return version.number
    check_permitted(decide_action(actor, action, Target(request=request), today=p.today))
    raise NotFoundError("There is no such request.")


def _sees_outputs(p: Programme, unit: UnitOfWork, actor: Actor, number: str) -> bool:
    """Whether the actor may see what is proposed for publication, before the public does."""
    target = Target(request=unit.request(number))
    return decide_action(actor, Action.READ_PUBLICATIONS, target, today=p.today).permitted


def _find(unit: UnitOfWork, number: str, **named_by: Any) -> Attachment:  # noqa: ANN401  columns
    a = t.attachments
    conditions = [a.c[name] == value for name, value in named_by.items()]
    if any(isinstance(value, str) and not is_text(value) for value in named_by.values()):
        raise NotFoundError("There is no such document.")
    row = (
        unit.connection.execute(select(a).where(a.c.number == number, *conditions))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError("There is no such document.")
    return read_row(Attachment, row)


def _key(number: str, attachment: str) -> str:
    return f"attachments/{number}/{attachment}"
