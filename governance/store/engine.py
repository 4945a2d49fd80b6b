"""Connections: SQLite and PostgreSQL behave alike to whoever writes.

Who will append is alone from the first read on: on SQLite by `BEGIN IMMEDIATE`, on PostgreSQL by
locking the chain's one head row. So what a service read before it decided still holds when it
appends, and no two entries can claim the same place.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from governance.errors import ConfigurationError
from governance.store.errors import StoreBusyError, StoreError

BUSY_SECONDS: Final = 15
"""How long a writer waits for others before it gives up."""
_BEGIN_TRIES: Final = 3
_MODE: Final = "governance_mode"
_KEPT, _MORE = 10, 30
"""Connections a process keeps, and opens besides for a moment: as many as a web server's threads,
and two such processes stay below PostgreSQL's usual 100."""


class Mode(StrEnum):
    """What a transaction is for."""

    READ = "read"
    """One consistent look; writes are refused."""
    ASIDE = "aside"
    """Writes what is no record: drafts, sessions, the outbox's state."""
    APPEND = "append"
    """Appends to the ledger; alone until it ends."""


class Database:
    """An engine with the programme's transactions."""

    def __init__(self, url: str) -> None:
        """Open; nothing is asked of the database yet.

        Raises:
            ConfigurationError: The address is none of SQLite or PostgreSQL.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ConfigurationError("The database's address cannot be read.") from None
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ConfigurationError("The database is SQLite or PostgreSQL.")
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite and parsed.database in {None, "", ":memory:"}:
            raise ConfigurationError("The database is a file: sqlite:///PATH.")
        self.engine: Engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_size=_KEPT,
            max_overflow=_MORE,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=not self.sqlite,
        )
        # Threads of one process queue fairly here; SQLite's own waiting is a lottery.
        self._writer = threading.Lock()
        if self.sqlite:
            event.listen(self.engine, "do_connect", _create_privately)
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, where facts that are gone still stand; at best.

        While somebody reads, it stays until it is written over.
        """
        if not self.sqlite:
            return
        connection = self.engine.raw_connection()
        try:
            with contextlib.suppress(sqlite3.OperationalError):
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    @contextmanager
    def transaction(self, mode: Mode) -> Iterator[Connection]:
        """One transaction; committed at the end, rolled back by any error.

        Raises:
            StoreBusyError: Others held the database too long.
            StoreError: The database failed.
        """
        with self._queue(mode), named_errors():
            connection = self._begin(mode)
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            finally:
                connection.close()

    @contextmanager
    def _queue(self, mode: Mode) -> Iterator[None]:
        if not self.sqlite or mode is Mode.READ:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise _busy()
        try:
            yield
        finally:
            self._writer.release()

    def _begin(self, mode: Mode) -> Connection:
        """A connection whose transaction has begun; beginning may be tried again, nothing else."""
        for left in reversed(range(_BEGIN_TRIES)):
            options: dict[str, Any] = {_MODE: mode.value}
            if not self.sqlite and mode is Mode.READ:
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = self.engine.connect().execution_options(**options)
            try:
                connection.begin()
                if not self.sqlite and mode is not Mode.READ:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
                if not self.sqlite and mode is Mode.APPEND:
                    connection.exec_driver_sql("SELECT id FROM ledger_head WHERE id = 1 FOR UPDATE")
            except OperationalError as error:
                connection.close()
                if not left or not is_busy(error):
                    raise
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise _busy()


def is_busy(error: SQLAlchemyError) -> bool:
    """Whether the database said that somebody else holds it."""
    original = getattr(error, "orig", None)
    if type(original).__module__.startswith("sqlite3"):
        return getattr(original, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCK"))
    return getattr(original, "sqlstate", None) in {"55P03", "40001", "40P01"}


@contextmanager
def named_errors() -> Iterator[None]:
    """Driver errors quote parameters; say only what kind of error it was."""
    try:
        yield
    except SQLAlchemyError as error:
        if is_busy(error):
            raise _busy() from None
        message = f"The control plane's database failed ({type(error).__name__})."
        raise StoreError(message) from None


def _busy() -> StoreBusyError:
    return StoreBusyError("Others are writing; nothing was changed. Try again in a moment.")


def _create_privately(_dialect: object, _record: object, arguments: list[Any], _: object) -> None:
    """Make the file, before SQLite would, readable by its owner alone; its log inherits that."""
    with contextlib.suppress(OSError):  # it is there, or SQLite will say what is wrong
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  DB-API object
    """Write-ahead log and full sync: a killed process loses no committed state."""
    connection.isolation_level = None  # the driver would begin too late, see `_begin_sqlite`
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is deleted is overwritten, whatever this build does by itself
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get(_MODE, Mode.APPEND.value)
    reads = mode == Mode.READ.value
    connection.exec_driver_sql("PRAGMA query_only=" + ("ON" if reads else "OFF"))
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
