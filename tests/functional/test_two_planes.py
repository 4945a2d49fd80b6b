"""From the last signature to an answer, and from a revocation to a stopped query: both planes."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from enclave.adapters.duckdb_engine import QueryLimits, SubprocessRunner
from enclave.deployment import Deployment
from enclave.errors import QueryStoppedError
from enclave.steps import query as query_step
from enclave.steps.feed import publish_feed
from enclave.steps.query import ask, trust_root
from governance.decisions import AccessDeniedError
from governance.requests.states import Act
from governance.services.feed import follow_feed, read_project_queries
from governance.signer import run_forever
from tests.lib.planes import Planes
from tests.lib.signing import PROJECT

SQL = "SELECT grade, COUNT(*) FROM enrollment GROUP BY grade"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def planes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planes]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Planes(tmp_path)
    yield made
    made.desk.office.programme.close()
    made.enclave.store.close()


def slow(deployment: Deployment, on_wait: Callable[[], None] = lambda: None) -> SubprocessRunner:
    """A runner whose queries take minutes."""
    return SubprocessRunner(
        deployment.lake.dataset,
        opener="tests.lib.slow_tables:open_repeated",
        arguments={"home": str(deployment.home), "times": "500000"},
        limits=QueryLimits(memory_mb=256, threads=1, seconds=120),
        on_wait=on_wait,
    )


def test_what_the_board_decides_is_what_the_engine_enforces(
    planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, enclave = planes.desk, planes.enclave
    number = desk.granted("p-chen")
    planes.deliver()
    trust_root(enclave, desk.settings.root_file.read_bytes())
    desk.sign()
    with pytest.raises(AccessDeniedError) as left_out:
        ask(enclave, project=PROJECT, sql=SQL)
    assert {d.rule for d in left_out.value.decision.denials} == {"person.nda", "person.training"}

    desk.train(number, "p-ruiz")
    desk.swear(number, "p-ruiz")
    desk.sign()
    answer = ask(enclave, project=PROJECT, sql=SQL)
    assert len(answer.rows) == 4
    assert answer.receipt["bundle_version"] == 2
    with pytest.raises(AccessDeniedError):
        ask(enclave, project=PROJECT, sql="SELECT disability, COUNT(*) FROM enrollment GROUP BY 1")

    monkeypatch.setattr(query_step, "_runner", slow)
    stop = threading.Event()
    settings = desk.settings.model_copy(update={"poll_seconds": 0.1})
    signer = threading.Thread(
        target=run_forever,
        args=(replace(desk.signing, settings=settings),),
        kwargs={"stop": stop, "tell": lambda _: None},
    )
    revoked: list[float] = []

    def revoke() -> None:
        desk.do(number, "p-office", Act.REVOKE, on=desk.today(), reason="The terms were broken.")
        revoked.append(time.monotonic())

    timer = threading.Timer(1.5, revoke)
    signer.start()
    timer.start()
    try:
        with pytest.raises(QueryStoppedError, match="terms were broken"):
            ask(enclave, project=PROJECT, sql=SQL)
        assert time.monotonic() - revoked[0] < 10
    finally:
        timer.join()
        stop.set()
        signer.join()
    monkeypatch.undo()
    with pytest.raises(AccessDeniedError, match="revoked"):
        ask(enclave, project=PROJECT, sql=SQL)

    publish_feed(enclave, daily=True)
    state = follow_feed(desk.office.programme)
    assert state is not None
    assert state.stop is None
    (counted,) = read_project_queries(desk.office.programme, desk.office.actor("p-ruiz"), number)
    assert (counted.answered, counted.denied, counted.stopped) == (1, 3, 1)
    enclave.ledger.verify()
