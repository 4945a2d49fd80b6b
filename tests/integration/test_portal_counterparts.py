"""All of it: every page of the running portal has an operation that asks for the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.portal import create_app
from governance.portal.app import PortalApp
from governance.portal.declared import Declared, declared_of
from tests.lib.counterparts import COUNTERPARTS, FOR_PEOPLE_ALONE
from tests.lib.portal import open_throwaway


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalApp]:
    programme = open_throwaway(tmp_path_factory.mktemp("counterparts"))
    yield create_app(programme)
    programme.close()


def routes_of(app: PortalApp, kind: str) -> dict[str, Declared]:
    found = (declared_of(route) for route in app.routes)
    return {f"{d.method} {d.path}": d for d in found if d is not None and d.kind == kind}


def test_every_page_has_an_operation_or_says_why_not(app: PortalApp) -> None:
    pages = routes_of(app, "page")
    known = COUNTERPARTS.keys() | FOR_PEOPLE_ALONE.keys()
    assert sorted(pages.keys() - known) == [], "give each an operation in governance/portal/api"
    assert sorted(known - pages.keys()) == [], "these pages are gone"
    assert not COUNTERPARTS.keys() & FOR_PEOPLE_ALONE.keys()
    assert all(why.endswith(".") for why in FOR_PEOPLE_ALONE.values())
    assert len(FOR_PEOPLE_ALONE) <= 11, "this list is to stay short"


def test_an_operation_asks_for_no_less_and_is_described(app: PortalApp) -> None:
    pages, operations = routes_of(app, "page"), routes_of(app, "api")
    described = app.openapi()["paths"]
    for page, operation in COUNTERPARTS.items():
        assert operation in operations, (page, operation)
        method, _, path = operation.partition(" ")
        assert method.lower() in described[path], operation
        asked, asks = pages[page].asks, operations[operation].asks
        if isinstance(asked, tuple):
            assert isinstance(asks, tuple), operation
            assert set(asked) <= set(asks), (page, operation)
        if pages[page].writes:
            assert operations[operation].writes, (page, operation)


def test_every_answer_has_a_model(app: PortalApp, tmp_path: Path) -> None:
    """A program knows what it gets: a schema, or a media type of its own."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            good = [r for code, r in operation["responses"].items() if code.startswith("2")]
            assert good, (method, path)
            contents = good[0].get("content", {})
            where = (method, path)
            assert contents or "204" in operation["responses"], where
            for media_type, content in contents.items():
                assert media_type != "application/json" or content["schema"], where
            paged = next((p for p in operation.get("parameters", ()) if p["name"] == "page"), None)
            schema = contents.get("application/json", {}).get("schema", {})
            if paged is not None:
                assert "$ref" in schema, where
