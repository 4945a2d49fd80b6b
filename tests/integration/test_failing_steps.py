"""A step that breaks says so once; a submission that no step can finish keeps no raw file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from enclave.deployment import Deployment
from enclave.doctor import _landing, _submissions
from enclave.errors import LakeError
from enclave.steps import (
    destroy_due,
    land_submission,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.holding import hold_table
from enclave.steps.report import receipt_key
from enclave.zones import Zone
from governance.errors import LeaseHeldError
from tests.lib.deployments import csv_rows, drop, landed, load, make_deployment, write_csv

TABLE = "curated_sde__student_enrollment"


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = make_deployment(tmp_path / "home")
    yield made
    made.store.close()


def _received(deployment: Deployment, tmp_path: Path) -> str:
    rows = csv_rows(40)
    rows[7] = rows[7].replace("2009-", "x-")
    drop(deployment, write_csv(tmp_path / "a.csv", rows))
    (name,) = receive_drops(deployment, "MOU-TEST-1")
    return name


def _failures(deployment: Deployment) -> list[tuple[object, object]]:
    entries = [e for e in deployment.ledger.entries() if e.tag == "submission:failed"]
    return [(f["step"], f["code"]) for e in entries if (f := deployment.ledger.facts(e))]


def _break_landing(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LakeError("the lake refuses")

    monkeypatch.setattr(deployment.lake, "land", refuse)


def test_a_step_that_breaks_is_in_the_ledger_once_and_forgotten_once_it_works(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _received(deployment, tmp_path)
    process_submission(deployment, name)
    with monkeypatch.context() as patch:
        _break_landing(deployment, patch)
        for _ in range(3):
            with pytest.raises(LakeError):
                land_submission(deployment, name)

    assert _failures(deployment) == [("land", "lake.failed")]
    assert f"{name[:8]}: land, lake.failed" in _submissions(deployment).detail

    assert land_submission(deployment, name).state == "landed"
    report_submission(deployment, name)
    assert _submissions(deployment).healthy
    assert len(_failures(deployment)) == 1


def test_what_nobody_foresaw_is_told_by_its_code_alone(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _received(deployment, tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("cell canary-7391")

    with monkeypatch.context() as patch:
        patch.setattr("enclave.steps.process.build_plan", refuse)
        with pytest.raises(ValueError, match="canary"):
            process_submission(deployment, name)

    assert _failures(deployment) == [("process", "fault.unexpected")]
    assert "canary" not in json.dumps(deployment.store.get(name).facts)


def test_waiting_for_somebody_else_is_no_failure(tmp_path: Path, deployment: Deployment) -> None:
    name = _received(deployment, tmp_path)

    with (
        pytest.MonkeyPatch.context() as patch,
        hold_table(deployment, next(iter(deployment.contracts.values())).table),
    ):
        patch.setattr("enclave.steps.holding.WAIT_SECONDS", 0.1)
        process_submission(deployment, name)
        with pytest.raises(LeaseHeldError):
            land_submission(deployment, name)

    assert _failures(deployment) == []


@pytest.mark.parametrize("staged", [False, True], ids=["never processed", "never landed"])
def test_the_raw_file_of_a_submission_that_fails_for_good_is_destroyed_and_said(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, staged: bool
) -> None:
    name = _received(deployment, tmp_path)
    if staged:
        process_submission(deployment, name)
        _break_landing(deployment, monkeypatch)
        with pytest.raises(LakeError):
            land_submission(deployment, name)
    start = deployment.now()
    soon = replace(deployment, now=lambda: start + timedelta(days=3))
    later = replace(deployment, now=lambda: start + timedelta(days=9))

    assert destroy_due(soon) == []
    assert "due on" in _submissions(later).detail
    certificates = destroy_due(later)

    assert f"raw_file-{name}" in certificates
    for zone in (Zone.LANDING, Zone.QUARANTINE, Zone.STAGING):
        assert list(deployment.zones.store(zone).list()) == []
    submission = deployment.store.get(name)
    assert submission.state == "failed"
    receipt = json.loads(deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "json")))
    assert receipt["verdict"]["kind"] == "failed"
    assert receipt["verdict"]["reasons"][0]["clause"]
    assert {c["what"]: bool(c["destroyed_at"]) for c in receipt["clocks"]}["raw_file"]
    why = ("land", "lake.failed") if staged else ("process", "step.unfinished")
    assert _failures(deployment)[-1] == why
    assert " ".join(why[:1]) in receipt["verdict"]["reasons"][0]["reason"]
    assert _submissions(later).healthy
    assert _landing(later).healthy
    assert destroy_due(later) == []
    assert deployment.ledger.verify().verified


def test_a_crash_while_giving_up_is_finished_by_the_next_run(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _received(deployment, tmp_path)
    start = deployment.now()
    later = replace(deployment, now=lambda: start + timedelta(days=9))
    with monkeypatch.context() as patch:
        patch.setattr("enclave.steps.clocks.write_receipt", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            destroy_due(later)
    assert deployment.store.get(name).reported_at is None

    destroy_due(later)

    assert deployment.store.get(name).reported_at is not None


def test_the_file_may_be_sent_again_after_that(tmp_path: Path, deployment: Deployment) -> None:
    _received(deployment, tmp_path)
    start = deployment.now()
    destroy_due(replace(deployment, now=lambda: start + timedelta(days=9)))

    drop(deployment, tmp_path / "a.csv")
    (outcome,) = load(deployment)

    assert outcome.state == "landed"
    assert len(landed(deployment)) == 39


def test_a_reopened_submission_has_its_whole_term_again(
    tmp_path: Path, deployment: Deployment
) -> None:
    from enclave.steps.reopen import reopen_submission

    rows = [row.replace("2009-", "x-") for row in csv_rows(40)]
    drop(deployment, write_csv(tmp_path / "a.csv", rows))
    load(deployment)
    (submission,) = deployment.store.list()
    assert submission.state == "rejected"
    start = deployment.now()
    much_later = replace(deployment, now=lambda: start + timedelta(days=5))
    reopen_submission(much_later, submission.id)

    assert destroy_due(replace(deployment, now=lambda: start + timedelta(days=9))) == []
    assert deployment.store.get(submission.id).state == "received"


def test_a_repeated_file_and_a_rejection_are_told_in_full(
    tmp_path: Path, deployment: Deployment
) -> None:
    """The words of the decision are the receipt's; the ledger has the counts per rule."""
    good = write_csv(tmp_path / "good.csv", csv_rows(20))
    drop(deployment, good)
    load(deployment)
    drop(deployment, good)
    bad = csv_rows(9, start=900) + [row.replace("2009-", "x-") for row in csv_rows(9, start=500)]
    drop(deployment, write_csv(tmp_path / "bad.csv", bad), period="2027")
    load(deployment)

    first = next(s for s in deployment.store.list() if s.state == "landed")
    told = {}
    for submission in deployment.store.list():
        key = receipt_key(submission, "json")
        told[submission.state] = json.loads(deployment.zones.store(Zone.EGRESS).read(key))
    assert told["duplicate"]["submission"]["duplicate_of"] == first.id
    (reason,) = told["rejected"]["verdict"]["reasons"]
    assert reason["reason"].startswith("9 of 18 records fail (50.00 percent)")
    assert told["rejected"]["verdict"]["explanation"].startswith(reason["reason"])
    facts = {str(e.tag): deployment.ledger.facts(e) or {} for e in deployment.ledger.entries()}
    assert facts["submission:duplicate_ignored"]["duplicate_of"] == first.id
    rules = facts["submission:rejected"]["rules"]
    assert isinstance(rules, Mapping)
    assert list(rules.values()) == [9]
    assert rules == facts["rows:quarantined"]["rules"]
    assert facts["submission:rejected"]["threshold_pct"]
