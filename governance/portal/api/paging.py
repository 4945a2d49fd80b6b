"""Pages of lists that are made whole."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from governance.portal.api.models import PageAsked

Row = TypeVar("Row")


class Paged(BaseModel, Generic[Row]):
    """One page of a list.

    Attributes:
        total: Of the whole list.
    """

    model_config = ConfigDict(from_attributes=True)
    items: tuple[Row, ...]
    total: int
    page: int
    per_page: int


def page_of(rows: Sequence[Row], asked: PageAsked) -> Paged[Row]:
    """The page that was asked for; past the end, none of the rows."""
    start = (asked.page - 1) * asked.per_page
    return Paged(
        items=tuple(rows[start : start + asked.per_page]),
        total=len(rows),
        page=asked.page,
        per_page=asked.per_page,
    )
