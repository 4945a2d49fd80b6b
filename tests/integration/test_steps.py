"""A submission from drop to receipt, on real files, keys, tables and ledger."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enclave.deployment import Deployment
from enclave.settings import EnclaveSettings
from enclave.steps import (
    destroy_due,
    find_drops,
    land_submission,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.quarantine import export_quarantine
from enclave.steps.report import receipt_key
from enclave.zones import Zone
from governance.decisions import AccessDeniedError
from governance.digests import sha256_of
from governance.errors import ConfigurationError
from tests.lib.builders import build_agreement, build_contract, build_terms
from tests.lib.deployments import (
    Crasher,
    CrashError,
    copy_deployment,
    csv_rows,
    drop,
    install,
    landed,
    load,
    make_deployment,
    write_csv,
)
from tests.lib.signed_in import sign_in


def _azure(settings: EnclaveSettings) -> dict[str, Any]:
    return settings.model_dump(include={"storage", "azure_connection_string", "container_prefix"})


@pytest.fixture(params=["local", "azure"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """The example feed, once on disk and once in Azurite."""
    settings: dict[str, Any] = {}
    if request.param == "azure":
        settings = _azure(request.getfixturevalue("settings_azure"))
    made = make_deployment(tmp_path / "feed", **settings)
    yield made
    made.store.close()


def tags(deployment: Deployment, subject: str | None = None) -> list[str]:
    return [
        str(e.tag) for e in deployment.ledger.entries() if subject is None or subject in e.subject
    ]


def test_a_good_file_lands_whole(tmp_path: Path, deployment: Deployment) -> None:
    upload = drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(100)))

    (outcome,) = load(deployment)

    assert outcome.state == "landed"
    assert (outcome.rows_read, outcome.rows_landed, outcome.rows_quarantined) == (100, 100, 0)
    assert outcome.submission_id == upload.submission_id
    rows = landed(deployment)
    assert len({row["person_id"] for row in rows}) == 100
    assert set(rows[0]) == {"person_id", "town", "birth_date", "grade", "year", "amount"}
    assert {row["birth_date"] for row in rows} == {2009}
    assert tags(deployment, upload.submission_id) == [
        "submission:received",
        "table:committed",
        "receipt:issued",
    ]
    assert deployment.ledger.verify().verified
    assert list(deployment.zones.store(Zone.STAGING).list()) == []
    assert find_drops(deployment, "MOU-TEST-1") == []


def test_the_same_file_twice_is_one_load(tmp_path: Path, deployment: Deployment) -> None:
    path = write_csv(tmp_path / "a.csv", csv_rows(50))
    drop(deployment, path)
    drop(deployment, path)

    load(deployment)

    states = sorted(s.state for s in deployment.store.list())
    assert states == ["duplicate", "landed"]
    assert len(landed(deployment)) == 50
    assert "submission:duplicate_ignored" in tags(deployment)


def test_a_correction_supersedes_in_one_commit(tmp_path: Path, deployment: Deployment) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    load(deployment)
    before = {row["person_id"] for row in landed(deployment)}
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(60)), revision=2)

    load(deployment)

    rows = landed(deployment)
    assert len(rows) == 60
    assert before < {row["person_id"] for row in rows}, "a person keeps the id"
    history = deployment.lake.history(next(iter(deployment.contracts.values())).table)
    assert len(history) == 2
    assert "submission:superseded" in tags(deployment)
    assert sorted(s.state for s in deployment.store.list()) == ["landed", "superseded"]


def _crash(*_arguments: Any, **_facts: Any) -> None:
    raise CrashError


def _receive(deployment: Deployment) -> str:
    (submission_id,) = receive_drops(deployment, "MOU-TEST-1")
    return submission_id


def test_an_earlier_revision_that_comes_late_gives_way(
    tmp_path: Path, deployment: Deployment
) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    first = _receive(deployment)
    process_submission(deployment, first)
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(60)), revision=2)
    second = next(s for s in receive_drops(deployment, "MOU-TEST-1") if s != first)
    process_submission(deployment, second)
    land_submission(deployment, second)

    outcome = land_submission(deployment, first)
    report_submission(deployment, first)

    assert (outcome.state, outcome.rows_landed) == ("superseded", 0)
    assert len(landed(deployment)) == 60
    assert deployment.store.get(first).facts["superseded_by"] == second
    assert tags(deployment, first) == [
        "submission:received",
        "submission:superseded",
        "receipt:issued",
    ]
    report_submission(deployment, second)
    assert list(deployment.zones.store(Zone.STAGING).list()) == []


def test_a_commit_that_was_replaced_before_its_rerun_is_superseded(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    first = _receive(deployment)
    process_submission(deployment, first)
    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr(deployment.ledger, "append", _crash)
        land_submission(deployment, first)
    assert len(landed(deployment)) == 50, "the commit was made, and nothing after it"
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(60)), revision=2)
    for submission_id in receive_drops(deployment, "MOU-TEST-1"):
        if submission_id != first:
            process_submission(deployment, submission_id)
            land_submission(deployment, submission_id)

    outcome = land_submission(deployment, first)

    assert outcome.state == "superseded"
    assert len(landed(deployment)) == 60


def test_a_different_file_without_a_higher_revision_is_refused(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    load(deployment)
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(51)))

    load(deployment)

    refused = next(s for s in deployment.store.list() if s.state == "refused")
    assert refused.facts["findings"][0]["code"] == "revision.taken"
    assert refused.reported_at is not None
    assert len(landed(deployment)) == 50


def test_periods_append(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)), period="2025")
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(50, start=25)), period="2026")

    load(deployment)

    rows = landed(deployment)
    assert len(rows) == 100
    assert len({row["person_id"] for row in rows}) == 75


def test_bad_rows_go_to_quarantine_and_back_to_their_agency(
    tmp_path: Path, deployment: Deployment
) -> None:
    rows = csv_rows(100)
    rows[10] = rows[10].replace("2009-", "2009/")
    rows[20] = ",Hartford,2009-01-01,09,2026,1"
    drop(deployment, write_csv(tmp_path / "a.csv", rows))

    (outcome,) = load(deployment)

    assert (outcome.state, outcome.rows_landed, outcome.rows_quarantined) == ("landed", 98, 2)
    target = tmp_path / "back.csv"
    sign_in(deployment, "sde")
    count = export_quarantine(deployment, outcome.submission_id, agency="sde", target=target)
    assert count == 2
    text = target.read_text(encoding="utf-8")
    assert "2009/" in text
    assert "12," in text.splitlines()[1], "the line number of the file"
    with pytest.raises(AccessDeniedError):
        export_quarantine(deployment, outcome.submission_id, agency="dol", target=target)


@pytest.mark.parametrize("agency", ["dol", None])
def test_rows_go_back_to_nobody_of_another_agency_whatever_is_typed(
    tmp_path: Path, agency: str | None
) -> None:
    deployment = make_deployment(tmp_path / "home")
    rows = csv_rows(100)
    rows[10] = rows[10].replace("2009-", "2009/")
    drop(deployment, write_csv(tmp_path / "a.csv", rows))
    (outcome,) = load(deployment)
    name, target = outcome.submission_id, tmp_path / "back.csv"
    with pytest.raises(ConfigurationError, match="No root is trusted"):
        export_quarantine(deployment, name, agency="sde", target=target)
    sign_in(deployment, agency, person="p-other")

    for typed in ("sde", "dol", None):
        with pytest.raises(AccessDeniedError) as caught:
            export_quarantine(deployment, name, agency=typed, target=target)
        assert [d.rule for d in caught.value.decision.denials] == ["quarantine.own_agency"]

    assert not target.exists()
    told = [e for e in deployment.ledger.entries() if e.tag == "action:denied"]
    assert [(deployment.ledger.facts(e) or {})["person"] for e in told] == ["p-other"] * 3
    assert not [e for e in deployment.ledger.entries() if e.tag == "quarantine:exported"]

    sign_in(deployment, "sde", person="p-own", version=2)
    assert export_quarantine(deployment, name, target=target) == 1
    (entry,) = [e for e in deployment.ledger.entries() if e.tag == "quarantine:exported"]
    assert (deployment.ledger.facts(entry) or {})["person"] == "p-own"
    deployment.store.close()


def test_above_the_threshold_the_whole_submission_is_rejected(
    tmp_path: Path, deployment: Deployment
) -> None:
    rows = [row.replace("2009-", "x-") if n % 2 else row for n, row in enumerate(csv_rows(100))]
    drop(deployment, write_csv(tmp_path / "a.csv", rows))

    (outcome,) = load(deployment)

    assert (outcome.state, outcome.rows_landed, outcome.rows_quarantined) == ("rejected", 0, 50)
    assert deployment.lake.tables() == []
    assert deployment.zones.store(Zone.EGRESS).stat(
        receipt_key(deployment.store.get(outcome.submission_id), "html")
    )


def test_an_unreadable_file_is_rejected_with_a_finding(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    path = tmp_path / "a.csv"
    path.write_bytes(b"%PDF-1.7 not a table")
    drop(deployment, path)

    (outcome,) = load(deployment)

    assert outcome.state == "rejected"
    assert deployment.store.get(outcome.submission_id).facts["findings"]


def test_duplicate_keys_are_found_at_the_end_and_set_apart(tmp_path: Path) -> None:
    contract = build_contract(key=("person_number", "year"))
    deployment = make_deployment(tmp_path / "home", contract)
    rows = csv_rows(100)
    drop(deployment, write_csv(tmp_path / "a.csv", [*rows, rows[5]]))

    (outcome,) = load(deployment)

    assert (outcome.state, outcome.rows_landed, outcome.rows_quarantined) == ("landed", 99, 2)


def test_no_agreement_in_force_refuses(tmp_path: Path) -> None:
    contract = build_contract()
    ended = build_agreement(contract, ends_on=(build_agreement().effective_on))
    deployment = make_deployment(tmp_path / "home", contract, agreement=ended)
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))

    assert load(deployment) == []

    (submission,) = deployment.store.list()
    assert submission.state == "refused"
    assert submission.facts["findings"][0]["code"] == "agreement.not_in_force"


def test_a_file_that_changed_on_the_way_is_refused(tmp_path: Path, deployment: Deployment) -> None:
    upload = drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    landing = deployment.zones.store(Zone.LANDING)
    landing.put(f"{upload.drop_key}/a.csv", b"something else\n")

    load(deployment)

    (submission,) = deployment.store.list()
    assert submission.state == "refused"
    assert "manifest.sha256" in {f["code"] for f in submission.facts["findings"]}


def test_the_risk_gate_holds(tmp_path: Path) -> None:
    contract = build_contract()
    terms = build_terms(contract, minimum_k=20)
    agreement = build_agreement(contract, terms=[terms])
    deployment = make_deployment(tmp_path / "home", contract, agreement=agreement)
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(20)))

    (outcome,) = load(deployment)

    assert outcome.state == "held"
    assert deployment.lake.tables() == []


def test_staged_bytes_swapped_are_not_landed(tmp_path: Path, deployment: Deployment) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(20)))
    (submission_id,) = receive_drops(deployment, "MOU-TEST-1")
    process_submission(deployment, submission_id)
    staging = deployment.zones.store(Zone.STAGING)
    key = next(i.key for i in staging.list() if i.key.endswith(".parquet"))
    staging.put(key, b"other bytes")

    with pytest.raises(Exception, match="not the one its manifest names"):
        land_submission(deployment, submission_id)
    assert deployment.lake.tables() == []


def test_a_receipt_carries_counts_and_clauses_only(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    rows = [*csv_rows(100), "CANARYNUMBER,CANARYTOWN,CANARYDATE,CANARYGRADE,CANARYYEAR,CANARY"]
    drop(deployment, write_csv(tmp_path / "CANARYNAME.csv", rows))
    (outcome,) = load(deployment)
    egress = deployment.zones.store(Zone.EGRESS)
    submission = deployment.store.get(outcome.submission_id)

    text = egress.read(receipt_key(submission, "json")) + egress.read(
        receipt_key(submission, "html")
    )

    assert b"CANARY" not in text
    document = json.loads(egress.read(receipt_key(submission, "json")))
    assert document


def test_raw_and_quarantined_files_are_destroyed_on_their_day(
    tmp_path: Path, deployment: Deployment
) -> None:
    rows = csv_rows(100)
    rows[1] = rows[1].replace("2009-", "x-")
    drop(deployment, write_csv(tmp_path / "a.csv", rows))
    load(deployment)
    assert destroy_due(deployment) == []

    start = deployment.now()
    later = replace(deployment, now=lambda: start + timedelta(days=9))
    certificates = destroy_due(later)

    assert sorted(c.split("-")[0] for c in certificates) == ["quarantine", "raw_file"]
    assert list(deployment.zones.store(Zone.LANDING).list()) == []
    assert list(deployment.zones.store(Zone.QUARANTINE).list()) == []
    assert destroy_due(later) == []
    assert {"raw_file:destroyed", "quarantine:destroyed"} <= set(tags(deployment))
    assert len(landed(deployment)) == 99


def _run_to_end(deployment: Deployment) -> None:
    for submission_id in receive_drops(deployment, "MOU-TEST-1"):
        process_submission(deployment, submission_id)
        land_submission(deployment, submission_id)
        report_submission(deployment, submission_id)


def _crash_and_rerun(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, crash: Crasher
) -> None:
    """Crash the road at that write, rerun it, and look that it was one load; cheap on purpose."""
    with monkeypatch.context() as patch:
        install(patch, deployment, crash)
        with suppress(CrashError):
            _run_to_end(deployment)
    where = (crash.at, crash.before)
    _run_to_end(deployment)
    (submission,) = deployment.store.list()
    assert submission.state == "landed", where
    assert (submission.rows_landed, submission.rows_quarantined) == (39, 1), where
    assert len(landed(deployment)) == 39, where
    table = next(iter(deployment.contracts.values())).table
    assert len(deployment.lake.history(table)) == 1, where
    assert sorted(tags(deployment, submission.id)) == [
        "receipt:issued",
        "rows:quarantined",
        "submission:received",
        "table:committed",
    ], where
    assert deployment.ledger.verify().verified, where
    assert list(deployment.zones.store(Zone.STAGING).list()) == [], where
    deployment.store.close()


def _file_with_a_bad_row(folder: Path) -> Path:
    rows = csv_rows(40)
    rows[7] = rows[7].replace("2009-", "x-")
    return write_csv(folder / "a.csv", rows)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_crash_at_any_write_and_a_rerun_give_one_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Counted, not sampled: every write of the road is crashed at once, then the road is rerun."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # a crash of ours, not of the disk
    waiting = make_deployment(tmp_path / "waiting")
    drop(waiting, _file_with_a_bad_row(tmp_path))
    at = 0
    while True:
        at += 1
        home = tmp_path / f"home-{at}"
        crash = Crasher(at, before=before)
        _crash_and_rerun(copy_deployment(waiting, home), monkeypatch, crash)
        shutil.rmtree(home)
        if crash.writes < at:
            break
    assert at > 15, "the road has that many writes"


@pytest.mark.parametrize("at", range(2, 30, 5))
def test_a_crash_in_azure_and_a_rerun_give_one_load(
    tmp_path: Path, settings_azure: EnclaveSettings, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Sampled: the road is the same as on disk, where every write is crashed."""
    deployment = make_deployment(tmp_path / "home", **_azure(settings_azure))
    drop(deployment, _file_with_a_bad_row(tmp_path))

    _crash_and_rerun(deployment, monkeypatch, Crasher(at, before=at % 2 == 0))


def test_a_file_with_fewer_rows_than_its_manifest_states_is_rejected(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "home")
    path = write_csv(tmp_path / "a.csv", csv_rows(10))
    data = path.read_bytes()
    entry = {"name": "a.csv", "sha256": sha256_of(data), "bytes": len(data), "rows": 11}
    landing = deployment.zones.store(Zone.LANDING)
    landing.put("sde/enrollment/by-hand/a.csv", data)
    manifest = json.dumps({"period": "2026", "files": [entry]}).encode()
    landing.put("sde/enrollment/by-hand/manifest.json", manifest)

    (outcome,) = load(deployment)

    assert outcome.state == "rejected"
    findings = deployment.store.get(outcome.submission_id).facts["findings"]
    assert "manifest.rows" in {finding["code"] for finding in findings}
    assert deployment.lake.tables() == []
