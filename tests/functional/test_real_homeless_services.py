"""A real export of homeless services: 22 linked tables in one archive, under one agreement.

The counts are those of Python's own csv module over the archive's members.
"""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from enclave.deployment import Deployment
from enclave.steps.report import receipt_key
from enclave.zones import Zone
from tests.lib import shared_data
from tests.lib.real_inputs import (
    HMIS,
    HOMELESS,
    Outcome,
    deliver,
    open_home,
    plain_members,
    read_table,
)

pytestmark = pytest.mark.xdist_group("real_inputs_hmis")

ROWS = {
    "hmis_export": 1,
    "hmis_organization": 1,
    "hmis_user": 2,
    "hmis_project": 8,
    "hmis_project_coc": 8,
    "hmis_funder": 8,
    "hmis_inventory": 12,
    "hmis_affiliation": 0,
    "hmis_client": 4034,
    "hmis_enrollment": 6390,
    "hmis_enrollment_coc": 4830,
    "hmis_exit": 5965,
    "hmis_services": 6023,
    "hmis_disabilities": 74172,
    "hmis_employment_education": 12334,
    "hmis_health_and_dv": 12362,
    "hmis_income_benefits": 15949,
    "hmis_current_living_situation": 0,
    "hmis_assessment": 0,
    "hmis_assessment_questions": 0,
    "hmis_assessment_results": 0,
    "hmis_event": 0,
}
"""Records of each table, in the agreement's load order; none fails, six tables have none."""

PEOPLE = {
    "hmis_client": 4034,
    "hmis_enrollment": 4034,
    "hmis_enrollment_coc": 2675,
    "hmis_exit": 3821,
    "hmis_services": 268,
    "hmis_disabilities": 4033,
    "hmis_employment_education": 4034,
    "hmis_health_and_dv": 4033,
    "hmis_income_benefits": 4033,
}
"""Different clients each table speaks of."""

MEMBERS = {
    "hmis_client": "Client.csv",
    "hmis_enrollment": "Enrollment.csv",
    "hmis_enrollment_coc": "EnrollmentCoC.csv",
    "hmis_exit": "Exit.csv",
    "hmis_services": "Services.csv",
    "hmis_disabilities": "Disabilities.csv",
    "hmis_employment_education": "EmploymentEducation.csv",
    "hmis_health_and_dv": "HealthAndDV.csv",
    "hmis_income_benefits": "IncomeBenefits.csv",
}

Loaded = tuple[Deployment, Mapping[str, Outcome]]
Tables = Mapping[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def plain() -> Tables:
    shared_data.folder(HOMELESS.folder)
    return plain_members(HOMELESS.path)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    shared_data.folder(HOMELESS.folder)
    deployment = open_home(tmp_path_factory.mktemp("homeless") / "home")
    return deployment, {outcome.dataset: outcome for outcome in deliver(deployment, HOMELESS)}


def checks_of(deployment: Deployment, outcome: Outcome) -> list[dict[str, Any]]:
    submission = deployment.store.get(outcome.submission_id)
    document = deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "json"))
    checks: list[dict[str, Any]] = json.loads(document)["checks"]
    return checks


def test_all_tables_land_whole(loaded: Loaded, plain: Tables) -> None:
    _, outcomes = loaded

    assert list(outcomes) == list(ROWS)
    assert sorted(len(rows) for rows in plain.values()) == sorted(ROWS.values())
    assert sum(ROWS.values()) == 142_099
    for dataset, rows in ROWS.items():
        assert outcomes[dataset].counts == ("landed", rows, rows, 0)
        assert outcomes[dataset].checks == {}
        assert outcomes[dataset].problems == (() if rows else ("intake.no_records",))


def test_every_foreign_key_was_judged(loaded: Loaded) -> None:
    deployment, outcomes = loaded
    judged = 0
    for dataset, outcome in outcomes.items():
        rules = deployment.contracts[f"cceh/{dataset}"].rules
        wanted = {rule.name for rule in rules if rule.kind.value == "reference"}
        found = {
            check["rule"]: check["outcome"]
            for check in checks_of(deployment, outcome)
            if check["code"] == "reference.missing"
        }
        assert set(found) == wanted
        if outcome.read:
            assert set(found.values()) <= {"passed"}
            judged += len(found)
    assert judged == 36


def test_people_agree_across_tables(loaded: Loaded, plain: Tables) -> None:
    """The same client has the same id everywhere, and a join counts what the plain files count."""
    deployment, _ = loaded
    clients = read_table(deployment, "cceh/hmis_client").select(["person_id", "gender"])
    known = set(clients["person_id"].to_pylist())
    assert len(known) == 4034
    for dataset, people in PEOPLE.items():
        assert len({row["PersonalID"] for row in plain[MEMBERS[dataset]]}) == people
        ids = set(read_table(deployment, f"cceh/{dataset}")["person_id"].to_pylist())
        assert len(ids) == people
        assert ids <= known

    enrollments = read_table(deployment, "cceh/hmis_enrollment").select(["person_id"])
    joined = enrollments.join(clients, "person_id")
    gender = {row["PersonalID"]: row["Gender"] for row in plain["Client.csv"]}
    expected = Counter(gender[row["PersonalID"]] for row in plain["Enrollment.csv"])
    assert Counter(str(code) for code in joined["gender"].to_pylist()) == expected


def test_records_agree_across_tables(loaded: Loaded, plain: Tables) -> None:
    """Enrollments keep one pseudonym, so stays and exits still belong together."""
    deployment, _ = loaded
    enrollments = read_table(deployment, "cceh/hmis_enrollment")["enrollment_id"].to_pylist()
    exits = read_table(deployment, "cceh/hmis_exit")["enrollment_id"].to_pylist()

    assert len(set(enrollments)) == 6390
    assert set(exits) < set(enrollments)
    ended = {row["EnrollmentID"] for row in plain["Exit.csv"]}
    assert len(set(exits)) == len(ended) == 5965


def without_clients(path: Path, plain: Tables, keep: int, gone: int) -> dict[str, int]:
    """Write the archive with the first `keep` clients' records, and `gone` clients undescribed.

    Returns:
        Records of each table that speak of a client who is not described.
    """
    ids = [row["PersonalID"] for row in plain["Client.csv"]][:keep]
    kept, missing = set(ids), set(ids[:gone])
    orphans = {}
    with zipfile.ZipFile(HOMELESS.path) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if not name.endswith(".csv"):
                continue
            member = name.rsplit("/", 1)[-1]
            header = next(csv.reader(io.StringIO(source.read(name).decode("utf-8-sig"))))
            rows = [row for row in plain[member] if row.get("PersonalID", ids[0]) in kept]
            if member == "Client.csv":
                rows = [row for row in rows if row["PersonalID"] not in missing]
            orphans[member] = sum(row.get("PersonalID") in missing for row in rows)
            out = io.StringIO(newline="")
            writer = csv.DictWriter(out, header)
            writer.writeheader()
            writer.writerows(rows)
            target.writestr(name, out.getvalue())
    return orphans


def test_orphans_are_counted_and_set_aside(plain: Tables, tmp_path: Path) -> None:
    """Five clients of 200 are left out of Client.csv: whatever speaks of them refers to nobody."""
    path = tmp_path / "cut_hmis_export.zip"
    orphans = without_clients(path, plain, keep=200, gone=5)
    assert {MEMBERS[d]: n for d, n in ORPHANS.items()} == {k: v for k, v in orphans.items() if v}
    deployment = open_home(tmp_path / "home")

    outcomes = {outcome.dataset: outcome for outcome in deliver(deployment, HOMELESS, path)}

    assert outcomes["hmis_client"].counts == ("landed", 195, 195, 0)
    for dataset, count in ORPHANS.items():
        outcome = outcomes[dataset]
        assert outcome.state == "landed"
        assert outcome.set_aside == count
        assert outcome.checks == {"reference.missing:client_known": count}
        assert outcome.landed == outcome.read - count
    receipts = deployment.store.list(agency="cceh")
    assert {s.agreement_id for s in receipts} == {HMIS}


ORPHANS = {
    "hmis_enrollment": 11,
    "hmis_enrollment_coc": 11,
    "hmis_exit": 10,
    "hmis_services": 69,
    "hmis_disabilities": 132,
    "hmis_employment_education": 21,
    "hmis_health_and_dv": 22,
    "hmis_income_benefits": 33,
}


def test_lengths_of_stay_survive_the_shift_of_dates(loaded: Loaded, plain: Tables) -> None:
    """One shift a person, the same in every table: days from entry to exit stay as they are."""
    deployment, _ = loaded
    entries = read_table(deployment, "cceh/hmis_enrollment").select(["enrollment_id", "entry_date"])
    exits = read_table(deployment, "cceh/hmis_exit").select(["enrollment_id", "exit_date"])
    stays = exits.join(entries, "enrollment_id", join_type="inner").to_pylist()

    entered = {row["EnrollmentID"]: row["EntryDate"] for row in plain["Enrollment.csv"]}
    days = [
        (
            date.fromisoformat(row["ExitDate"]) - date.fromisoformat(entered[row["EnrollmentID"]])
        ).days
        for row in plain["Exit.csv"]
    ]
    assert Counter((row["exit_date"] - row["entry_date"]).days for row in stays) == Counter(days)
    moved = Counter(row["exit_date"].isoformat() for row in stays)
    assert moved != Counter(row["ExitDate"] for row in plain["Exit.csv"]), "but the days moved"
