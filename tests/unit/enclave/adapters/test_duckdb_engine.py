import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from enclave.adapters.duckdb_engine import (
    InProcessRunner,
    QueryLimits,
    SubprocessRunner,
)
from enclave.adapters.duckdb_worker import locked_connection
from enclave.errors import QueryError
from tests.lib.questions import Asker, build_row, build_rows, open_saved, opener, save_rows

ROOT = Path(__file__).parents[4]
LIMITS = QueryLimits(memory_mb=256, threads=1, seconds=30)
SQL = (
    "SELECT district, started_on, COUNT(*), AVG(pay) FROM enrollment "
    "WHERE started_on IN ('2025-09-01', '2024-09-01') GROUP BY 1, 2 ORDER BY 1"
)


def build_runner(path: Path, behavior: str = "", seconds: float = 30) -> SubprocessRunner:
    return SubprocessRunner(
        open_saved(str(path)),
        opener="tests.lib.questions:open_saved",
        arguments={"path": str(path), "behavior": behavior},
        limits=QueryLimits(256, 1, seconds),
    )


@pytest.fixture(autouse=True)
def _child_finds_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    save_rows(path, build_rows({"A": 30, "B": 40, "C": 50}))
    return path


# What the guard refuses long before; here the engine itself must refuse it.
HOSTILE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'https://127.0.0.1/x.csv'",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "COPY data FROM '/etc/passwd'",
    "ATTACH '/tmp/other.duckdb'",
    "EXPORT DATABASE '/tmp/out'",
    "IMPORT DATABASE '/tmp/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access=true",
    "SET memory_limit='64GB'",
    "SET temp_directory='/tmp'",
    "SET threads=64",
    "SET lock_configuration=false",
    "RESET memory_limit",
    "SET python_enable_replacements=true",
    "PRAGMA memory_limit='64GB'",
    "SELECT * FROM a_python_variable",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_the_engine_reaches_nothing_but_what_is_registered(sql: str) -> None:
    a_python_variable = pa.table({"secret": [1]})
    connection = locked_connection(256, 1)
    try:
        with pytest.raises(duckdb.Error):
            connection.execute(sql).fetchall()
    finally:
        connection.close()
    assert a_python_variable.num_rows == 1


def test_the_limits_are_set() -> None:
    connection = locked_connection(256, 1)
    names = ("threads", "temp_directory", "enable_external_access", "lock_configuration")
    found = [
        connection.execute(f"SELECT current_setting('{name}')").fetchall()[0][0] for name in names
    ]
    connection.close()
    assert found == [1, "", False, True]


def test_a_child_answers_as_this_process_does(saved: Path) -> None:
    in_process = InProcessRunner(opener(build_rows({"A": 30, "B": 40, "C": 50})), LIMITS)
    answers = [
        Asker([], runner=runner)(SQL)
        for runner in (in_process, build_runner(saved), build_runner(saved, "print"))
    ]
    assert answers[0].rows[0] == ("A", "2025-09-01", 30, 10.5)
    assert answers[0] == answers[1] == answers[2]


def test_a_child_is_killed_at_its_deadline(saved: Path) -> None:
    started = time.monotonic()
    with pytest.raises(QueryError, match="longer than 1 seconds"):
        Asker([], runner=build_runner(saved, "sleep", seconds=1))(SQL)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("behavior", ["die", "fail"])
def test_a_child_that_dies_is_an_error_without_its_text(saved: Path, behavior: str) -> None:
    with pytest.raises(QueryError, match="failed while running") as caught:
        Asker([], runner=build_runner(saved, behavior))(SQL)
    assert "value out of a row" not in str(caught.value)


def test_a_child_out_of_memory_says_so(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    save_rows(path, [build_row(n, gender=f"g{n}") for n in range(40_000)])
    runner = SubprocessRunner(
        open_saved(str(path)),
        opener="tests.lib.questions:open_saved",
        arguments={"path": str(path)},
        limits=QueryLimits(2, 1, 30),
    )
    with pytest.raises(QueryError, match="memory"):
        Asker([], runner=runner)("SELECT gender, COUNT(*) FROM enrollment GROUP BY gender")
