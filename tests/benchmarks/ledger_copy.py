"""How fast the board's ledger is copied outside: `python -m tests.benchmarks.ledger_copy`.

Prints JSON: the same chain copied in segments, as the product does, and with one object an entry
and one for its facts, as it did before; then each copy verified as anybody outside would. On a
local folder, and in blob storage where Azurite is there. Of the old layout only the first
`SINGLE` entries are written, so that the benchmark ends; rates are entries a second.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from governance.audit.tags import Tag
from governance.canonical import canonical_json
from governance.objects import ObjectStore
from governance.objects.local import LocalFolderStore
from governance.objects.opening import open_container
from governance.services import Programme
from governance.services.ledger_copy import copy_store, known_keys, make_checkpoint
from governance.services.recording import Noted
from governance.store import chain_rows as rows
from governance.stored_ledger import entry_key, payload_key, verify_stored
from tests.lib.azurite import run_azurite
from tests.lib.programme import Office

EVENTS = 100_000
SINGLE = 5_000
BATCH = 2_000


def fill(office: Office, events: int) -> None:
    """Entries with public facts."""
    for start in range(0, events, BATCH):
        noted = [
            Noted(tag=Tag.COST_RECORDED, subject="programme", at=office.clock(), by="p-office",
                  facts={"year": 2026, "heading": "Staff", "cents": n, "note": "A month."})
            for n in range(start, min(start + BATCH, events))
        ]  # fmt: skip
        with office.programme.store.begin() as unit:
            unit.append("programme", "programme", noted, based_on=None, actor="p-office")


def copy_singly(p: Programme, through: int) -> int:
    """One object an entry and one for its facts; how many entries."""
    store = copy_store(p)
    with p.store.read() as unit:
        for entry, salt, facts in rows.stream_with_payloads(unit, 0, through):
            document = f'{{"facts":{facts},"salt":"{salt}"}}'.encode()
            store.put(payload_key(entry.commitment), document)
            store.put(entry_key(entry.seq), canonical_json(entry.to_dict()), if_none_match=True)
    return through


def measure(p: Programme, segments: ObjectStore, single: ObjectStore) -> dict[str, Any]:
    """Both layouts in one kind of store."""
    found: dict[str, Any] = {}
    mine = replace(p, policy=segments)
    began = time.perf_counter()
    made = make_checkpoint(mine)
    assert made is not None
    found["segments"] = rate(made.size, began)
    found["segments_seconds"] = round(time.perf_counter() - began, 2)
    found["segments_objects"] = sum(1 for _ in segments.list("ledger/governance/"))
    began = time.perf_counter()
    report = verify_stored(copy_store(mine), known_keys(mine))
    assert report.verified, report.problems[:3]
    found["segments_verified"] = rate(report.entries, began)

    theirs = replace(p, policy=single)
    began = time.perf_counter()
    entries = copy_singly(theirs, min(SINGLE, made.size))
    found["one_object_an_entry"] = rate(entries, began)
    began = time.perf_counter()
    report = verify_stored(copy_store(theirs), {})
    assert report.entries == entries
    found["one_object_an_entry_verified"] = rate(entries, began)
    found["times_faster"] = round(found["segments"] / found["one_object_an_entry"], 1)
    return found


def rate(events: int, began: float) -> int:
    """Entries a second."""
    return round(events / (time.perf_counter() - began))


def main() -> None:
    """Measure on a folder and on blob storage."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    found: dict[str, Any] = {"events": events}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        office = Office(home / "office")
        fill(office, events)
        stores = (LocalFolderStore(home / name, name) for name in ("segments", "single"))
        found["folder"] = measure(office.programme, *stores)
        with run_azurite() as azurite:
            blobs = (
                open_container(
                    "policy", f"{name}-policy", account_url=None,
                    connection_string=azurite.connection_string, create=True,
                )
                for name in ("segments", "single")
            )  # fmt: skip
            found["azurite"] = measure(office.programme, *blobs)
        office.programme.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
