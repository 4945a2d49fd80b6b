"""Pages of lists."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MAX_PER_PAGE: Final = 100
"""Rows of a page at most, for people and programs."""
MOST_ROWS: Final = 10_000
"""Rows of one answer at most: an export stops there and says so."""
MAX_PAGE: Final = 1_000_000
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list.

    Attributes:
        items: At most `per_page`.
        total: Of the whole list.
        page: From 1.
    """

    items: tuple[Row, ...]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


def bounded(page: int, per_page: int) -> tuple[int, int]:
    """Page and size within what is served."""
    return min(max(1, page), MAX_PAGE), min(max(1, per_page), MOST_ROWS)
