"""The control plane's database, opened: transactions, migrations, rebuilding the read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table, delete, insert, select

from governance.store import migrating
from governance.store.engine import Database, Mode
from governance.store.projections import Row, expected_rows
from governance.store.tables import READ_MODELS
from governance.store.unit import BodyCache, UnitOfWork

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a read model that is not what the ledger says.

    Attributes:
        key: Its ids.
        what: `missing`, `changed` or `added`.
    """

    table: str
    key: tuple[str, ...]
    what: str


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
        return migrating.migrate(
            self.database, lambda connection: _rebuild(UnitOfWork(connection, BodyCache()))
        )

    def check_layout(self) -> None:
        """Raise unless the database has today's layout.

        Raises:
            StoreOutdatedError: It has another one; says what to do.
        """
        migrating.check_layout(self.database)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction that may append; alone until it ends, so never inside another one.

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

    def rebuild(self) -> int:
        """Make the read models anew from the ledger.

        Returns:
            How many rows there are.
        """
        with self.begin() as unit:
            return _rebuild(unit)

    def compare(self) -> tuple[Difference, ...]:
        """Rows of the read models that are not what the ledger says; none when all agree."""
        different = []
        with self.read() as unit:
            found = {table: _rows_by_key(unit, table) for table in READ_MODELS}
            for table, row in expected_rows(unit):
                key = _key(table, row)
                stored = found[table].pop(key, None)
                if stored is None:
                    different.append(Difference(table.name, key, "missing"))
                elif stored != {**dict.fromkeys(stored), **row}:
                    different.append(Difference(table.name, key, "changed"))
        for table, left in found.items():
            different += [Difference(table.name, key, "added") for key in left]
        return tuple(different)

    @contextmanager
    def _unit(self, mode: Mode) -> Iterator[UnitOfWork]:
        with self.database.transaction(mode) as connection:
            unit = UnitOfWork(connection, self._bodies)
            yield unit
        unit.committed()


def _rebuild(unit: UnitOfWork) -> int:
    for table in READ_MODELS:
        unit.connection.execute(delete(table))
    rows = 0
    several: dict[Table, list[Row]] = {}
    for table, row in expected_rows(unit):
        several.setdefault(table, []).append(row)
        rows += 1
    for table, made in several.items():
        for start in range(0, len(made), _BATCH):
            unit.connection.execute(insert(table), made[start : start + _BATCH])
    return rows


def _key(table: Table, row: Row) -> tuple[str, ...]:
    return tuple(str(row[column.name]) for column in table.primary_key.columns)


def _rows_by_key(unit: UnitOfWork, table: Table) -> dict[tuple[str, ...], Row]:
    rows = (dict(row) for row in unit.connection.execute(select(table)).mappings())
    return {_key(table, row): row for row in rows}
