"""Files inside JSON: their content in base64 (RFC 4648, section 4)."""

import base64
import binascii
from typing import Annotated

from pydantic import Field

from governance.errors import DocumentError

Base64 = Annotated[
    str, Field(min_length=1, max_length=20_000_000, description="Content in base64.")
]


def decoded(text: str, name: str) -> bytes:
    """A file's content.

    Args:
        text: In base64.
        name: Of the field that has it.

    Raises:
        DocumentError: It is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DocumentError.counted("The body has", f"{name}: it is no base64") from None


def encoded(content: bytes) -> str:
    """A file's content as it is told."""
    return base64.b64encode(content).decode()
