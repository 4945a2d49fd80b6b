"""A contract grows in place; any other change belongs in a new table."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from enclave.deployment import Deployment
from governance.contracts import Column, DatasetContract
from tests.lib.builders import build_agreement, build_column, build_contract, build_treatment
from tests.lib.deployments import HEADER, csv_rows, drop, landed, load, make_deployment, write_csv


def under(deployment: Deployment, contract: DatasetContract) -> Deployment:
    """The same deployment with another version of the contract."""
    agreement = build_agreement(contract)
    return replace(
        deployment, contracts={contract.id: contract}, agreements={agreement.id: agreement}
    )


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    deployment = make_deployment(tmp_path / "home")
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(20)), period="2024")
    load(deployment)
    return deployment


def test_a_new_column_is_null_in_what_landed_before(deployment: Deployment, tmp_path: Path) -> None:
    first = build_contract()
    wider = replace(first, version="1.1.0", columns=(*first.columns, build_column("note")))
    later = under(deployment, wider)
    rows = [f"{row},seen" for row in csv_rows(30, start=20)]
    path = write_csv(tmp_path / "b.csv", rows, header=f"{HEADER},note")
    drop(later, path, period="2025")

    (outcome,) = load(later)

    assert outcome.state == "landed"
    notes = [row["note"] for row in landed(later)]
    assert (notes.count(None), notes.count("seen")) == (20, 30)
    before = later.lake.dataset(first.table, version=0)
    assert "note" not in before.schema.names, "a pinned snapshot stays as it was"


def test_a_quasi_identifier_added_later_is_null_in_the_old_rows(
    deployment: Deployment, tmp_path: Path
) -> None:
    first = build_contract()
    wider = replace(
        first, version="1.1.0", columns=(*first.columns, build_column("note", role="quasi"))
    )
    later = under(deployment, wider)
    rows = [f"{row},seen" for row in csv_rows(30, start=20)]
    drop(later, write_csv(tmp_path / "b.csv", rows, header=f"{HEADER},note"), period="2025")

    (outcome,) = load(later)

    risk = later.store.get(outcome.submission_id).facts["risk"]
    plain = Counter(
        (row["note"], *(row[name] for name in risk["quasi_identifiers"] if name != "note"))
        for row in landed(later)
    )
    assert "note" in risk["quasi_identifiers"]
    assert (risk["people"], risk["k"]) == (50, min(plain.values()))


@pytest.mark.parametrize(
    "changed",
    [
        replace(build_contract().column("amount"), treatment=build_treatment("drop")),
        build_column("amount", "string"),
    ],
    ids=["dropped", "another type"],
)
def test_a_column_that_goes_or_changes_is_refused_before_a_row_is_read(
    deployment: Deployment, tmp_path: Path, changed: Column
) -> None:
    first = build_contract()
    columns = tuple(changed if c.name == "amount" else c for c in first.columns)
    later = under(deployment, replace(first, version="2.0.0", columns=columns, measures=()))
    drop(later, write_csv(tmp_path / "b.csv", csv_rows(30)), period="2025")

    (outcome,) = load(later)

    assert (outcome.state, outcome.rows_read) == ("refused", 0)
    finding = later.store.get(outcome.submission_id).facts["findings"][0]
    assert finding["code"] == "lake.schema_conflict"
    assert "amount" in finding["message"]
    assert len(landed(later)) == 20


def test_a_column_treated_otherwise_does_not_land_beside_the_old_rows(
    deployment: Deployment, tmp_path: Path
) -> None:
    first = build_contract()
    coarser = replace(first.column("amount"), treatment=build_treatment("round", to=10))
    columns = tuple(coarser if c.name == "amount" else c for c in first.columns)
    later = under(deployment, replace(first, version="1.0.1", columns=columns))
    path = write_csv(tmp_path / "b.csv", csv_rows(30))
    drop(later, path, period="2025")
    drop(later, path, period="2024", revision=2)

    states = {outcome.period: outcome.state for outcome in load(later)}

    assert states == {"2025": "refused", "2024": "landed"}, "alone it replaces every old row"
    assert {row["amount"] % 10 for row in landed(later)} == {0}
