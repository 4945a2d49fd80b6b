"""What lies in the lake, under which authority, kept until when; names and counts only."""

from datetime import UTC, datetime
from typing import Any

from enclave.deidentify import build_plan
from enclave.deployment import Deployment
from enclave.errors import DatasetNotFoundError, PlanRefusedError
from enclave.lake import TableState
from governance.agreements import Agreement, DatasetTerms
from governance.contracts import DatasetContract


def list_tables(deployment: Deployment) -> list[dict[str, Any]]:
    """Curated tables that exist, by name."""
    found = []
    for contract in deployment.contracts.values():
        state = deployment.lake.state(contract.table)
        if state is not None:
            found.append(_summary(deployment, contract, state))
    return sorted(found, key=lambda facts: str(facts["table"]))


def _summary(
    deployment: Deployment, contract: DatasetContract, state: TableState
) -> dict[str, Any]:
    terms = deployment.terms_of(contract.agency, contract.dataset)
    return {
        "table": contract.table,
        "dataset": contract.id,
        "title": contract.title,
        "rows": state.rows,
        "version": state.version,
        "files": len(state.files),
        "authority": None if terms is None else _authority(terms[0]),
        "kept_until": None if terms is None else terms[0].retention.curated_until.isoformat(),
    }


def _authority(agreement: Agreement) -> str:
    return f"{agreement.id} ({', '.join(agreement.citations)})"


def describe_table(deployment: Deployment, name: str) -> dict[str, Any]:
    """One table: grain, columns as landed, authority and history.

    Raises:
        DatasetNotFoundError: No contract names such a table.
    """
    contract = next((c for c in deployment.contracts.values() if name in {c.table, c.id}), None)
    if contract is None:
        message = f"No contract describes {name!r}. `enclave tables` lists what there is."
        raise DatasetNotFoundError(message)
    state = deployment.lake.state(contract.table)
    found = deployment.terms_of(contract.agency, contract.dataset)
    facts: dict[str, Any] = {
        "table": contract.table,
        "dataset": contract.id,
        "title": contract.title,
        "grain": contract.grain,
        "contract": contract.version,
        "rows": None if state is None else state.rows,
        "version": None if state is None else state.version,
        "person": None if contract.person is None else contract.person.column,
    }
    if found is not None:
        agreement, terms = found
        rule = terms.disclosure
        facts |= {
            "authority": _authority(agreement),
            "kept_until": agreement.retention.curated_until.isoformat(),
            "disclosure": f"counts under {rule.minimum_cell_count} people are suppressed, "
            f"statistics over fewer than {rule.minimum_denominator} too ({rule.clause})",
        }
    facts["columns"] = _columns(contract, found)
    facts["history"] = _history(deployment, contract) if state is not None else []
    return facts


def _columns(
    contract: DatasetContract, found: tuple[Agreement, DatasetTerms] | None
) -> list[dict[str, Any]]:
    """Columns of the contract with what becomes of each; the landed type where it is kept."""
    landed: dict[str, str] = {}
    if found is not None:
        try:
            schema = build_plan(contract, found[1], found[0]).output_schema
            landed = {field.name: str(field.type) for field in schema}
        except PlanRefusedError:
            landed = {}
    overrides = {} if found is None else found[1].treatments
    columns = []
    for column in contract.columns:
        treatment = overrides.get(column.name, column.treatment)
        columns.append(
            {
                "column": column.name,
                "type": landed.get(column.name, "not landed"),
                "role": column.role.value,
                "treatment": "none: refused" if treatment is None else treatment.kind.value,
                "dimension": "yes" if column.dimension else "",
                "description": column.description,
            }
        )
    return columns


def _history(deployment: Deployment, contract: DatasetContract) -> list[dict[str, Any]]:
    return [
        {
            "version": entry.get("version"),
            "at": datetime.fromtimestamp(entry["timestamp"] / 1000, UTC).isoformat(
                timespec="seconds"
            ),
            "submission": str(entry.get("submission", ""))[:8],
            "period": entry.get("period"),
            "revision": entry.get("revision"),
            "supersedes": entry.get("superseded"),
        }
        for entry in deployment.lake.history(contract.table)
    ]
