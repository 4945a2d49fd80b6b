"""What lists sort a text by: the same on every database, capitals or not."""

from typing import Final

LONGEST: Final = 200
"""Characters; PostgreSQL refuses an index entry over a third of a page."""


def sort_key(text: str) -> str:
    """A text without capitals, cut to what an index holds."""
    return text.casefold()[:LONGEST]
