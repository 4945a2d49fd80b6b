"""Files that a page hands out, under a name of their own."""

from starlette.responses import Response

ATOM = "application/atom+xml; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"
CSV = "text/csv; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
PDF = "application/pdf"


def download(content: bytes, media_type: str, name: str) -> Response:
    """The content as a file to keep, never as a page.

    Args:
        content: The file's bytes.
        media_type: What it is.
        name: File name, of letters, digits, dots and dashes.
    """
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
