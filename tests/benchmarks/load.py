"""Governed load against plain conversion: 20 columns of CSV, ratios from one run, as JSON.

    make bench-load                      2,000,000 rows, floors, first and second load, the peer
    make bench-load BENCH_ROWS=10000000 BENCH_PEER=0

Each contender runs in its own process, timed after its imports, with its peak resident memory
from the operating system. Floors: DuckDB and pyarrow each converting the same CSV to zstd Parquet.
Peer: what a user would write today (pandas, Great Expectations and an hmac loop).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import load_data


def measure(contender: str, csv: Path, work: Path) -> dict[str, float]:
    """Run one contender in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.load_contenders",
        contender,
        str(csv),
        str(work),
    ]
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    stdout = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{contender} failed with exit code {child.returncode}")
    printed: dict[str, float] = json.loads(stdout.splitlines()[-1])
    return {
        **printed,
        "whole_process_seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=int(os.environ.get("BENCH_ROWS", "2000000")))
    parser.add_argument("--runs", type=int, default=int(os.environ.get("BENCH_RUNS", "3")))
    parser.add_argument(
        "--peer", type=int, default=int(os.environ.get("BENCH_PEER", "1")), help="0 leaves it out"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        work = Path(folder)
        csv = work / "P_2026Q3.csv"
        load_data.write_csv(csv, args.rows)
        runs = []
        for number in range(args.runs):
            row: dict[str, dict[str, float]] = {}
            for contender in ("duckdb", "pyarrow", "governed", "governed_again"):
                folder_name = f"{contender.removesuffix('_again')}-{number}"
                row[contender] = measure(contender, csv, work / folder_name)
            runs.append(row)
            print(json.dumps({"run": number, **row}), file=sys.stderr)
        peer = measure("peer", csv, work / "peer") if args.peer else None
        print(json.dumps(summarize(runs, peer, rows=args.rows, size=csv.stat().st_size), indent=2))


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def summarize(
    runs: list[dict[str, dict[str, float]]],
    peer: dict[str, float] | None,
    *,
    rows: int,
    size: int,
) -> dict[str, object]:
    """Ratios run by run, medians of them, and whether each target is met."""
    floors = [min(run["duckdb"]["seconds"], run["pyarrow"]["seconds"]) for run in runs]
    first = [run["governed"]["seconds"] / floor for run, floor in zip(runs, floors, strict=True)]
    second = [
        run["governed_again"]["seconds"] / floor for run, floor in zip(runs, floors, strict=True)
    ]
    loads = ("governed", "governed_again")
    peak = max(run[load]["peak_mib"] for run in runs for load in loads)
    summary: dict[str, object] = {
        "rows": rows,
        "csv_mib": round(size / 2**20, 1),
        "runs": runs,
        "first_load_over_floor": round(_median(first), 2),
        "second_load_over_floor": round(_median(second), 2),
        "peak_mib": peak,
        "targets": {
            "first_load_within_2x_of_floor": _median(first) <= 2,
            "second_load_within_2x_of_floor": _median(second) <= 2,
            "peak_under_1536_mib": peak < 1536,
        },
    }
    if peer is not None:
        slowest = _median([run["governed"]["seconds"] for run in runs])
        summary["peer"] = peer
        summary["peer_over_first_load"] = round(peer["seconds"] / slowest, 1)
        summary["targets"]["six_times_faster_than_peer"] = peer["seconds"] / slowest >= 6  # type: ignore[index]
    return summary


if __name__ == "__main__":
    main()
