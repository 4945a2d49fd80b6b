"""Agreements of feeds: authority, clauses and the terms that steer a feed (pure)."""

from governance.agreements.file_names import FileNameFacts, match_file_name
from governance.agreements.load import check_agreement, check_agreements, load_agreements
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
from governance.agreements.parse import parse_agreement

__all__ = [
    "Agreement",
    "AuthorityKind",
    "Clause",
    "DatasetTerms",
    "DeliveryMode",
    "DisclosureRule",
    "FileNameFacts",
    "GateAction",
    "Party",
    "Retention",
    "RiskGate",
    "check_agreement",
    "check_agreements",
    "load_agreements",
    "match_file_name",
    "parse_agreement",
]
