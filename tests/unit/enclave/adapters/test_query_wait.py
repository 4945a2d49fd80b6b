"""The talk with the process that runs a query: whole, however slowly it listens; and bounded."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from enclave.adapters.duckdb_engine import QueryLimits, SubprocessRunner
from enclave.errors import QueryError

SLOW = "import sys,time; time.sleep(0.8); print(len(sys.stdin.buffer.read()))"
NEVER = "import time; time.sleep(60)"


@pytest.fixture
def looks() -> list[int]:
    return []


def _child(code: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield child
    child.kill()
    child.wait()


def _runner(looks: list[int], seconds: float) -> SubprocessRunner:
    def refuse(*_: object) -> None:
        raise AssertionError

    limits = QueryLimits(seconds=seconds)
    return SubprocessRunner(
        refuse,  # no table is opened here
        opener="none:none",
        arguments={},
        limits=limits,
        on_wait=lambda: looks.append(1),
    )


def test_a_request_that_is_read_late_is_sent_whole(looks: list[int]) -> None:
    for child in _child(SLOW):
        reply = _runner(looks, 30)._wait(child, b"x" * 300_000)

        assert reply.strip() == b"300000"
    assert looks, "it was looked after meanwhile"


def test_a_child_that_never_answers_is_ended_at_its_deadline(looks: list[int]) -> None:
    for child in _child(NEVER):
        with pytest.raises(QueryError):
            _runner(looks, 1)._wait(child, b"x" * 300_000)
        assert child.wait(5) < 0
