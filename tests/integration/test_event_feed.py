"""The feed of a real deployment, on a local folder and on Azurite, from drop to rows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from enclave.cli.main import app
from enclave.deployment import Deployment
from enclave.settings import EnclaveSettings
from enclave.steps import destroy_due
from enclave.steps.feed import governance_head, open_feed, publish_feed, tell
from enclave.steps.load import load_all
from enclave.zones import Zone
from governance.audit import Checkpoint, sign_checkpoint
from governance.errors import ObjectStoreError
from governance.event_feed import FeedPosition, FeedReading, batch_key, read_feed, view_of
from governance.signing import LocalSigner
from governance.stored_ledger import LATEST_CHECKPOINT, checkpoint_key
from tests.lib.deployments import NOW, csv_rows, drop, make_deployment, write_csv


def _azure(settings: EnclaveSettings) -> dict[str, Any]:
    return settings.model_dump(include={"storage", "azure_connection_string", "container_prefix"})


@pytest.fixture(params=["local", "azure"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """The example feed, once on disk and once in Azurite."""
    settings: dict[str, Any] = {}
    if request.param == "azure":
        settings = _azure(request.getfixturevalue("settings_azure"))
    made = make_deployment(tmp_path / "feed", **settings)
    yield made
    made.store.close()


def read(deployment: Deployment, since: FeedPosition | None = None) -> FeedReading:
    policy, keys = deployment.zones.store(Zone.POLICY), deployment.ledger.keys
    return read_feed(policy, keys) if since is None else read_feed(policy, keys, since)


def ignore(stage: str, rows: int) -> None:
    """Progress nobody looks at."""


def test_what_a_load_does_stands_in_the_feed(deployment: Deployment, tmp_path: Path) -> None:
    rows = csv_rows(40)
    drop(deployment, write_csv(tmp_path / "good.csv", rows), period="2025")
    load_all(deployment, ignore)
    first = read(deployment)
    assert first.stop is None
    assert first.position.through == max(e.seq for e in deployment.ledger.entries())

    drop(deployment, write_csv(tmp_path / "again.csv", rows), period="2025")
    bad = [row.replace("2009-", "not a date-") for row in csv_rows(10, start=50)]
    drop(deployment, write_csv(tmp_path / "bad.csv", bad), period="2026")
    load_all(deployment, ignore)
    later = replace(deployment, now=lambda: deployment.now() + timedelta(days=30))
    destroyed = destroy_due(later)
    publish_feed(later, daily=True)

    reading = read(deployment, first.position)
    assert reading.stop is None
    shown = view_of((*first.batches, *reading.batches))
    by_state = {s.state: s for s in shown.submissions.values()}
    assert set(by_state) == {"landed", "duplicate", "rejected"}
    assert by_state["landed"].rows_landed == 40
    assert by_state["rejected"].failed_pct == 100.0
    assert sum(by_state["rejected"].codes.values()) >= 10
    assert by_state["duplicate"].duplicate_of == by_state["landed"].id
    (health,) = shown.health()
    assert (health.submissions, health.duplicates, health.rejected) == (3, 1, 1)
    assert len(shown.destructions) == len(destroyed) >= 3
    assert all(len(d.certificate_sha256) == 64 and d.due_on for d in shown.destructions)
    assert not any(e.withheld for b in reading.batches for e in b.events)


def test_a_policy_zone_that_cannot_be_written_stops_no_step(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = deployment.zones.store(Zone.POLICY)

    def refuse(*_: object, **__: object) -> None:
        raise ObjectStoreError("Read only.")

    with monkeypatch.context() as patch:
        patch.setattr(policy, "put", refuse)
        drop(deployment, write_csv(tmp_path / "good.csv", csv_rows(40)))
        (outcome,) = load_all(deployment, ignore)
        assert outcome.state == "landed"
        with pytest.raises(ObjectStoreError):
            publish_feed(deployment, daily=True)
    assert read(deployment).batches == ()
    tell(deployment)
    assert read(deployment).position.through == max(e.seq for e in deployment.ledger.entries())
    assert open_feed(deployment).verify(deployment.ledger.keys).stop is None


def test_the_night_s_checkpoint_names_the_last_head_seen_of_the_other_chain(
    deployment: Deployment,
) -> None:
    policy = deployment.zones.store(Zone.POLICY)
    assert governance_head(policy) == ""
    signer, head = LocalSigner.generate(), "cd" * 32
    other = Checkpoint("governance", 7, "ab" * 32, head, NOW)
    folder = "ledger/governance"
    policy.put(f"{folder}/{checkpoint_key(7)}", sign_checkpoint(other, signer).to_json())
    policy.put(f"{folder}/{LATEST_CHECKPOINT}", b'{"size":7}')
    deployment.ledger.append("agreement:expired", "agreement/x", {"ends_on": "2026-01-01"})
    publish_feed(deployment, daily=True)
    made = deployment.ledger.checkpoint()
    assert made is not None
    assert made.other_head == head
    policy.put(f"{folder}/{LATEST_CHECKPOINT}", b'{"size":8}')
    assert governance_head(policy) == ""


def test_the_command_line_publishes_verifies_and_mends(tmp_path: Path) -> None:
    deployment = make_deployment(tmp_path / "feed")
    home = ["--home", str(deployment.home), "--json"]
    run = CliRunner().invoke
    published = run(app, ["feed", "publish", *home])
    assert published.exit_code == 0, published.output
    assert json.loads(published.output)["batch"] == 1
    assert json.loads(run(app, ["feed", "verify", *home]).output)["verified"] is True
    deployment.zones.store(Zone.POLICY).put(batch_key(1), b"{}")
    broken = run(app, ["feed", "verify", *home])
    assert broken.exit_code == 1
    assert json.loads(broken.output)["stopped"]["rule"] == "feed.signature"
    assert "DOES NOT" in run(app, ["feed", "verify", "--home", str(deployment.home)]).output
    assert json.loads(run(app, ["feed", "publish", *home]).output)["copied"] == 1
    assert run(app, ["feed", "verify", *home]).exit_code == 0
