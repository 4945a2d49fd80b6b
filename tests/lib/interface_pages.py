"""The documentation's copy of the interface: `openapi.json`, and a page with every operation."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from governance.portal import create_app
from governance.portal.declared import Declared, Open, declared_of
from tests.lib.counterparts import COUNTERPARTS
from tests.lib.portal import open_throwaway

_HEAD: Final = """# The programming interface

Generated from the routes; do not edit. The whole description is [openapi.json](openapi.json), which
a running portal gives at `/api/openapi.json`; [the guide](../guides/interface.md) says how to use
it. Who may do each action stands in [permissions](permissions.md); what is asked of all of them is
judged for the very request, agency, body or person that the path names.
"""


def interface_pages() -> dict[str, str]:
    """Text of each file, by name."""
    with tempfile.TemporaryDirectory() as home:
        programme = open_throwaway(Path(home), base_url="https://governance.example.gov")
        app = create_app(programme)
        document = app.openapi()
        found = (declared_of(route) for route in app.routes)
        declared = {f"{d.method} {d.path}": d for d in found if d is not None}
        programme.close()
    return {
        "interface.md": operations_page(document, declared, COUNTERPARTS),
        "openapi.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n",
    }


def operations_page(
    document: Mapping[str, Any], declared: Mapping[str, Declared], pages: Mapping[str, str]
) -> str:
    """Every operation by subject: what it does, which action it asks for, which page does the same.

    Args:
        document: The OpenAPI document.
        declared: By method and path.
        pages: Operation by page, both as method and path.
    """
    by_operation: dict[str, list[str]] = {}
    for page, operation in pages.items():
        by_operation.setdefault(operation, []).append(page)
    tags: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            tag = next(iter(operation.get("tags", ())), "session")
            same = "<br>".join(f"`{page}`" for page in by_operation.get(name, ()))
            cells = (f"`{name}`", operation["summary"], _asks(declared[name]), same)
            tags.setdefault(tag, []).append(f"| {' | '.join(cells)} |")
    return "\n".join([_HEAD, *_sections(tags)])


def _sections(tags: Mapping[str, list[str]]) -> Iterator[str]:
    for tag, rows in sorted(tags.items()):
        yield f"## {tag.capitalize()}\n"
        yield "| operation | what it does | action asked for | pages that do the same |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""


def _asks(declared: Declared) -> str:
    if isinstance(declared.asks, Open):
        return declared.asks.why
    return " or ".join(f"`{action.value}`" for action in declared.asks)
