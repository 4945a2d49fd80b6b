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
            "data": json.dumps(
                {"account": session.account, "provider_session": session.provider_session}
            ),
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
        return None if row is None else _session(row)

    def touch(self, digest: str, at: datetime) -> None:
        """Note a click."""
        self._change(update(sessions).where(sessions.c.id == digest).values(seen_at=_text(at)))

    def remove(self, digest: str) -> None:
        """End one session."""
        self._change(delete(sessions).where(sessions.c.id == digest))

    def remove_all_of(self, person: str) -> None:
        """End every session of a person."""
        self._change(delete(sessions).where(sessions.c.person == person))

    def remove_begun_as(self, issuer: str, account: str | None, provider_session: str) -> None:
        """End the sessions that began by that sign-in."""
        known = json.dumps(account or provider_session)  # as it stands in a row's data
        wanted = select(sessions).where(sessions.c.data.contains(known, autoescape=True))
        with self._store.read() as unit:
            found = [_session(row) for row in unit.connection.execute(wanted)]
        for session in found:
            if session.began_as(issuer, account, provider_session):
                self.remove(session.digest)

    def remove_ended(self, now: datetime, idle_since: datetime) -> None:
        """Forget sessions that are over by then."""
        over = or_(sessions.c.expires_at <= _text(now), sessions.c.seen_at <= _text(idle_since))
        self._change(delete(sessions).where(over))

    def _change(self, statement: Any) -> None:  # noqa: ANN401  an update or a delete
        with self._store.aside() as unit:
            unit.connection.execute(statement)


def _session(row: Any) -> Session:  # noqa: ANN401  a row of the table
    data = json.loads(row.data)
    created, seen, ends = map(_instant, (row.created_at, row.seen_at, row.expires_at))
    return Session(
        row.id, row.person, str(data["account"]), created, seen, ends,
        str(data.get("provider_session", "")),
    )  # fmt: skip


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
