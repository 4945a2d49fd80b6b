"""Sessions in the control plane's database."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from governance.portal.sessions import Session
from governance.store import Store
from governance.store.tables import sessions


class StoredSessions:
    """Sessions of every process on the same database."""

    def __init__(self, store: Store) -> None:
        """In that database."""
        self._store = store

    def add(self, session: Session) -> None:
        """Keep a session."""
        row = {
            "id": session.digest,
            "person": session.person,
            "data": json.dumps({"account": session.account}),
            "created_at": _text(session.created_at),
            "seen_at": _text(session.seen_at),
            "expires_at": _text(session.ends_at),
        }
        with self._store.aside() as unit:
            unit.connection.execute(insert(sessions), row)

    def find(self, digest: str) -> Session | None:
        """The session of that digest, or None."""
        with self._store.read() as unit:
            row = unit.connection.execute(
                select(sessions).where(sessions.c.id == digest)
            ).one_or_none()
        if row is None:
            return None
        account = str(json.loads(row.data)["account"])
        created, seen, ends = map(_instant, (row.created_at, row.seen_at, row.expires_at))
        return Session(row.id, row.person, account, created, seen, ends)

    def touch(self, digest: str, at: datetime) -> None:
        """Note a click."""
        self._change(update(sessions).where(sessions.c.id == digest).values(seen_at=_text(at)))

    def remove(self, digest: str) -> None:
        """End one session."""
        self._change(delete(sessions).where(sessions.c.id == digest))

    def remove_all_of(self, person: str) -> None:
        """End every session of a person."""
        self._change(delete(sessions).where(sessions.c.person == person))

    def remove_ended(self, now: datetime, idle_since: datetime) -> None:
        """Forget sessions that are over by then."""
        over = or_(sessions.c.expires_at <= _text(now), sessions.c.seen_at <= _text(idle_since))
        self._change(delete(sessions).where(over))

    def _change(self, statement: Any) -> None:  # noqa: ANN401  an update or a delete
        with self._store.aside() as unit:
            unit.connection.execute(statement)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
