"""Pages of lists that are made whole: filtered, searched, sorted, then cut."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from governance.portal.api.models import PageAsked
from governance.portal.api.telling import tell

Row = TypeVar("Row")
Word = Annotated[str | None, Field(max_length=300)]
"""A filter's value; None: all rows."""


class ListAsked(PageAsked):
    """Which rows of a list, in which order.

    A list's own class names what it may be sorted by, in `sort`; each further field of it is a
    filter: rows whose field of that name is exactly that, or has it among several.

    Attributes:
        FOUND_IN: Field of the row that a filter looks in, where its name is another one.
    """

    FOUND_IN: ClassVar[Mapping[str, str]] = {}
    text: Annotated[str, Field(max_length=200, description="Words to look for.")] = ""
    sort: str
    descending: bool = False


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


def page_of(rows: Sequence[Row], asked: ListAsked) -> Paged[Row]:
    """The page that was asked for; past the end, none of the rows.

    Rows that tie stay in the order they come in; those without a value come last.
    """
    kept = [row for row in rows if _fits(row, asked)]
    kept.sort(key=lambda row: _key(getattr(row, asked.sort)), reverse=asked.descending)
    kept.sort(key=lambda row: getattr(row, asked.sort) is None)
    start = (asked.page - 1) * asked.per_page
    return Paged(
        items=tuple(kept[start : start + asked.per_page]),
        total=len(kept),
        page=asked.page,
        per_page=asked.per_page,
    )


_OF_EVERY_LIST: Final = frozenset(ListAsked.model_fields)


def _fits(row: object, asked: ListAsked) -> bool:
    for name in asked.model_fields_set - _OF_EVERY_LIST:
        wanted = getattr(asked, name)
        if wanted is not None and not _has(getattr(row, asked.FOUND_IN.get(name, name)), wanted):
            return False
    if not asked.text:
        return True
    told = " ".join(_texts(tell(row))).casefold()
    return all(word in told for word in asked.text.casefold().split())


def _has(found: object, wanted: object) -> bool:
    return wanted in found if isinstance(found, tuple) else found == wanted


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  plain JSON
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif value is not None:
        yield str(value)


def _key(value: Any) -> tuple[float, str]:  # noqa: ANN401  any value that has an order
    """Numbers and times by their size, texts without capitals."""
    if isinstance(value, datetime):
        return value.timestamp(), ""
    if isinstance(value, date):
        return value.toordinal(), ""
    if isinstance(value, Enum):
        return 0, str(value.value)
    if isinstance(value, (int, float)):
        return value, ""
    return 0, "" if value is None else str(value).casefold()
