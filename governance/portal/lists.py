"""Lists: declared columns, and everything a list does for its reader.

A page declares a `ListSpec` once and reads the reader's wishes from the address with `read_wishes`.
Then either `arrange` filters, sorts and pages rows it has, or `ask_for` asks a service for the rows
that a wish wants (the spec says `by_service`). The template calls `list_table(listing)`. What the
reader chose stands in the address only, so a list can be bookmarked, sent, and works without
JavaScript. `governance.portal.list_pages` does all of it for a page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from governance.store.paging import MOST_ROWS, Page

Row = TypeVar("Row")
Cell = str | int | float | bool | date | datetime | None
PER_PAGE = (25, 50, 100)
MAXIMUM_TEXT = 200
EXPORT_ROWS = MOST_ROWS
"""An export stops there and says so: beside its link, in its name and in a header."""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        name: In the address and in exports.
        value: The cell; dates and instants stay what they are, pages and exports word them.
        shown: What a page shows instead of the value, when it differs (a status in words).
        link: Where the cell leads.
        kind: `status` shows a tag, `number` is right-aligned.
        choices: Words by value: the reader may filter by one of them, exactly.
        only_export: Not shown in the page.
    """

    name: str
    title: str
    value: Callable[[Row], Cell]
    shown: Callable[[Row], str] | None = None
    link: Callable[[Row], str | None] | None = None
    kind: Literal["text", "number", "status", "day", "instant"] = "text"
    sortable: bool = True
    choices: Mapping[str, str] | None = None
    only_export: bool = False


@dataclass(frozen=True)
class Filter(Generic[Row]):
    """A filter that is no column's.

    Attributes:
        choices: Words by value.
        keeps: Whether a row stays under a chosen value; None only where a service filters.
    """

    title: str
    choices: Mapping[str, str]
    keeps: Callable[[Row, str], bool] | None = None


@dataclass(frozen=True)
class ListSpec(Generic[Row]):
    """A list.

    Attributes:
        name: Of the list; its element's id and its export's file name.
        caption: Says what the table holds.
        sort: Column it is sorted by unless the reader says otherwise.
        search: What the search looks in, in words; empty: no search.
        empty: Shown when there is nothing at all; what to do next.
        filters: Further filters beside the columns' own, by name.
        by_service: A service filters, sorts and pages: `arrange` refuses it.

    Raises:
        TypeError: A filter would do nothing, two columns share a name, or it sorts by none.
    """

    name: str
    caption: str
    columns: tuple[Column[Row], ...]
    sort: str
    descending: bool = False
    search: str = ""
    empty: str = "There is nothing here yet."
    filters: Mapping[str, Filter[Row]] = field(default_factory=dict)
    by_service: bool = False

    def __post_init__(self) -> None:
        """Refuse what would be ignored without a word."""
        names = [c.name for c in self.columns]
        sorted_by = self.column(self.sort)
        if len(set(names)) != len(names):
            raise TypeError(f"Two columns of the list {self.name} share a name.")
        if sorted_by is None or not sorted_by.sortable:
            raise TypeError(f"The list {self.name} is sorted by no column that sorts.")
        for name, further in self.filters.items():
            if name in names:
                raise TypeError(f"The filter {name} of the list {self.name} is a column's name.")
            if further.keeps is None and not self.by_service:
                raise TypeError(f"The filter {name} of the list {self.name} keeps no rows back.")

    def column(self, name: str) -> Column[Row] | None:
        """That column, or None."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def shown(self) -> tuple[Column[Row], ...]:
        """Columns of the page."""
        return tuple(c for c in self.columns if not c.only_export)

    @property
    def choices(self) -> dict[str, tuple[str, Mapping[str, str]]]:
        """Title and choices of each filter, by name."""
        own = {c.name: (c.title, c.choices) for c in self.columns if c.choices}
        return {**own, **{n: (f.title, f.choices) for n, f in self.filters.items()}}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the reader chose, as read from the address; nonsense there is left out.

    Attributes:
        filters: Chosen value by filter.
        format: Of an export; None: a page.
    """

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    page: int = 1
    per_page: int = PER_PAGE[0]
    format: Literal["csv", "json"] | None = None

    @property
    def narrowed(self) -> bool:
        """Whether the reader searches or filters."""
        return bool(self.text or self.filters)

    @property
    def exported(self) -> "Wishes":
        """The same as one page of all rows an export has."""
        return replace(self, page=1, per_page=EXPORT_ROWS)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One page of a list, ready to show.

    Attributes:
        total: How many rows match, of all pages.
        path: The page's own.
    """

    spec: ListSpec[Row]
    wishes: Wishes
    rows: Sequence[Row]
    total: int
    path: str = ""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.wishes.per_page))

    @property
    def exports(self) -> int:
        """How many rows an export has."""
        return min(self.total, EXPORT_ROWS)

    @property
    def first(self) -> int:
        """Number of the first row shown, from one."""
        return (self.wishes.page - 1) * self.wishes.per_page + 1 if self.rows else 0

    @property
    def said(self) -> str:
        """How many there are, in words; announced when it changes."""
        if not self.total:
            return "Nothing matches." if self.wishes.narrowed else self.spec.empty
        noun = "result" if self.total == 1 else "results"
        if self.pages == 1:
            return f"{self.total:,} {noun}"
        last = self.first + len(self.rows) - 1
        return f"{self.first:,} to {last:,} of {self.total:,} {noun}"

    def address(self, **changes: str | int | bool | None) -> str:
        """The address of this list with something chosen otherwise."""
        return f"{self.path}?{urlencode(_address(self.spec, self.wishes, changes))}"

    def sorted_by(self, column: Column[Row]) -> str:
        """What `aria-sort` says of a column."""
        if column.name != self.wishes.sort:
            return "none"
        return "descending" if self.wishes.descending else "ascending"

    def sort_address(self, column: Column[Row]) -> str:
        """Where the heading of a column leads: sorted by it, or the other way round."""
        down = column.name == self.wishes.sort and not self.wishes.descending
        return self.address(sort=column.name, descending=down, page=1)

    @property
    def around(self) -> tuple[int | None, ...]:
        """Page numbers to offer; None where some are left out."""
        near = {1, self.pages, *range(self.wishes.page - 1, self.wishes.page + 2)}
        kept = sorted(n for n in near if 1 <= n <= self.pages)
        offered: list[int | None] = []
        for number in kept:
            if offered and offered[-1] is not None and number - offered[-1] > 1:
                offered.append(None)
            offered.append(number)
        return tuple(offered)


def read_wishes(spec: ListSpec[Row], query: QueryParams | Mapping[str, str]) -> Wishes:
    """What the address asks of a list."""
    sort = query.get("sort", "")
    column = spec.column(sort)
    known = column is not None and column.sortable
    chosen = {n: query.get(n, "") for n in spec.choices}
    format_ = query.get("format")
    return Wishes(
        text=query.get("text", "").strip()[:MAXIMUM_TEXT] if spec.search else "",
        filters={n: v for n, v in chosen.items() if v in spec.choices[n][1]},
        sort=sort if known else spec.sort,
        descending=query.get("order") == "descending" if known else spec.descending,
        page=_whole(query.get("page"), 1),
        per_page=_per_page(query.get("per_page")),
        format="csv" if format_ == "csv" else "json" if format_ == "json" else None,
    )


def arrange(spec: ListSpec[Row], wishes: Wishes, rows: Sequence[Row], path: str) -> Listing[Row]:
    """Filter, sort and page rows held in memory; an export gets all that match.

    Raises:
        TypeError: A service filters that list: rows would stay that should not.
    """
    if spec.by_service:
        raise TypeError(f"The list {spec.name} is arranged by its service.")
    kept = [r for r in rows if _matches(spec, wishes, r)]
    column = spec.column(wishes.sort)
    if column is not None:
        kept.sort(key=lambda r: _sort_key(column.value(r)), reverse=wishes.descending)
        # Nothing sorts last both ways.
        kept.sort(key=lambda r: column.value(r) is None)
    return ask_for(spec, wishes, lambda asked: _one_page(asked, kept), path)


def _one_page(wishes: Wishes, rows: Sequence[Row]) -> Page[Row]:
    start = (wishes.page - 1) * wishes.per_page
    found = tuple(rows[start : start + wishes.per_page])
    return Page(found, len(rows), wishes.page, wishes.per_page)


def ask_for(
    spec: ListSpec[Row], wishes: Wishes, find: Callable[[Wishes], Page[Row]], path: str
) -> Listing[Row]:
    """The rows that `find` gives for the wishes; the last page where there is none so far on."""
    if wishes.format is not None:
        found = find(wishes.exported)
        return Listing(spec, wishes, found.items, found.total, path)
    found = find(wishes)
    if not found.items and found.total:
        wishes = replace(wishes, page=-(-found.total // wishes.per_page))
        found = find(wishes)
    return Listing(spec, wishes, found.items, found.total, path)


def _matches(spec: ListSpec[Row], wishes: Wishes, row: Row) -> bool:
    for name, wanted in wishes.filters.items():
        further = spec.filters.get(name)
        if further is not None and further.keeps is not None:
            if not further.keeps(row, wanted):
                return False
            continue
        column = spec.column(name)
        if column is None or _plain(column.value(row)) != wanted:
            return False
    if not wishes.text:
        return True
    texts = [_plain(c.value(row)) for c in spec.columns]
    texts += [c.shown(row) for c in spec.columns if c.shown is not None]
    told = " ".join(texts).casefold()
    return all(word in told for word in wishes.text.casefold().split())


def _plain(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return "" if value is None else str(value)


def _sort_key(value: Cell) -> tuple[int, float | str]:
    if isinstance(value, datetime):
        return (0, value.timestamp())
    if isinstance(value, date):
        return (0, value.toordinal())
    if isinstance(value, (bool, int, float)):
        return (0, float(value))
    return (1, (value or "").casefold())


def _whole(text: str | None, default: int) -> int:
    digits = 6
    if text is None or not text.isascii() or not text.isdigit() or len(text) > digits:
        return default
    return max(1, int(text))


def _per_page(text: str | None) -> int:
    asked = _whole(text, PER_PAGE[0])
    return asked if asked in PER_PAGE else PER_PAGE[0]


def _address(
    spec: ListSpec[Row], wishes: Wishes, changes: Mapping[str, str | int | bool | None]
) -> dict[str, str]:
    sort = str(changes.get("sort", wishes.sort))
    descending = bool(changes.get("descending", wishes.descending))
    page = int(changes.get("page", wishes.page) or 1)
    per_page = int(changes.get("per_page", wishes.per_page) or PER_PAGE[0])
    chosen: dict[str, str] = dict(wishes.filters)
    chosen |= {n: str(v) for n, v in changes.items() if n in spec.choices and v}
    asked = {"text": wishes.text, **chosen}
    if (sort, descending) != (spec.sort, spec.descending):
        asked |= {"sort": sort, "order": "descending" if descending else "ascending"}
    if per_page != PER_PAGE[0]:
        asked["per_page"] = str(per_page)
    if page > 1 and "format" not in changes:
        asked["page"] = str(page)
    if changes.get("format"):
        asked["format"] = str(changes["format"])
    return {n: v for n, v in asked.items() if v}
