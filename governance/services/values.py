"""Typed or typed-in values as plain ones: what forms, JSON and callers hand in, alike."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from governance.errors import DocumentError
from governance.store.subjects import is_text


def plain(value: Any) -> Any:  # noqa: ANN401  any value that a form or a caller hands in
    """The value as JSON has it; what is none stays and is refused where it is read.

    Raises:
        DocumentError: A text holds what no database keeps: a null character, half a character.
    """
    if isinstance(value, str) and not is_text(value):
        raise DocumentError("The form holds a character that cannot be kept; type the text anew.")
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {plain(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(v) for v in value]
    return value
