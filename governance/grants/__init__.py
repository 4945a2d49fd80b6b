"""Approved scope as a signed, versioned, expiring bundle; the format is settled in ADR 0050.

Pure but for cryptography and the object-store port. Compiling a bundle from a request's approval
belongs to the board's system; what it must produce is `GrantBundle`.
"""

from governance.grants.access import decide_access, decide_dataset, legal_today
from governance.grants.bundle import (
    VerifiedBundle,
    parse_bundle,
    parse_people,
    sign_bundle,
    sign_people,
    verify_bundle,
    verify_people,
)
from governance.grants.errors import BundleRefusedError
from governance.grants.model import (
    TOTALS_ONLY,
    Account,
    Approval,
    Comparison,
    Condition,
    ForbiddenCombination,
    GrantBundle,
    GrantedDataset,
    GrantedPerson,
    LedgerReference,
    OutputRule,
    PartySignature,
    PeopleMapping,
    Revocation,
    SharingAgreement,
)
from governance.grants.publish import (
    fetch_bundle,
    fetch_people,
    fetch_root,
    projects,
    publish_bundle,
    publish_people,
    publish_root,
)
from governance.grants.root import Root, create_root, pin_root, update_root

__all__ = [
    "TOTALS_ONLY",
    "Account",
    "Approval",
    "BundleRefusedError",
    "Comparison",
    "Condition",
    "ForbiddenCombination",
    "GrantBundle",
    "GrantedDataset",
    "GrantedPerson",
    "LedgerReference",
    "OutputRule",
    "PartySignature",
    "PeopleMapping",
    "Revocation",
    "Root",
    "SharingAgreement",
    "VerifiedBundle",
    "create_root",
    "decide_access",
    "decide_dataset",
    "fetch_bundle",
    "fetch_people",
    "fetch_root",
    "legal_today",
    "parse_bundle",
    "parse_people",
    "pin_root",
    "projects",
    "publish_bundle",
    "publish_people",
    "publish_root",
    "sign_bundle",
    "sign_people",
    "update_root",
    "verify_bundle",
    "verify_people",
]
