"""The programming interface: everything the pages do, as JSON, described by OpenAPI."""

from typing import Final

from governance.portal.api import (
    agencies,
    agreements,
    boards,
    catalogue,
    certificates,
    erasures,
    feed,
    ledger,
    meetings,
    named,
    office,
    open_data,
    own,
    people,
    publications,
    records,
    register,
    requests,
    verification,
    webhooks,
    work,
)

AREAS: Final = (
    requests, agreements, certificates, boards, meetings, people, own, ledger, erasures,
    verification,
    catalogue, register, open_data, agencies, feed, publications, records, office,
    webhooks, work, named,
)  # fmt: skip
"""Modules with a `router` and `NAVIGATION`, as `governance.portal.pages`."""
