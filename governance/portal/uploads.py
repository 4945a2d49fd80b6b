"""Files that people send: read to a bound, and taken for what they are, not what they are called.

The name's ending and the first bytes must agree. An office document with macros, a spreadsheet
that is no workbook, text with control characters: refused.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from starlette.datastructures import UploadFile

from governance.portal.faults import TooLargeError, UnsupportedTypeError
from governance.portal.visits import Visit

_OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES: Final = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".docx": f"{_OFFICE}wordprocessingml.document",
}
ACCEPT: Final = ",".join(TYPES)
"""For the `accept` of a file field."""
_BEGINNINGS: Final = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
_PARTS: Final = {
    TYPES[".xlsx"]: "xl/workbook.xml",
    TYPES[".docx"]: "word/document.xml",
}
_CONTROLS: Final = frozenset(range(32)) - {9, 10, 12, 13}
_MOST_PARTS: Final = 5_000
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as it was sent.

    Attributes:
        name: Without folders, shortened; for people only, never a path.
        media_type: What its content is.
    """

    name: str
    media_type: str
    content: bytes


def read_upload(visit: Visit, field: str) -> Uploaded | None:
    """The file of a form's field; None when none was chosen.

    Raises:
        TooLargeError: It is larger than the programme takes.
        UnsupportedTypeError: It is of no kind the programme takes, or not what its name says.
    """
    sent = visit.form.get(field)
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None
    most = visit.programme.settings.upload_max_bytes
    content = sent.file.read(most + 1)
    if len(content) > most:
        raise TooLargeError(
            f"The file is larger than {most // 1_000_000} MB.", "Send a smaller file."
        )
    name = PurePath(sent.filename.replace("\\", "/")).name[-_LONGEST_NAME:]
    return Uploaded(name, check_kind(name, content), content)


def check_kind(name: str, content: bytes) -> str:
    """The media type of a file whose name and content agree.

    Raises:
        UnsupportedTypeError: They do not, or it is of no kind that is taken.
    """
    media_type = TYPES.get(PurePath(name).suffix.lower())
    if media_type is None:
        raise UnsupportedTypeError(
            "This kind of file is not taken.",
            "Send a PDF, an image (PNG, JPEG), text, CSV, or a Word or Excel file without macros.",
        )
    if not _is(media_type, content):
        raise UnsupportedTypeError(
            "The file is not what its name says, or holds macros.",
            "Open it, save it in the format of its name, and send it again.",
        )
    return media_type


def _is(media_type: str, content: bytes) -> bool:
    if media_type in _BEGINNINGS:
        return content.startswith(_BEGINNINGS[media_type])
    if media_type in _PARTS:
        return _is_office(content, _PARTS[media_type])
    return _is_text(content)


def _is_office(content: bytes, part: str) -> bool:
    """By the list of its parts; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {info.filename for info in archive.infolist()[: _MOST_PARTS + 1]}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return False
    macros = any(n.lower().endswith(("vbaproject.bin", ".exe", ".js")) for n in names)
    return len(names) <= _MOST_PARTS and not macros and {"[Content_Types].xml", part} <= names


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(content.strip()) and not _CONTROLS.intersection(content)
