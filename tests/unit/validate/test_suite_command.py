"""The suite of every shipped contract can be printed, and checked by what it says."""

import json

import pytest
from typer.testing import CliRunner

from enclave.adapters.great_expectations import suite_document
from enclave.cli.contracts import contract_app
from enclave.errors import DatasetNotFoundError
from enclave.validate import KeySpill, RowValidator, derive_checks
from governance.contracts.model import DatasetContract
from governance.errors import ExitCode
from tests.lib.shipped import shipped_contracts

CONTRACTS = shipped_contracts()


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_every_shipped_contract_can_be_validated(contract: DatasetContract) -> None:
    document = json.loads(json.dumps(suite_document(contract)))
    reasons = [e["meta"]["reason"] for e in document["expectations"]]
    assert reasons == [check.reason for check in derive_checks(contract)]
    assert len(set(reasons)) == len(reasons)
    with KeySpill() as seen:
        assert RowValidator(contract, seen=seen).finish().rows_checked == 0


def test_the_command_prints_the_suite() -> None:
    result = CliRunner().invoke(contract_app, ["suite", "sde/enrollment"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["meta"]["contract"] == "sde/enrollment"


def test_an_unknown_dataset_is_bad_input() -> None:
    result = CliRunner().invoke(contract_app, ["suite", "sde/nothing"])
    assert isinstance(result.exception, DatasetNotFoundError)
    assert result.exception.exit_code is ExitCode.BAD_INPUT
