import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from enclave.deidentify import DeidentificationPlan, MissingIdentityError, build_plan
from enclave.deidentify.risk import decide_risk, find_breaches, measure_risk, risk_columns
from enclave.evidence import RiskMeasures
from governance.agreements.model import GateAction, RiskGate
from governance.contracts.model import PersonKey
from tests.lib.builders import build_agreement, build_column, build_contract, build_terms


def plan_of(*, person: bool = True, sensitive: bool = True) -> DeidentificationPlan:
    columns = [
        build_column("town", role="quasi"),
        build_column("year", "integer", role="quasi"),
        build_column("cause", role="sensitive" if sensitive else "none"),
    ]
    if person:
        columns.insert(0, build_column("ssn", treatment="person_id", role="direct"))
    key = PersonKey("person_id", ("ssn",), "ssn") if person else None
    contract = build_contract(columns, person=key)
    return build_plan(contract, build_terms(contract), build_agreement(contract))


def rows(*records: tuple[str, str | None, int | None, str | None]) -> pa.RecordBatch:
    people, towns, years, causes = zip(*records, strict=True)
    return pa.record_batch(
        {
            "person_id": pa.array([p.encode().ljust(16) for p in people], pa.binary(16)),
            "town": pa.array(towns, pa.string()),
            "year": pa.array(years, pa.int64()),
            "cause": pa.array(causes, pa.string()),
        }
    )


TABLE = rows(
    ("ana", "Avon", 1990, "x"),
    ("ana", "Avon", 1990, "y"),
    ("bo", "Avon", 1990, "x"),
    ("cy", "Avon", 1991, "x"),
    ("cy", "Avon", 1991, "x"),
    ("di", None, 1991, "x"),
    ("ed", None, 1991, "z"),
)


def test_people_are_counted_and_not_rows() -> None:
    assert measure_risk([TABLE], plan_of()) == RiskMeasures(5, 1, 1, 20.0, 1, ("town", "year"))


def test_batches_make_no_difference() -> None:
    one_by_one = [TABLE.slice(i, 1) for i in range(TABLE.num_rows)]
    assert measure_risk(one_by_one, plan_of()) == measure_risk([TABLE], plan_of())


def test_rows_are_counted_when_there_is_no_person() -> None:
    plan = plan_of(person=False)
    risk = measure_risk([TABLE.drop_columns(["person_id"])] * 2, plan)
    assert (risk.people, risk.k, risk.unique_people) == (14, 4, 0)
    assert not risk.counts_people
    (breach,) = find_breaches(risk, RiskGate(5, 100.0, None, GateAction.RECORD, "3"))
    assert breach.reason.startswith("The smallest group of records alike holds 4")
    assert risk_columns(plan) == ["town", "year", "cause"]


def test_one_person_alone_in_two_classes_is_one_unique_person() -> None:
    table = rows(("ana", "Avon", 1990, "x"), ("ana", "Bozrah", 1990, "x"))
    risk = measure_risk([table], plan_of())
    assert (risk.people, risk.unique_people, risk.unique_pct) == (1, 1, 100.0)


def test_an_empty_table_has_no_risk() -> None:
    risk = measure_risk([TABLE.slice(0, 0)], plan_of())
    assert (risk.people, risk.k, risk.l) == (0, 0, 0)
    assert decide_risk(risk, RiskGate(11, 0.0, 2, GateAction.HOLD, "3")).permitted


def test_a_null_person_is_refused() -> None:
    people = pa.array([None], pa.binary(16))
    table = TABLE.slice(0, 1).set_column(0, "person_id", people)
    with pytest.raises(MissingIdentityError):
        measure_risk([table], plan_of())


def test_without_a_sensitive_column_there_is_no_l() -> None:
    assert measure_risk([TABLE], plan_of(sensitive=False)).l is None


@pytest.mark.parametrize(
    ("k", "unique_pct", "l", "gate", "denied"),
    [
        (11, 0.0, 2, RiskGate(11, 0.0, 2, GateAction.HOLD, "3"), []),
        (10, 0.0, 2, RiskGate(11, 0.0, 2, GateAction.HOLD, "3"), ["minimum_k"]),
        (
            1,
            5.0,
            1,
            RiskGate(11, 4.9, 2, GateAction.HOLD, "3"),
            ["minimum_k", "max_unique_pct", "minimum_l"],
        ),
        (11, 0.0, None, RiskGate(11, 0.0, 2, GateAction.HOLD, "3"), ["minimum_l"]),
        (11, 0.0, None, RiskGate(11, 0.0, None, GateAction.HOLD, "3"), []),
        (1, 5.0, 1, RiskGate(11, 4.9, 2, GateAction.RECORD, "3"), []),
    ],
)
def test_the_gate(
    k: int, unique_pct: float, l: int | None, gate: RiskGate, denied: list[str]
) -> None:
    risk = RiskMeasures(100, k, 0, unique_pct, l, ("town",))
    decision = decide_risk(risk, gate)
    assert [d.rule.removeprefix("risk.") for d in decision.denials] == denied
    assert decision.permitted == (not denied)
    assert all(d.clause == "3" for d in decision.denials)


def test_a_gate_that_only_records_still_names_the_breaches() -> None:
    risk = RiskMeasures(100, 1, 50, 50.0, 1, ("town",))
    assert len(find_breaches(risk, RiskGate(11, 1.0, 2, GateAction.RECORD, "3"))) == 3


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    plan, rows = plan_of(sensitive=False), 5_000
    generator = np.random.default_rng(3)

    def batches(count: int) -> Iterator[pa.RecordBatch]:
        for number in range(count):
            ids = pa.py_buffer(generator.bytes(16 * rows))
            yield pa.record_batch(
                {
                    "person_id": pa.Array.from_buffers(pa.binary(16), rows, [None, ids]),
                    "town": pa.array([f"town {number % 7}"] * rows),
                    "year": pa.array(generator.integers(1990, 2000, rows)),
                }
            )

    def peak(count: int) -> int:
        tracemalloc.start()
        risk = measure_risk(batches(count), plan, spill=tmp_path, memory_bytes=1 << 20)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert risk.people == count * rows
        return size

    assert peak(120) < 1.5 * peak(30) < 12 << 20
