"""The child that runs one plan: DuckDB locked down, a request in, Arrow out.

What the locking leaves: no file and no network, no extension, no Python variable as a table, no
temporary directory (out of memory is a clean error, nothing spills in plain text), a memory and a
thread limit, and none of it can be set back.

The request is JSON on standard input (no pickle), the reply length-prefixed parts on standard
output. Error texts stay here: DuckDB quotes values in them. This module imports little, because
every query starts it anew.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import IO, Any, Final, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads

OpenDataset: TypeAlias = Callable[[str, Sequence[str] | None, int], pads.Dataset]
"""Opens a curated table: name, columns (None: all), version."""

OUT_OF_MEMORY: Final = "memory"
FAILED: Final = "failed"
SOURCE: Final = "data"
"""Name under which the dataset is registered; as in `enclave.query.rewrite`."""
_LENGTH: Final = struct.Struct(">Q")


class RunFailedError(Exception):
    """A statement failed; carries a kind (`memory`, `failed`) and no text of DuckDB's."""


def locked_connection(memory_mb: int, threads: int) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that reaches nothing but what is registered with it."""
    connection = duckdb.connect(":memory:")
    for setting, value in (
        ("memory_limit", f"'{int(memory_mb)}MB'"),
        ("threads", str(int(threads))),
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


def run_statements(
    dataset: pads.Dataset,
    tables: Sequence[tuple[str, tuple[str, Sequence[object]]]],
    statements: Sequence[tuple[str, Sequence[object]]],
    *,
    memory_mb: int,
    threads: int,
) -> list[pa.Table]:
    """Make temporary tables of a dataset and run statements over them.

    Args:
        dataset: Registered as `data`.
        tables: Names and what they are made of, in order: SQL and its parameters.
        statements: SQL and parameters.
        memory_mb: DuckDB's memory.
        threads: DuckDB's threads.

    Raises:
        RunFailedError: Out of memory, or DuckDB failed.
    """
    connection = locked_connection(memory_mb, threads)
    try:
        connection.register(SOURCE, dataset)
        for name, (sql, parameters) in tables:
            connection.execute(f'CREATE TEMP TABLE "{name}" AS {sql}', list(parameters))
        return [connection.sql(s, params=list(p)).to_arrow_table() for s, p in statements]
    except duckdb.OutOfMemoryException:
        raise RunFailedError(OUT_OF_MEMORY) from None
    except (duckdb.Error, pa.ArrowException, OSError):
        raise RunFailedError(FAILED) from None
    finally:
        connection.close()


def main(requests: IO[bytes], replies: IO[bytes]) -> None:
    """One request, one reply."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no rows in a core dump
    request = json.loads(requests.read())
    try:
        tables = _run(request)
    except RunFailedError as error:
        _write_part(replies, json.dumps({"error": str(error)}).encode())
        return
    _write_part(replies, json.dumps({"tables": len(tables)}).encode())
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        _write_part(replies, sink.getvalue().to_pybytes())


def read_reply(reply: bytes) -> list[pa.Table]:
    """The tables of a reply.

    Raises:
        RunFailedError: The child failed, or died before it was done.
    """
    parts = []
    rest = memoryview(reply)
    while len(rest) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(rest)
        parts.append(rest[_LENGTH.size : _LENGTH.size + length])
        rest = rest[_LENGTH.size + length :]
    header: dict[str, Any] = json.loads(bytes(parts[0])) if parts else {"error": FAILED}
    if "error" in header:
        raise RunFailedError(header["error"])
    if len(parts) != header["tables"] + 1:
        raise RunFailedError(FAILED)
    return [pa.ipc.open_stream(part).read_all() for part in parts[1:]]


def _run(request: Mapping[str, Any]) -> list[pa.Table]:
    module, _, function = request["opener"].partition(":")
    open_dataset: OpenDataset = getattr(import_module(module), function)(**request["arguments"])
    try:
        dataset = open_dataset(request["table"], request["columns"], request["version"])
    except OSError:
        raise RunFailedError(FAILED) from None
    return run_statements(
        dataset,
        [(name, _typed(statement)) for name, statement in request["tables"]],
        [_typed(statement) for statement in request["statements"]],
        memory_mb=request["memory_mb"],
        threads=request["threads"],
    )


def _typed(statement: Sequence[Any]) -> tuple[str, list[object]]:
    """SQL and its parameters, dates restored."""
    sql, parameters = statement
    return sql, [date.fromisoformat(p["date"]) if isinstance(p, dict) else p for p in parameters]


def _write_part(stream: IO[bytes], part: bytes) -> None:
    stream.write(_LENGTH.pack(len(part)))
    stream.write(part)
    stream.flush()


if __name__ == "__main__":
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not mix with the reply
    main(sys.stdin.buffer, output)
