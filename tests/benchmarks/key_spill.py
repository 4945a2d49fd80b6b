"""Uniqueness of 10,000,000 keys: seconds and peak memory, in memory and spilled, as JSON.

.venv/bin/python -m tests.benchmarks.key_spill [ROWS]
"""

import json
import resource
import sys
import time

import numpy as np

from enclave.validate import KeySpill

BATCH_ROWS = 131_072


def measure(rows: int, memory_bytes: int) -> dict[str, float]:
    """Random digests, the last hundred of which repeat the first."""
    rng = np.random.default_rng(1)
    started = time.perf_counter()
    with KeySpill(memory_bytes=memory_bytes) as seen:
        first = None
        for start in range(0, rows, BATCH_ROWS):
            count = min(BATCH_ROWS, rows - start)
            digests = rng.integers(0, 2**64, (count, 2), np.uint64)
            if first is None:
                first = digests[:100].copy()
            elif start + count == rows:
                digests[-100:] = first
            seen.add("unique.together:key", digests, np.arange(start + 1, start + count + 1))
        filled = time.perf_counter()
        repeated = len(seen.repeated())
        spilled = seen.spilled_bytes
    return {
        "add_seconds": round(filled - started, 3),
        "finish_seconds": round(time.perf_counter() - filled, 3),
        "spilled_mib": spilled // 2**20,
        "repeated": repeated,
        "max_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Spilled first: the peak of a process never falls."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result = {
        "rows": rows,
        "rss_before_mib": base,
        "spilled": measure(rows, 64 * 2**20),
        "in_memory": measure(rows, 192 * 2**20),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
