"""Ledger and crosswalk keep their promises on both stores, with many writers at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric import ec

from enclave.adapters.keyring import StoredKeyRing
from enclave.deidentify import Crosswalk
from enclave.ledger import Ledger
from enclave.zones import Zone, Zones
from governance.signing import LocalSigner

WRITERS = 6
EACH = 5


def identifiers(start: int, stop: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"sasid": [f"{n:010d}" for n in range(start, stop)]})


def test_writers_side_by_side_make_one_chain(zones: Zones) -> None:
    store = zones.store(Zone.LEDGER)
    signer = LocalSigner(ec.generate_private_key(ec.SECP256R1()))
    start = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        ledger = Ledger(store, signer, checkpoint_every=10)
        start.wait()
        for n in range(EACH):
            ledger.append("submission:received", f"{writer}-{n}", {"rows": n})
            ledger.append("table:committed", "shared", {"rows": n}, once=f"commit-{n}")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    ledger = Ledger(store, signer)
    entries = list(ledger.entries())
    assert [entry.seq for entry in entries] == list(range(1, WRITERS * EACH + EACH + 1))
    assert sum(entry.subject == "shared" for entry in entries) == EACH
    report = ledger.verify()
    assert report.verified, report.problems


def test_passes_side_by_side_give_each_person_one_id(zones: Zones, ring: StoredKeyRing) -> None:
    store = zones.store(Zone.IDENTITY)
    start = threading.Barrier(4)

    def run(n: int) -> np.ndarray:
        start.wait()
        with Crosswalk(store, ring, "sde", "sasid", wait_seconds=60) as crosswalk:
            ids = crosswalk.resolve(identifiers(0, 1000 + n))
            crosswalk.commit()
            return np.asarray(ids[:1000]).copy()

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(run, range(4))
    assert all((other == first).all() for other in others)
    assert len(np.unique(first, axis=0)) == 1000
    with Crosswalk(store, ring, "sde", "sasid") as crosswalk:
        assert crosswalk.people == 1003
        assert (crosswalk.resolve(identifiers(0, 1000)) == first).all()
        assert crosswalk.commit().people == 1003
