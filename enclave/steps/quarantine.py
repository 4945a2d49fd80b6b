"""Give quarantined rows back to the agency they came from, and to nobody else."""

import secrets
from pathlib import Path

from enclave.deployment import Deployment
from enclave.errors import SubmissionNotFoundError
from enclave.steps.record import record
from enclave.steps.signed_in import signed_in
from enclave.validate import export_quarantine_csv
from enclave.zones import Zone
from governance.decisions import Decision, Denial, check_permitted
from governance.grants import Account


def export_quarantine(
    deployment: Deployment, submission_id: str, *, target: Path, agency: str | None = None
) -> int:
    """Decrypt a submission's failing rows into a CSV file for its agency.

    To whom is not what is typed: the operating-system user must be a data steward of the agency in
    the signed mapping of sign-ins to persons.

    Args:
        deployment: Where.
        submission_id: Whose rows.
        target: The file.
        agency: The agency somebody says to ask for; where it is said it must be the rows' too.

    Returns:
        Rows written.

    Raises:
        AccessDeniedError: The rows are another agency's than the person's, or nobody signed in.
        BundleRefusedError: The mapping of sign-ins does not verify.
        ConfigurationError: No root is trusted yet, so nobody can be told.
        SubmissionNotFoundError: No such submission, or nothing of it is in quarantine.
    """
    submission = deployment.store.get(submission_id)
    who = signed_in(deployment)
    decision = _decide_own_rows(submission.agency, agency, who)
    if not decision.permitted:
        deployment.ledger.append(
            "action:denied",
            f"submission/{submission.id}",
            {
                "person": None if who is None else who.person,
                "action": "quarantine:export",
                "rules": ",".join(sorted({denial.rule for denial in decision.denials})),
            },
        )
    check_permitted(decision)
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
        person=None if who is None else who.person,
    )
    return export_quarantine_csv(
        deployment.zones.store(Zone.QUARANTINE), deployment.ring, key, target, contract=contract
    )


def _decide_own_rows(owner: str, asking: str | None, who: Account | None) -> Decision:
    """Whether the person at work is of the agency that sent the rows."""
    checked = ("quarantine.signed_in", "quarantine.own_agency")
    if who is None:
        rule, reason = checked[0], "This sign-in is mapped to no person of the programme today."
        remedy = "The operator publishes a people mapping that names it, with its agency."
    elif who.agency == owner and asking in {None, owner}:
        return Decision(checked)
    else:
        rule = checked[1]
        reason = "Quarantined rows are identified; they go back to the agency that sent them only."
        remedy = f"A data steward of {owner} asks for them, signed in as themselves."
    denial = Denial(
        rule=rule,
        reason=reason,
        remedy=remedy,
        clause="Enterprise MOU, custody of rejected records",
    )
    return Decision(checked, (denial,))
