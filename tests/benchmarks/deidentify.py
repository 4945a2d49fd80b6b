"""What de-identification costs, as JSON: `python -m tests.benchmarks.deidentify [ROWS]`.

Rows of 20 columns: a person by SSN, two entity columns, an age, a ZIP code, a birth date, 14 kept.
Two threads, batches of 131,072 rows, seconds of one run: all people new, then all known; then the
risk of the result in one thread.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.batches import CheckedBatch
from enclave.deidentify import (
    Crosswalk,
    DeidentificationPlan,
    Deidentifier,
    build_plan,
    measure_risk,
    risk_columns,
)
from governance.contracts.model import PersonKey
from governance.objects.local import LocalFolderStore
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)
from tests.lib.memory import MemoryRing

BATCH_ROWS = 131_072
THREADS = 2


def plan() -> DeidentificationPlan:
    columns = [
        build_column("ssn", treatment="person_id", role="direct"),
        build_column("ein", treatment=build_treatment("entity_id", domain="ein")),
        build_column("school", treatment=build_treatment("entity_id", domain="school")),
        build_column("age", "integer", treatment="age_band", role="quasi"),
        build_column("zip", treatment="zip3", role="quasi"),
        build_column("born", "date", treatment="year", role="quasi"),
        *(build_column(f"kept_{number}") for number in range(14)),
    ]
    contract = build_contract(columns, person=PersonKey("person_id", ("ssn",), "ssn"))
    return build_plan(contract, build_terms(contract), build_agreement(contract))


def text(numbers: Any, width: int = 0) -> pa.Array:
    column = pc.ascii_lpad(pa.array(numbers).cast(pa.string()), max(width, 1), "0")
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def table(rows: int) -> pa.RecordBatch:
    rng = np.random.default_rng(1)
    kept = text(rng.integers(0, 50, rows))
    columns = {
        "ssn": text(rng.permutation(rows) + 1_000_000, 9),
        "ein": text(rng.integers(0, 30_000, rows) + 60_000_000),
        "school": text(rng.integers(0, 1_500, rows)),
        "age": pa.array(rng.integers(0, 100, rows)),
        "zip": text(rng.integers(6001, 6900, rows), 5),
        "born": pa.array(rng.integers(0, 18_000, rows).astype(np.int32)).cast(pa.date32()),
    }
    return pa.record_batch(columns | {f"kept_{number}": kept for number in range(14)})


def main() -> None:
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 2_000_000
    planned, whole = plan(), table(rows)
    result: dict[str, Any] = {"rows": rows, "columns": whole.num_columns, "threads": THREADS}
    landed: list[pa.RecordBatch] = []
    with tempfile.TemporaryDirectory() as folder:
        store, ring = LocalFolderStore(Path(folder), "identity"), MemoryRing()
        for name in ("all_new", "all_known"):
            with Crosswalk(store, ring, planned.agency, "ssn") as crosswalk:
                worker = Deidentifier(planned, crosswalk, ring)

                def treat(start: int, worker: Deidentifier = worker) -> pa.RecordBatch:
                    part = whole.slice(start, BATCH_ROWS)
                    return worker.apply(CheckedBatch(part, part, pa.array([]), None))

                started, cpu = time.perf_counter(), time.process_time()
                with ThreadPoolExecutor(THREADS) as pool:
                    landed = list(pool.map(treat, range(0, rows, BATCH_ROWS)))
                applied = time.perf_counter()
                crosswalk.commit()
            result[name] = {
                "apply": round(applied - started, 3),
                "commit": round(time.perf_counter() - applied, 3),
                "cpu_total": round(time.process_time() - cpu, 3),
            }
    started = time.perf_counter()
    risk = measure_risk((b.select(risk_columns(planned)) for b in landed), planned)
    result["risk"] = {"seconds": round(time.perf_counter() - started, 3), "people": risk.people}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
