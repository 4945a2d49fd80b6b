"""The demonstration's decided grant: its chain of dated facts, in the final signed format.

Root and signer keys are made on the spot and lie in the demonstration's home; in production the
root is offline and the signer is a process apart from the portal (docs/adr/0050).
"""

import getpass
from datetime import date, timedelta
from pathlib import Path

from enclave.deployment import Deployment
from enclave.steps.query import trust_root
from enclave.zones import Zone
from governance.digests import sha256_of
from governance.grants.bundle import sign_bundle, sign_people
from governance.grants.model import (
    Account,
    Approval,
    GrantBundle,
    GrantedDataset,
    GrantedPerson,
    LedgerReference,
    OutputRule,
    PartySignature,
    PeopleMapping,
    SharingAgreement,
)
from governance.grants.publish import publish_bundle, publish_people, publish_root
from governance.grants.root import create_root, pin_root
from governance.signing import LocalSigner

PROJECT = "career-pathways"
PERSON = "researcher-01"
STEWARD_OF = "dol"
"""Whoever runs the demonstration is its researcher, and a data steward of this agency."""
SDE_COLUMNS = (
    "fall_of_year",
    "grade_level_code",
    "race_ethnicity",
    "gender",
    "english_learner_status",
    "disability_status",
    "free_reduced_lunch_flag",
    "resident_town",
    "attendance_days",
    "membership_days",
)
DOL_COLUMNS = ("wage_year", "wage_quarter", "naics_sector", "employer_town", "wage_usd")


def publish_demo_grant(deployment: Deployment) -> Path:
    """Sign and publish root, people and the project's grant; the folder of the keys."""
    now = deployment.now()
    keys = deployment.home / "demo-keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    root_signer, signer = LocalSigner.generate(), LocalSigner.generate()
    for name, key in (("root", root_signer), ("signer", signer)):
        (keys / f"{name}.pem").write_bytes(key.to_pem())
        (keys / f"{name}.pem").chmod(0o600)
    root_envelope = create_root(
        version=1,
        expires_at=now + timedelta(days=365),
        root_signers=[root_signer],
        signer_keys=[signer.public_key],
    )
    root = pin_root(root_envelope)
    trust_root(deployment, root_envelope.to_json())
    policy = deployment.zones.store(Zone.POLICY)
    publish_root(policy, root_envelope, trusted=root, now=now)
    today = deployment.today()
    people = PeopleMapping(
        version=1,
        issued_at=now,
        expires_at=now + timedelta(days=30),
        accounts=(
            Account(account=getpass.getuser(), person=PERSON, agency=STEWARD_OF, valid_from=today),
        ),
    )
    publish_people(policy, sign_people(people, signer), root=root, now=now)
    bundle = _bundle(deployment, today)
    publish_bundle(policy, sign_bundle(bundle, signer), root=root, now=now)
    deployment.ledger.append(
        "grant:published",
        f"grant/{PROJECT}",
        {"version": bundle.version, "granted_until": bundle.granted_until.isoformat()},
        once=f"grant:published/{PROJECT}/{bundle.version}",
    )
    return keys


def _bundle(deployment: Deployment, today: date) -> GrantBundle:
    now = deployment.now()
    decided = today - timedelta(days=45)
    reference = LedgerReference(chain="demonstration", seq=1, hash=sha256_of(b"demonstration"))
    return GrantBundle(
        project=PROJECT,
        version=1,
        title="From school to work: attendance and first wages",
        request="P20-Q0042",
        purpose="evaluation of state-funded education programs",
        legal_basis="34 CFR § 99.31(a)(3), 99.35; 20 CFR § 603.5",
        issued_at=now,
        expires_at=now + timedelta(days=7),
        granted_from=today - timedelta(days=14),
        granted_until=today + timedelta(days=351),
        datasets=(
            GrantedDataset(
                dataset="sde/enrollment", columns=SDE_COLUMNS, clause="MOU-SDE-2024-03 §4.1"
            ),
            GrantedDataset(
                dataset="dol/quarterly_wages",
                columns=DOL_COLUMNS,
                employment_classes=("state_employee", "state_official"),
                clause="MOU-DOL-2025-01 §4.2",
            ),
        ),
        people=(
            GrantedPerson(
                id=PERSON,
                name="Demonstration Researcher",
                employer="Office of Policy and Management",
                employment_class="state_employee",
                nda_signed_on=today - timedelta(days=20),
                training_valid_until=today + timedelta(days=300),
                employed_from=date(2020, 1, 1),
            ),
        ),
        output=OutputRule(
            minimum_cell_count=6, minimum_denominator=20, clause="Request P20-Q0042, output rule"
        ),
        approvals=(
            Approval(
                body="Data owner, State Department of Education",
                decided_on=decided,
                ledger=reference,
                clause="MOU-SDE-2024-03 §4.3",
            ),
            Approval(
                body="Data owner, Department of Labor",
                decided_on=decided,
                ledger=reference,
                clause="MOU-DOL-2025-01 §4.3",
            ),
            Approval(
                body="Data Governing Board",
                decided_on=decided + timedelta(days=10),
                ledger=reference,
                clause="Governance manual, data governing board",
            ),
        ),
        sharing_agreement=SharingAgreement(
            id="DSA-P20-Q0042",
            effective_on=today - timedelta(days=14),
            ends_on=today + timedelta(days=351),
            signatures=tuple(
                PartySignature(party=party, signed_on=today - timedelta(days=16))
                for party in (
                    "State Department of Education",
                    "Department of Labor",
                    "Office of Policy and Management",
                )
            ),
            clause="Data sharing agreement DSA-P20-Q0042",
        ),
    )
