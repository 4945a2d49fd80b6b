"""One person taken out of a crosswalk: by their agency only, said row-free, gone for good."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from enclave.deidentify.normalize import Normalizer, normalize
from enclave.deployment import Deployment
from enclave.errors import DatasetNotFoundError, EvidenceError, UnusableIdentityError
from enclave.steps import process_submission, receive_drops
from enclave.steps.erasing import _typed, erase_person, read_identity
from enclave.steps.reopen import reopen_submission
from enclave.zones import Zone
from governance.contracts import LogicalType
from governance.decisions import AccessDeniedError
from tests.lib.builders import build_contract
from tests.lib.deployments import csv_rows, drop, landed, load, make_deployment, write_csv
from tests.lib.leaks import Needles, find_leaks
from tests.lib.signed_in import sign_in

PERSON = "1000000007"


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = make_deployment(tmp_path / "home")
    drop(made, write_csv(tmp_path / "a.csv", csv_rows(40)))
    load(made)
    yield made
    made.store.close()


def erase(
    deployment: Deployment, identity: dict[str, str], agency: str = "sde"
) -> dict[str, object]:
    done = erase_person(
        deployment, agency=agency, dataset="enrollment", identity=identity, request="SDE-2026-114"
    )
    return done.to_dict()


def test_the_link_is_destroyed_and_the_ledger_names_nobody(
    tmp_path: Path, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(deployment, "sde")
    before = {row["person_id"] for row in landed(deployment)}

    with caplog.at_level(logging.DEBUG):
        done = erase(deployment, {"person_number": PERSON})

    table = next(iter(deployment.contracts.values())).table
    assert done == {
        "agency": "sde",
        "domain": "sasid",
        "known": True,
        "generation": 2,
        "tables": [table],
    }
    assert {row["person_id"] for row in landed(deployment)} == before, "what landed stays"
    (entry,) = [e for e in deployment.ledger.entries() if e.tag == "identity:erased"]
    facts = deployment.ledger.facts(entry) or {}
    assert (facts["known"], facts["person"], facts["request"]) == (
        True,
        "p-steward",
        "SDE-2026-114",
    )
    needles = Needles({"identifier": [PERSON]})
    assert find_leaks(deployment, needles, {"log": caplog.text}) == []
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(40, year=2025)), period="2025")
    load(deployment)
    ids = {row["person_id"] for row in landed(deployment)}
    assert len(ids - before) == 1, "who is delivered again is somebody new"
    assert erase(deployment, {"person_number": "1000000999"})["known"] is False


def test_the_crosswalk_as_it_was_put_back_is_noticed(
    tmp_path: Path, deployment: Deployment
) -> None:
    sign_in(deployment, "sde")
    identity = deployment.zones.store(Zone.IDENTITY)
    before = {i.key: identity.read(i.key) for i in identity.list() if "crosswalk/" in i.key}
    erase(deployment, {"person_number": PERSON})
    for key, content in before.items():
        identity.put(key, content)
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(5, year=2025)), period="2025")

    with pytest.raises(EvidenceError, match="older than the ledger"):
        load(deployment)


def test_it_is_noticed_also_when_the_submission_that_knew_was_reopened(
    tmp_path: Path, deployment: Deployment
) -> None:
    sign_in(deployment, "sde")
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(60, year=2025)), period="2025")
    (received,) = receive_drops(deployment, next(iter(deployment.agreements)))
    process_submission(deployment, received)
    identity = deployment.zones.store(Zone.IDENTITY)
    before = {i.key: identity.read(i.key) for i in identity.list() if "crosswalk/" in i.key}
    erase(deployment, {"person_number": PERSON})
    for key, content in before.items():
        identity.put(key, content)
    reopen_submission(deployment, received)

    with pytest.raises(EvidenceError, match="older than the ledger"):
        process_submission(deployment, received)


@pytest.mark.parametrize("agency", ["dol", None])
def test_nobody_of_another_agency_takes_people_out(
    deployment: Deployment, agency: str | None
) -> None:
    sign_in(deployment, agency)

    with pytest.raises(AccessDeniedError) as caught:
        erase(deployment, {"person_number": PERSON})

    assert [d.rule for d in caught.value.decision.denials] == ["crosswalk.own_agency"]
    assert [e.tag for e in deployment.ledger.entries()][-1] == "action:denied"


def test_what_identifies_nobody_is_refused_without_quoting_it(
    tmp_path: Path, deployment: Deployment
) -> None:
    sign_in(deployment, "sde")
    for identity in ({}, {"town": "canary-7391"}, {"person_number": ""}, {"canary-7391": PERSON}):
        with pytest.raises(UnusableIdentityError) as caught:
            erase(deployment, identity)
        assert "canary" not in str(caught.value)
    with pytest.raises(DatasetNotFoundError):
        erase_person(deployment, agency="sde", dataset="none", identity={}, request="r")
    for content in (b"canary-7391", b"[]", b'{"a": 1}', b"x" * 100_000):
        path = tmp_path / "person.json"
        path.write_bytes(content)
        with pytest.raises(UnusableIdentityError) as refused:
            read_identity(path)
        assert "canary" not in str(refused.value)
    (tmp_path / "person.json").write_text(json.dumps({"person_number": PERSON}), encoding="utf-8")
    assert read_identity(tmp_path / "person.json") == {"person_number": PERSON}


@pytest.mark.parametrize("request_", ["", "a b", f"SDE-{PERSON}", "SDE-10000-00007", "x" * 64])
def test_a_reference_that_names_the_person_does_not_get_into_the_ledger(
    deployment: Deployment, request_: str
) -> None:
    sign_in(deployment, "sde")
    before = [e.tag for e in deployment.ledger.entries()]

    with pytest.raises(UnusableIdentityError) as caught:
        erase_person(
            deployment,
            agency="sde",
            dataset="enrollment",
            identity={"person_number": PERSON},
            request=request_,
        )

    assert PERSON not in str(caught.value)
    assert [e.tag for e in deployment.ledger.entries()] == before


@pytest.mark.parametrize("kind", [LogicalType.TIMESTAMP, LogicalType.NUMBER, LogicalType.INTEGER])
def test_a_value_of_another_type_is_refused_without_quoting_it(kind: LogicalType) -> None:
    contract = build_contract()
    typed = replace(contract.columns[0], logical_type=kind)

    for value in ("canary-7391", "9" * 40 + "canary"):
        with pytest.raises(UnusableIdentityError) as caught:
            _typed(replace(contract, columns=(typed,)), typed.name, value)
        assert "canary" not in str(caught.value)


def test_an_identity_is_read_as_the_load_reads_it() -> None:
    contract = build_contract()
    typed = replace(contract.columns[0], logical_type=LogicalType.TIMESTAMP)

    read = _typed(replace(contract, columns=(typed,)), typed.name, "2009-04-03")

    assert normalize(read, Normalizer.DATE).to_pylist() == ["20090403"]
