"""Give quarantined rows back to the agency they came from, and to nobody else."""

import secrets
from pathlib import Path

from enclave.deployment import Deployment
from enclave.errors import SubmissionNotFoundError
from enclave.steps.record import record
from enclave.validate import export_quarantine_csv
from enclave.zones import Zone
from governance.decisions import Decision, Denial, check_permitted


def export_quarantine(
    deployment: Deployment, submission_id: str, *, agency: str, target: Path
) -> int:
    """Decrypt a submission's failing rows into a CSV file for its agency.

    Returns:
        Rows written.

    Raises:
        AccessDeniedError: The rows are another agency's.
        SubmissionNotFoundError: No such submission, or nothing of it is in quarantine.
    """
    submission = deployment.store.get(submission_id)
    check_permitted(_decide_own_rows(submission.agency, agency))
    key = submission.facts.get("quarantine", {}).get("object_key")
    if key is None or submission.quarantine_destroyed_at is not None:
        message = "Nothing of this submission is in quarantine (any more)."
        raise SubmissionNotFoundError(message)
    contract = deployment.contracts[f"{submission.agency}/{submission.dataset}"]
    # Every export is told, and before a row is read: identified rows never leave unrecorded.
    record(
        deployment,
        "quarantine:exported",
        submission,
        apart=secrets.token_hex(8),
        rows=submission.rows_quarantined,
    )
    return export_quarantine_csv(
        deployment.zones.store(Zone.QUARANTINE), deployment.ring, key, target, contract=contract
    )


def _decide_own_rows(owner: str, asking: str) -> Decision:
    rule = "quarantine.own_agency"
    if owner == asking:
        return Decision((rule,))
    denial = Denial(
        rule=rule,
        reason="Quarantined rows are identified; they go back to the agency that sent them only.",
        remedy=f"A data steward of {owner} asks for them.",
        clause="Enterprise MOU, custody of rejected records",
    )
    return Decision((rule,), (denial,))
