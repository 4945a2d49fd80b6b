"""Feeds as read from a deployment's schemas: names, order, what cannot be used."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from enclave.feeds import Feed, UnreadableFeed, load_feeds
from tests.lib.dag_description import ROOT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    return tmp_path


def _change(path: Path, change: Any) -> None:
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def test_a_dataset_waits_for_those_it_refers_to(home: Path) -> None:
    def refer(contract: dict[str, Any]) -> None:
        contract["schema"][0].setdefault("quality", []).append(
            {
                "name": "enrolled",
                "type": "custom",
                "engine": "enclave",
                "implementation": {
                    "kind": "reference",
                    "columns": ["student_id"],
                    "toDataset": "sde/enrollment",
                    "toColumns": ["student_id"],
                },
            }
        )

    _change(home / "schemas/datasets/sde/graduation.yaml", refer)
    feed = next(feed for feed in load_feeds(home) if feed.name == "sde__mou_2024_03")
    assert isinstance(feed, Feed), feed
    assert {dataset.name: dataset.after for dataset in feed.datasets} == {
        "enrollment": (),
        "graduation": ("enrollment",),
    }


def test_two_agreements_of_one_name_run_neither(home: Path) -> None:
    first = home / "schemas/agreements/sde-longitudinal.yaml"
    shutil.copy(first, first.with_name("sde-again.yaml"))
    mine = [feed for feed in load_feeds(home) if "sde" in feed.name]
    assert len(mine) == 2
    assert all(isinstance(feed, UnreadableFeed) for feed in mine)
    assert len({feed.name for feed in mine}) == 2


def test_a_broken_contract_stops_its_own_feed_only(home: Path) -> None:
    (home / "schemas/datasets/dol/quarterly_wages.yaml").write_text("schema: [")
    kinds = {feed.name: type(feed) for feed in load_feeds(home)}
    assert kinds["sde__mou_2024_03"] is Feed
    assert kinds["unreadable__dol_wages_and_training"] is UnreadableFeed
