"""Tables of the control plane's database: the ledger, the read models, and what passes.

Three kinds, in this order:

1. The ledger. `ledger_entries` (public), `ledger_payloads` (facts and salt), `stream_events` (which
   event of which record an entry is) are append-only: triggers refuse the rest.
2. Read models, for lists. Nothing is decided by them; `Store.rebuild` makes them from the ledger.
3. What is no record: drafts being typed, sessions, mail and webhooks to be sent.

Instants are stored as ISO 8601 text in UTC with microseconds: the same on SQLite and PostgreSQL,
and in the order of time.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
INSTANT: Final = String(32)
"""`2026-03-12T14:00:00.000000+00:00`."""
HEX: Final = String(64)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", INSTANT, nullable=False),
    Column("tag", String(64), nullable=False),
    Column("subject", String(63), nullable=False),
    Column("commitment", HEX, nullable=False),
    Column("prev", HEX, nullable=False),
    Column("once", HEX, nullable=False, server_default=""),
    Column("hash", HEX, nullable=False),
    Index("ix_ledger_entries_subject", "subject", "seq"),
    Index("ix_ledger_entries_tag", "tag", "seq"),
    Index(
        "uq_ledger_entries_once",
        "once",
        unique=True,
        sqlite_where=text("once <> ''"),
        postgresql_where=text("once <> ''"),
    ),
)
ledger_payloads = Table(
    "ledger_payloads",
    metadata,
    Column("seq", Integer, ForeignKey("ledger_entries.seq"), primary_key=True, autoincrement=False),
    Column("salt", HEX, nullable=False),
    Column("facts", Text, nullable=False),
)
stream_events = Table(
    "stream_events",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject", String(63), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, ForeignKey("ledger_entries.seq"), nullable=False, unique=True),
)
APPEND_ONLY: Final = ("ledger_entries", "ledger_payloads", "stream_events")

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("hash", HEX, nullable=False),
    Column("erased", Integer, nullable=False),
    Column("exported", Integer, nullable=False),
    Column("checkpointed", Integer, nullable=False),
)
"""One row, locked by whoever appends. `erased` counts erasures: caches compare it."""
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

request_rows = Table(
    "request_rows",
    metadata,
    Column("number", String(63), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("next_role", String(16), nullable=False),
    Column("type", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("title_key", Text, nullable=False, server_default=""),
    Column("requestor", String(63), nullable=False),
    Column("organization", Text, nullable=False),
    Column("organization_key", Text, nullable=False, server_default=""),
    Column("agencies", Text, nullable=False),
    Column("waiting_agencies", Text, nullable=False),
    Column("received_on", Date),
    Column("decided_on", Date),
    Column("ends_on", Date),
    Column("destruction_on", Date),
    Column("live_version", Integer),
    Column("live_status", String(32)),
    Column("live_ends_on", Date),
    Column("ndas_needed", Integer, nullable=False),
    Column("ndas_received", Integer, nullable=False),
    Column("begun_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("position", Integer, nullable=False),
    Column("search", Text, nullable=False),
    Index("ix_request_rows_status", "status", "number"),
    Index("ix_request_rows_next_role", "next_role", "number"),
    Index("ix_request_rows_updated_at", "updated_at", "number"),
    Index("ix_request_rows_received_on", "received_on", "number"),
    Index("ix_request_rows_decided_on", "decided_on", "number"),
    Index("ix_request_rows_ends_on", "ends_on", "number"),
    Index("ix_request_rows_live_ends_on", "live_ends_on", "number"),
    Index("ix_request_rows_title_key", "title_key", "number"),
    Index("ix_request_rows_organization_key", "organization_key", "number"),
    Index("ix_request_rows_agencies", "agencies", "number"),
)
request_agencies = Table(
    "request_agencies",
    metadata,
    Column("number", String(63), primary_key=True),
    Column("agency", String(63), primary_key=True),
    Column("submitted", Boolean, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Index("ix_request_agencies_agency", "agency", "waiting", "number"),
)
request_people = Table(
    "request_people",
    metadata,
    Column("number", String(63), primary_key=True),
    Column("person", String(63), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("statement", String(16), nullable=False, server_default=""),
    Column("statement_version", Integer),
    Index("ix_request_people_person", "person", "number"),
)
request_parties = Table(
    "request_parties",
    metadata,
    Column("number", String(63), primary_key=True),
    Column("party_key", HEX, primary_key=True),
    Column("party", Text, nullable=False),
    Column("signed", Boolean, nullable=False),
    Index("ix_request_parties_party_key", "party_key", "number"),
)
people_rows = Table(
    "people_rows",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, server_default=""),
    Column("account", Text, unique=True),
    Column("employer", Text, nullable=False),
    Column("employer_key", Text, nullable=False, server_default=""),
    Column("agency", String(63)),
    Column("employment_class", String(32), nullable=False),
    Column("roles", Text, nullable=False),
    Column("employed_from", Date, nullable=False),
    Column("employed_until", Date),
    Column("record", Text, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("position", Integer, nullable=False),
    Column("search", Text, nullable=False),
    Index("ix_people_rows_name_key", "name_key", "id"),
    Index("ix_people_rows_email_key", "email_key", "id"),
    Index("ix_people_rows_employer_key", "employer_key", "id"),
    Index("ix_people_rows_agency", "agency", "id"),
    Index("ix_people_rows_roles", "roles", "id"),
    Index("ix_people_rows_employed_from", "employed_from", "id"),
    Index("ix_people_rows_employed_until", "employed_until", "id"),
)
meeting_rows = Table(
    "meeting_rows",
    metadata,
    Column("body", String(63), primary_key=True),
    Column("id", String(63), primary_key=True),
    Column("starts_at", INSTANT, nullable=False),
    Column("noticed_at", INSTANT, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("rescheduled_from", String(63)),
    Column("opened_at", INSTANT),
    Column("ended_at", INSTANT),
    Column("status", String(16), nullable=False),
    Index("ix_meeting_rows_starts_at", "starts_at", "body", "id"),
)
motion_rows = Table(
    "motion_rows",
    metadata,
    Column("body", String(63), primary_key=True),
    Column("id", String(63), primary_key=True),
    Column("meeting", String(63), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("about", String(63), nullable=False),
    Column("text", Text, nullable=False),
    Column("moved_by", String(63), nullable=False),
    Column("moved_at", INSTANT, nullable=False),
    Column("put_at", INSTANT),
    Column("closed_at", INSTANT),
    Column("passed", Boolean),
    Column("in_favor", Integer),
    Column("represented", Integer),
    Column("quorum_needed", Integer),
    Column("approval_needed", Integer),
    Index("ix_motion_rows_meeting", "body", "meeting"),
    Index("ix_motion_rows_about", "about"),
)
attachments = Table(
    "attachments",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("number", String(63), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("digest", HEX, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("by", String(63), nullable=False),
    Column("filed_at", INSTANT, nullable=False),
    Column("seq", Integer, nullable=False),
    Index("ix_attachments_number", "number", "filed_at"),
)
READ_MODELS: Final = (
    request_parties,
    request_people,
    request_agencies,
    request_rows,
    people_rows,
    motion_rows,
    meeting_rows,
    attachments,
)
"""What `Store.rebuild` makes anew."""

drafts = Table(
    "drafts",
    metadata,
    Column("number", String(63), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("by", String(63), nullable=False),
    Column("saved_at", INSTANT, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("once", HEX, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("next_at", INSTANT),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", INSTANT),
    Column("given_up_at", INSTANT),
    Column("claimed_until", INSTANT),
    Column("problem", String(64), nullable=False),
    UniqueConstraint("once"),
    Index("ix_outbox_next_at", "next_at"),
    Index("ix_outbox_recipient", "recipient", "created_at", "id"),
)
"""To be sent: `next_at` is None once it was sent or given up."""
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("url", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("by", String(63), nullable=False),
    Column("removed_at", INSTANT),
)
sessions = Table(
    "sessions",
    metadata,
    Column("id", HEX, primary_key=True),
    Column("person", String(63), nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False, index=True),
    Index("ix_sessions_person", "person"),
)
"""`id` is a digest of the cookie's token: a copy of the table opens no session."""
feed_batches = Table(
    "feed_batches",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", HEX, nullable=False),
    Column("through", Integer, nullable=False),
    Column("ledger_head", HEX, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("payload", Text, nullable=False),
)
"""Batches of the data plane's feed whose signature was verified, whole."""
feed_events = Table(
    "feed_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("batch", Integer, ForeignKey("feed_batches.number"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("tag", String(64), nullable=False),
    Column("subject", String(192), nullable=False),
    Column("agency", String(63)),
    Column("dataset", String(63)),
    Column("project", String(63)),
    Column("facts", Text, nullable=False),
    Column("hash", HEX, nullable=False),
    Index("ix_feed_events_agency", "agency", "seq"),
    Index("ix_feed_events_project", "project", "seq"),
    Index("ix_feed_events_subject", "subject", "seq"),
    Index("ix_feed_events_tag", "tag", "seq"),
)
"""The same batches' events; `seq` is the entry of the data plane's own ledger."""
