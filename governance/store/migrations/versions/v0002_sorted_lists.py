"""Lists of people and requests sort by every column shown, without capitals, by an index each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

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
    """Go to this layout; the read models are made anew when every step has run."""
    for table, (own, texts) in _KEYS.items():
        for index in _REPLACED[table]:
            op.drop_index(index, table_name=table)
        for text in texts:
            key = sa.Column(f"{text}_key", sa.Text(), server_default="", nullable=False)
            op.add_column(table, key)
        for column in (*(f"{text}_key" for text in texts), *_BESIDE[table]):
            op.create_index(f"ix_{table}_{column}", table, [column, own], unique=False)
    columns = ["recipient", "created_at", "id"]
    op.create_index("ix_outbox_recipient", "outbox", columns, unique=False)
