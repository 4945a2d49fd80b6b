"""Reopening a submission: what an earlier attempt left must not get into the next one."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from enclave.deployment import Deployment
from enclave.errors import SubmissionNotFoundError
from enclave.steps import destroy_due, land_submission, process_submission, receive_drops
from enclave.steps.load import load_one
from enclave.steps.quarantine import export_quarantine
from enclave.steps.report import receipt_key, report_submission
from enclave.store import StateError, SubmissionState
from enclave.zones import Zone
from governance.digests import sha256_of
from tests.lib.builders import build_agreement, build_contract, build_terms
from tests.lib.deployments import (
    CrashError,
    csv_rows,
    drop,
    landed,
    load,
    make_deployment,
    write_csv,
)
from tests.lib.signed_in import sign_in


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = make_deployment(tmp_path / "home")
    yield made
    made.store.close()


def accepting(deployment: Deployment, pct: float, quarantine_days: int = 5) -> Deployment:
    """The same deployment under terms that accept that share of failing rows."""
    contract = build_contract()
    terms = build_terms(contract, reject_threshold_pct=pct)
    agreement = build_agreement(contract, terms=[terms], quarantine_days=quarantine_days)
    return replace(deployment, agreements={agreement.id: agreement})


def rejected(deployment: Deployment, folder: Path) -> str:
    """A submission that was rejected and reported: half its rows fail."""
    rows = [row.replace("2009-", "x-") if n % 2 else row for n, row in enumerate(csv_rows(100))]
    drop(deployment, write_csv(folder / "a.csv", rows))
    (outcome,) = load(deployment)
    assert outcome.state == "rejected"
    return outcome.submission_id


def silent(_stage: str, _rows: int) -> None:
    """No progress."""


def again(deployment: Deployment, submission_id: str) -> str:
    return load_one(deployment, submission_id, silent, again=True).state


def ledger_digests(deployment: Deployment, tag: str) -> list[object]:
    """Digests of what the ledger says was written, oldest first."""
    return [
        next(v for k, v in (deployment.ledger.facts(e) or {}).items() if k.endswith("sha256"))
        for e in deployment.ledger.entries()
        if e.tag == tag
    ]


def test_nothing_of_the_earlier_attempt_is_in_the_next_receipt(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)

    assert again(accepting(deployment, 60.0), name) == "landed"

    submission = deployment.store.get(name)
    assert "rejected_by" not in submission.facts
    assert len(landed(deployment)) == 50
    receipt = deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "json"))
    assert json.loads(receipt)["verdict"]["reasons"] == []


def test_the_ledger_keeps_both_attempts_and_both_receipts(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)
    egress = deployment.zones.store(Zone.EGRESS)
    key = receipt_key(deployment.store.get(name), "json")
    first = sha256_of(egress.read(key))

    again(deployment, name)

    tags = [str(e.tag) for e in deployment.ledger.entries() if name in e.subject]
    assert tags.count("submission:rejected") == 2
    assert tags.count("rows:quarantined") == 2
    assert ledger_digests(deployment, "receipt:issued") == [first, sha256_of(egress.read(key))]


def test_an_interrupted_second_attempt_is_found_and_finished(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = rejected(deployment, tmp_path)
    kinder = accepting(deployment, 60.0)

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr("enclave.steps.load.process_submission", crash)
        again(kinder, name)

    assert receive_drops(kinder, "MOU-TEST-1") == [name]
    (outcome,) = load(kinder)
    assert outcome.state == "landed"


def test_rows_set_apart_anew_are_given_back_and_destroyed_on_their_own_day(
    tmp_path: Path, deployment: Deployment
) -> None:
    early = accepting(deployment, 5.0, quarantine_days=1)
    name = rejected(early, tmp_path)
    start = deployment.now()
    next_day = replace(early, now=lambda: start + timedelta(days=1))
    sign_in(next_day, "sde")
    assert destroy_due(next_day) == [f"quarantine-{name}"]
    with pytest.raises(SubmissionNotFoundError):
        export_quarantine(next_day, name, agency="sde", target=tmp_path / "back.csv")

    again(next_day, name)

    assert export_quarantine(next_day, name, agency="sde", target=tmp_path / "back.csv") == 50
    assert destroy_due(next_day) == []
    day_after = replace(early, now=lambda: start + timedelta(days=2))
    assert destroy_due(day_after) == [f"quarantine-{name}-2"]
    assert list(deployment.zones.store(Zone.QUARANTINE).list()) == []


def test_a_submission_whose_file_was_destroyed_stays_as_it_is(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)
    start = deployment.now()
    later = replace(deployment, now=lambda: start + timedelta(days=9))
    destroy_due(later)

    with pytest.raises(StateError, match="send it again"):
        again(later, name)

    assert deployment.store.get(name).state == "rejected"


def test_committed_rows_are_not_overwritten_by_a_second_attempt(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    (name,) = receive_drops(deployment, "MOU-TEST-1")
    process_submission(deployment, name)

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr(deployment.ledger, "append", crash)
        land_submission(deployment, name)
    assert len(landed(deployment)) == 50

    with pytest.raises(StateError, match="committed"):
        again(deployment, name)
    assert load_one(deployment, name, silent).state == "landed"


def test_every_export_of_set_apart_rows_is_in_the_ledger(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)
    sign_in(deployment, "sde")
    for n in range(2):
        export_quarantine(deployment, name, agency="sde", target=tmp_path / f"{n}.csv")
    with pytest.raises(OSError, match="missing"):
        export_quarantine(deployment, name, agency="sde", target=tmp_path / "missing" / "a.csv")

    tags = [str(e.tag) for e in deployment.ledger.entries()]
    assert tags.count("quarantine:exported") == 3, "the one that failed is told, too"


def test_a_certificate_is_the_one_the_ledger_names_after_a_crash(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = rejected(accepting(deployment, 5.0, quarantine_days=1), tmp_path)
    early = accepting(deployment, 5.0, quarantine_days=1)
    start = deployment.now()
    next_day = replace(early, now=lambda: start + timedelta(days=1))

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr(deployment.store, "change", crash)
        destroy_due(next_day)
    destroy_due(replace(early, now=lambda: start + timedelta(days=1, hours=1)))

    key = f"sde/enrollment/{name}/certificate-quarantine.json"
    written = sha256_of(deployment.zones.store(Zone.EGRESS).read(key))
    assert ledger_digests(deployment, "quarantine:destroyed") == [written]


def test_a_receipt_is_the_one_the_ledger_names_after_a_crash(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    (name,) = receive_drops(deployment, "MOU-TEST-1")
    process_submission(deployment, name)
    land_submission(deployment, name)
    append = deployment.ledger.append

    def crash(*given: object, **named: object) -> None:
        append(*given, **named)  # type: ignore[arg-type]
        raise CrashError

    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr(deployment.ledger, "append", crash)
        patch.setattr("enclave.steps.report.announce", lambda *_: None)
        report_submission(deployment, name)
    start = deployment.now()
    later = replace(deployment, now=lambda: start + timedelta(hours=1))
    report_submission(later, name)

    key = receipt_key(deployment.store.get(name), "json")
    written = sha256_of(deployment.zones.store(Zone.EGRESS).read(key))
    assert ledger_digests(deployment, "receipt:issued") == [written]


def test_a_whole_delivery_does_not_replace_one_received_after_it(tmp_path: Path) -> None:
    contract = build_contract()
    agreement = build_agreement(contract, terms=[build_terms(contract, delivery="full")])
    deployment = make_deployment(tmp_path / "home", contract, agreement=agreement)
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)), period="2025")
    (first,) = receive_drops(deployment, "MOU-TEST-1")
    process_submission(deployment, first)
    start = deployment.now()
    later = replace(deployment, now=lambda: start + timedelta(hours=1))
    drop(later, write_csv(tmp_path / "b.csv", csv_rows(60)), period="2026")
    second = next(s for s in receive_drops(later, "MOU-TEST-1") if s != first)
    process_submission(later, second)
    land_submission(later, second)

    outcome = land_submission(later, first)

    assert outcome.state == "superseded"
    assert len(landed(deployment)) == 60
    assert deployment.store.get(first).facts["superseded_by"] == second
    deployment.store.close()


def test_what_the_door_refused_is_not_reopened(tmp_path: Path, deployment: Deployment) -> None:
    upload = drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    landing = deployment.zones.store(Zone.LANDING)
    landing.put(f"{upload.drop_key}/a.csv", b"not what the manifest says\n")
    load(deployment)
    (submission,) = deployment.store.list()
    assert submission.state == "refused"

    with pytest.raises(StateError, match="delivery itself was refused"):
        again(deployment, submission.id)


def test_a_refusal_that_agreement_explains_is_reopened_under_the_renewed_one(
    tmp_path: Path, deployment: Deployment
) -> None:
    contract = build_contract()
    ended = build_agreement(contract, ends_on=build_agreement().effective_on)
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(50)))
    load(replace(deployment, agreements={ended.id: ended}))
    (submission,) = deployment.store.list()
    assert submission.state == "refused"

    assert again(deployment, submission.id) == "landed"


def test_a_file_the_agency_has_replaced_since_is_not_reopened(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(60)))
    load(deployment)
    assert len(landed(deployment)) == 60

    with pytest.raises(StateError, match="taken since"):
        again(accepting(deployment, 60.0), name)

    assert len(landed(deployment)) == 60


def test_the_rows_a_manifest_states_hold_for_the_second_attempt_too(
    tmp_path: Path, deployment: Deployment
) -> None:
    name = rejected(deployment, tmp_path)
    deployment.store.change(name, expected=(SubmissionState.REJECTED,), facts={"stated_rows": 99})

    assert again(accepting(deployment, 60.0), name) == "rejected"
