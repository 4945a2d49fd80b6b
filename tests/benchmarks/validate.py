"""Fused validation of 2,000,000 rows of 20 columns on two threads, as JSON.

    .venv/bin/python -m tests.benchmarks.validate [ROWS]

The text batches are made beforehand (reading CSV is measured elsewhere).
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enclave.batches import RawBatch
from enclave.validate import KeySpill, RowValidator
from governance.contracts.model import Column, DatasetContract, LogicalType, Rule, RuleKind

BATCH_ROWS = 131_072
Moments = npt.NDArray[np.datetime64]
T = LogicalType


def build_wide_contract() -> DatasetContract:
    """Twenty columns of every type, with the checks a wage or enrolment feed has."""
    c = Column
    columns = (
        c("ssn", "SSN", T.STRING, required=True, pattern="[0-9]{9}"),
        c("first_name", "FIRST", T.STRING, required=True, max_length=40),
        c("last_name", "LAST", T.STRING, required=True, max_length=40),
        c(
            "birth_date",
            "DOB",
            T.DATE,
            required=True,
            formats=("%m/%d/%Y",),
            minimum="1900-01-01",
            maximum="2026-12-31",
        ),
        c("gender", "SEX", T.STRING, codes=("M", "F", "X", "U")),
        c("employer_id", "EIN", T.STRING, required=True, pattern=r"\d{2}-\d{7}"),
        c("school_id", "SCHOOL", T.STRING, required=True, min_length=6, max_length=6),
        c("year", "YEAR", T.INTEGER, required=True, minimum=2000, maximum=2026),
        c("quarter", "QTR", T.INTEGER, required=True, codes=("1", "2", "3", "4")),
        c("wages", "WAGES", T.NUMBER, required=True, minimum=0, maximum=10_000_000),
        c("hours", "HOURS", T.INTEGER, minimum=0, maximum=3000),
        c("naics", "NAICS", T.STRING, pattern="[0-9]{6}"),
        c("town", "TOWN", T.STRING, codes=tuple(f"{i:03d}" for i in range(1, 170))),
        c("zip", "ZIP", T.STRING, pattern="[0-9]{5}"),
        c("start_date", "START", T.DATE, formats=("%Y%m%d",)),
        c("end_date", "END", T.DATE, formats=("%Y%m%d",)),
        c("full_time", "FT", T.BOOLEAN),
        c("rate", "RATE", T.NUMBER, minimum=0),
        c("updated_at", "UPDATED", T.TIMESTAMP),
        c("note", "NOTE", T.STRING),
    )
    rules = (
        Rule("end_after_start", RuleKind.COMPARE,
             {"left": "end_date", "operator": ">=", "right": "start_date"}),
        Rule("hours_if_full_time", RuleKind.REQUIRED_IF,
             {"column": "hours", "when_column": "full_time", "when_values": ("Y",)}),
        Rule("volume", RuleKind.ROW_COUNT_DRIFT, {"max_pct": 20}),
    )  # fmt: skip
    return DatasetContract(
        "dol", "wages", "1.0.0", "Wages", "", "one row per person, employer and quarter",
        "curated_dol__wages", columns, key=("ssn", "employer_id", "year", "quarter"), rules=rules,
    )  # fmt: skip


def build_batch(rng: np.random.Generator, start: int, rows: int, dirt: float) -> RawBatch:
    """Made-up text rows; `dirt` is the share of broken cells in each of six columns."""

    def days(first: str, span: int) -> Moments:
        return np.datetime64(first) + rng.integers(0, span, rows)

    def written(when: Moments, pattern: str) -> pa.Array:
        return pc.strftime(pa.array(when.astype("datetime64[s]")), pattern)

    names = np.array(["Ana", "Ben", "Chloé", "Dmitri", "Eve", "Farid", "Grace", "Hana"], object)
    begin = days("2015-01-01", 3000)
    columns = {
        "ssn": pa.array([f"{i:09d}" for i in range(start, start + rows)]),
        "first_name": pa.array(rng.choice(names, rows)),
        "last_name": pa.array([f"Name{i}" for i in rng.integers(0, 50_000, rows)]),
        "birth_date": written(days("1940-01-01", 25_000), "%m/%d/%Y"),
        "gender": pa.array(rng.choice(np.array(["M", "F", "X", "U", None], object), rows)),
        "employer_id": pa.array([f"{i % 90 + 10}-{i:07d}" for i in rng.integers(0, 90_000, rows)]),
        "school_id": pa.array([f"{i:06d}" for i in rng.integers(0, 1200, rows)]),
        "year": pa.array(rng.integers(2005, 2026, rows).astype(str).astype(object)),
        "quarter": pa.array(rng.choice(np.array(["1", "2", "3", "4"], object), rows)),
        "wages": pa.array([f"{x:.2f}" for x in rng.gamma(2, 6000, rows)]),
        "hours": pa.array(rng.integers(0, 600, rows).astype(str).astype(object)),
        "naics": pa.array([f"{i:06d}" for i in rng.integers(110000, 930000, rows)]),
        "town": pa.array([f"{i:03d}" for i in rng.integers(1, 170, rows)]),
        "zip": pa.array([f"{i:05d}" for i in rng.integers(6001, 6929, rows)]),
        "start_date": written(begin, "%Y%m%d"),
        "end_date": written(begin + rng.integers(0, 900, rows), "%Y%m%d"),
        "full_time": pa.array(rng.choice(np.array(["Y", "N"], object), rows)),
        "rate": pa.array([f"{x:.3f}" for x in rng.random(rows) * 40]),
        "updated_at": written(
            np.datetime64("2024-01-01T00:00:00") + rng.integers(0, 30_000_000, rows),
            "%Y-%m-%dT%H:%M:%S",
        ),
        "note": pa.array([None] * rows, pa.string()),
    }
    if dirt:
        for name, junk in (("birth_date", "02/30/2001"), ("wages", "1,234.00"), ("town", "999"),
                           ("hours", "12.0"), ("zip", "6001"), ("ssn", None)):  # fmt: skip
            broken = pa.array(rng.random(rows) < dirt)
            columns[name] = pc.if_else(broken, pa.scalar(junk, pa.string()), columns[name])
    return RawBatch(pa.record_batch(columns), pa.array(np.arange(start + 1, start + rows + 1)))


def build_batches(rows: int, dirt: float) -> Iterator[RawBatch]:
    """Batches that make up a submission."""
    rng = np.random.default_rng(20261121)
    for start in range(0, rows, BATCH_ROWS):
        yield build_batch(rng, start, min(BATCH_ROWS, rows - start), dirt)


def measure(batches: list[RawBatch], contract: DatasetContract, threads: int) -> dict[str, float]:
    """Wall and processor seconds of one pass."""
    with KeySpill() as seen:
        started, cpu = time.perf_counter(), time.process_time()
        validator = RowValidator(contract, prior_row_counts=(1_900_000,), seen=seen)
        with ThreadPoolExecutor(threads) as pool:
            passed = sum(checked.typed.num_rows for checked in pool.map(validator.check, batches))
        checked_at = time.perf_counter()
        report = validator.finish()
        ended = time.perf_counter()
    return {
        "seconds": round(ended - started, 3),
        "check_seconds": round(checked_at - started, 3),
        "finish_seconds": round(ended - checked_at, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "rows_passed": passed,
        "rows_failed": report.rows_failed,
    }


def main() -> None:
    """Measure clean and dirty input on one and two threads."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    contract = build_wide_contract()
    result: dict[str, object] = {"rows": rows, "columns": len(contract.columns)}
    for name, dirt in (("clean", 0.0), ("dirty", 0.002)):
        batches = list(build_batches(rows, dirt))
        for threads in (2, 1):
            result[f"{name}_{threads}_threads"] = min(
                (measure(batches, contract, threads) for _ in range(3)),
                key=lambda figures: figures["seconds"],
            )
        del batches
    result["max_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
