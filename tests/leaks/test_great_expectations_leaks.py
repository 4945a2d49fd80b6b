"""What the Great Expectations adapter hands on holds no cell, whatever the package does."""

import json
import logging
import traceback
from dataclasses import asdict

import pandas as pd
import pyarrow as pa
import pytest

from enclave.adapters import great_expectations as adapter
from enclave.adapters.great_expectations import SuiteError, run_suite
from enclave.validate import derive_checks
from governance.contracts.model import DatasetContract
from tests.lib.builders import build_column, build_contract

CANARIES = ("CANARY-ZQ-1", "CANARY-ZQ-2", "77310001", "77310002", "1931-07-07")


def build_leaky() -> tuple[DatasetContract, pa.RecordBatch]:
    contract = build_contract(
        [
            build_column("name", codes=("Ana",), pattern="[A-Z][a-z]+", max_length=3),
            build_column("amount", "integer", minimum=0, maximum=10, unique=True),
            build_column("born", "date", minimum="2000-01-01"),
        ],
        key=("name", "amount"),
    )
    rows = pa.record_batch(
        {
            "name": ["CANARY-ZQ-1", "CANARY-ZQ-1", "CANARY-ZQ-2"],
            "amount": ["77310001", "77310001", "77310002"],
            "born": ["1931-07-07", "CANARY-ZQ-2", None],
        }
    )
    return contract, rows


def test_no_cell_in_counts_logs_or_output(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    contract, rows = build_leaky()
    with caplog.at_level(logging.DEBUG):
        outcomes = run_suite(contract, rows)
    assert any(outcome.unexpected_count for outcome in outcomes)
    written = json.dumps([asdict(o) for o in outcomes]) + repr(outcomes) + caplog.text
    written += "".join(capfd.readouterr())
    assert not [canary for canary in CANARIES if canary in written]


def test_the_packages_own_result_does_hold_cells() -> None:
    """Why the adapter copies counts: if this ever fails, the package has become safer."""
    contract, rows = build_leaky()
    frame = adapter.suite_frame(contract, rows)
    results = adapter.validate_frame(derive_checks(contract), frame, {}, {"result_format": "BASIC"})
    assert "CANARY-ZQ-1" in str(results)


def test_an_error_of_the_package_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    contract, rows = build_leaky()

    def quoting(*_arguments: object) -> None:
        raise ValueError("cannot convert 'CANARY-ZQ-1'")

    monkeypatch.setattr(adapter, "_suite", quoting)
    with pytest.raises(SuiteError) as caught:
        run_suite(contract, rows)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [canary for canary in CANARIES if canary in shown]


def test_a_failing_metric_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    contract, rows = build_leaky()
    frame = adapter.suite_frame(contract, rows)
    frame = frame.assign(amount__value=pd.Series(["CANARY-ZQ-1", 1, 2], dtype=object))
    monkeypatch.setattr(adapter, "suite_frame", lambda *_: frame)
    with pytest.raises(SuiteError) as caught:
        run_suite(contract, rows)
    assert "CANARY" not in "".join(traceback.format_exception(caught.value))
