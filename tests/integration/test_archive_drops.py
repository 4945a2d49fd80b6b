"""One file of several linked tables, under an agreement: load order, references, empty tables."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from enclave.deployment import Deployment
from enclave.errors import EvidenceError
from enclave.steps import land_submission, process_submission, receive_drops
from enclave.steps.report import receipt_key
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from governance.contracts import FileFormat, PersonKey, Rule, RuleKind
from tests.lib.builders import build_agreement, build_column, build_contract, build_terms
from tests.lib.deployments import landed, load, make_deployment

PERSON = PersonKey("person_id", ("client",), "client_number")
CLIENTS = build_contract(
    [
        build_column("client", treatment="person_id", role="direct", required=True),
        build_column("veteran"),
    ],
    agency="cceh",
    dataset="clients",
    file=FileFormat(archive_member="Client.csv"),
    key=("client",),
    person=PERSON,
)
STAYS = build_contract(
    [
        build_column("client", treatment="person_id", role="direct", required=True),
        build_column("nights", "integer", minimum=0),
    ],
    agency="cceh",
    dataset="stays",
    file=FileFormat(archive_member="Stay.csv"),
    person=PERSON,
    rules=(
        Rule(
            "client_known",
            RuleKind.REFERENCE,
            {"columns": ("client",), "to_dataset": "cceh/clients", "to_columns": ("client",)},
            "The client is described.",
        ),
    ),
)
AGREEMENT = build_agreement(
    CLIENTS,
    terms=[
        build_terms(CLIENTS, delivery="full", reject_threshold_pct=50),
        build_terms(STAYS, delivery="full", reject_threshold_pct=50),
    ],
)
NUMBERS = ("C-0001", "C-0002", "C-0003")


def write_zip(path: Path, clients: Sequence[str], stays: Sequence[tuple[str, str]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        people = ["client,veteran", *(f"{number},0" for number in clients)]
        archive.writestr("export/Client.csv", "\n".join(people) + "\n")
        rows = ["client,nights", *(",".join(row) for row in stays)]
        archive.writestr("export/Stay.csv", "\n".join(rows) + "\n")
    return path


def send(deployment: Deployment, path: Path, revision: int = 1) -> Mapping[str, Any]:
    """Drop the archive for the whole agreement; outcomes by dataset."""
    submit_file(
        deployment, path, agency="cceh", dataset=None, agreement_id="MOU-TEST-1", period="2026",
        revision=revision,
    )  # fmt: skip
    return {outcome.dataset: outcome for outcome in load(deployment)}


def receipt(deployment: Deployment, submission_id: str) -> dict[str, Any]:
    submission = deployment.store.get(submission_id)
    document = deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "json"))
    told: dict[str, Any] = json.loads(document)
    return told


def test_orphans_are_counted_with_their_lines_and_set_aside(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)
    stays = [("C-0001", "3"), ("C-9999", "1"), ("C-0003", "2"), ("C-0001", "x")]

    outcomes = send(deployment, write_zip(tmp_path / "a.zip", NUMBERS, stays))

    assert (outcomes["stays"].rows_landed, outcomes["stays"].rows_quarantined) == (2, 2)
    told = receipt(deployment, outcomes["stays"].submission_id)
    failed = {c["rule"] or c["columns"][0]: c for c in told["checks"] if c["outcome"] == "failed"}
    assert set(failed) == {"client_known", "nights"}
    assert failed["client_known"]["failing_rows"] == 1
    assert failed["client_known"]["lines"] == [3]
    known = {row["person_id"] for row in landed(deployment, CLIENTS)}
    assert {row["person_id"] for row in landed(deployment, STAYS)} < known


def test_references_that_hold_are_told_as_passed(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)

    outcomes = send(deployment, write_zip(tmp_path / "a.zip", NUMBERS, [("C-0002", "3")]))

    told = receipt(deployment, outcomes["stays"].submission_id)
    assert {c["outcome"] for c in told["checks"]} == {"passed"}


def test_a_table_without_rows_lands_empty(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)

    outcomes = send(deployment, write_zip(tmp_path / "a.zip", NUMBERS, []))

    assert (outcomes["stays"].state, outcomes["stays"].rows_landed) == ("landed", 0)
    assert landed(deployment, STAYS) == []
    verdict = receipt(deployment, outcomes["stays"].submission_id)["verdict"]
    assert verdict["headline"] == "Landed: the file holds no row of this dataset"
    assert outcomes["clients"].rows_landed == 3


def test_a_table_without_rows_takes_no_landed_rows_away(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)
    send(deployment, write_zip(tmp_path / "a.zip", NUMBERS, [("C-0001", "3")]))

    outcomes = send(deployment, write_zip(tmp_path / "b.zip", NUMBERS, []), revision=2)

    assert outcomes["stays"].state == "rejected"
    assert len(landed(deployment, STAYS)) == 1
    reasons = receipt(deployment, outcomes["stays"].submission_id)["verdict"]["reasons"]
    assert [r["reason"] for r in reasons] == ["The file holds no record of this dataset."]


def test_a_missing_table_is_a_reason_in_the_receipt(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Client.csv", "client,veteran\nC-0001,0\n")

    outcomes = send(deployment, path)

    assert outcomes["clients"].state == "landed"
    assert outcomes["stays"].state == "rejected"
    reasons = receipt(deployment, outcomes["stays"].submission_id)["verdict"]["reasons"]
    assert len(reasons) == 1
    assert reasons[0]["clause"] == "2"


@pytest.mark.parametrize("delivery", ["full", "append"])
def test_rows_of_a_revision_that_was_withdrawn_do_not_come_back_late(
    tmp_path: Path, delivery: str
) -> None:
    """A correction without a row has no file in the table; the log still says that it came."""
    terms = [build_terms(c, delivery=delivery, reject_threshold_pct=50) for c in (CLIENTS, STAYS)]
    deployment = make_deployment(
        tmp_path / "home", CLIENTS, STAYS, agreement=build_agreement(CLIENTS, terms=terms)
    )
    staged: dict[int, str] = {}
    for revision, stays in ((1, [("C-0001", "3")]), (2, [])):
        path = write_zip(tmp_path / f"{revision}.zip", NUMBERS, stays)
        submit_file(
            deployment, path, agency="cceh", dataset=None, agreement_id="MOU-TEST-1",
            period="2026", revision=revision,
        )  # fmt: skip
        for name in receive_drops(deployment, "MOU-TEST-1"):
            submission = deployment.store.get(name)
            if submission.revision != revision:
                continue
            assert process_submission(deployment, name).state == "passed"
            if submission.dataset == "stays" and revision == 1:
                staged[revision] = name
                continue
            land_submission(deployment, name)

    late = land_submission(deployment, staged[1])

    assert late.state == "superseded"
    assert landed(deployment, STAYS) == []


def test_the_ledger_knows_the_crosswalk_when_the_database_was_lost(tmp_path: Path) -> None:
    """An older crosswalk put back then would give known people new ids."""
    deployment = make_deployment(tmp_path / "home", CLIENTS, STAYS, agreement=AGREEMENT)
    identity = deployment.zones.store(Zone.IDENTITY)
    send(deployment, write_zip(tmp_path / "a.zip", NUMBERS, []))
    before = {i.key: identity.read(i.key) for i in identity.list() if "crosswalk" in i.key}
    assert before
    send(deployment, write_zip(tmp_path / "b.zip", [*NUMBERS, "C-0004"], []), revision=2)
    for submission in deployment.store.list():
        deployment.store.change(submission.id, expected=(submission.state,), forget_facts=True)  # type: ignore[arg-type]
    for key, content in before.items():
        identity.put(key, content)

    path = write_zip(tmp_path / "c.zip", [*NUMBERS, "C-0005"], [])
    with pytest.raises(EvidenceError, match="older than the ledger"):
        send(deployment, path, revision=3)
