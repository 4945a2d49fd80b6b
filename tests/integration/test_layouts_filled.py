"""A filled database of the first layout is brought to today's, with every list made anew."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command

from governance.requests.states import Act
from governance.store import Store, migrating
from governance.store import tables as t
from tests.lib.programme import Office, fresh_database


def test_a_filled_database_of_the_first_layout_lists_as_todays(
    office: Office, tmp_path: Path
) -> None:
    number = office.begin()
    office.act("p-ruiz", number, Act.SUBMIT)
    today = office.programme.store
    url = f"sqlite:///{tmp_path / 'first.db'}"
    if not today.database.sqlite:
        url = fresh_database(office.database_url)
    first = Store.open(url)
    with first.database.engine.connect() as there, there.begin():
        config = migrating._config()
        config.attributes["connection"] = there
        command.upgrade(config, "0001")
        _copy(today, there)
    assert first.migrate()[0] == "0001"
    first.check_layout()
    assert first.compare() == ()
    with first.read() as unit:
        keys = set(unit.connection.scalars(sa.select(t.people_rows.c.name_key)))
        title = unit.connection.scalar(sa.select(t.request_rows.c.title_key))
    assert "dana ruiz" in keys
    assert title == "attendance and first wages"
    first.close()


def _copy(source: Store, there: sa.Connection) -> None:
    """Every row, as far as the older layout has its columns."""
    kept = sa.MetaData()
    kept.reflect(there)
    with source.read() as unit:
        for table in t.metadata.sorted_tables:
            if table.name not in kept.tables:
                continue
            old = kept.tables[table.name]
            names = [column.name for column in table.columns if column.name in old.columns]
            found = unit.connection.execute(sa.select(*(table.c[name] for name in names)))
            rows = [dict(zip(names, row, strict=True)) for row in found]
            if table.name == "ledger_head":  # the first row of an empty ledger
                there.execute(sa.delete(old))
            if rows:
                there.execute(sa.insert(old), rows)
