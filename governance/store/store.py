"""The control plane's database, opened: transactions, migrations, rebuilding the read models."""

from collections.abc import Iterator
from contextlib import contextmanager

from governance.store import migrating
from governance.store.engine import Database, Mode
from governance.store.unit import BodyCache, UnitOfWork


class Store:
    """Safe for many threads and processes."""

    def __init__(self, database: Database) -> None:
        """Keep the engine; nothing is asked of the database yet."""
        self.database = database
        self._bodies = BodyCache()

    @classmethod
    def open(cls, url: str) -> "Store":
        """The database at an address; nothing is asked of it yet.

        Raises:
            ConfigurationError: The address is none of SQLite or PostgreSQL.
        """
        return cls(Database(url))

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()

    def migrate(self) -> tuple[str | None, str]:
        """Bring the database to today's layout; safe to repeat.

        Returns:
            The layout before (None: an empty database) and after.
        """
        return migrating.migrate(self.database)

    def check_layout(self) -> None:
        """Raise unless the database has today's layout.

        Raises:
            StoreOutdatedError: It has another one; says what to do.
        """
        migrating.check_layout(self.database)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction that may append to the ledger; alone until it ends.

        Raises:
            StoreBusyError: Others wrote for too long; nothing was changed.
        """
        with self._unit(Mode.APPEND) as unit:
            yield unit

    @contextmanager
    def aside(self) -> Iterator[UnitOfWork]:
        """A transaction that writes what is no record: drafts, sessions, the outbox's state."""
        with self._unit(Mode.ASIDE) as unit:
            yield unit

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """One consistent look."""
        with self._unit(Mode.READ) as unit:
            yield unit

    @contextmanager
    def _unit(self, mode: Mode) -> Iterator[UnitOfWork]:
        with self.database.transaction(mode) as connection:
            unit = UnitOfWork(connection, self._bodies)
            yield unit
        unit.committed()
