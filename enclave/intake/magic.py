"""Tells what a file really is by its first bytes, whatever its name says."""

from enum import StrEnum

from governance.contracts.model import FileKind

HEAD_BYTES = 8192


class Shape(StrEnum):
    """What the first bytes look like."""

    EMPTY = "an empty file"
    TEXT = "text"
    BINARY = "binary data of unknown format"
    GZIP = "a gzip file"
    ZIP = "a zip archive"
    WORKBOOK = "an Excel workbook"
    PARQUET = "a Parquet file"
    OLE = "an old or password-protected Office file"
    PDF = "a PDF document"
    HTML = "an HTML page"
    XML = "an XML document"
    RTF = "a rich-text document"
    IMAGE = "an image"
    DATABASE = "a database file"
    STATISTICS = "a SAS, SPSS or Stata file"
    OTHER_ARCHIVE = "an archive of another kind than gzip or zip"
    ENCRYPTED = "an encrypted message"


_MAGIC: tuple[tuple[bytes, Shape], ...] = (
    (b"\x1f\x8b", Shape.GZIP),
    (b"PK\x03\x04", Shape.ZIP),
    (b"PK\x05\x06", Shape.ZIP),
    (b"PK\x07\x08", Shape.ZIP),
    (b"PAR1", Shape.PARQUET),
    (b"PARE", Shape.PARQUET),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Shape.OLE),
    (b"%PDF", Shape.PDF),
    (b"{\\rtf", Shape.RTF),
    (b"\x89PNG", Shape.IMAGE),
    (b"\xff\xd8\xff", Shape.IMAGE),
    (b"GIF8", Shape.IMAGE),
    (b"II*\x00", Shape.IMAGE),
    (b"MM\x00*", Shape.IMAGE),
    (b"SQLite format 3\x00", Shape.DATABASE),
    (b"\x00\x01\x00\x00Standard ACE DB", Shape.DATABASE),
    (b"\x00\x01\x00\x00Standard Jet DB", Shape.DATABASE),
    (b"HEADER RECORD*******LIBRARY", Shape.STATISTICS),
    (b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81\x60", Shape.STATISTICS),
    (b"$FL2", Shape.STATISTICS),
    (b"<stata_dta>", Shape.STATISTICS),
    (b"BZh", Shape.OTHER_ARCHIVE),
    (b"\xfd7zXZ\x00", Shape.OTHER_ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Shape.OTHER_ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Shape.OTHER_ARCHIVE),
    (b"Rar!\x1a\x07", Shape.OTHER_ARCHIVE),
    (b"-----BEGIN PGP MESSAGE", Shape.ENCRYPTED),
    (b"age-encryption.org/", Shape.ENCRYPTED),
    (b"Salted__", Shape.ENCRYPTED),
)

_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b\x1c\x1d\x1e\x1f\x01\x02")
_CONTROLS = frozenset(range(0x20)) - _TEXT_CONTROLS
_MAX_CONTROL_SHARE = 0.1
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

KINDS: dict[FileKind, tuple[str, frozenset[Shape]]] = {
    FileKind.DELIMITED: ("delimited text", frozenset({Shape.TEXT})),
    FileKind.FIXED_WIDTH: ("fixed-width text", frozenset({Shape.TEXT})),
    FileKind.JSON_LINES: ("JSON Lines", frozenset({Shape.TEXT})),
    FileKind.EXCEL: ("an Excel workbook", frozenset({Shape.WORKBOOK})),
    FileKind.PARQUET: ("Parquet", frozenset({Shape.PARQUET})),
}

EXTENSIONS: dict[FileKind, frozenset[str]] = {
    FileKind.DELIMITED: frozenset({"csv", "tsv", "txt", "tab", "psv", "dat", "asc", ""}),
    FileKind.FIXED_WIDTH: frozenset({"txt", "dat", "asc", "fwf", "prn", ""}),
    FileKind.JSON_LINES: frozenset({"jsonl", "ndjson", "json", ""}),
    FileKind.EXCEL: frozenset({"xlsx", "xlsm"}),
    FileKind.PARQUET: frozenset({"parquet", "pq"}),
}


def _looks_like_markup(head: bytes) -> Shape | None:
    """HTML or XML by the first tag."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Shape.HTML
    return Shape.XML if start.startswith(b"<?xml") else None


def recognize(head: bytes) -> Shape:
    """What a file that begins with these bytes is; a zip is not looked into."""
    if not head:
        return Shape.EMPTY
    for magic, shape in _MAGIC:
        if head.startswith(magic):
            return shape
    markup = _looks_like_markup(head)
    if markup is not None:
        return markup
    if head.startswith(_UTF16_MARKS):
        return Shape.TEXT
    zeros = head.count(0)
    side = max(head[0::2].count(0), head[1::2].count(0))
    if zeros and zeros == side and zeros * 4 > len(head):
        return Shape.TEXT  # UTF-16 without its mark: zeros on one side of the pairs only.
    controls = sum(byte in _CONTROLS for byte in head)
    return Shape.BINARY if controls > len(head) * _MAX_CONTROL_SHARE else Shape.TEXT
