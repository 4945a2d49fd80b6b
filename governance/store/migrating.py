"""Bring the database to the layout this software needs; users never see Alembic."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from governance.store.engine import Database, named_errors
from governance.store.errors import StoreOutdatedError


def migrate(database: Database, rebuild: Callable[[Connection], object]) -> tuple[str | None, str]:
    """Run the missing steps, all of them or none.

    Args:
        database: Whose layout is changed.
        rebuild: Makes the read models anew, in the same transaction: a new layout may count
            otherwise.

    Returns:
        The layout before (None: an empty database) and after.
    """
    with named_errors(), database.engine.connect() as connection, connection.begin():
        if not database.sqlite:  # one migration at a time; SQLite's writer is alone anyway
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7205759403792793)")
        before = _version(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = _version(connection) or ""
        if before not in {None, after}:
            rebuild(connection)
    return before, after


def check_layout(database: Database) -> None:
    """Raise unless the database has today's layout.

    Raises:
        StoreOutdatedError: It has an older or a newer one, or none.
    """
    with named_errors(), database.engine.connect() as connection:
        found = _version(connection)
    needed = ScriptDirectory.from_config(_config()).get_current_head()
    if found != needed:
        raise StoreOutdatedError(
            f"The database has layout {found or 'none'}, this software needs {needed}. "
            "Run `governance migrate`."
        )


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "governance.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
