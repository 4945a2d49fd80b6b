"""DuckDB, locked down, in a process of its own that is killed at the deadline.

What the locking leaves: no file and no network, no extension, no Python variable as a table, no
temporary directory (out of memory is a clean error, nothing spills in plain text), a memory and a
thread limit, and none of it can be set back. DuckDB has no statement timeout and one long scalar
call outlasts an interrupt, so the deadline is the process's.

`InProcessRunner` and `SubprocessRunner` share `run_plan`. The child gets its work as JSON on
standard input (no pickle), opens the dataset itself by calling the named opener, and gives Arrow
streams back. Its error texts stay in it: DuckDB quotes values in them.
"""

import json
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import IO, Any, Final, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads

from enclave.errors import QueryError
from enclave.evidence import Snapshot
from enclave.query.model import ColumnKind, PreparedStatement, QueryPlan, kinds_of
from enclave.query.rewrite import SOURCE

OpenDataset: TypeAlias = Callable[[str, Sequence[str] | None, int], pads.Dataset]
"""Opens a curated table: name, columns (None: all), version."""

_OUT_OF_MEMORY: Final = "memory"
_FAILED: Final = "failed"
_LENGTH: Final = struct.Struct(">Q")


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


def run_plan(plan: QueryPlan, open_dataset: OpenDataset, limits: QueryLimits) -> list[pa.Table]:
    """Run every statement of a plan over the opened dataset.

    Raises:
        QueryError: Out of memory, or DuckDB failed.
    """
    dataset = open_dataset(plan.snapshot.table, plan.columns, plan.snapshot.version)
    connection = locked_connection(limits)
    try:
        connection.register(SOURCE, dataset)
        return [
            connection.sql(s.sql, params=list(s.parameters)).to_arrow_table()
            for s in plan.statements
        ]
    except duckdb.OutOfMemoryException:
        raise _error(_OUT_OF_MEMORY) from None
    except (duckdb.Error, pa.ArrowException, OSError):
        raise _error(_FAILED) from None
    finally:
        connection.close()


def locked_connection(limits: QueryLimits) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that reaches nothing but what is registered with it."""
    connection = duckdb.connect(":memory:")
    for setting, value in (
        ("memory_limit", f"'{int(limits.memory_mb)}MB'"),
        ("threads", str(int(limits.threads))),
        ("temp_directory", "''"),
        ("python_enable_replacements", "false"),
        ("autoload_known_extensions", "false"),
        ("autoinstall_known_extensions", "false"),
        ("allow_community_extensions", "false"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):
        connection.execute(f"SET {setting}={value}")
    return connection


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
        return run_plan(plan, self._open, self._limits)


class SubprocessRunner:
    """Runs each plan in a new process and kills it at the deadline."""

    def __init__(
        self,
        open_dataset: OpenDataset,
        *,
        opener: str,
        arguments: Mapping[str, str],
        limits: QueryLimits | None = None,
    ) -> None:
        """Tell how to open tables, here (for schemas) and in the child.

        Args:
            open_dataset: Opens tables in this process; only schemas are read here.
            opener: `module:function` of the child's; called with `arguments`, it returns an
                `OpenDataset`. Fixed by the program, never by a user.
            arguments: For instance the deployment's home.
            limits: What a query may use.
        """
        self._open = open_dataset
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
        request = json.dumps(
            {
                "plan": _plan_to_json(plan),
                "opener": self._opener,
                "arguments": self._arguments,
                "limits": [self._limits.memory_mb, self._limits.threads],
            }
        ).encode()
        child = subprocess.Popen(  # noqa: S603  this interpreter, this module, nothing of a user's
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            reply, _ = child.communicate(request, timeout=self._limits.seconds)
        except subprocess.TimeoutExpired:
            raise QueryError(
                f"The query took longer than {self._limits.seconds:g} seconds and was stopped. "
                "Ask for fewer groups or a smaller dataset.",
                seconds=self._limits.seconds,
            ) from None
        finally:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    stream.close()
        return _read_reply(reply)


def main(requests: IO[bytes], replies: IO[bytes]) -> None:
    """The child: one request, one reply."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no rows in a core dump
    request = json.loads(requests.read())
    module, _, function = request["opener"].partition(":")
    open_dataset: OpenDataset = getattr(import_module(module), function)(**request["arguments"])
    limits = QueryLimits(*request["limits"])
    try:
        tables = run_plan(_plan_from_json(request["plan"]), open_dataset, limits)
    except QueryError as error:
        _write_part(replies, json.dumps({"error": error.facts["kind"]}).encode())
        return
    _write_part(replies, json.dumps({"tables": len(tables)}).encode())
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        _write_part(replies, sink.getvalue().to_pybytes())


def _read_reply(reply: bytes) -> list[pa.Table]:
    if not reply:
        raise _error(_FAILED)
    parts = []
    offset = 0
    while offset < len(reply):
        (length,) = _LENGTH.unpack_from(reply, offset)
        offset += _LENGTH.size
        parts.append(reply[offset : offset + length])
        offset += length
    header = json.loads(parts[0])
    if "error" in header:
        raise _error(header["error"])
    if len(parts) != header["tables"] + 1:
        raise _error(_FAILED)
    return [pa.ipc.open_stream(part).read_all() for part in parts[1:]]


def _write_part(stream: IO[bytes], part: bytes) -> None:
    stream.write(_LENGTH.pack(len(part)))
    stream.write(part)
    stream.flush()


def _plan_to_json(plan: QueryPlan) -> dict[str, object]:
    snapshot = plan.snapshot
    return {
        "snapshot": [
            snapshot.table,
            snapshot.version,
            snapshot.contract_version,
            snapshot.plan_hash,
        ],
        "columns": list(plan.columns),
        "statements": [
            [
                s.sql,
                [{"date": p.isoformat()} if isinstance(p, date) else p for p in s.parameters],
            ]
            for s in plan.statements
        ],
    }


def _plan_from_json(raw: Mapping[str, list[list[object]]]) -> QueryPlan:
    table, version, contract_version, plan_hash = raw["snapshot"]
    statements = []
    for sql, parameters in raw["statements"]:
        values = [
            date.fromisoformat(p["date"]) if isinstance(p, dict) else p
            for p in _as_list(parameters)
        ]
        statements.append(PreparedStatement(str(sql), tuple(values)))
    return QueryPlan(
        Snapshot(str(table), int(str(version)), str(contract_version), str(plan_hash)),
        tuple(str(c) for c in raw["columns"]),
        tuple(statements),
    )


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _error(kind: str) -> QueryError:
    text = {
        _OUT_OF_MEMORY: "The query needs more memory than it may use. Ask for fewer groups.",
    }.get(kind, "The query failed while running. The operator can run `enclave doctor`.")
    return QueryError(text, kind=kind)


if __name__ == "__main__":
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not mix with the reply
    main(sys.stdin.buffer, output)
