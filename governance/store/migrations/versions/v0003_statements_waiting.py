"""Lists know whose confidentiality statement is missing, or asked for again under changed terms."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go to this layout; the read models are made anew when every step has run."""
    column = sa.Column("statement", sa.String(length=16), server_default="", nullable=False)
    op.add_column("request_people", column)
    op.add_column("request_people", sa.Column("statement_version", sa.Integer()))
