"""Triggers that keep the ledger append-only, on SQLite and PostgreSQL.

They stand against mistakes and against whoever may only write rows. Who owns the database can drop
them: against that stand the chain and its checkpoints outside.
"""

# ruff: noqa: S608  names and words of this module only, nothing from outside
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from governance.store.tables import APPEND_ONLY

_WORDS: Final = "the ledger is append-only"
_ERASED: Final = "facts go only when an entry says that they were erased"


def create_triggers(connection: Connection) -> None:
    """Create them all."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        connection.exec_driver_sql(statement)


def _sqlite() -> Iterator[str]:
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        )
    for table in ("ledger_entries", "stream_events"):
        yield (
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        )
    yield (
        "CREATE TRIGGER ledger_payloads_no_delete BEFORE DELETE ON ledger_payloads "
        "WHEN NOT EXISTS (SELECT 1 FROM ledger_entries e JOIN ledger_payloads p ON p.seq = e.seq "
        "WHERE e.tag = 'payload:erased' AND json_extract(p.facts, '$.facts.seq') = OLD.seq) "
        f"BEGIN SELECT RAISE(ABORT, '{_ERASED}'); END"
    )
    # INSERT OR REPLACE removes a row without the delete trigger.
    yield (
        "CREATE TRIGGER ledger_entries_next BEFORE INSERT ON ledger_entries "
        "WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger_entries) "
        f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    )
    yield (
        "CREATE TRIGGER ledger_payloads_once BEFORE INSERT ON ledger_payloads "
        "WHEN EXISTS (SELECT 1 FROM ledger_payloads WHERE seq = NEW.seq) "
        f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    )
    yield (
        "CREATE TRIGGER stream_events_once BEFORE INSERT ON stream_events "
        "WHEN EXISTS (SELECT 1 FROM stream_events WHERE seq = NEW.seq OR "
        "(kind = NEW.kind AND subject = NEW.subject AND position = NEW.position)) "
        f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    )


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    yield (
        "CREATE FUNCTION ledger_refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF NOT EXISTS (SELECT 1 FROM ledger_entries e JOIN ledger_payloads p "
        "ON p.seq = e.seq WHERE e.tag = 'payload:erased' "
        "AND (p.facts::json -> 'facts' ->> 'seq')::bigint = OLD.seq) "
        f"THEN RAISE EXCEPTION '{_ERASED}'; END IF; RETURN OLD; END $$"
    )
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        )
    for table in ("ledger_entries", "stream_events"):
        yield (
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
    yield (
        "CREATE TRIGGER ledger_payloads_no_delete BEFORE DELETE ON ledger_payloads "
        "FOR EACH ROW EXECUTE FUNCTION ledger_refuse_unless_erased()"
    )
