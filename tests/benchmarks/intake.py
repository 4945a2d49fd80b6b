"""How long the intake takes to read a CSV, as a ratio of pyarrow reading the same file plainly.

    python -m tests.benchmarks.intake [--rows 2000000] [--rounds 3]

Prints JSON. Each reading runs in a process of its own, in turns, and the best of the rounds counts:
`pyarrow_read_csv` holds the whole table and guesses types, `pyarrow_stream` reads batches of text
as the intake does, `intake` adds positions, contract columns, trimming and bounds.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from enclave.intake import open_submission
from tests.lib.intake import build_contract

COLUMNS = 20
CHUNK_ROWS = 250_000


def make_chunk(rows: int, seed: int) -> pa.Table:
    """Made-up records: identifiers, names, dates, codes, amounts, some blanks."""
    rng = np.random.default_rng(seed)

    def pick(words: list[str]) -> pa.Array:
        return pa.array(words).take(pa.array(rng.integers(0, len(words), rows)))

    def number(low: int, high: int) -> pa.Array:
        return pa.array(rng.integers(low, high, rows)).cast(pa.string())

    def day(first: str, days: int) -> pa.Array:
        dates = np.datetime64(first) + rng.integers(0, days, rows)
        return pa.array(dates.astype("datetime64[D]")).cast(pa.string())

    columns: dict[str, pa.Array] = {
        "ssn": number(100_000_000, 899_999_999),
        "last_name": pick(["SMITH", "GARCIA", "O'BRIEN", "DE LA CRUZ", "NGUYEN", "LEE"]),
        "first_name": pick(["ANNA", "JOSE", "MARY ANN", "WEI", "JOHN", ""]),
        "birth_date": day("1950-01-01", 20_000),
        "employer": number(1_000_000, 1_050_000),
        "school": number(1_000, 3_000),
        "zip": number(10_001, 99_999),
        "age": number(16, 99),
    }
    columns |= {f"code{i}": pick(["A", "B", "C", "D1", "E2", ""]) for i in range(6)}
    columns |= {f"amount{i}": number(0, 10_000_000) for i in range(3)}
    columns |= {f"day{i}": day("2020-01-01", 2_000) for i in range(3)}
    return pa.table(columns)


def make_file(path: Path, rows: int) -> None:
    """Write the file, quoted as agencies' exports are."""
    with path.open("wb") as stream:
        for at in range(0, rows, CHUNK_ROWS):
            options = pacsv.WriteOptions(include_header=at == 0)
            pacsv.write_csv(make_chunk(min(CHUNK_ROWS, rows - at), at), stream, options)


def header_of(path: Path) -> list[str]:
    """The column names."""
    with path.open(encoding="utf-8") as stream:
        return [cell.strip('"') for cell in stream.readline().strip().split(",")]


def read_plainly(path: Path) -> int:
    """The whole table, types guessed."""
    return int(pacsv.read_csv(path).num_rows)


def read_stream(path: Path) -> int:
    """Batches of text."""
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(header_of(path), pa.string()),
        strings_can_be_null=True,
        null_values=[""],
    )
    blocks = pacsv.ReadOptions(block_size=8 << 20)
    with pacsv.open_csv(path, read_options=blocks, convert_options=options) as reader:
        return sum(batch.num_rows for batch in reader)


def read_intake(path: Path) -> int:
    """What a load does."""
    with (
        path.open("rb") as stream,
        open_submission(
            stream, file_name=path.name, contract=build_contract(header_of(path))
        ) as reader,
    ):
        return sum(batch.rows.num_rows for batch in reader.batches())


READERS: dict[str, Callable[[Path], int]] = {
    "pyarrow_read_csv": read_plainly,
    "pyarrow_stream": read_stream,
    "intake": read_intake,
}


def measure_here(name: str, path: Path) -> None:
    """Measure one reading in this process; prints JSON."""
    started, used = time.perf_counter(), time.process_time()
    rows = READERS[name](path)
    facts = {
        "rows": rows,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - used,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(facts))


def measure(name: str, path: Path) -> dict[str, float]:
    """Measure one reading in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.intake", "--child", name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    facts: dict[str, float] = json.loads(done.stdout)
    return facts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        measure_here(options.child[0], Path(options.child[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        make_file(path, options.rows)
        rounds = [{name: measure(name, path) for name in READERS} for _ in range(options.rounds)]
        size = path.stat().st_size
    best = {name: min((r[name] for r in rounds), key=lambda f: f["seconds"]) for name in READERS}
    seconds = best["intake"]["seconds"]
    report = {
        "rows": options.rows,
        "columns": COLUMNS,
        "file_mib": round(size / 2**20, 1),
        "readings": {n: {k: round(v, 3) for k, v in f.items()} for n, f in best.items()},
        "ratio_to_read_csv": round(seconds / best["pyarrow_read_csv"]["seconds"], 2),
        "ratio_to_stream": round(seconds / best["pyarrow_stream"]["seconds"], 2),
        "rows_per_second": round(options.rows / seconds),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
