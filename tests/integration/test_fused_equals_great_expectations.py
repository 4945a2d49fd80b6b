"""The fused verdict equals Great Expectations', expectation by expectation and row by row.

Made-up data with every kind of dirt, seeded; `COMPLETE` results are asked for here only.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from enclave.adapters.great_expectations import (
    build_suite,
    run_suite,
    suite_document,
    suite_frame,
    validate_frame,
)
from enclave.batches import RawBatch
from enclave.validate import Check, KeySpill, ReferenceCheck, RowValidator, derive_checks
from governance.contracts.model import DatasetContract, Rule, RuleKind
from tests.lib.builders import build_column, build_contract

ROWS = 1500
K = RuleKind


def build_full_contract() -> DatasetContract:
    """Every kind of check at least once."""
    c = build_column
    columns = [
        c("person", required=True, pattern="[0-9]{9}"),
        c("name", min_length=2, max_length=8),
        c("born", "date", formats=("%m/%d/%Y",), minimum="1900-01-01", maximum="2024-12-31"),
        c("started", "date", formats=("%Y%m%d", "%A, %B %d, %Y")),
        c("ended", "date"),
        c("seen", "timestamp", formats=("%m/%d/%Y %I:%M:%S %p",), minimum="2020-01-01T00:00:00"),
        c("updated", "timestamp"),
        c("age", "integer", required=True, minimum=0, maximum=120),
        c("wages", "number", minimum=-5.5, maximum=99999.99),
        c("bonus", "number"),
        c("member", "boolean"),
        c("town", codes=("001", "002", "003")),
        c("grade", "integer", codes=("1", "2", "3")),
        c("case_number", unique=True),
        c("ticket", "integer", unique=True),
        c("school", pattern=r"(?:[A-Z]{2}|\d{2})-\d{3}(x)?"),
        c("note", pattern=r"\S[\w\s.]*"),
    ]
    pairs = [("started", "ended"), ("born", "started"), ("bonus", "wages"), ("age", "wages")]
    rules = [
        Rule(f"cmp{i}_{left}_{right}", K.COMPARE,
             {"left": left, "operator": operator, "right": right})
        for left, right in pairs for i, operator in enumerate(("<", "<=", "==", "!=", ">", ">="))
    ] + [
        Rule("texts", K.COMPARE, {"left": "town", "operator": "!=", "right": "grade_text"}),
        Rule("instants", K.COMPARE, {"left": "seen", "operator": "<=", "right": "updated"}),
        Rule("wages_if_member", K.REQUIRED_IF,
             {"column": "wages", "when_column": "member", "when_values": ("Y", "1")}),
        Rule("pair", K.UNIQUE_TOGETHER, {"columns": ("grade", "wages")}),
        Rule("known_town", K.REFERENCE, {"columns": ("town",), "to_dataset": "opm/towns",
                                         "to_columns": ("code",)}),
        Rule("known_school", K.REFERENCE, {"columns": ("town", "grade"),
                                           "to_dataset": "sde/schools",
                                           "to_columns": ("town", "grade")}),
        Rule("volume", K.ROW_COUNT_DRIFT, {"max_pct": 10}),
    ]  # fmt: skip
    columns.append(c("grade_text"))
    return build_contract(columns, key=("person", "born", "grade"), rules=tuple(rules))


JUNK = ["", " ", "x", "N/A", "02/30/2024", "20240230", "2024-02-30", "1.0", "1e5", "nan", "inf",
        "-0", "+7", "007", "1,000", "13/01/2024", "2024-01-01T25:00:00", "é", "12\n",
        "\u0661\u0662",
        "Monday, Smarch 01, 2024", "99999999999999999999", "yes", "0x1F", "\u212a", ".", "5.", ".5",
        "01/02/2024\n", "1e309", "-5.50", "1066-01-01", "9999-12-31"]  # fmt: skip

Draw = Callable[[np.random.Generator], str]


def draws() -> dict[str, Draw]:
    """How a mostly good cell of each column is made."""

    def day(rng: np.random.Generator) -> date:
        return date.fromordinal(int(rng.integers(date(1895, 1, 1).toordinal(),
                                                 date(2026, 1, 1).toordinal())))  # fmt: skip

    def moment(rng: np.random.Generator) -> datetime:
        return datetime.fromordinal(int(rng.integers(737000, 739500))).replace(
            hour=int(rng.integers(24)), minute=int(rng.integers(60)), second=int(rng.integers(60))
        )

    def some(*values: str) -> Draw:
        return lambda rng: values[int(rng.integers(len(values)))]

    def started(rng: np.random.Generator) -> str:
        return day(rng).strftime("%Y%m%d" if rng.random() < 0.5 else "%A, %B %d, %Y")

    def updated(rng: np.random.Generator) -> str:
        when = moment(rng)
        if rng.random() < 0.3:
            when = when.replace(microsecond=int(rng.integers(1_000_000)))
        return when.isoformat(sep="T" if rng.random() < 0.5 else " ")

    def alike(draw: Draw, usual: str) -> Draw:
        """Often one and the same value, so that columns of a row are equal at times."""
        return lambda rng: usual if rng.random() < 0.25 else draw(rng)

    return {
        "person": lambda rng: f"{int(rng.integers(40)):09d}",
        "name": some("Al", "B", "Chloé", "Dmitri", "Ekaterina", "日本"),
        "born": lambda rng: day(rng).strftime("%m/%d/%Y") if rng.random() < 0.5 else "01/01/2000",
        "started": alike(started, "20000101"),
        "ended": alike(lambda rng: day(rng).isoformat(), "2000-01-01"),
        "seen": lambda rng: moment(rng).strftime("%m/%d/%Y %I:%M:%S %p"),
        "updated": updated,
        "age": alike(lambda rng: str(int(rng.integers(-3, 125))), "20"),
        "wages": alike(
            lambda rng: f"{float(rng.normal(20, 40)):.{int(rng.integers(3))}f}", "20.00"
        ),
        "bonus": lambda rng: str(int(rng.integers(-10, 60))),
        "member": some("Y", "N", "1", "0", "true", "maybe"),
        "town": some("001", "002", "003", "1", "004"),
        "grade": some("1", "2", "3", "01", "4"),
        "case_number": lambda rng: f"C{int(rng.integers(ROWS * 3))}",
        "ticket": lambda rng: f"{int(rng.integers(ROWS)):0{int(rng.integers(1, 6))}d}",
        "school": some("AB-123", "12-123", "12-123x", "ab-123", "AB-1234"),
        "note": some("a b.", "word", " lead", "tab\there", "v\x0bt", "é"),
        "grade_text": some("001", "002", "1"),
    }


def build_dirty_rows(seed: int, dirt: float, rows: int = ROWS) -> pa.RecordBatch:
    rng = np.random.default_rng(seed)
    columns: dict[str, list[str | None]] = {}
    for name, draw in draws().items():
        cells: list[str | None] = []
        for _ in range(rows):
            chance = rng.random()
            if chance < dirt:
                cells.append(JUNK[int(rng.integers(len(JUNK)))])
            else:
                cells.append(None if chance < dirt * 2 else draw(rng))
        columns[name] = cells
    return pa.record_batch({n: pa.array(cells, pa.string()) for n, cells in columns.items()})


LANDED: dict[str, list[Any]] = {
    "known_town": ["001", "003"],
    "known_school": [("001", 1), ("002", 2), ("003", 3), ("004", 4)],
}


def by_great_expectations(contract: DatasetContract, rows: pa.RecordBatch) -> dict[str, set[int]]:
    """Failing row numbers of each check, from COMPLETE results."""
    parameters = {f"landed_{name}": keys for name, keys in LANDED.items()}
    parameters |= {"fewest_volume": [0], "most_volume": [0]}
    checks = [c for c in derive_checks(contract) if c.code != "drift.rows"]
    results = validate_frame(
        checks, suite_frame(contract, rows), parameters, {"result_format": "COMPLETE"}
    )
    found: dict[str, set[int]] = {}
    for check, result in zip(checks, results, strict=True):
        assert result.exception_info["raised_exception"] is False, (check, result.exception_info)
        found[check.reason] = set(result.result["unexpected_index_list"])
        assert result.success == (not found[check.reason])
    return found


def by_the_fused_validator(
    contract: DatasetContract, rows: pa.RecordBatch, batch_rows: int
) -> tuple[dict[str, set[int]], dict[str, int]]:
    """Failing row numbers of each check, and the report's counts."""
    found: dict[str, set[int]] = {check.reason: set() for check in derive_checks(contract)}
    with KeySpill(memory_bytes=10_000) as seen:
        validator = RowValidator(contract, seen=seen)
        for start in range(0, rows.num_rows, batch_rows):
            part = rows.slice(start, batch_rows)
            numbers = pa.array(range(start, start + part.num_rows), pa.int64())
            checked = validator.check(RawBatch(part, numbers))
            if checked.failed is not None:
                for record, reasons in zip(
                    checked.failed.records.to_pylist(), checked.failed.reasons, strict=True
                ):
                    for reason in reasons:
                        found[reason].add(record)
        report = validator.finish()
        for record, reasons in report.late_failures.items():
            for reason in reasons:
                found[reason].add(record)
    typed = [plan.read(rows.column(plan.name)).values for plan in validator._columns]
    values = pa.RecordBatch.from_arrays(typed, schema=validator.schema)
    for rule in contract.rules:
        if rule.kind is K.REFERENCE:
            check = ReferenceCheck(rule, landed(rule))
            flags = check.failing(values).to_pylist()
            found[f"reference.missing:{rule.name}"] = {i for i, bad in enumerate(flags) if bad}
    counts = {r.check.reason: r.failing_rows or 0 for r in report.checks}
    return found, counts


def landed(rule: Rule) -> pa.Table:
    keys = [key if isinstance(key, tuple) else (key,) for key in LANDED[rule.name]]
    names = rule.options["to_columns"]
    assert isinstance(names, tuple)
    return pa.table({n: [key[i] for key in keys] for i, n in enumerate(names)})


@pytest.mark.parametrize(
    ("seed", "dirt", "batch_rows"), [(1, 0.0, 400), (2, 0.02, 1500), (3, 0.3, 64)]
)
def test_verdicts_are_equal(seed: int, dirt: float, batch_rows: int) -> None:
    contract = build_full_contract()
    rows = build_dirty_rows(seed, dirt)
    expected = by_great_expectations(contract, rows)
    found, counts = by_the_fused_validator(contract, rows, batch_rows)
    del found["drift.rows:volume"]
    assert found.keys() == expected.keys()
    differing = {reason: sorted(found[reason] ^ expected[reason])[:5] for reason in found
                 if found[reason] != expected[reason]}  # fmt: skip
    assert differing == {}
    for reason, failing in expected.items():
        if not reason.startswith("reference."):
            assert counts[reason] == len(failing), reason
    if dirt > 0.1:
        tested = {reason for reason, failing in expected.items() if failing}
        assert tested == expected.keys(), "every check must have failed at least once"


def test_values_are_those_python_reads() -> None:
    contract = build_full_contract()
    rows = build_dirty_rows(4, 0.2)
    frame = suite_frame(contract, rows)
    started = [_date(t, ("%Y%m%d", "%A, %B %d, %Y")) for t in rows.column("started").to_pylist()]
    assert frame["started__value"].tolist() == started
    seen = [_moment(t) for t in rows.column("seen").to_pylist()]
    assert frame["seen__value"].tolist() == seen
    wages = [_number(t) for t in rows.column("wages").to_pylist()]
    assert frame["wages__value"].tolist() == wages


def _date(text: str | None, formats: tuple[str, ...]) -> date | None:
    for form in formats:
        try:
            day = datetime.strptime(text or "", form).date()  # noqa: DTZ007  no zone is meant
        except ValueError:
            continue
        if day.strftime(form) == text:
            return day
    return None


def _moment(text: str | None) -> datetime | None:
    form = "%m/%d/%Y %I:%M:%S %p"
    try:
        moment = datetime.strptime(text or "", form)  # noqa: DTZ007  no zone is meant
    except ValueError:
        return None
    return moment if moment.strftime(form) == text else None


def _number(text: str | None) -> float | None:
    good = text is not None and re.fullmatch(
        r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", text
    )
    return float(text) if good and text is not None else None


def test_counts_of_the_production_adapter_are_the_reports() -> None:
    contract = build_full_contract()
    rows = build_dirty_rows(5, 0.1)
    _, counts = by_the_fused_validator(contract, rows, 500)
    outcomes = run_suite(contract, rows, parameters={"fewest_volume": 1, "most_volume": 10})
    assert {o.reason for o in outcomes} == {
        c.reason for c in derive_checks(contract) if c.code != "reference.missing"
    }
    for outcome in outcomes:
        if outcome.reason == "drift.rows:volume":
            assert (outcome.success, outcome.element_count) == (False, ROWS)
        else:
            assert outcome.unexpected_count == counts[outcome.reason], outcome.reason
            assert outcome.success == (outcome.unexpected_count == 0)


def test_drift_is_judged_alike() -> None:
    rule = Rule("volume", K.ROW_COUNT_DRIFT, {"max_pct": 10})
    contract = build_contract([build_column("c")], rules=(rule,))
    for rows in (89, 90, 100, 110, 111):
        batch = pa.record_batch({"c": ["a"] * rows})
        bounds = {"fewest_volume": 90, "most_volume": 110}
        (outcome,) = run_suite(contract, batch, parameters=bounds)
        with KeySpill() as seen:
            validator = RowValidator(contract, prior_row_counts=(80, 120), seen=seen)
            validator.check(RawBatch(batch, pa.array(range(rows))))
            (result,) = validator.finish().checks
        assert result.passed is outcome.success


def test_the_exported_document_is_the_suite_that_runs() -> None:
    contract = build_full_contract()
    document: Any = suite_document(contract)
    exported: Any = build_suite(contract).to_json_dict()
    assert [_canonical(e) for e in exported["expectations"]] == [
        _canonical(e) for e in document["expectations"]
    ]
    assert len(document["expectations"]) == len(derive_checks(contract))


def _canonical(expectation: Any) -> Any:
    """Great Expectations writes whole-number bounds as floats and adds its defaults."""
    kwargs = {
        name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in expectation["kwargs"].items()
    }
    return expectation["type"], kwargs, expectation["meta"], expectation["severity"]


def test_each_check_has_its_own_reason() -> None:
    reasons = [check.reason for check in derive_checks(build_full_contract())]
    assert len(set(reasons)) == len(reasons)
    assert all(isinstance(c, Check) for c in derive_checks(build_full_contract()))
