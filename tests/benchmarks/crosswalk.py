"""What the crosswalk costs, as JSON: `python -m tests.benchmarks.crosswalk [PEOPLE]`.

Two threads resolve batches of 131,072 rows; the store is a local folder (it syncs to disk), the
numbers are seconds of one run. `mac_*` compares keyed MACs on the same identifiers, one thread.
"""

import hmac
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

from enclave.deidentify import Crosswalk
from enclave.deidentify.pseudonyms import FieldMessages, cmac_rows
from governance.objects import ObjectStore
from governance.objects.local import LocalFolderStore
from tests.lib.memory import MemoryRing

BATCH_ROWS = 131_072
THREADS = 2


def identifiers(people: int) -> pa.Array:
    numbers = np.random.default_rng(1).permutation(people) + 1_000_000
    text = pc.ascii_lpad(pa.array(numbers).cast(pa.string()), 9, "0")
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def one_pass(store: ObjectStore, ring: MemoryRing, people: pa.Array) -> dict[str, float]:
    # Linux: forget the peak so far, so that each pass reports its own.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_mib("VmRSS")
    started, cpu = time.perf_counter(), time.process_time()
    with Crosswalk(store, ring, "dol", "ssn") as crosswalk, ThreadPoolExecutor(THREADS) as pool:
        loaded = time.perf_counter()

        def resolve(start: int) -> None:
            crosswalk.resolve(pa.record_batch({"ssn": people.slice(start, BATCH_ROWS)}))

        list(pool.map(resolve, range(0, len(people), BATCH_ROWS)))
        resolved = time.perf_counter()
        state = crosswalk.commit()
        done = time.perf_counter()
    return {
        "load": round(loaded - started, 3),
        "resolve": round(resolved - loaded, 3),
        "commit": round(done - resolved, 3),
        "total": round(done - started, 3),
        "cpu_total": round(time.process_time() - cpu, 3),
        "new_people": state.new_people,
        "peak_mib_above_start": memory_mib("VmHWM") - before,
    }


def macs(people: pa.Array) -> dict[str, int]:
    key = bytes(range(32))
    few = people.slice(0, min(len(people), 500_000))
    texts = [text.encode() for text in few.to_pylist()]
    started = time.perf_counter()
    for text in texts:
        hmac.digest(key, text, "sha256")
    middle = time.perf_counter()
    for start in range(0, len(few), BATCH_ROWS):
        cmac_rows(key, FieldMessages([few.slice(start, BATCH_ROWS)]))
    end = time.perf_counter()
    return {
        "mac_hmac_sha256_loop_per_second": round(len(few) / (middle - started)),
        "mac_aes_cmac_column_per_second": round(len(few) / (end - middle)),
    }


def memory_mib(kind: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0]) >> 10


def main() -> None:
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 2_000_000
    people = identifiers(count)
    result: dict[str, Any] = {"people": count, "threads": THREADS}
    with tempfile.TemporaryDirectory() as folder:
        store, ring = LocalFolderStore(Path(folder), "identity"), MemoryRing()
        result["all_new"] = one_pass(store, ring, people)
        result["all_known"] = one_pass(store, ring, people)
    result |= macs(people)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
