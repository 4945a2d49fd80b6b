"""Every DAG parses, is listed, and has what an operator needs to run it."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lib.dag_description import ROOT, describe_dags

DAILY = {
    "daily__expiry": "daily.py",
    "daily__destruction": "retention.py",
    "daily__governance": "governance_daily.py",
}
pytestmark = pytest.mark.xdist_group("dags_parse")


def _copy_schemas(home: Path) -> Path:
    shutil.copytree(ROOT / "schemas", home / "schemas")
    return home


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DAGs of a deployment with the schemas that come with the product."""
    return describe_dags(_copy_schemas(tmp_path_factory.mktemp("shipped")))


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DAGs of a deployment with an ended, a misspelt and a contractless agreement."""
    home = _copy_schemas(tmp_path_factory.mktemp("odd"))
    agreements = home / "schemas" / "agreements"
    ended = (agreements / "sde-longitudinal.yaml").read_text()
    ended = re.sub(r"endsOn: \S+", "endsOn: 2024-07-31", ended)
    (agreements / "sde-longitudinal.yaml").write_text(ended)
    wages = (agreements / "dol-wages-and-training.yaml").read_text()
    (agreements / "dol-wages-and-training.yaml").write_text(wages.replace("schedule:", "skedule:"))
    shutil.rmtree(home / "schemas" / "datasets" / "cscu")
    return describe_dags(home)


def _tasks(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{dag_id}.{task_id}", task)
        for dag_id, dag in described["dags"].items()
        for task_id, task in dag["tasks"].items()
    ]


def test_every_file_parses_without_the_data_plane_and_in_under_a_second(
    shipped: dict[str, Any],
) -> None:
    assert shipped["errors"] == {}
    assert shipped["heavy"] == []
    # Processor time, because a busy machine stretches the other.
    assert shipped["cpu_seconds"] < 1.0


def test_there_is_one_dag_for_each_agreement_and_the_daily_ones(shipped: dict[str, Any]) -> None:
    agreements = [
        yaml.safe_load(path.read_text()) for path in (ROOT / "schemas/agreements").glob("*.yaml")
    ]
    expected = set(DAILY)
    for agreement in agreements:
        parts = re.split(r"[^a-z0-9]+", agreement["id"].lower())
        short = "_".join(part for part in parts if part != agreement["agency"])
        expected.add(f"feed__{agreement['agency']}__{short}")
    assert set(shipped["dags"]) == expected
    assert len(agreements) >= 3


def test_every_python_file_defines_dags_or_is_ignored(shipped: dict[str, Any]) -> None:
    ignored = set((ROOT / "dags/.airflowignore").read_text().splitlines())
    parsed = {dag["file"] for dag in shipped["dags"].values()}
    assert {path.name for path in (ROOT / "dags").glob("*.py")} - ignored == parsed


def test_every_dag_says_what_it_does_and_runs_on_the_legal_calendar(
    shipped: dict[str, Any],
) -> None:
    for dag_id, dag in shipped["dags"].items():
        assert len(dag["doc_md"]) > 100, dag_id
        assert dag["tags"], dag_id
        assert dag["catchup"] is False, dag_id
        assert dag["max_active_runs"] == 1, dag_id
        assert dag["timezone"] == "America/New_York", dag_id


def test_every_task_has_owner_time_limit_retries_with_backoff_and_a_failure_callback(
    shipped: dict[str, Any],
) -> None:
    for name, task in _tasks(shipped):
        assert task["owner"] not in {"", "airflow"}, name
        assert task["timeout"] > 0, name
        assert task["retries"] >= 1, name
        assert task["backoff"] > 1, name
        assert task["callbacks"] == ["dags.failures.log_failure"], name


def test_a_feed_follows_its_agreement(shipped: dict[str, Any]) -> None:
    agreement = yaml.safe_load((ROOT / "schemas/agreements/sde-longitudinal.yaml").read_text())
    dag = shipped["dags"]["feed__sde__mou_2024_03"]
    assert dag["cron"] == agreement["schedule"]["cron"]
    assert agreement["id"] in dag["tags"]
    for clause in agreement["clauses"]:
        assert f"**{clause['id']}** {clause['title']}" in dag["doc_md"]
    datasets = [terms["dataset"] for terms in agreement["datasets"]]
    assert set(dag["tasks"]) == {"wait_for_drop"} | {
        f"{dataset}.{step}"
        for dataset in datasets
        for step in ("receive", "submission.process", "submission.land", "submission.report")
    }
    assert all(
        task["owner"] == "Data stewards, State Department of Education"
        for task in dag["tasks"].values()
    )


def test_landing_tells_the_asset_of_its_own_table_and_no_other_task_does(
    shipped: dict[str, Any],
) -> None:
    tasks = shipped["dags"]["feed__dol__mou_2025_01"]["tasks"]
    wages = "curated_dol__quarterly_wages"
    assert tasks["quarterly_wages.submission.land"]["outlets"] == [
        [wages, f"enclave://curated/{wages}"]
    ]
    assert all(
        not task["outlets"]
        for name, task in _tasks(shipped)
        if not name.endswith("submission.land")
    )


def test_an_ended_agreement_stays_visible(odd: dict[str, Any]) -> None:
    assert "to 2024-07-31" in odd["dags"]["feed__sde__mou_2024_03"]["doc_md"]


def test_an_agreement_nobody_can_use_is_seen_with_its_reason(odd: dict[str, Any]) -> None:
    misspelt = odd["dags"]["feed__unreadable__dol_wages_and_training"]
    assert "skedule" in misspelt["doc_md"]
    contractless = odd["dags"]["feed__unreadable__cscu_enrollment_and_degrees"]
    assert "no contract for dataset enrollment" in contractless["doc_md"]
    assert odd["errors"] == {}
