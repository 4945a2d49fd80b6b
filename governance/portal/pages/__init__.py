"""The areas of the portal. Each module has a `router` and says its `NAVIGATION`.

To add one: write `governance/portal/pages/<area>.py` and add it to `AREAS`.
"""

from collections.abc import Sequence
from typing import Protocol

from governance.portal import api
from governance.portal.navigation import NavItem
from governance.portal.pages import (
    account,
    agency,
    board_lists,
    boards,
    catalogue,
    catalogue_request,
    destruction,
    documents,
    erasures,
    front,
    interface,
    ledger,
    meeting_papers,
    my_people,
    office,
    office_matches,
    office_records,
    office_webhooks,
    open_data,
    people,
    publications,
    register,
    request_acts,
    request_form,
    requests,
    signing,
    work,
)
from governance.portal.routes import PortalRouter


class AreaModule(Protocol):
    """A module of an area."""

    @property
    def router(self) -> PortalRouter:
        """Its routes."""

    @property
    def NAVIGATION(self) -> Sequence[NavItem]:  # noqa: N802  a module's constant
        """Its entries."""


AREAS: tuple[AreaModule, ...] = (
    front,
    account,
    interface,
    request_form,
    requests,
    request_acts,
    signing,
    board_lists,
    boards,
    meeting_papers,
    register,
    office,
    open_data,
    catalogue,
    catalogue_request,
    erasures,
    ledger,
    destruction,
    documents,
    publications,
    my_people,
    agency,
    work,
    people,
    office_matches,
    office_records,
    office_webhooks,
    *api.AREAS,
)
