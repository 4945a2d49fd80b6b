"""A small dataset to ask questions of, granted to a project, and a plain way to answer them."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from enclave.adapters.duckdb_engine import InProcessRunner, QueryLimits
from enclave.evidence import ReleasedAnswer, Snapshot
from enclave.query import QueryRunner, answer
from governance.agreements.model import DisclosureRule
from governance.contracts.model import Column, DatasetContract, PersonKey
from governance.decisions import AccessDeniedError
from governance.grants import GrantBundle
from tests.lib.builders import build_column, build_contract
from tests.lib.grants import TODAY, Keys, build_dataset, build_grant

TABLE = "curated_sde__enrollment"
SNAPSHOT = Snapshot(TABLE, 3, "1.0.0", "ab" * 16)
DATASET = "sde/enrollment"
GRANTED = ("district", "grade", "gender", "year", "started_on", "days", "pay", "passed", "note")
SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("district", pa.string()),
        ("grade", pa.string()),
        ("gender", pa.string()),
        ("year", pa.int64()),
        ("started_on", pa.date32()),
        ("days", pa.int64()),
        ("pay", pa.float64()),
        ("passed", pa.bool_()),
        ("school", pa.string()),
        ("note", pa.string()),
        ("ungranted", pa.string()),
    ]
)
KEYS = Keys()
TIE_KEY = b"t" * 32
Row = Mapping[str, Any]


def build_question_columns() -> tuple[Column, ...]:
    return (
        build_column("student_id", treatment="person_id", role="direct"),
        build_column("district", codes=("A", "B", "C"), dimension=True),
        build_column("grade", codes=("09", "10", "11", "12"), dimension=True),
        build_column("gender", dimension=True),
        build_column("year", "integer", dimension=True),
        build_column("started_on", "date", dimension=True),
        build_column("days", "integer"),
        build_column("pay", "number"),
        build_column("passed", "boolean"),
        build_column("school", treatment="entity_id"),
        build_column("note"),
        build_column("ungranted", dimension=True),
    )


def build_question_contract() -> DatasetContract:
    return build_contract(
        build_question_columns(),
        person=PersonKey("person_id", ("student_id",), "sasid"),
        entity_keys=("school",),
        measures=("days", "pay", "passed"),
        year_column="year",
    )


def build_row(person: int, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "person_id": f"{person:032x}",
        "district": "A",
        "grade": "09",
        "gender": "F",
        "year": 2025,
        "started_on": date(2025, 9, 1),
        "days": 170,
        "pay": 10.5,
        "passed": True,
        "school": f"school-{person % 7}",
        "note": "n",
        "ungranted": "u",
    }
    return row | values


def build_rows(counts: Mapping[str, int], column: str = "district", **values: Any) -> list[Row]:
    """So many people for each value of a column, every person once."""
    rows: list[Row] = []
    for code, people in counts.items():
        for _ in range(people):
            rows.append(build_row(len(rows), **{column: code}, **values))
    return rows


def opener(rows: Sequence[Row]) -> Callable[[str, Sequence[str] | None, int], pads.Dataset]:
    table = pa.Table.from_pylist([dict(r) for r in rows], schema=SCHEMA)

    def open_dataset(name: str, columns: Sequence[str] | None, version: int) -> pads.Dataset:
        assert (name, version) == (TABLE, 3)
        return pads.dataset(table if columns is None else table.select(list(columns)))

    return open_dataset


def build_question_grant(**changes: Any) -> GrantBundle:
    dataset = {"columns": GRANTED} | changes.pop("dataset", {})
    return build_grant(datasets=(build_dataset(**dataset),), **changes)


@dataclass
class Asker:
    """Asks questions of rows under a grant."""

    rows: Sequence[Row]
    grant: GrantBundle | None = None
    minimum: int = 6
    denominator: int = 20
    dominance: int | None = None
    person: str = "p-ruiz"
    runner: QueryRunner | None = None
    contract: DatasetContract | None = None
    landed: bool = True

    def __call__(
        self,
        sql: str,
        *,
        totals: bool = False,
        control_seconds: float = 60,
        categories: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> ReleasedAnswer:
        runner = self.runner or InProcessRunner(opener(self.rows), QueryLimits(256, 1))
        return answer(
            sql,
            bundle=KEYS.verified(self.grant or build_question_grant()),
            person_id=self.person,
            contracts={DATASET: self.contract or build_question_contract()},
            rules={DATASET: self.rule()},
            snapshots={DATASET: SNAPSHOT} if self.landed else {},
            runner=runner,
            today=TODAY,
            tie_key=TIE_KEY,
            categories=categories,
            totals=totals,
            control_seconds=control_seconds,
        )

    def rule(self) -> DisclosureRule:
        """The agreement's."""
        return DisclosureRule(self.minimum, self.denominator, "MOU-SDE §5.3", self.dominance)

    def refused(self, sql: str) -> list[str]:
        """Rules that deny; the question must be refused."""
        with pytest.raises(AccessDeniedError) as caught:
            self(sql)
        denials = caught.value.decision.denials
        assert all(d.reason and d.remedy and d.clause for d in denials)
        return [d.rule for d in denials]


def save_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows where a child process finds them."""
    pq.write_table(pa.Table.from_pylist([dict(r) for r in rows], schema=SCHEMA), path)


def open_saved(path: str, behavior: str = "") -> Callable[..., pads.Dataset]:
    """The opener a child calls; `behavior` lets a test make it slow, die or fail."""

    def open_dataset(name: str, columns: Sequence[str] | None, version: int) -> pads.Dataset:
        if behavior == "sleep":
            time.sleep(60)
        if behavior == "die":
            os.abort()
        if behavior == "print":
            print("a library's chatter")
        if behavior == "fail":
            raise OSError("a value out of a row")
        return pads.dataset(pq.read_table(path, columns=None if columns is None else [*columns]))

    return open_dataset
