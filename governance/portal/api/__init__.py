"""The programming interface: everything the pages do, as JSON, described by OpenAPI."""

from typing import Final

from governance.portal.api import (
    agreements,
    boards,
    catalogue,
    certificates,
    feed,
    ledger,
    people,
    records,
    register,
    requests,
    webhooks,
)

AREAS: Final = (
    requests, agreements, certificates, boards, people, ledger, catalogue, register, feed,
    records, webhooks,
)  # fmt: skip
"""Modules with a `router` and `NAVIGATION`, as `governance.portal.pages`."""
