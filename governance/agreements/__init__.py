"""Agreements of feeds: authority, clauses and the terms that steer a feed (pure)."""

from governance.agreements.model import (
    Agreement,
    AuthorityKind,
    Clause,
    DatasetTerms,
    DeliveryMode,
    DisclosureRule,
    GateAction,
    Party,
    Retention,
    RiskGate,
)
from governance.agreements.parse import (
    check_agreement,
    check_agreements,
    load_agreements,
    parse_agreement,
)

__all__ = [
    "Agreement",
    "AuthorityKind",
    "Clause",
    "DatasetTerms",
    "DeliveryMode",
    "DisclosureRule",
    "GateAction",
    "Party",
    "Retention",
    "RiskGate",
    "check_agreement",
    "check_agreements",
    "load_agreements",
    "parse_agreement",
]
