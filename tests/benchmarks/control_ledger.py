"""How fast the control plane's chain is verified: `python -m tests.benchmarks.control_ledger`.

Prints JSON: events a second over 100,000 entries, on SQLite and, where there is a server, on
PostgreSQL. `chain`: hashes and links, streamed from the database; `chain_and_checkpoint`: with the
Merkle root too; `everything`: facts, places and lists as well; `append`: one event a transaction.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from governance.audit import verify_rows
from governance.audit.tags import Tag
from governance.services import ledger
from governance.services.recording import Noted
from governance.store.chain_rows import stream_rows
from tests.lib.postgres import run_postgres
from tests.lib.programme import Office

EVENTS = 100_000
BATCH = 2_000
SINGLE = 200


def measure(office: Office, events: int) -> dict[str, Any]:
    """Fill the ledger and verify it."""
    p, at = office.programme, office.clock()
    began = time.perf_counter()
    for start in range(0, events, BATCH):
        noted = [
            Noted(
                tag=Tag.REMINDER_SENT, subject=f"Q{n % 5000:04d}", at=at, by="clock",
                facts={"to": "p-ruiz", "kind": "action_waiting", "number": n},
            )
            for n in range(start, min(start + BATCH, events))
        ]  # fmt: skip
        with p.store.begin() as unit:
            unit.append("programme", "programme", noted, based_on=None, actor="clock")
    found: dict[str, Any] = {"filled": rate(events, began)}
    began = time.perf_counter()
    for n in range(SINGLE):
        event = Noted(tag=Tag.REMINDER_SENT, subject="Q0001", at=at, by="clock", facts={"n": n})
        with p.store.begin() as unit:
            unit.append("body", f"bench{n}", (event,), based_on=0, actor="clock")
    found["append"] = rate(SINGLE, began)
    with p.store.read() as unit:
        began = time.perf_counter()
        report = verify_rows(stream_rows(unit))
        found["chain"] = rate(report.entries, began)
    assert report.verified
    began = time.perf_counter()
    p.settings.__dict__["checkpoint_every"] = 10**9
    anchor = ledger_checkpoint(office)
    with p.store.read() as unit:
        began = time.perf_counter()
        report = verify_rows(stream_rows(unit), checkpoints=[anchor])
        found["chain_and_checkpoint"] = rate(report.entries, began)
    assert report.last_checkpoint == report.entries
    began = time.perf_counter()
    report = ledger.verify(p)
    found["everything"] = rate(report.entries, began)
    assert report.verified, report.problems[:3]
    return found


def ledger_checkpoint(office: Office) -> Any:
    """A checkpoint in memory: writing 100,000 objects is another measure."""
    from governance.audit import Checkpoint
    from governance.audit.merkle import Frontier
    from governance.store.chain_rows import read_hashes, read_head

    frontier = Frontier()
    with office.programme.store.read() as unit:
        head = read_head(unit)
        for own in read_hashes(unit, 0, head.seq):
            frontier.append(own)
    at = office.clock()
    return Checkpoint("governance", head.seq, frontier.root().hex(), head.hash, at)


def rate(events: int, began: float) -> int:
    """Events a second."""
    return round(events / (time.perf_counter() - began))


def main() -> None:
    """Measure on both databases."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    found: dict[str, Any] = {"events": events}
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder))
        found["sqlite"] = measure(office, events)
        office.programme.close()
    with tempfile.TemporaryDirectory() as folder, run_postgres() as url:
        office = Office(Path(folder), url)
        found["postgresql"] = measure(office, events)
        office.programme.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
