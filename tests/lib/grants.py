"""Builders of grants, roots and people mappings, in force on `TODAY` unless told otherwise."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.grants import (
    Account,
    Approval,
    GrantBundle,
    GrantedDataset,
    GrantedPerson,
    LedgerReference,
    OutputRule,
    PartySignature,
    PeopleMapping,
    Root,
    SharingAgreement,
    VerifiedBundle,
    create_root,
    pin_root,
    sign_bundle,
    verify_bundle,
)
from governance.signing import Envelope, LocalSigner

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def build_person(**changes: Any) -> GrantedPerson:
    facts: dict[str, Any] = {
        "id": "p-ruiz",
        "name": "Dana Ruiz",
        "employer": "Example University",
        "employment_class": "university",
        "nda_signed_on": date(2026, 1, 12),
        "training_valid_until": date(2026, 12, 31),
        "employed_from": date(2020, 9, 1),
        "employed_until": None,
    }
    return GrantedPerson(**(facts | changes))


def build_dataset(**changes: Any) -> GrantedDataset:
    facts: dict[str, Any] = {
        "dataset": "sde/enrollment",
        "columns": ("school_year", "district", "grade", "gender", "days_absent"),
        "clause": "SDE approval 2026-01 §2",
    }
    return GrantedDataset(**(facts | changes))


def build_sharing_agreement(**changes: Any) -> SharingAgreement:
    facts: dict[str, Any] = {
        "id": "DSA-0042",
        "effective_on": date(2026, 1, 10),
        "ends_on": date(2027, 1, 9),
        "signatures": (
            PartySignature(party="SDE", signed_on=date(2026, 1, 8)),
            PartySignature(party="Example University", signed_on=date(2026, 1, 10)),
        ),
        "clause": "DSA-0042 §7",
    }
    return SharingAgreement(**(facts | changes))


def build_grant(**changes: Any) -> GrantBundle:
    facts: dict[str, Any] = {
        "project": "p20-q0042",
        "version": 1,
        "title": "Attendance and district size",
        "request": "Q0042",
        "purpose": "evaluation of a state education program",
        "legal_basis": "34 CFR 99.35",
        "issued_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=6),
        "granted_from": date(2026, 1, 15),
        "granted_until": date(2026, 12, 31),
        "datasets": (build_dataset(),),
        "people": (build_person(),),
        "output": OutputRule(minimum_cell_count=6, minimum_denominator=20, clause="DSA-0042 §9"),
        "approvals": (
            Approval(
                body="Data Governing Board",
                decided_on=date(2026, 1, 5),
                ledger=LedgerReference(chain="governance", seq=17, hash="ab" * 32),
                clause="bylaws, vote of members present",
            ),
        ),
        "sharing_agreement": build_sharing_agreement(),
    }
    return GrantBundle(**(facts | changes))


def build_people(**changes: Any) -> PeopleMapping:
    facts: dict[str, Any] = {
        "version": 1,
        "issued_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=30),
        "accounts": (Account(account="druiz", person="p-ruiz", valid_from=date(2026, 1, 1)),),
    }
    return PeopleMapping(**(facts | changes))


@dataclass
class Keys:
    """A root with its key holders."""

    root_signer: LocalSigner = field(default_factory=lambda: LocalSigner.derive(b"r" * 32))
    signer: LocalSigner = field(default_factory=lambda: LocalSigner.derive(b"s" * 32))
    expires_at: datetime = NOW + timedelta(days=365)

    def envelope(self, version: int = 1, **changes: Any) -> Envelope:
        facts: dict[str, Any] = {
            "version": version,
            "expires_at": self.expires_at,
            "root_signers": [self.root_signer],
            "signer_keys": [self.signer.public_key],
        }
        return create_root(**(facts | changes))

    def root(self, **changes: Any) -> Root:
        return pin_root(self.envelope(**changes))

    def verified(self, bundle: GrantBundle | None = None, now: datetime = NOW) -> VerifiedBundle:
        signed = sign_bundle(bundle or build_grant(), self.signer)
        return verify_bundle(signed, self.root(), now)
