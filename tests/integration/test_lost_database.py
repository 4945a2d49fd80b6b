"""The database of submissions is an index: lost, it is made anew from the landing zone."""

from pathlib import Path

from enclave.deployment import Deployment, open_deployment
from enclave.doctor import mend
from enclave.zones import Zone
from tests.lib.deployments import arrange, csv_rows, drop, landed, load, make_deployment, write_csv


def _history(deployment: Deployment) -> list[tuple[str, str]]:
    return [(str(entry.tag), entry.subject) for entry in deployment.ledger.entries()]


def test_a_lost_database_is_made_anew_and_nothing_lands_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deployment = make_deployment(home)
    rows = csv_rows(50)
    rows[7] = rows[7].replace("2009-", "x-")
    drop(deployment, write_csv(tmp_path / "a.csv", rows), period="2025")
    drop(deployment, write_csv(tmp_path / "b.csv", csv_rows(40)), period="2026")
    load(deployment)
    drop(deployment, write_csv(tmp_path / "c.csv", csv_rows(45)), period="2026", revision=2)
    load(deployment)
    before = {s.id: s.state for s in deployment.store.list()}
    people = sorted(row["person_id"] for row in landed(deployment))
    table = next(iter(deployment.contracts.values())).table
    versions = len(deployment.lake.history(table))
    said = _history(deployment)
    deployment.store.close()
    for file in home.glob("state.sqlite*"):
        file.unlink()

    assert mend(home) == ["The tables submissions were made, empty."]
    again = arrange(open_deployment(home))
    load(again)

    assert {s.id: s.state for s in again.store.list()} == before
    assert sorted(before.values()) == ["landed", "landed", "superseded"]
    assert sorted(row["person_id"] for row in landed(again)) == people
    assert len(again.lake.history(table)) == versions
    more = _history(again)[len(said) :]
    assert {tag for tag, _ in more} <= {"receipt:issued"}, "receipts are written anew, no more"
    assert again.ledger.verify().verified
    assert len(list(again.zones.store(Zone.QUARANTINE).list())) == 1
    assert list(again.zones.store(Zone.STAGING).list()) == []
    again.store.close()
