"""The programming interface: everything the pages do, as JSON, described by OpenAPI."""

from typing import Final

from governance.portal.api import (
    agreements,
    boards,
    catalogue,
    ledger,
    people,
    requests,
)

AREAS: Final = (requests, agreements, boards, people, ledger, catalogue)
"""Modules with a `router` and `NAVIGATION`, as `governance.portal.pages`."""
