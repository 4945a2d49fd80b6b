"""The fused validator: rows pass typed or fail with reasons."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from enclave.batches import MalformedRecord, RawBatch
from enclave.findings import Severity
from enclave.validate import KeySpill, RowValidator, ValidationReport, decide_acceptance
from governance.contracts.model import Column, DatasetContract, Rule, RuleKind
from governance.errors import ContractError
from tests.lib.builders import build_column, build_contract, build_terms
from tests.lib.raw_batches import build_raw_batch


def judge(
    contract: DatasetContract, cells: dict[str, list[str | None]]
) -> tuple[dict[int, tuple[str, ...]], ValidationReport]:
    """Reasons by record, late ones included, and the report."""
    with KeySpill() as seen:
        validator = RowValidator(contract, seen=seen)
        checked = validator.check(build_raw_batch(cells))
        report = validator.finish()
    found: dict[int, tuple[str, ...]] = {}
    if checked.failed is not None:
        found = dict(zip(checked.failed.records.to_pylist(), checked.failed.reasons, strict=True))
    for record, reasons in report.late_failures.items():
        found[record] = found.get(record, ()) + reasons
    return found, report


def one(column: Column) -> DatasetContract:
    return build_contract([column])


CASES: list[tuple[Column, list[str | None], dict[int, str]]] = [
    (build_column("c", required=True), ["a", None], {2: "null.required:c"}),
    (build_column("c", "date", formats=("%Y%m%d",)), ["20240229", "20230229", None],
     {2: "format.date:c"}),
    (build_column("c", "timestamp"), ["2024-01-01T00:00:00", "2024-01-01 25:00:00"],
     {2: "format.timestamp:c"}),
    (build_column("c", "integer"), ["1", "1.0"], {2: "format.integer:c"}),
    (build_column("c", "number"), ["1.5", "1,5"], {2: "format.number:c"}),
    (build_column("c", "boolean"), ["Y", "maybe"], {2: "format.boolean:c"}),
    (build_column("c", pattern="[0-9]{3}"), ["123", "12a", "1234", None, "123\n"],
     {2: "format.pattern:c", 3: "format.pattern:c", 5: "format.pattern:c"}),
    (build_column("c", min_length=2), ["ab", "é", None], {2: "length.min:c"}),
    (build_column("c", max_length=2), ["éé", "abc"], {2: "length.max:c"}),
    (build_column("c", "integer", minimum=0), ["0", "-1", "x"],
     {2: "range.min:c", 3: "format.integer:c"}),
    (build_column("c", "date", maximum="2024-12-31"), ["2024-12-31", "2025-01-01"],
     {2: "range.max:c"}),
    (build_column("c", "number", minimum=0.5, maximum=1), ["0.5", "0.4", "1.01"],
     {2: "range.min:c", 3: "range.max:c"}),
    (build_column("c", codes=("A", "B")), ["A", "b", None], {2: "code.unknown:c"}),
    (build_column("c", unique=True), ["a", "b", "a", None, None],
     {1: "unique.column:c", 3: "unique.column:c"}),
    (build_column("c", "integer", unique=True), ["1", "01", "x", "y"],
     {1: "unique.column:c", 2: "unique.column:c", 3: "format.integer:c", 4: "format.integer:c"}),
]  # fmt: skip


@pytest.mark.parametrize(("column", "cells", "expected"), CASES, ids=lambda x: str(x)[:40])
def test_each_column_check(
    column: Column, cells: list[str | None], expected: dict[int, str]
) -> None:
    found, report = judge(one(column), {"c": cells})
    assert found == {record: (reason,) for record, reason in expected.items()}
    assert report.rows_checked == len(cells)
    assert report.rows_failed == len(expected)
    assert {f.code for f in report.findings} == {r.split(":")[0] for r in expected.values()}
    assert sum(f.failing_rows or 0 for f in report.findings) == len(expected)


@pytest.mark.parametrize(
    ("operator", "failing"),
    [("<", {2, 3}), ("<=", {3}), (">", {1, 2}), (">=", {1}), ("==", {1, 3}), ("!=", {2})],
)
def test_comparisons_between_columns(operator: str, failing: set[int]) -> None:
    rule = Rule("r", RuleKind.COMPARE, {"left": "a", "operator": operator, "right": "b"})
    contract = build_contract([build_column("a", "date"), build_column("b", "date")], rules=(rule,))
    cells: dict[str, list[str | None]] = {
        "a": ["2024-01-01", "2024-01-02", "2024-01-03", None, "2024-01-01"],
        "b": ["2024-01-02", "2024-01-02", "2024-01-02", "2024-01-02", None],
    }
    found, _ = judge(contract, cells)
    assert set(found) == failing
    assert all(reasons == ("rule.compare:r",) for reasons in found.values())


def test_required_where_another_column_says_so() -> None:
    rule = Rule("r", RuleKind.REQUIRED_IF,
                {"column": "a", "when_column": "b", "when_values": ("Y", "Z")})  # fmt: skip
    contract = build_contract([build_column("a"), build_column("b")], rules=(rule,))
    found, _ = judge(contract, {"a": [None, None, "x", None], "b": ["Y", "N", "Y", None]})
    assert found == {1: ("rule.required_if:r",)}


def test_a_key_repeats_only_when_all_its_columns_do() -> None:
    contract = build_contract([build_column("a"), build_column("b", "integer")], key=("a", "b"))
    cells: dict[str, list[str | None]] = {
        "a": ["x", "x", "x", None, None, "y", "y", None, "xy", "x"],
        "b": ["1", "2", "01", "1", "1", None, None, None, "z", "yz"],
    }
    found, report = judge(contract, cells)
    repeated = {r for r, reasons in found.items() if "unique.together:key" in reasons}
    assert repeated == {1, 3, 4, 5, 6, 7}
    assert set(found) == repeated | {9, 10}
    assert report.rows_failed == 8


def test_passing_rows_are_typed_and_failing_rows_keep_their_text() -> None:
    contract = build_contract(
        [build_column("d", "date", formats=("%m/%d/%Y",)), build_column("n", "number")]
    )
    with KeySpill() as seen:
        checked = RowValidator(contract, seen=seen).check(
            build_raw_batch({"d": ["01/31/2024", "02/30/2024"], "n": ["1.5", "abc"]}, first=11)
        )
    assert checked.typed.to_pylist() == [{"d": date(2024, 1, 31), "n": 1.5}]
    assert checked.raw_rows().to_pylist() == [{"d": "01/31/2024", "n": "1.5"}]
    assert checked.records.to_pylist() == [11]
    assert checked.failed is not None
    assert checked.failed.rows.to_pylist() == [{"d": "02/30/2024", "n": "abc"}]
    assert checked.failed.records.to_pylist() == [12]
    assert checked.failed.reasons == (("format.date:d", "format.number:n"),)


def test_a_clean_batch_is_handed_on_whole() -> None:
    with KeySpill() as seen:
        checked = RowValidator(one(build_column("c")), seen=seen).check(
            build_raw_batch({"c": ["a"]})
        )
    assert checked.failed is None
    assert checked.typed.schema == pa.schema([("c", pa.string())])


def test_an_empty_submission_passes_no_row_and_is_rejected() -> None:
    contract = build_contract([build_column("c", "date", unique=True)])
    _, report = judge(contract, {"c": []})
    assert (report.rows_checked, report.rows_failed) == (0, 0)
    decision = decide_acceptance(report, build_terms(contract))
    assert not decision.permitted


def test_the_second_pass_fails_late_rows_at_once() -> None:
    contract = build_contract([build_column("c", unique=True), build_column("n", "integer")])
    batches = [
        build_raw_batch({"c": ["a", "b", "a"], "n": ["1", "x", "x"]}, first=1),
        build_raw_batch({"c": ["c", "b", "d"], "n": ["1", "1", "x"]}, first=4),
    ]
    with KeySpill() as seen:
        first = RowValidator(contract, seen=seen)
        for batch in batches:
            first.check(batch)
        report = first.finish()
    assert dict(report.late_failures) == dict.fromkeys((1, 2, 3, 5), ("unique.column:c",))
    assert report.rows_failed == 5
    with KeySpill() as seen:
        second = RowValidator(contract, exclude=report.late_failures, seen=seen)
        passed = [second.check(batch).records.to_pylist() for batch in batches]
        again = second.finish()
    assert passed == [[], [4]]
    assert not again.late_failures
    assert again.to_dict() == report.to_dict()


def test_exclusions_may_be_given_as_plain_records() -> None:
    contract = build_contract([build_column("c", unique=True)])
    with KeySpill() as seen:
        validator = RowValidator(contract, exclude=frozenset({2}), seen=seen)
        checked = validator.check(build_raw_batch({"c": ["a", "b"]}))
    assert checked.failed is not None
    assert checked.failed.reasons == (("unique.column:c",),)


def test_malformed_records_fail_too() -> None:
    batch = build_raw_batch({"c": ["a", "b"]})
    bad = MalformedRecord(3, "record.too_few_cells", b"\xff")
    with KeySpill() as seen:
        validator = RowValidator(one(build_column("c")), seen=seen)
        validator.check(RawBatch(batch.rows, batch.records, (bad,)))
        report = validator.finish()
    assert (report.records, report.records_failed) == (3, 1)
    assert [f.code for f in report.findings] == ["record.too_few_cells"]


@pytest.mark.parametrize(("rows", "drifts"), [(80, False), (79, True), (120, False), (121, True)])
def test_row_counts_may_drift_so_far(rows: int, drifts: bool) -> None:
    rule = Rule("volume", RuleKind.ROW_COUNT_DRIFT, {"max_pct": 20})
    contract = build_contract([build_column("c")], rules=(rule,))
    with KeySpill() as seen:
        validator = RowValidator(contract, prior_row_counts=(90, 110), seen=seen)
        validator.check(build_raw_batch({"c": ["a" for _ in range(rows)]}))
        report = validator.finish()
    assert [f.code for f in report.findings] == (["drift.rows"] if drifts else [])
    assert all(f.severity is Severity.WARNING for f in report.findings)
    assert report.rows_failed == 0


def test_threads_count_alike_and_keep_the_first_ten_records() -> None:
    contract = build_contract([build_column("c", "integer", required=True)])
    batches = [
        build_raw_batch({"c": ["x" if (first + i) % 7 == 0 else "1" for i in range(500)]}, first)
        for first in range(1, 20_001, 500)
    ]
    with KeySpill() as seen, ThreadPoolExecutor(2) as pool:
        validator = RowValidator(contract, seen=seen)
        list(pool.map(validator.check, reversed(batches)))
        report = validator.finish()
    assert report.rows_checked == 20_000
    assert report.rows_failed == 20_000 // 7
    assert report.first_records == tuple(range(7, 71, 7))
    lined = report.with_lines({record: record + 1 for record in report.first_records})
    assert lined.findings[0].lines == tuple(range(8, 72, 7))


def test_the_threshold_cites_its_clause() -> None:
    contract = one(build_column("c", "integer"))
    cells: list[str | None] = [*["1"] * 95, *["x"] * 5]
    _, report = judge(contract, {"c": cells})
    assert decide_acceptance(report, build_terms(contract, reject_threshold_pct=5.0)).permitted
    refused = decide_acceptance(report, build_terms(contract, reject_threshold_pct=4.9))
    assert [d.clause for d in refused.denials] == ["2"]


@pytest.mark.parametrize(
    "contract",
    [
        one(build_column("c", "date", minimum="soon")),
        one(build_column("c", "boolean", minimum=1)),
        one(build_column("c", pattern="(")),
        one(build_column("c", pattern=r"\p{L}+")),
        one(build_column("c", "date", formats=("%Q",))),
        build_contract([build_column("c")], rules=(Rule("r", RuleKind.COMPARE, {"left": "c"}),)),
        build_contract([build_column("c")],
                       rules=(Rule("r", RuleKind.UNIQUE_TOGETHER, {"columns": ("c", "d")}),)),
        build_contract([build_column("c")], rules=(Rule("r", RuleKind.ROW_COUNT_DRIFT),)),
    ],
)  # fmt: skip
def test_contracts_that_cannot_be_checked_are_refused(
    contract: DatasetContract, tmp_path: Path
) -> None:
    with KeySpill(tmp_path) as seen, pytest.raises(ContractError):
        RowValidator(contract, seen=seen)


def test_failures_of_later_stages_are_reported_too() -> None:
    rule = Rule("known", RuleKind.REFERENCE,
                {"columns": ("c",), "to_dataset": "a/b", "to_columns": ("c",)})  # fmt: skip
    contract = build_contract([build_column("c", unique=True)], rules=(rule,))
    with KeySpill() as seen:
        validator = RowValidator(contract, seen=seen)
        validator.check(build_raw_batch({"c": ["a", "b", "a", "d"]}))
        unjudged = validator.finish()
        validator.add_failures("reference.missing:known", pa.array([2, 3]))
        validator.add_failures("null.identity:person", pa.array([4]))
        report = validator.finish()
    assert [r.passed for r in unjudged.checks] == [False, None]
    assert {r.check.reason: r.failing_rows for r in report.checks} == {
        "unique.column:c": 2, "reference.missing:known": 2, "null.identity:person": 1,
    }  # fmt: skip
    assert report.rows_failed == 4
    assert report.to_dict()["rows_failed"] == 4
