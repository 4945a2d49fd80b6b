import pytest

from governance.errors import DocumentError
from governance.services.attachments import MEDIA_TYPES, Upload, file_attachment, list_attachments
from tests.lib.programme import Office

GOOD = {
    "application/pdf": b"%PDF-1.7\n...",
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/jpeg": b"\xff\xd8\xff....",
    "text/plain": "naïve\n".encode(),
    "text/csv": b"a,b\n1,2\n",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": b"PK\x03\x04...",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x03\x04...",
}


def test_every_type_has_an_example() -> None:
    assert set(GOOD) == set(MEDIA_TYPES)


def test_each_type_is_taken_as_what_it_is_only(small_office: Office) -> None:
    p, ruiz, number = small_office.programme, small_office.actor("p-ruiz"), small_office.begin()
    for media_type, content in GOOD.items():
        file_attachment(p, ruiz, number, Upload("other", media_type, media_type, content))
    assert len(list_attachments(p, ruiz, number)) == len(GOOD)
    for media_type in GOOD:
        for content in (b"MZ\x90\x00 program", b"\x00\x01", b"<html>\xff", b""):
            with pytest.raises(DocumentError, match="file:"):
                file_attachment(p, ruiz, number, Upload("other", "x", media_type, content))


@pytest.mark.parametrize(
    "upload",
    [
        Upload("other", "x", "text/html", b"<script>"),
        Upload("other", "x", "image/svg+xml", b"<svg/>"),
        Upload("other", " ", "text/plain", b"x"),
        Upload("other", "x" * 201, "text/plain", b"x"),
        Upload("nothing", "x", "text/plain", b"x"),  # type: ignore[arg-type]  # on purpose
        Upload("other", "x", "text/plain", b"x" * 20_000_001),
    ],
)
def test_what_is_not_filed_leaves_nothing(small_office: Office, upload: Upload) -> None:
    p, ruiz, number = small_office.programme, small_office.actor("p-ruiz"), small_office.begin()
    with pytest.raises(DocumentError):
        file_attachment(p, ruiz, number, upload)
    assert list(p.documents.list()) == []
