"""Whether a plan fits the table that stands: said before a row is read, and before landing."""

import json

from enclave.deidentify import DeidentificationPlan
from enclave.deployment import Deployment
from enclave.errors import SchemaConflictError
from enclave.evidence import ReceivedSubmission
from governance.agreements import DatasetTerms
from governance.contracts import DatasetContract


def treatments_of(plan: DeidentificationPlan) -> dict[str, str]:
    """Landed columns and their treatments with every option, as text."""
    return {
        column.name: json.dumps(
            {"kind": column.treatment.kind.value, "options": dict(column.treatment.options)},
            sort_keys=True,
        )
        for column in plan.landed
    }


def check_table(
    deployment: Deployment,
    contract: DatasetContract,
    plan: DeidentificationPlan,
    terms: DatasetTerms,
    received: ReceivedSubmission,
) -> None:
    """Refuse what could not stand in the table beside the rows that stay.

    Raises:
        SchemaConflictError: The plan drops or retypes a column of the table, or treats one
            otherwise than the rows that would stay beside the new ones.
    """
    lake = deployment.lake
    conflicts = lake.schema_conflicts(contract.table, plan.output_schema)
    _, staying = lake.surviving_files(
        contract.table,
        delivery=terms.delivery,
        period=received.period,
        submission_id=received.submission_id,
    )
    if staying:
        conflicts += lake.treatment_conflicts(contract.table, treatments_of(plan))
    if conflicts:
        raise SchemaConflictError(contract.table, tuple(dict.fromkeys(conflicts)))
