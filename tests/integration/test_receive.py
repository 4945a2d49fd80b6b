"""Drops that no agency means to send, and that must not stop the feed for those after them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enclave.adapters.keyring import StoredKeyRing
from enclave.deployment import Deployment
from enclave.steps import (
    destroy_due,
    find_drops,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.custody import data_file, find_folder
from enclave.store import SubmissionState
from enclave.zones import Zone
from governance.errors import ObjectStoreError
from tests.lib.builders import build_agreement, build_contract
from tests.lib.deployments import (
    CrashError,
    csv_rows,
    drop,
    landed,
    load,
    make_deployment,
    write_csv,
)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = make_deployment(tmp_path / "home")
    yield made
    made.store.close()


def test_a_revision_no_database_holds_is_refused_and_the_feed_goes_on(
    tmp_path: Path, deployment: Deployment
) -> None:
    drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)), revision=10**20)
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(20)), period="2025")

    load(deployment)

    refused, good = sorted(deployment.store.list(), key=lambda s: s.period, reverse=True)
    assert refused.facts["findings"][0]["code"] == "revision.unusable"
    assert (refused.state, good.state) == ("refused", "landed")


def test_a_folder_moved_to_another_dataset_is_a_submission_of_its_own(tmp_path: Path) -> None:
    one, other = build_contract(), build_contract(dataset="attendance")
    deployment = make_deployment(
        tmp_path / "home", one, other, agreement=build_agreement(one, other)
    )
    upload = drop(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    receive_drops(deployment, "MOU-TEST-1")
    landing = deployment.zones.store(Zone.LANDING)
    for info in list(landing.list(f"{upload.drop_key}/")):
        landing.put(info.key.replace("enrollment", "attendance"), landing.read(info.key))

    load(deployment)

    assert {s.dataset: s.state for s in deployment.store.list()} == {
        "enrollment": "landed",
        "attendance": "landed",
    }
    assert len({s.id for s in deployment.store.list()}) == 2
    assert (len(landed(deployment, one)), len(landed(deployment, other))) == (10, 10)
    deployment.store.close()


def _received(deployment: Deployment, path: Path) -> tuple[str, str]:
    """A received submission and the key of its file."""
    drop(deployment, path)
    (name,) = receive_drops(deployment, "MOU-TEST-1")
    return name, data_file(deployment, deployment.store.get(name)).key


def test_a_file_replaced_after_custody_was_taken_is_not_loaded(
    tmp_path: Path, deployment: Deployment
) -> None:
    name, key = _received(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    other = write_csv(tmp_path / "other.csv", csv_rows(10, start=100))
    deployment.zones.store(Zone.LANDING).put(key, other.read_bytes())

    outcome = process_submission(deployment, name)

    assert outcome.state == "rejected"
    assert deployment.store.get(name).facts["findings"][0]["code"] == "custody.changed"


def test_the_same_bytes_put_back_are_the_file_in_custody(
    tmp_path: Path, deployment: Deployment
) -> None:
    path = write_csv(tmp_path / "a.csv", csv_rows(10))
    name, key = _received(deployment, path)
    deployment.zones.store(Zone.LANDING).put(key, path.read_bytes())

    assert process_submission(deployment, name).state == "passed"


def test_rows_set_apart_by_a_killed_run_do_not_outlive_a_refusal(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = csv_rows(40)
    rows[7] = rows[7].replace("2009-", "x-")
    name, _ = _received(deployment, write_csv(tmp_path / "a.csv", rows))

    change = deployment.store.change

    def crash(*args: Any, **fields: Any) -> object:
        if "state" in fields:
            raise CrashError
        return change(*args, **fields)

    with monkeypatch.context() as patch, suppress(CrashError):
        patch.setattr(deployment.store, "change", crash)
        process_submission(deployment, name)
    quarantine = deployment.zones.store(Zone.QUARANTINE)
    assert len(list(quarantine.list())) == 1

    ended = build_agreement(build_contract(), ends_on=build_agreement().effective_on)
    outcome = process_submission(replace(deployment, agreements={ended.id: ended}), name)

    assert outcome.state == "refused"
    assert list(quarantine.list()) == []


def test_rows_set_apart_from_a_file_of_another_length_are_destroyed_on_their_day(
    tmp_path: Path, deployment: Deployment
) -> None:
    rows = csv_rows(40)
    rows[7] = rows[7].replace("2009-", "x-")
    name, _ = _received(deployment, write_csv(tmp_path / "a.csv", rows))
    deployment.store.change(name, expected=(SubmissionState.RECEIVED,), facts={"stated_rows": 41})
    assert process_submission(deployment, name).state == "rejected"
    report_submission(deployment, name)
    start = deployment.now()

    destroy_due(replace(deployment, now=lambda: start + timedelta(days=9)))

    assert list(deployment.zones.store(Zone.QUARANTINE).list()) == []


def test_what_cannot_be_destroyed_keeps_no_other_from_being_destroyed(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in ("2024", "2025", "2026"):
        drop(deployment, write_csv(tmp_path / f"{period}.csv", csv_rows(10)), period=period)
    load(deployment)
    landing, start = deployment.zones.store(Zone.LANDING), deployment.now()
    delete, stuck = landing.delete, deployment.store.list()[0]
    folder = find_folder(deployment, stuck)
    assert folder is not None

    def refuse(key: str) -> None:
        if key.startswith(folder):
            raise ObjectStoreError("the disk refuses")
        delete(key)

    later = replace(deployment, now=lambda: start + timedelta(days=9))
    with monkeypatch.context() as patch:
        patch.setattr(landing, "delete", refuse)
        with pytest.raises(ObjectStoreError):
            destroy_due(later)

    assert {info.key.rsplit("/", 1)[0] for info in landing.list()} == {folder}
    assert destroy_due(replace(deployment, now=lambda: start + timedelta(days=10))) == [
        f"raw_file-{stuck.id}"
    ]


def test_a_rotated_marking_key_receives_no_folder_twice(
    tmp_path: Path, deployment: Deployment
) -> None:
    """The state database knows folders by a keyed mark only; it must stay what it was."""
    name, key = _received(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    assert isinstance(deployment.ring, StoredKeyRing)
    deployment.ring.rotate("custody", "sde")

    assert find_drops(deployment, "MOU-TEST-1") == []
    assert data_file(deployment, deployment.store.get(name)).key == key
    assert process_submission(deployment, name).state == "passed"


def test_a_file_put_beside_the_received_one_is_not_read_for_it(
    tmp_path: Path, deployment: Deployment
) -> None:
    name, key = _received(deployment, write_csv(tmp_path / "a.csv", csv_rows(10)))
    landing = deployment.zones.store(Zone.LANDING)
    landing.put(f"{key.rsplit('/', 1)[0]}/0.csv", b"person_number\n1\n")

    assert data_file(deployment, deployment.store.get(name)).key == key
    landing.delete(key)
    landing.put(f"{key.rsplit('/', 1)[0]}/1.csv", b"person_number\n2\n")

    assert process_submission(deployment, name).state == "rejected"
    assert deployment.store.get(name).facts["findings"][0]["code"] == "custody.changed"
