"""Lists of people and requests sort by every column shown, without capitals, by an index each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from governance.store.sort_keys import sort_key

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KEYS = {
    "people_rows": ("id", ("name", "email", "employer")),
    "request_rows": ("number", ("title", "organization")),
}
"""Of each table: its own key, and the texts that are sorted."""
_BESIDE = {
    "people_rows": ("agency", "roles", "employed_from", "employed_until"),
    "request_rows": ("agencies",),
}
"""Further columns that are sorted, as they are."""
_REPLACED = {
    "people_rows": ("ix_people_rows_agency", "ix_people_rows_name"),
    "request_rows": ("ix_request_rows_organization", "ix_request_rows_title"),
}


def upgrade() -> None:
    """Go to this layout."""
    for table, (own, texts) in _KEYS.items():
        for index in _REPLACED[table]:
            op.drop_index(index, table_name=table)
        for text in texts:
            key = sa.Column(f"{text}_key", sa.Text(), server_default="", nullable=False)
            op.add_column(table, key)
        _fill(table, own, texts)
        for column in (*(f"{text}_key" for text in texts), *_BESIDE[table]):
            op.create_index(f"ix_{table}_{column}", table, [column, own], unique=False)
    columns = ["recipient", "created_at", "id"]
    op.create_index("ix_outbox_recipient", "outbox", columns, unique=False)


def _fill(name: str, own: str, texts: Sequence[str]) -> None:
    """Keys of the rows that are there."""
    names = (own, *texts, *(f"{text}_key" for text in texts))
    table, connection = sa.table(name, *(sa.column(x) for x in names)), op.get_bind()
    found = connection.execute(sa.select(table.c[own], *(table.c[text] for text in texts))).all()
    for key, *values in found:
        made = {f"{text}_key": sort_key(value) for text, value in zip(texts, values, strict=True)}
        connection.execute(sa.update(table).where(table.c[own] == key).values(**made))
