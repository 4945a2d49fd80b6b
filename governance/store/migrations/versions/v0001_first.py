"""The first layout."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from governance.store.triggers import create_triggers

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go to this layout."""
    _ledger()
    _requests()
    _others()
    _passing()
    _feed()
    create_triggers(op.get_bind())


def _ledger() -> None:
    """The chain, its facts, which event of which record an entry is."""
    op.create_table(
        "ledger_entries",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=63), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("once", sa.String(length=64), server_default="", nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_entries"),
    )
    op.create_index("ix_ledger_entries_subject", "ledger_entries", ["subject", "seq"], unique=False)
    op.create_index("ix_ledger_entries_tag", "ledger_entries", ["tag", "seq"], unique=False)
    op.create_index(
        "uq_ledger_entries_once",
        "ledger_entries",
        ["once"],
        unique=True,
        sqlite_where=sa.text("once <> ''"),
        postgresql_where=sa.text("once <> ''"),
    )
    op.create_table(
        "ledger_payloads",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["ledger_entries.seq"], name="fk_ledger_payloads_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_payloads"),
    )
    op.create_table(
        "stream_events",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=63), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["ledger_entries.seq"], name="fk_stream_events_seq"),
        sa.PrimaryKeyConstraint("kind", "subject", "position", name="pk_stream_events"),
        sa.UniqueConstraint("seq", name="uq_stream_events_seq"),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("exported", sa.Integer(), nullable=False),
        sa.Column("checkpointed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    head = sa.table(
        "ledger_head",
        *(sa.column(n, sa.Integer) for n in ("id", "seq", "erased", "exported", "checkpointed")),
        *(sa.column(n, sa.String) for n in ("at", "hash")),
    )
    first = {"id": 1, "seq": 0, "at": "", "hash": "0" * 64}
    op.bulk_insert(head, [{**first, "erased": 0, "exported": 0, "checkpointed": 0}])


def _requests() -> None:
    """Read models of data requests."""
    op.create_table(
        "request_rows",
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("next_role", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("requestor", sa.String(length=63), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("agencies", sa.Text(), nullable=False),
        sa.Column("waiting_agencies", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("destruction_on", sa.Date(), nullable=True),
        sa.Column("live_version", sa.Integer(), nullable=True),
        sa.Column("live_status", sa.String(length=32), nullable=True),
        sa.Column("live_ends_on", sa.Date(), nullable=True),
        sa.Column("ndas_needed", sa.Integer(), nullable=False),
        sa.Column("ndas_received", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_request_rows"),
    )
    op.create_index(
        "ix_request_rows_decided_on", "request_rows", ["decided_on", "number"], unique=False
    )
    op.create_index("ix_request_rows_ends_on", "request_rows", ["ends_on", "number"], unique=False)
    op.create_index(
        "ix_request_rows_live_ends_on", "request_rows", ["live_ends_on", "number"], unique=False
    )
    op.create_index(
        "ix_request_rows_next_role", "request_rows", ["next_role", "number"], unique=False
    )
    op.create_index(
        "ix_request_rows_organization", "request_rows", ["organization", "number"], unique=False
    )
    op.create_index(
        "ix_request_rows_received_on", "request_rows", ["received_on", "number"], unique=False
    )
    op.create_index("ix_request_rows_status", "request_rows", ["status", "number"], unique=False)
    op.create_index("ix_request_rows_title", "request_rows", ["title", "number"], unique=False)
    op.create_index(
        "ix_request_rows_updated_at", "request_rows", ["updated_at", "number"], unique=False
    )
    op.create_table(
        "request_agencies",
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("agency", sa.String(length=63), nullable=False),
        sa.Column("submitted", sa.Boolean(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", "agency", name="pk_request_agencies"),
    )
    op.create_index(
        "ix_request_agencies_agency",
        "request_agencies",
        ["agency", "waiting", "number"],
        unique=False,
    )
    op.create_table(
        "request_people",
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("person", sa.String(length=63), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", "person", name="pk_request_people"),
    )
    op.create_index(
        "ix_request_people_person", "request_people", ["person", "number"], unique=False
    )
    op.create_table(
        "request_parties",
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("party_key", sa.String(length=64), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", "party_key", name="pk_request_parties"),
    )
    op.create_index(
        "ix_request_parties_party_key", "request_parties", ["party_key", "number"], unique=False
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=63), nullable=False),
        sa.Column("filed_at", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_number", "attachments", ["number", "filed_at"], unique=False)


def _others() -> None:
    """Read models of people, meetings and motions."""
    op.create_table(
        "people_rows",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("agency", sa.String(length=63), nullable=True),
        sa.Column("employment_class", sa.String(length=32), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("employed_from", sa.Date(), nullable=False),
        sa.Column("employed_until", sa.Date(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people_rows"),
        sa.UniqueConstraint("account", name="uq_people_rows_account"),
    )
    op.create_index("ix_people_rows_agency", "people_rows", ["agency"], unique=False)
    op.create_index("ix_people_rows_name", "people_rows", ["name", "id"], unique=False)
    op.create_table(
        "meeting_rows",
        sa.Column("body", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("starts_at", sa.String(length=32), nullable=False),
        sa.Column("noticed_at", sa.String(length=32), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("rescheduled_from", sa.String(length=63), nullable=True),
        sa.Column("opened_at", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("body", "id", name="pk_meeting_rows"),
    )
    op.create_index(
        "ix_meeting_rows_starts_at", "meeting_rows", ["starts_at", "body", "id"], unique=False
    )
    op.create_table(
        "motion_rows",
        sa.Column("body", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("meeting", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=63), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("moved_by", sa.String(length=63), nullable=False),
        sa.Column("moved_at", sa.String(length=32), nullable=False),
        sa.Column("put_at", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("in_favor", sa.Integer(), nullable=True),
        sa.Column("represented", sa.Integer(), nullable=True),
        sa.Column("quorum_needed", sa.Integer(), nullable=True),
        sa.Column("approval_needed", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("body", "id", name="pk_motion_rows"),
    )
    op.create_index("ix_motion_rows_about", "motion_rows", ["about"], unique=False)
    op.create_index("ix_motion_rows_meeting", "motion_rows", ["body", "meeting"], unique=False)


def _passing() -> None:
    """What is no record."""
    op.create_table(
        "drafts",
        sa.Column("number", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=63), nullable=False),
        sa.Column("saved_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", "version", name="pk_drafts"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("next_at", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.String(length=32), nullable=True),
        sa.Column("given_up_at", sa.String(length=32), nullable=True),
        sa.Column("claimed_until", sa.String(length=32), nullable=True),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("once", name="uq_outbox_once"),
    )
    op.create_index("ix_outbox_next_at", "outbox", ["next_at"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=63), nullable=False),
        sa.Column("removed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=63), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_person", "sessions", ["person"], unique=False)


def _feed() -> None:
    """What the data plane told."""
    op.create_table(
        "feed_batches",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.Column("ledger_head", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_feed_batches"),
    )
    op.create_table(
        "feed_events",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=192), nullable=False),
        sa.Column("agency", sa.String(length=63), nullable=True),
        sa.Column("dataset", sa.String(length=63), nullable=True),
        sa.Column("project", sa.String(length=63), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["feed_batches.number"], name="fk_feed_events_batch"),
        sa.PrimaryKeyConstraint("seq", name="pk_feed_events"),
    )
    op.create_index("ix_feed_events_agency", "feed_events", ["agency", "seq"], unique=False)
    op.create_index("ix_feed_events_project", "feed_events", ["project", "seq"], unique=False)
    op.create_index("ix_feed_events_subject", "feed_events", ["subject", "seq"], unique=False)
    op.create_index("ix_feed_events_tag", "feed_events", ["tag", "seq"], unique=False)
