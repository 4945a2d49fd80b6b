"""Every list of the portal filters, sorts, pages and exports, found by walking over its pages.

No list is named here: every page is asked for, and whatever shows a list is tried out. Rows are
taken as the page got them and compared with the export, which is read as the file it is.
"""

import ast
import asyncio
import csv
import functools
import inspect
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlencode

import pytest

import governance.portal
from governance.portal import answers, gate, lists
from governance.portal.api.paging import ListAsked
from governance.portal.context import Portal
from governance.portal.declared import DECLARED, Declared, Open, declared_of
from governance.portal.lists import Column, Listing, ListSpec
from governance.requests.states import Status
from tests.lib.asking import Answered, Asker
from tests.lib.every_list import EveryList
from tests.lib.programme import fresh_database
from tests.lib.statuses import CAST

pytestmark = pytest.mark.xdist_group("every_list")

LOOKERS: Final = ("an operator", "the requestor", "the owner")
"""Between them they may see every list."""
READERS: Final = (
    "the public", "the requestor", "its analyst", "another requestor", "an operator", "the owner",
    "another owner", "the steward", "the auditor", "an operator who left",
)  # fmt: skip
FEW: Final = 7
"""Rows of the smallest page here, so that nearly every list has several."""
MOST_PAGES: Final = 5
Rows = list[dict[str, Any]]
ONLY_BY_SERVICE: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "agency": lambda row, choice: choice in row.agencies,
}
"""What a filter keeps that only a service applies."""
OF_THE_READER: Final = {"scope"}
"""What it keeps depends on who reads: tried where the services are."""
RISKY: Final = tuple("=+-@|\t\r\n")


@dataclass(frozen=True)
class Place:
    """A page that shows a list, and somebody who sees most of it."""

    declared: Declared
    path: str
    kind: str
    spec: ListSpec[Any]

    @property
    def name(self) -> str:
        return self.spec.name


class World:
    """The application asked without a socket; what a page lists is seen as it is rendered."""

    def __init__(self, every: EveryList) -> None:
        self.every = every
        self.asker = Asker(every.p, dict(CAST))
        self.seen: list[Listing[Any]] = []

    def ask(self, declared: Declared, path: str, kind: str, wish: Mapping[str, Any]) -> Answered:
        self.seen.clear()
        where = f"{path}?{urlencode(wish)}" if wish else path
        return asyncio.run(self.asker.ask(declared, where, kind))

    @functools.cached_property
    def places(self) -> list[Place]:
        """For each list the page and the looker with most rows."""
        found: dict[str, tuple[int, Place]] = {}
        for declared in DECLARED:
            if declared.kind != "page" or declared.writes or isinstance(declared.asks, Open):
                continue
            path = self.path(declared)
            for kind in LOOKERS:
                assert self.ask(declared, path, kind, {}).status < 500, path
                for listing in self.seen:
                    known = found.get(listing.spec.name)
                    if known is None or listing.total > known[0]:
                        place = Place(declared, path, kind, listing.spec)
                        found[place.name] = (listing.total, place)
        return [place for _, place in found.values()]

    @property
    def tried(self) -> list[Place]:
        """Every list; on PostgreSQL those that the database arranges."""
        return [p for p in self.places if p.spec.by_service or not self.on_postgresql]

    @property
    def on_postgresql(self) -> bool:
        return not self.every.p.store.database.sqlite

    def path(self, declared: Declared) -> str:
        places = {
            "number": self.every.numbers[Status.GRANTED], "body": "data_governing_board",
            "meeting": "M-1", "motion": "MO-open", "person": "p-okafor", "agency": "sde",
            "dataset": "enrollment", "seq": "1", "hook": self.every.hook,
        }  # fmt: skip
        return re.sub(r"{(\w+)}", lambda m: places.get(m[1], "1"), declared.path)

    def page(self, place: Place, /, **wish: Any) -> Listing[Any]:
        answer = self.ask(place.declared, place.path, place.kind, wish)
        assert answer.status == 200, (place.path, wish)
        (listing,) = self.seen
        table = answer.text.partition("<tbody>")[2].partition("</tbody>")[0]
        assert table.count('<th scope="row"') == len(listing.rows), (place.path, wish)
        return listing

    def rows(self, place: Place) -> list[Any]:
        """Rows of every page, in the list's own order."""
        first = self.page(place, per_page=100)
        rows = list(first.rows)
        for number in range(2, first.pages + 1):
            rows += self.page(place, per_page=100, page=number).rows
        return rows

    def file(self, place: Place, kind: str, /, **wish: Any) -> Answered:
        return self.ask(place.declared, place.path, kind, wish)

    def export(self, place: Place, /, **wish: Any) -> Rows:
        answer = self.file(place, place.kind, format="json", **wish)
        assert answer.status == 200, (place.path, wish)
        rows: Rows = json.loads(answer.content)
        assert answer.headers["x-total-rows"] == str(len(rows))
        return rows

    def both(self, place: Place, /, **wish: Any) -> Rows:
        """The export; pages have the same rows at their places.

        The second page, and the first and last too where a database cuts them.
        """
        rows = self.export(place, **wish)
        size = next((n for n in lists.PER_PAGE if len(rows) <= n * MOST_PAGES), 100)
        last = max(1, -(-len(rows) // size))
        for number in {1, min(2, last), last} if place.spec.by_service else {min(2, last)}:
            page = self.page(place, per_page=size, page=number, **wish)
            there = rows[(number - 1) * size : number * size]
            assert page.total == len(rows), (place.name, wish)
            assert exported(place, list(page.rows)) == there, (place.name, wish, number)
        return rows


async def _at_once(work: Callable[..., Any], *given: Any) -> Any:
    return work(*given)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    url = None
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url"))
    home = tmp_path_factory.mktemp("every-list")
    every = EveryList(home, database_url=url, base_url="http://127.0.0.1:8000")
    every.office.clock.tick = timedelta(0)
    made, render = World(every), Portal.render

    def watched(self: Portal, visit: Any, template: str, status: int, context: Any) -> Any:
        if "listing" in context:
            made.seen.append(context["listing"])
        return render(self, visit, template, status, context)

    with pytest.MonkeyPatch.context() as patch:
        for module in (gate, answers):  # one request at a time needs no other thread
            patch.setattr(module, "run_in_threadpool", _at_once)
        patch.setattr(lists, "PER_PAGE", (FEW, 25, 50, 100))
        patch.setattr(Portal, "render", watched)
        yield made
    every.p.close()


def told(column: Column[Any], row: Any) -> Any:
    """A cell as JSON has it."""
    value = column.value(row)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


def exported(place: Place, rows: list[Any]) -> Rows:
    return [{c.name: told(c, row) for c in place.spec.columns} for row in rows]


def counted(rows: Rows) -> Counter[str]:
    return Counter(json.dumps(row) for row in rows)


def kept(place: Place, name: str, choice: str, row: Any) -> bool:
    """Whether a row stays under a choice, worked out from the row alone."""
    further = place.spec.filters.get(name)
    if further is not None:
        return bool((further.keeps or ONLY_BY_SERVICE[name])(row, choice))
    column = place.spec.column(name)
    assert column is not None
    value = column.value(row)
    if isinstance(value, bool):
        return choice == ("yes" if value else "no")
    return choice in str(value).split(", ")


def written_down() -> set[str]:
    """Names of the lists in the source."""
    found: set[str] = set()
    for path in Path(governance.portal.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node, "func", None)
            called = called.value if isinstance(called, ast.Subscript) else called
            if isinstance(node, ast.Call) and getattr(called, "id", "") == "ListSpec":
                assert isinstance(node.args[0], ast.Constant), path
                found.add(str(node.args[0].value))
    return found


def test_every_list_is_found_and_has_rows(world: World) -> None:
    """One that no page of these shows would go untried."""
    assert written_down() <= {place.name for place in world.places}
    totals = {place.name: world.page(place).total for place in world.places}
    assert [name for name, total in totals.items() if total < 2] == []
    assert sum(total > FEW for total in totals.values()) > len(totals) * 2 / 3, totals


def test_every_column_sorts_both_ways_over_all_pages(world: World) -> None:
    """Ordered, complete, nothing last; the pages have the same rows as the export."""
    for place in world.tried:
        whole = counted(world.export(place))
        for column in place.spec.columns:
            for order in ("ascending", "descending") if column.sortable else ():
                about = (place.name, column.name, order)
                rows = world.both(place, sort=column.name, order=order)
                assert counted(rows) == whole, about
                assert_ordered([row[column.name] for row in rows], order == "descending", about)


def assert_ordered(values: list[Any], down: bool, about: object) -> None:
    """Texts without capitals, ids of the ledger's entries as they are; nothing last."""
    there = [value for value in values if value is not None]
    assert values[: len(there)] == there, about
    keys = [value.casefold() if isinstance(value, str) else value for value in there]
    assert any(known == sorted(known, reverse=down) for known in (keys, there)), about


def test_every_choice_of_a_filter_gives_exactly_its_rows(world: World) -> None:
    for place in world.tried:
        whole = world.rows(place)
        for name, (_, choices) in place.spec.choices.items():
            some = False
            for choice in choices:
                rows = world.both(place, **{name: choice})
                some |= bool(rows)
                if name in OF_THE_READER:
                    assert counted(rows) <= counted(exported(place, whole))
                    continue
                wanted = [row for row in whole if kept(place, name, choice, row)]
                assert rows == exported(place, wanted), (place.name, name, choice)
            assert some, (place.name, name, "no row has any of the choices")


def test_sizes_pages_past_the_end_and_searches(world: World) -> None:
    for place in world.tried:
        whole = world.rows(place)
        for size in lists.PER_PAGE:
            first = world.page(place, per_page=size)
            assert (len(first.rows), first.total) == (min(size, len(whole)), len(whole))
            last = world.page(place, per_page=size, page=99_999)
            assert last.wishes.page == last.pages == -(-len(whole) // size), place.name
            assert list(last.rows) == whole[(last.pages - 1) * size :], place.name
        assert place.spec.search, place.name
        assert world.page(place, text="zzqqxx").total == 0, place.name
        texts = [
            value
            for row in whole
            for column in place.spec.shown
            if isinstance(value := column.value(row), str) and len(value) > 1
        ]
        assert any(world.page(place, text=text).total for text in dict.fromkeys(texts)), place.name
        found = world.both(place, text=texts[0])
        assert counted(found) <= counted(exported(place, whole)), place.name


def test_a_spreadsheet_runs_nothing_of_an_export(world: World) -> None:
    guarded = 0
    for place in world.tried:
        answer = world.file(place, place.kind, format="csv")
        cells = list(csv.reader(io.StringIO(answer.text)))
        assert cells[0] == [column.name for column in place.spec.columns]
        assert len(cells) == int(answer.headers["x-total-rows"]) + 1
        for row in cells[1:]:
            assert not [cell for cell in row if cell.lstrip().startswith(RISKY)], place.name
            guarded += sum(cell.startswith("'") for cell in row)
    assert guarded


def test_an_export_that_is_cut_says_so(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "EXPORT_ROWS", 5)
        for place in world.tried:
            total = world.page(place).total
            page = world.file(place, place.kind)
            file = world.file(place, place.kind, format="json")
            assert file.headers["x-total-rows"] == str(total)
            assert len(json.loads(file.content)) == min(total, 5), place.name
            assert ("Export the first 5:" in page.text) == (total > 5), place.name
            name = f"{place.name}-first-5-of-{total}.json"
            assert (name in file.headers["content-disposition"]) == (total > 5), place.name


def test_an_export_is_given_to_whom_the_page_is(world: World) -> None:
    for place in world.tried:
        for kind in READERS:
            page = world.file(place, kind)
            totals = [listing.total for listing in world.seen]
            file = world.file(place, kind, format="json")
            assert file.status == page.status, (place.name, kind)
            if totals:
                assert [len(json.loads(file.content))] == totals, (place.name, kind)
            else:
                assert not file.content.startswith(b"["), (place.name, kind)


BASE: Final = {"page", "per_page", "text", "sort", "descending"}
PLURAL: Final = {"agency": "agencies", "role": "roles"}
OF_TODAY: Final = {"employed", "scope"}
"""Worked out from today or the reader, not told with the row."""
MOST_VALUES: Final = 6
"""Of a filter that takes any value."""
WHOLE: Final = {
    "/api/v1/bodies": "one or two, by the bylaws",
    "/api/v1/office/sending": "one line a kind of message",
    "/api/v1/open-data": "one line a table",
    "/api/v1/requests/{number}/changes": "one line a version of a request",
}
"""Lists that cannot grow."""


def operations(world: World) -> Iterator[tuple[Declared, str, dict[str, Any]]]:
    """Every operation that reads: its route, its address, its description.

    On PostgreSQL those that the database arranges.
    """
    described = world.asker.app.openapi()["paths"]
    for route in world.asker.app.routes:
        declared = declared_of(route)
        if declared is None or declared.kind != "api" or declared.writes:
            continue
        asked = inspect.signature(route.endpoint).parameters.get("asked")  # type: ignore[attr-defined]  # declared: an APIRoute
        model = get_args(asked.annotation)[:1] if asked is not None else ()
        held = not model or issubclass(model[0], ListAsked)
        if "get" in described[declared.path] and not (held and world.on_postgresql):
            yield declared, world.path(declared), described[declared.path]["get"]


def answered(world: World, declared: Declared, path: str, kind: str, /, **wish: Any) -> Rows:
    """Items of every page."""
    items: Rows = []
    for number in range(1, 100):
        asked = {"per_page": 100, "page": number, **wish}
        answer = world.ask(declared, path, kind, asked)
        assert answer.status == 200, (path, wish, answer.text)
        page = json.loads(answer.content)
        items += page["items"]
        if not page["items"] or len(items) == page["total"]:
            assert len(items) == page["total"], (path, wish)
            break
    return items


def looker(world: World, declared: Declared, path: str) -> str:
    """Who reads most of it."""
    totals = {}
    for kind in LOOKERS:
        answer = world.ask(declared, path, kind, {})
        totals[kind] = json.loads(answer.content)["total"] if answer.status == 200 else -1
    return max(totals, key=lambda kind: totals[kind])


def test_every_list_of_the_interface_filters_sorts_and_pages(world: World) -> None:
    tried = 0
    for declared, path, operation in operations(world):
        asked = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
        wanted = {p["name"]: p["schema"] for p in asked}
        answer = operation["responses"]["200"].get("content", {}).get("application/json", {})
        if answer.get("schema", {}).get("type") == "array":
            assert declared.path in WHOLE, "a list without pages"
        if "page" not in wanted:
            continue
        assert wanted.keys() >= BASE - {"text"}, path
        kind = looker(world, declared, path)
        whole = answered(world, declared, path, kind)
        assert len(whole) > 1 or "publications" in path, path
        tried += 1
        for sort in wanted["sort"]["enum"]:
            for down in (False, True):
                wish = {"sort": sort, "descending": str(down).lower()}
                rows = answered(world, declared, path, kind, **wish)
                assert counted(rows) == counted(whole), (path, wish)
                second = world.ask(declared, path, kind, {"page": 2, "per_page": FEW, **wish})
                assert json.loads(second.content)["items"] == rows[FEW : 2 * FEW], (path, wish)
                if rows and sort in rows[0]:  # else within a row, or told by another name
                    assert_ordered([row[sort] for row in rows], down, (path, wish))
        for name in wanted.keys() - BASE - OF_TODAY:
            field = name if name in whole[0] else PLURAL.get(name, f"{name}s")
            if field not in whole[0]:
                continue
            values = dict.fromkeys(x for row in whole for x in listed(row[field]))
            for value in [*values][:MOST_VALUES]:
                shown = str(value).lower() if isinstance(value, bool) else value
                found = answered(world, declared, path, kind, **{name: shown})
                fit = [row for row in whole if value in listed(row[field])]
                assert counted(found) == counted(fit), (path, name, value)
        if "text" in wanted:
            assert answered(world, declared, path, kind, text="zzqqxx") == [], path
    assert tried >= (5 if world.on_postgresql else 20)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
