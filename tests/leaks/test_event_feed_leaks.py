"""Canaries in cells, header, file name, period and query: none of them is in the published feed."""

from pathlib import Path

from enclave.steps.feed import publish_feed
from enclave.steps.load import load_all
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from governance.event_feed import read_feed
from tests.lib.canaries import WORD, canaries_of, rows_of, write_canaries
from tests.lib.leaks import Needles
from tests.lib.real_inputs import open_home


def test_canaries_are_nowhere_in_the_feed(tmp_path: Path) -> None:
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts["sde/enrollment"]
    rows = rows_of(contract, 200, failing=3)
    needles = Needles(canaries_of(contract, rows), [WORD])
    extra = [f"{WORD}1,{WORD}"]
    good = write_canaries(tmp_path / f"{WORD}a.csv", contract, rows, extra=extra)
    odd = tmp_path / f"{WORD}b.csv"
    odd.write_text(f"{WORD}header\n{WORD}cell\n", encoding="utf-8")
    for path, period in ((good, f"{WORD}2026"), (odd, f"2026.{WORD}"), (good, "2026")):
        submit_file(deployment, path, agency="sde", dataset="enrollment", period=period)
    load_all(deployment, lambda stage, rows: None)
    deployment.ledger.append(
        "query:denied", "project/unknown", {"sql": WORD, "person": WORD, "rules": WORD}
    )
    deployment.ledger.append("person:left", WORD, {"person": WORD})
    publish_feed(deployment, daily=True)

    policy = deployment.zones.store(Zone.POLICY)
    reading = read_feed(policy, deployment.ledger.keys)
    assert reading.stop is None
    published = b"".join(b.model_dump_json().encode() for b in reading.batches)
    for tag in (b"submission:received", b"table:committed", b"receipt:issued", b'"denied":1'):
        assert tag in published
    assert needles.found_in(published) == set()
    for info in policy.list("feed/"):
        assert needles.found_in(policy.read(info.key)) == set()
    ledger = deployment.zones.store(Zone.LEDGER)
    for info in ledger.list("feed/"):
        assert needles.found_in(ledger.read(info.key)) == set()
