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
]
