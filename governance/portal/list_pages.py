"""A list's page, or its export: one way for every list of the portal."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from governance.portal.exports import export
from governance.portal.lists import Listing, ListSpec, Row, Wishes, arrange, ask_for, read_wishes
from governance.portal.visits import Visit
from governance.store.paging import Page


def held_list(visit: Visit, spec: ListSpec[Row], rows: Sequence[Row]) -> Listing[Row]:
    """What the address asks of rows held in memory; they are the person's to see."""
    return arrange(spec, _wishes(visit, spec), rows, visit.path)


def asked_list(
    visit: Visit, spec: ListSpec[Row], find: Callable[[Wishes], Page[Row]]
) -> Listing[Row]:
    """What the address asks of a list that a service arranges; `find` asks it, as the person."""
    return ask_for(spec, _wishes(visit, spec), find, visit.path)


def show_list(
    visit: Visit,
    template: str,
    listing: Listing[Row],
    **context: Any,  # noqa: ANN401  what the template shows
) -> Response:
    """The page, with the list as `listing`; the file where the address asks for one."""
    if listing.wishes.format is not None and visit.request.method == "GET":
        return export(listing)
    return visit.page(template, listing=listing, **context)


def _wishes(visit: Visit, spec: ListSpec[Row]) -> Wishes:
    return read_wishes(spec, visit.request.query_params)
