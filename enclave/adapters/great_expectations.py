"""Great Expectations: a contract's suite as an agency can read and run it, and running it here.

The suite is made from `enclave.validate.checks`; production verdicts come from the fused
validator, proved equal to this one. Great Expectations quotes cells in its results and its
exceptions: what leaves this module is `ExpectationCounts`, named counts only (ADR 0031).

The package is imported when a suite is built or run, never on import of this module (it takes
seconds); `suite_document` does not need it at all.
"""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd
import pyarrow as pa

from enclave.errors import EnclaveError
from enclave.validate.checks import (
    KEY,
    VALUE,
    Check,
    Expectation,
    derive_checks,
    reference_column,
)
from enclave.validate.columns import reader_of
from governance.contracts.model import DatasetContract

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

COUNTS_ONLY: Final = {"result_format": "BASIC", "partial_unexpected_count": 0}
_COUNTS: Final = ("element_count", "missing_count", "unexpected_count")


class SuiteError(EnclaveError):
    """Great Expectations could not run an expectation; its own message may quote cells."""

    code = "validate.suite_failed"


@dataclass(frozen=True, slots=True)
class ExpectationCounts:
    """An expectation's outcome: names and counts, nothing else.

    Attributes:
        reason: The check's `code:column`.
        success: Whether nothing failed.
        element_count: Rows judged; for the row count, rows of the table.
        missing_count: Null cells, which are not judged.
        unexpected_count: Rows that fail.
    """

    reason: str
    success: bool
    element_count: int
    missing_count: int
    unexpected_count: int

    COUNTS: ClassVar[tuple[str, ...]] = _COUNTS


def suite_document(contract: DatasetContract) -> dict[str, object]:
    """The contract's suite as JSON-able data, in the form Great Expectations reads.

    Raises:
        ContractError: A check of the contract cannot be stated.
    """
    return {
        "name": f"{contract.agency}.{contract.dataset}.{contract.version}",
        "expectations": [_stated(check) for check in derive_checks(contract)],
        "meta": {
            "contract": contract.id,
            "contract_version": contract.version,
            "columns": {
                "name": "the cell's text, null where the contract calls it no value",
                f"name{VALUE}": "the text read as its logical type, null where it is not of it",
                f"name{KEY}": "the same, but the text itself where it is not of the type",
            },
        },
    }


def _stated(check: Check) -> dict[str, object]:
    kwargs = {name: _plain(value) for name, value in check.expectation.kwargs.items()}
    if check.expectation.row_condition is not None:
        column, values = check.expectation.row_condition
        kwargs["row_condition"] = {
            "column": {"name": column},
            "operator": "IN",
            "parameter": list(values),
            "type": "comparison",
        }
    return {
        "type": check.expectation.type,
        "kwargs": kwargs,
        "meta": {
            "code": check.code,
            "columns": list(check.columns),
            "rule": check.rule,
            "reason": check.reason,
            "demand": check.demand,
        },
        "severity": "warning" if check.code == "drift.rows" else "critical",
    }


def _plain(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the package's deprecation warnings, which are not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _package() -> ModuleType:
    """Import Great Expectations, without its log of metric values and its progress bars."""
    with _quiet():
        import great_expectations  # noqa: PLC0415  seconds long: only when a suite is needed

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return great_expectations


def _silent_project() -> Any:  # noqa: ANN401  untyped package
    """In memory, no progress bars, no telemetry, no pages on the disk."""
    from great_expectations.data_context.types.base import (  # noqa: PLC0415  as above
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def build_suite(contract: DatasetContract) -> "ExpectationSuite":
    """The contract's suite as a Great Expectations object.

    Raises:
        ContractError: A check of the contract cannot be stated.
    """
    return _suite(derive_checks(contract), str(suite_document(contract)["name"]))


def _suite(checks: Sequence[Check], name: str) -> "ExpectationSuite":
    gx: Any = _package()
    with _quiet():
        from great_expectations.expectations.registry import (  # noqa: PLC0415  as above
            get_expectation_impl,
        )

        suite: ExpectationSuite = gx.ExpectationSuite(name=name)
        for check in checks:
            kind: Any = get_expectation_impl(check.expectation.type)
            stated: Any = _stated(check)
            suite.add_expectation(
                kind(**_arguments(check.expectation), meta=stated["meta"],
                     severity=stated["severity"])
            )  # fmt: skip
    return suite


def _arguments(expectation: Expectation) -> dict[str, object]:
    arguments = dict(expectation.kwargs)
    if expectation.row_condition is not None:
        from great_expectations.expectations.row_conditions import (  # noqa: PLC0415  as above
            Column,
        )

        column, values = expectation.row_condition
        arguments["row_condition"] = Column(column).is_in(values)
    return arguments


def suite_frame(contract: DatasetContract, rows: pa.RecordBatch) -> pd.DataFrame:
    """The frame a contract's suite speaks of: texts, values, keys and tuples of references.

    Args:
        contract: What the rows were delivered under.
        rows: Text rows as in `RawBatch.rows`.
    """
    frame: dict[str, pd.Series[Any]] = {}
    values: dict[str, list[object]] = {}
    texts: dict[str, list[str | None]] = {}
    for column in contract.columns:
        text = rows.column(column.name)
        texts[column.name] = text.to_pylist()
        values[column.name] = reader_of(column)(text).values.to_pylist()  # noqa: PD011  not pandas
        frame[column.name] = _objects(texts[column.name])
    for check in derive_checks(contract):
        for name in _columns_of(check.expectation):
            if name.endswith(VALUE):
                frame[name] = _objects(values[name.removesuffix(VALUE)])
            elif name.endswith(KEY):
                source = name.removesuffix(KEY)
                pairs = zip(texts[source], values[source], strict=True)
                frame[name] = _objects([t if v is None else v for t, v in pairs])
        if check.code == "reference.missing" and check.source and len(check.columns) > 1:
            tuples = zip(*(values[name] for name in check.columns), strict=True)
            frame[reference_column(check.source)] = _objects(
                [None if None in cells else cells for cells in tuples]
            )
    return pd.DataFrame(frame)


def _columns_of(expectation: Expectation) -> list[str]:
    named = [expectation.kwargs.get(key) for key in ("column", "column_A", "column_B")]
    listed = expectation.kwargs.get("column_list", ())
    return [str(name) for name in (*named, *(listed if isinstance(listed, list) else ())) if name]


def _objects(cells: Sequence[object]) -> "pd.Series[Any]":
    return pd.Series(list(cells), dtype=object)


def run_suite(
    contract: DatasetContract,
    rows: pa.RecordBatch,
    *,
    parameters: Mapping[str, object] | None = None,
) -> tuple[ExpectationCounts, ...]:
    """Run the contract's suite with Great Expectations on one batch.

    Expectations whose parameters are not given (references, drift) are left out.

    Args:
        contract: What the rows were delivered under.
        rows: Text rows as in `RawBatch.rows`.
        parameters: Values of `$PARAMETER`s: `landed_<rule>`, `fewest_<rule>`, `most_<rule>`.

    Returns:
        Named counts per expectation, in the contract's order.

    Raises:
        SuiteError: An expectation could not be run.
    """
    given = dict(parameters or {})
    checks = [c for c in derive_checks(contract) if _parameters(c.expectation) <= given.keys()]
    results = validate_frame(checks, suite_frame(contract, rows), given, COUNTS_ONLY)
    return tuple(_counts(check, result) for check, result in zip(checks, results, strict=True))


def _parameters(expectation: Expectation) -> set[str]:
    return {str(value["$PARAMETER"]) for value in expectation.kwargs.values()
            if isinstance(value, dict) and "$PARAMETER" in value}  # fmt: skip


def validate_frame(
    checks: Sequence[Check],
    frame: pd.DataFrame,
    parameters: Mapping[str, object],
    result_format: Mapping[str, object],
) -> list[Any]:
    """Great Expectations' own results, which hold cells: for this module and tests only.

    Raises:
        SuiteError: Validation did not run.
    """
    gx = _package()
    try:
        with _quiet():
            context = gx.get_context(mode="ephemeral", project_config=_silent_project())
            asset = context.data_sources.add_pandas("frame").add_dataframe_asset("rows")
            batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
                {"dataframe": frame}
            )
            outcome = batch.validate(
                _suite(checks, "contract"),
                result_format=dict(result_format),
                expectation_parameters=dict(parameters),
            )
    except Exception:  # noqa: BLE001  any message of the package may quote a cell
        raise SuiteError("The expectation suite could not be run.") from None
    # The package groups results as it likes: back into the order of the checks, by their reasons.
    by_reason = {r.expectation_config.meta["reason"]: r for r in outcome.results}
    return [by_reason[check.reason] for check in checks]


def _counts(check: Check, result: Any) -> ExpectationCounts:  # noqa: ANN401  untyped package
    if result.exception_info.get("raised_exception") is not False:  # absent when a metric raised
        raise SuiteError("An expectation could not be run.", check=check.reason)
    found = result.result
    if check.code == "drift.rows":
        return ExpectationCounts(check.reason, bool(result.success),
                                 _count(check, found.get("observed_value")), 0, 0)  # fmt: skip
    elements, missing, unexpected = (_count(check, found.get(name, 0)) for name in _COUNTS)
    return ExpectationCounts(check.reason, bool(result.success), elements, missing, unexpected)


def _count(check: Check, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SuiteError("An expectation gave no count.", check=check.reason)
    return value
