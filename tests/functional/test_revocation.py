"""A running query is stopped within seconds of what is published; the next is judged by it."""

import getpass
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enclave.adapters.duckdb_engine import QueryLimits, SubprocessRunner
from enclave.deployment import Deployment
from enclave.errors import LakeError, QueryStoppedError
from enclave.steps import query as query_step
from enclave.steps.query import ask, trust_root
from enclave.zones import Zone
from governance.decisions import AccessDeniedError
from governance.errors import ConfigurationError
from governance.grants import (
    Account,
    BundleRefusedError,
    GrantBundle,
    OutputRule,
    Revocation,
    publish_bundle,
    publish_people,
    publish_root,
    sign_bundle,
    sign_people,
)
from governance.signing import LocalSigner
from tests.lib.deployments import NOW, csv_rows, drop, load, make_deployment, write_csv
from tests.lib.grants import Keys, build_dataset, build_grant, build_people, build_person

PROJECT = "p20-q0042"
SQL = "SELECT grade, COUNT(*), COUNT(DISTINCT person_id) FROM enrollment GROUP BY grade"
KEYS = Keys(expires_at=NOW + timedelta(days=300))
ROOT = Path(__file__).parents[2]
SECONDS = 10.0
"""From publication to the refusal at the caller; the watch looks every second."""


def grant(version: int, **changes: Any) -> GrantBundle:
    facts: dict[str, Any] = {
        "issued_at": NOW - timedelta(minutes=1),
        "expires_at": NOW + timedelta(days=6),
        "datasets": (build_dataset(columns=("grade", "year", "amount")),),
        "output": OutputRule(minimum_cell_count=2, minimum_denominator=2, clause="DSA §9"),
    }
    return build_grant(version=version, **(facts | changes))


def publish(deployment: Deployment, bundle: GrantBundle, keys: Keys = KEYS) -> None:
    policy = deployment.zones.store(Zone.POLICY)
    publish_bundle(policy, sign_bundle(bundle, keys.signer), root=keys.root(), now=NOW)


def publish_accounts(deployment: Deployment, version: int, person: str | None) -> None:
    accounts = (
        ()
        if person is None
        else (Account(account=getpass.getuser(), person=person, valid_from=NOW.date()),)
    )
    people = build_people(
        version=version, accounts=accounts, issued_at=NOW, expires_at=NOW + timedelta(days=30)
    )
    policy = deployment.zones.store(Zone.POLICY)
    publish_people(policy, sign_people(people, KEYS.signer), root=KEYS.root(), now=NOW)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Landed rows, a trusted root, a people mapping and a grant; queries that take minutes."""
    made = make_deployment(tmp_path / "home")
    drop(made, write_csv(tmp_path / "rows.csv", csv_rows(40)))
    load(made)
    trust_root(made, KEYS.envelope().to_json())
    publish_accounts(made, 1, "p-ruiz")
    publish(made, grant(1))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield made
    made.store.close()


def make_slow(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    def runner(
        deployment: Deployment, on_wait: Callable[[], None] = lambda: None
    ) -> SubprocessRunner:
        return SubprocessRunner(
            deployment.lake.dataset,
            opener="tests.lib.slow_tables:open_repeated",
            arguments={"home": str(deployment.home), "times": str(times)},
            limits=QueryLimits(memory_mb=256, threads=1, seconds=600),
            on_wait=on_wait,
        )

    monkeypatch.setattr(query_step, "_runner", runner)


@contextmanager
def meanwhile(act: Callable[[], object], after_seconds: float) -> Iterator[list[float]]:
    """Do something while the block runs; when it was done."""
    done: list[float] = []

    def run() -> None:
        act()
        done.append(time.monotonic())

    timer = threading.Timer(after_seconds, run)
    timer.start()
    try:
        yield done
    finally:
        timer.join()


def tags(deployment: Deployment) -> list[str]:
    return [e.tag for e in deployment.ledger.entries() if e.tag.startswith("query:")]


REVOKED = grant(2, revoked=Revocation(on=NOW.date(), reason="The terms were broken."))
STOPS: dict[str, tuple[Callable[[Deployment], None], str]] = {
    "revocation": (lambda d: publish(d, REVOKED), "grant.revoked"),
    "a person left": (lambda d: publish(d, grant(2, people=())), "grant.names_person"),
    "a dataset taken out": (
        lambda d: publish(d, grant(2, datasets=(build_dataset(dataset="dol/wages"),))),
        "dataset.granted",
    ),
    "fewer years": (
        lambda d: publish(
            d, grant(2, datasets=(build_dataset(columns=("grade", "year"), years=(2025,)),))
        ),
        "grant.changed",
    ),
    "a sign-in withdrawn": (lambda d: publish_accounts(d, 2, None), "person.mapped"),
}


@pytest.mark.parametrize("case", STOPS)
def test_a_running_query_is_stopped_within_seconds(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    act, rule = STOPS[case]
    make_slow(monkeypatch, 500_000)
    with (
        meanwhile(lambda: act(deployment), 2.0) as published,
        pytest.raises(QueryStoppedError) as caught,
    ):
        ask(deployment, project=PROJECT, sql=SQL)
    assert published
    assert time.monotonic() - published[0] < SECONDS
    assert rule in {d.rule for d in caught.value.decision.denials}
    assert all(d.reason and d.remedy and d.clause for d in caught.value.decision.denials)
    assert tags(deployment) == ["query:stopped"]
    entry = next(e for e in deployment.ledger.entries() if e.tag == "query:stopped")
    facts = deployment.ledger.facts(entry)
    assert facts is not None
    assert (facts["person"], facts["version"]) == ("p-ruiz", 1)

    monkeypatch.undo()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if rule == "grant.changed":
        assert ask(deployment, project=PROJECT, sql=SQL).rows
    else:
        with pytest.raises(AccessDeniedError) as after:
            ask(deployment, project=PROJECT, sql=SQL)
        assert rule in {d.rule for d in after.value.decision.denials}


def test_a_grant_published_anew_without_a_change_lets_the_query_run_on(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_slow(monkeypatch, 3_000)
    later = grant(2, people=(build_person(), build_person(id="p-okafor", name="Ada Okafor")))
    with meanwhile(lambda: publish(deployment, later), 0.5) as published:
        answer = ask(deployment, project=PROJECT, sql=SQL)
    assert published
    assert len(answer.rows) == 4
    assert tags(deployment) == ["query:answered"]


def test_what_is_published_after_the_run_but_before_the_answer_leaves_counts(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SubprocessRunner.run

    def run_then_revoke(self: SubprocessRunner, plan: Any) -> Any:
        results = original(self, plan)
        publish(deployment, REVOKED)
        return results

    monkeypatch.setattr(SubprocessRunner, "run", run_then_revoke)
    with pytest.raises(QueryStoppedError, match="terms were broken"):
        ask(deployment, project=PROJECT, sql=SQL)
    assert tags(deployment) == ["query:stopped"]


def test_a_signer_that_a_new_root_withdraws_stops_its_queries(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = deployment.zones.store(Zone.POLICY)
    successor = KEYS.envelope(2, signer_keys=[LocalSigner.derive(b"n" * 32).public_key])
    make_slow(monkeypatch, 500_000)
    with (
        meanwhile(
            lambda: publish_root(policy, successor, trusted=KEYS.root(), now=NOW), 1.5
        ) as published,
        pytest.raises(QueryStoppedError) as caught,
    ):
        ask(deployment, project=PROJECT, sql=SQL)
    assert time.monotonic() - published[0] < SECONDS
    assert {d.rule for d in caught.value.decision.denials} == {"bundle.signature"}
    with pytest.raises(BundleRefusedError):
        ask(deployment, project=PROJECT, sql=SQL)


def test_a_bundle_that_grows_stale_while_the_query_runs_lets_nothing_leave(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [NOW]
    moving = _with_clock(deployment, clock)
    original = SubprocessRunner.run

    def run_for_days(self: SubprocessRunner, plan: Any) -> Any:
        results = original(self, plan)
        clock[0] = NOW + timedelta(days=7)
        return results

    monkeypatch.setattr(SubprocessRunner, "run", run_for_days)
    with pytest.raises(QueryStoppedError) as caught:
        ask(moving, project=PROJECT, sql=SQL)
    assert {d.rule for d in caught.value.decision.denials} == {"bundle.fresh"}


def _with_clock(deployment: Deployment, clock: list[Any]) -> Deployment:
    return replace(deployment, now=lambda: clock[0])


def test_a_question_without_a_disclosure_rule_is_in_the_ledger_too(
    deployment: Deployment,
) -> None:
    """An agreement that was taken out takes its rule along: silence refuses, and it is told."""
    without = replace(deployment, agreements={})

    with pytest.raises(ConfigurationError, match="disclosure rule"):
        ask(without, project=PROJECT, sql=SQL)

    last = [e for e in deployment.ledger.entries() if e.tag == "query:failed"][-1]
    facts = deployment.ledger.facts(last) or {}
    assert facts["code"] == ConfigurationError.code


def test_a_question_of_a_table_that_cannot_be_read_is_in_the_ledger_too(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LakeError("the log does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(deployment.lake, "state", refuse)
        with pytest.raises(LakeError):
            ask(deployment, project=PROJECT, sql=SQL)

    last = list(deployment.ledger.entries())[-1]
    assert last.tag == "query:failed"
    assert (deployment.ledger.facts(last) or {})["code"] == LakeError.code


def put_back(deployment: Deployment, key: str) -> Callable[[], None]:
    """Whoever can write the policy zone puts an older document back, with every signature right."""
    policy = deployment.zones.store(Zone.POLICY)
    older = policy.read(key)

    def act() -> None:
        policy.put(key, older)

    return act


@pytest.mark.parametrize("what", [f"grants/{PROJECT}", "people"])
def test_an_older_document_put_back_opens_nothing_and_stops_what_runs(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    restore = put_back(deployment, f"{what}/current.json")
    if what == "people":
        publish_accounts(deployment, 2, "p-ruiz")
    else:
        publish(deployment, grant(2))
    assert ask(deployment, project=PROJECT, sql=SQL).rows
    make_slow(monkeypatch, 500_000)
    with meanwhile(restore, 1.5) as done, pytest.raises(QueryStoppedError) as caught:
        ask(deployment, project=PROJECT, sql=SQL)
    assert time.monotonic() - done[0] < SECONDS
    assert {d.rule for d in caught.value.decision.denials} == {"bundle.rollback"}
    with pytest.raises(BundleRefusedError) as after:
        ask(deployment, project=PROJECT, sql=SQL)
    assert after.value.rule == "bundle.rollback"
