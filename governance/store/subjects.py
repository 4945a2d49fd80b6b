"""What may stand as a subject: ids of the programme's own making, never free text."""

import re
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def is_id(subject: str) -> bool:
    """Whether it can be the number, name or id of a record."""
    return _ID.fullmatch(subject) is not None
