"""The state of submissions on SQLite and PostgreSQL: unique drops, guarded changes, one winner."""

import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from enclave.deployment import init_deployment
from enclave.errors import SubmissionNotFoundError
from enclave.steps.submit import submit_file
from enclave.store import Submission, SubmissionState, SubmissionStore, as_utc
from enclave.store.submissions import StateError, StoreError
from tests.lib.graduates import write_graduates

WORKERS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.sqlite'}"
    server: str = request.getfixturevalue("postgres_url")
    name = f"store_{secrets.token_hex(6)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture
def open_store(database_url: str) -> Iterator[Callable[[], SubmissionStore]]:
    """Opens further stores over the same database, as other processes would."""
    opened: list[SubmissionStore] = []

    def open_one() -> SubmissionStore:
        opened.append(SubmissionStore(database_url))
        return opened[-1]

    open_one().create()
    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], SubmissionStore]) -> SubmissionStore:
    return open_store()


def submission(**fields: Any) -> Submission:
    values: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "agency": "sde",
        "dataset": "enrollment",
        "period": "2026",
        "revision": 1,
        "state": SubmissionState.RECEIVED,
        "subject": "enrollment",
        "drop_mark": secrets.token_hex(32),
        "size_bytes": 10,
        "sha256": "0" * 64,
        "agreement_id": "MOU-TEST-1",
        "agreement_version": "1.0",
        "contract_version": "1.0.0",
        "received_at": datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        "facts": {"findings": []},
    }
    return Submission(**values | fields)


def at_once(work: Callable[[int], object], workers: int = WORKERS) -> list[object]:
    """What each of some threads that start together returned or raised, in their order."""
    barrier = threading.Barrier(workers)
    results: list[object] = [None] * workers

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = work(index)
        except Exception as error:  # noqa: BLE001  the test looks at it
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_what_is_added_is_found(store: SubmissionStore) -> None:
    added = submission(facts={"dialect": {"delimiter": ","}})
    assert store.add(added)

    found = store.get(added.id)

    assert found.facts == {"dialect": {"delimiter": ","}}
    assert as_utc(found.received_at) == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert found.reported_at is None
    assert (found.rows_read, found.rows_landed) == (0, 0)
    assert store.get(added.id[:8]).id == added.id
    assert [s.id for s in store.by_drop(added.drop_mark)] == [added.id]


def test_a_prefix_that_two_share_finds_nothing(store: SubmissionStore) -> None:
    store.add(submission(id="a" * 8 + "1" * 24))
    with pytest.raises(SubmissionNotFoundError):
        store.get("%" * 8)
    store.add(submission(id="a" * 8 + "2" * 24))

    for named in ("a" * 8, "a" * 7, "b" * 8, ""):
        with pytest.raises(SubmissionNotFoundError):
            store.get(named)
    assert store.get("a" * 8 + "1").id == "a" * 8 + "1" * 24


def test_lists_are_narrowed_and_oldest_first(store: SubmissionStore) -> None:
    differences: tuple[dict[str, Any], ...] = (
        {"period": "2027"},
        {"period": "2026"},
        {"agency": "dol"},
        {"state": SubmissionState.LANDED},
    )
    for day, fields in enumerate(differences):
        store.add(submission(received_at=datetime(2026, 11, 22 - day, tzinfo=UTC), **fields))

    assert len(store.list()) == 4
    received = [as_utc(s.received_at) for s in store.list()]
    assert received == sorted(received)
    assert [s.agency for s in store.list(agency="dol")] == ["dol"]
    assert len(store.list(agency="sde", dataset="enrollment", period="2026")) == 2
    assert [s.state for s in store.list(states=(SubmissionState.LANDED,))] == ["landed"]


def test_one_drop_is_recorded_once_a_dataset(store: SubmissionStore) -> None:
    first = submission()
    assert store.add(first)
    assert not store.add(submission(drop_mark=first.drop_mark))
    assert store.add(submission(drop_mark=first.drop_mark, dataset="graduation"))
    assert not store.add(submission(id=first.id)), "an id is taken once"
    assert len(store.by_drop(first.drop_mark)) == 2


def test_who_adds_the_same_drop_at_once_adds_it_once(
    open_store: Callable[[], SubmissionStore],
) -> None:
    key = "sde/enrollment/one"
    stores = [open_store() for _ in range(WORKERS)]

    added = at_once(lambda index: stores[index].add(submission(drop_mark=key)))

    assert sorted(map(str, added)) == ["False"] * (WORKERS - 1) + ["True"]
    assert len(stores[0].by_drop(key)) == 1


def test_a_change_is_guarded_by_where_it_begins(store: SubmissionStore) -> None:
    added = submission(facts={"a": 1})
    store.add(added)

    changed = store.change(
        added.id,
        expected=(SubmissionState.RECEIVED,),
        state=SubmissionState.PASSED,
        rows_read=7,
        facts={"b": 2},
    )

    assert (changed.state, changed.rows_read, changed.facts) == ("passed", 7, {"a": 1, "b": 2})
    with pytest.raises(StateError) as caught:
        store.change(added.id, expected=(SubmissionState.RECEIVED,), rows_read=8)
    assert caught.value.facts == {"submission": added.id, "state": "passed"}
    assert store.get(added.id).rows_read == 7
    with pytest.raises(SubmissionNotFoundError):
        store.change("nobody", expected=(SubmissionState.RECEIVED,))


def test_of_many_changes_at_once_one_wins(open_store: Callable[[], SubmissionStore]) -> None:
    """Several rounds: a guard that reads before it locks lets two through now and then."""
    stores = [open_store() for _ in range(WORKERS)]
    for _ in range(10):
        added = submission()
        stores[0].add(added)

        def change(index: int, added: Submission = added) -> int:
            changed = stores[index].change(
                added.id,
                expected=(SubmissionState.RECEIVED,),
                state=SubmissionState.PASSED,
                rows_read=index,
            )
            return changed.rows_read

        results = at_once(change)

        winners = [result for result in results if isinstance(result, int)]
        assert len(winners) == 1, results
        assert sum(isinstance(result, StateError) for result in results) == WORKERS - 1, results
        assert stores[0].get(added.id).rows_read == winners[0]


def test_facts_changed_at_once_are_all_kept(open_store: Callable[[], SubmissionStore]) -> None:
    stores = [open_store() for _ in range(WORKERS)]
    added = submission(facts={})
    stores[0].add(added)

    results = at_once(
        lambda index: stores[index].change(
            added.id, expected=(SubmissionState.RECEIVED,), facts={str(index): index}
        )
    )

    assert not [result for result in results if isinstance(result, Exception)]
    assert stores[0].get(added.id).facts == {str(index): index for index in range(WORKERS)}


def test_a_missing_table_is_said_without_parameters(database_url: str) -> None:
    store = SubmissionStore(database_url)
    try:
        for call in (
            store.list,
            lambda: store.get("canary-7391"),
            lambda: store.add(submission(drop_mark="canary-7391")),
            lambda: store.change("canary-7391", expected=()),
        ):
            with pytest.raises(StoreError) as caught:
                call()
            assert "canary" not in str(caught.value)
            assert caught.value.__cause__ is None
    finally:
        store.close()


RECEIVER = """
import sys, time
from pathlib import Path
from enclave.deployment import open_deployment
from enclave.steps import receive_drops

home, gate, ready = map(Path, sys.argv[1:])
deployment = open_deployment(home)
ready.touch()
while not gate.exists():
    time.sleep(0.002)
print(*receive_drops(deployment, "MOU-SDE-2024-03"))
"""


def test_two_processes_receive_one_drop_once(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCLAVE_DATABASE_URL", database_url)
    deployment = init_deployment(tmp_path / "home")
    path = write_graduates(tmp_path / "SDE_graduation_2022-23_v1.csv", rows=20, failing=0)
    for _ in range(2):  # the same file in two drops: one is the load, one is the duplicate
        submit_file(deployment, path, agency="sde", dataset="graduation")
    gate = tmp_path / "gate"
    ready = [tmp_path / f"ready-{number}" for number in range(2)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RECEIVER, str(tmp_path / "home"), str(gate), str(sign)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for sign in ready
    ]
    while not all(sign.exists() for sign in ready):
        assert all(process.poll() is None for process in processes), "a receiver ended early"
    gate.touch()
    said = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    received = deployment.store.list()
    assert sorted(s.state for s in received) == ["duplicate", "received"]
    assert len({s.drop_mark for s in received}) == 2
    waiting = next(s.id for s in received if s.state == "received")
    assert [out.split() for out, _ in said] == [[waiting], [waiting]]
    subjects = [e.subject for e in deployment.ledger.entries() if "submission/" in e.subject]
    assert sorted(set(subjects)) == sorted(f"submission/{s.id}" for s in received)
    assert deployment.ledger.verify().verified
    deployment.store.close()
