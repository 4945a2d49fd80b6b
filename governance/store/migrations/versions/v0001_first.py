"""The first layout."""

from collections.abc import Sequence

from alembic import op

from governance.store.tables import metadata
from governance.store.triggers import create_triggers

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go to this layout."""
    connection = op.get_bind()
    metadata.create_all(connection)
    create_triggers(connection)
    op.bulk_insert(
        metadata.tables["ledger_head"],
        [
            {
                "id": 1, "seq": 0, "at": "", "hash": "0" * 64,
                "erased": 0, "exported": 0, "checkpointed": 0,
            }
        ],
    )  # fmt: skip
