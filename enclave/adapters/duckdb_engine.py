"""Runs query plans on DuckDB, locked down, in a process of its own that is killed at the deadline.

DuckDB has no statement timeout, and one long scalar call outlasts an interrupt, so the deadline is
the process's. `InProcessRunner` and `SubprocessRunner` share `duckdb_worker.run_statements`, which
tells what the locking leaves.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from enclave.adapters.duckdb_worker import (
    FAILED,
    OUT_OF_MEMORY,
    OpenDataset,
    RunFailedError,
    read_reply,
    run_statements,
)
from enclave.errors import QueryError
from enclave.evidence import Snapshot
from enclave.query.model import ColumnKind, PreparedStatement, QueryPlan, kinds_of

_WORKER = "enclave.adapters.duckdb_worker"
_WAIT_SECONDS = 0.25
"""Longest time between two looks at whether a running query may go on."""
_MESSAGES = {
    OUT_OF_MEMORY: "The query needs more memory than it may use. Ask for fewer groups.",
    FAILED: "The query failed while running. The operator can run `enclave doctor`.",
}


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may use.

    Attributes:
        memory_mb: DuckDB's memory.
        threads: DuckDB's threads.
        seconds: Wall time after which the process is killed.
    """

    memory_mb: int = 2048
    threads: int = 2
    seconds: float = 60.0


class InProcessRunner:
    """Runs plans in this process: for tests, and where the caller is a child already."""

    def __init__(self, open_dataset: OpenDataset, limits: QueryLimits | None = None) -> None:
        """Open tables by `open_dataset`."""
        self._open = open_dataset
        self._limits = limits or QueryLimits()

    def kinds(self, snapshot: Snapshot) -> Mapping[str, ColumnKind]:
        """Landed columns and what they hold."""
        return kinds_of(self._open(snapshot.table, None, snapshot.version).schema)

    def run(self, plan: QueryPlan) -> Sequence[pa.Table]:
        """One table per statement.

        Raises:
            QueryError: Out of memory, or DuckDB failed.
        """
        dataset = self._open(plan.snapshot.table, plan.columns, plan.snapshot.version)
        try:
            return run_statements(
                dataset,
                [(name, (s.sql, s.parameters)) for name, s in plan.tables],
                [(s.sql, s.parameters) for s in plan.statements],
                memory_mb=self._limits.memory_mb,
                threads=self._limits.threads,
            )
        except RunFailedError as error:
            raise _error(error) from None


class SubprocessRunner:
    """Runs each plan in a new process and kills it at the deadline."""

    def __init__(
        self,
        open_dataset: OpenDataset,
        *,
        opener: str,
        arguments: Mapping[str, str],
        limits: QueryLimits | None = None,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        """Tell how to open tables, here (for schemas) and in the child.

        Args:
            open_dataset: Opens tables in this process; only schemas are read here.
            opener: `module:function` of the child's; called with `arguments`, it returns an
                `OpenDataset`. Fixed by the program, never by a user.
            arguments: For instance the deployment's home.
            limits: What a query may use.
            on_wait: Called several times a second while the child runs; whatever it raises kills
                the child and is raised here.
        """
        self._open = open_dataset
        self._on_wait = on_wait
        self._opener = opener
        self._arguments = dict(arguments)
        self._limits = limits or QueryLimits()

    def kinds(self, snapshot: Snapshot) -> Mapping[str, ColumnKind]:
        """Landed columns and what they hold."""
        return kinds_of(self._open(snapshot.table, None, snapshot.version).schema)

    def run(self, plan: QueryPlan) -> Sequence[pa.Table]:
        """One table per statement.

        Raises:
            QueryError: Past the deadline, out of memory, or the process died.
        """
        child = subprocess.Popen(  # noqa: S603  this interpreter, our module, nothing of a user's
            [sys.executable, "-P", "-m", _WORKER],  # -P: nothing from the working directory
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            reply = self._wait(child, self._request(plan))
        finally:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    stream.close()
        try:
            return read_reply(reply)
        except RunFailedError as error:
            raise _error(error) from None

    def _wait(self, child: subprocess.Popen[bytes], request: bytes) -> bytes:
        """The child's reply; looks up now and then whether it may still run.

        Raises:
            QueryError: Past the deadline.
        """
        ends = time.monotonic() + self._limits.seconds
        # A thread talks: `communicate` that timed out forgets what it had not sent yet.
        with ThreadPoolExecutor(1, thread_name_prefix="query") as pool:
            talk = pool.submit(child.communicate, request)
            try:
                while (left := ends - time.monotonic()) > 0:
                    if talk in wait([talk], timeout=min(left, _WAIT_SECONDS)).done:
                        return talk.result()[0]
                    self._on_wait()
            finally:
                child.kill()  # which ends the talk
        raise QueryError(
            f"The query took longer than {self._limits.seconds:g} seconds and was stopped. "
            "Ask for fewer groups or a smaller dataset.",
            seconds=self._limits.seconds,
        )

    def _request(self, plan: QueryPlan) -> bytes:
        request = {
            "opener": self._opener,
            "arguments": self._arguments,
            "table": plan.snapshot.table,
            "columns": plan.columns,
            "version": plan.snapshot.version,
            "tables": [[name, _plain(s)] for name, s in plan.tables],
            "statements": [_plain(s) for s in plan.statements],
            "memory_mb": self._limits.memory_mb,
            "threads": self._limits.threads,
        }
        return json.dumps(request).encode()


def _plain(statement: PreparedStatement) -> list[object]:
    """A statement as JSON has it; `duckdb_worker` restores the dates."""
    values = statement.parameters
    return [statement.sql, [{"date": v.isoformat()} if isinstance(v, date) else v for v in values]]


def _error(failure: RunFailedError) -> QueryError:
    kind = str(failure)
    return QueryError(_MESSAGES.get(kind, _MESSAGES[FAILED]), kind=kind)
