"""Asks an application directly, without a socket, as somebody who is signed in."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from governance.digests import sha256_of
from governance.portal import create_app
from governance.portal.declared import Declared
from governance.portal.sessions import Session, Sessions, form_token, new_secret
from governance.services import Programme
from tests.lib.portal import UNLIMITED


@dataclass(frozen=True)
class Answered:
    """An answer, whole."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class MemorySessions:
    """Sessions of one process, lost when it ends."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        """Keep a session."""
        self._kept[session.digest] = session

    def find(self, digest: str) -> Session | None:
        """The session of that digest, or None."""
        return self._kept.get(digest)

    def touch(self, digest: str, at: datetime) -> None:
        """Note a click."""
        if (s := self._kept.get(digest)) is not None:
            self._kept[digest] = replace(s, seen_at=at)

    def remove(self, digest: str) -> None:
        """End one session."""
        self._kept.pop(digest, None)

    def remove_all_of(self, person: str) -> None:
        """End every session of a person."""
        for digest in [s.digest for s in list(self._kept.values()) if s.person == person]:
            self.remove(digest)

    def remove_begun_as(self, issuer: str, account: str | None, provider_session: str) -> None:
        """End the sessions that began by that sign-in."""
        for s in list(self._kept.values()):
            if s.began_as(issuer, account, provider_session):
                self.remove(s.digest)

    def remove_ended(self, now: datetime, idle_since: datetime) -> None:
        """Forget sessions that are over by then."""
        for s in list(self._kept.values()):
            if s.ends_at <= now or s.seen_at <= idle_since:
                self.remove(s.digest)


@dataclass
class Asker:
    """Sends requests as each kind of person; each has a session that is always there.

    Attributes:
        cast: Person by kind; None is the public, with a sign-in under way.
    """

    programme: Programme
    cast: dict[str, str | None]
    _sessions: dict[str, tuple[str, Session | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = create_app(self.programme, limits=UNLIMITED)
        self.table = MemorySessions()
        self.app.portal.sessions = Sessions(self.table, timedelta(hours=10))
        now = self.programme.clock()
        for kind, person in self.cast.items():
            secret = new_secret()
            made = None
            if person is not None:
                digest = sha256_of(secret.encode())
                made = Session(digest, person, "", now, now, now + timedelta(hours=12))
            self._sessions[kind] = (secret, made)
        self._host = urlsplit(self.programme.settings.base_url).netloc

    async def ask(
        self, declared: Declared, path: str, kind: str, form: bytes | None = None
    ) -> Answered:
        """Ask a route; a write comes with a good token and an empty body, unless one is given."""
        secret, session = self._sessions[kind]
        headers = {"host": self._host}
        if session is not None:
            self.table.add(session)
            headers["cookie"] = f"session={secret}"
        else:
            headers["cookie"] = f"signing-in={secret}."
        body = b""
        if declared.writes:
            headers["x-csrf-token"] = form_token(secret)
            headers["origin"] = self.programme.settings.base_url
            api = declared.kind == "api"
            kind_sent = "application/json" if api else "application/x-www-form-urlencoded"
            body = (b"{}" if api else b"") if form is None else form
            headers |= {"content-type": kind_sent, "content-length": str(len(body))}
        return await self._send(declared.method, path, headers, body)

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answered:
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": method, "path": where, "raw_path": where.encode(),
            "query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }  # fmt: skip
        sent: list[Any] = []
        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return left.pop(0) if left else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        found = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
        content = b"".join(m.get("body", b"") for m in sent[1:])
        return Answered(sent[0]["status"], found, content)
