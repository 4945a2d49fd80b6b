"""Sessions: kept on the server, known to the browser by a random number only.

The browser's cookie is 256 random bits; the table has its digest, so a stolen table opens no
session. A session ends after so long without a click, after so long at all, at sign-out, at
sign-out everywhere, and for a leaver at once: who somebody is is read anew on every visit. Form
tokens are made from the cookie (HMAC-SHA-256), so there is nothing to keep for them.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives import constant_time, hashes, hmac

from governance.canonical import base64url
from governance.digests import sha256_of

SECRET_BYTES = 32
ABSOLUTE_HOURS = 12
_TOUCH = timedelta(minutes=1)
"""A session's last click is written at most so often."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        digest: SHA-256 of the cookie, hex: its key in the table.
        account: Issuer and subject of the sign-in.
        seen_at: Of the last click, to the minute.
        ends_at: The absolute end.
        provider_session: The provider's own id of it (`sid`); empty: it said none.
    """

    digest: str
    person: str
    account: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    provider_session: str = ""

    def began_as(self, issuer: str, account: str | None, provider_session: str) -> bool:
        """Whether it began by that sign-in: of that issuer, account and session, where said."""
        return (
            self.account.startswith(f"{issuer}|")
            and account in {None, self.account}
            and provider_session in {"", self.provider_session}
        )


class SessionTable(Protocol):
    """Where sessions are kept."""

    def add(self, session: Session) -> None:
        """Keep a session."""

    def find(self, digest: str) -> Session | None:
        """The session of that digest, or None."""

    def touch(self, digest: str, at: datetime) -> None:
        """Note a click."""

    def remove(self, digest: str) -> None:
        """End one session."""

    def remove_all_of(self, person: str) -> None:
        """End every session of a person."""

    def remove_begun_as(self, issuer: str, account: str | None, provider_session: str) -> None:
        """End the sessions that began by that sign-in (`Session.began_as`)."""

    def remove_ended(self, now: datetime, idle_since: datetime) -> None:
        """Forget sessions that are over by then."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Begins, finds and ends sessions."""

    table: SessionTable
    idle: timedelta
    absolute: timedelta = timedelta(hours=ABSOLUTE_HOURS)

    def begin(
        self,
        person: str,
        account: str,
        now: datetime,
        *,
        instead_of: str = "",
        provider_session: str = "",
    ) -> str:
        """A new session, in place of the one the browser had; returns the cookie's value."""
        if instead_of:
            self.end(instead_of)
        self.table.remove_ended(now, now - self.idle)
        secret = new_secret()
        ends_at = now + self.absolute
        self.table.add(
            Session(_digest(secret), person, account, now, now, ends_at, provider_session)
        )
        return secret

    def find(self, secret: str, now: datetime) -> Session | None:
        """The live session of a cookie; one that is over is removed."""
        if not is_secret(secret):
            return None
        session = self.table.find(_digest(secret))
        if session is None:
            return None
        if now >= session.ends_at or now - session.seen_at >= self.idle:
            self.table.remove(session.digest)
            return None
        if now - session.seen_at >= _TOUCH:
            self.table.touch(session.digest, now)
        return session

    def end(self, secret: str) -> None:
        """End the session of a cookie."""
        if is_secret(secret):
            self.table.remove(_digest(secret))

    def end_all_of(self, person: str) -> None:
        """End every session of a person."""
        self.table.remove_all_of(person)

    def end_elsewhere(self, issuer: str, account: str | None, provider_session: str) -> None:
        """End what the provider ended.

        Args:
            issuer: The provider.
            account: Issuer and subject; None: whoever's it is.
            provider_session: Its own id of the session; empty: every one of the account's.
        """
        if account is not None or provider_session:
            self.table.remove_begun_as(issuer, account, provider_session)


def new_secret() -> str:
    """A cookie's value: 256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Whether a text can be a cookie's value at all."""
    try:
        return len(_decode(text)) == SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def derive(secret: str, purpose: str) -> bytes:
    """A value that only who holds the cookie can make; HMAC-SHA-256 over the purpose."""
    mac = hmac.HMAC(secret.encode(), hashes.SHA256())
    mac.update(purpose.encode())
    return mac.finalize()


def form_token(secret: str) -> str:
    """A form's token, masked anew each time so that compression leaks nothing of it."""
    token = derive(secret, "form")
    mask = secrets.token_bytes(len(token))
    return base64url(mask + bytes(a ^ b for a, b in zip(mask, token, strict=True)))


def is_form_token(secret: str, text: str) -> bool:
    """Whether a form's token belongs to the cookie."""
    token = derive(secret, "form")
    try:
        sent = _decode(text)
    except (binascii.Error, ValueError):
        return False
    if not secret or len(sent) != 2 * len(token):
        return False
    mask, masked = sent[: len(token)], sent[len(token) :]
    unmasked = bytes(a ^ b for a, b in zip(mask, masked, strict=True))
    return constant_time.bytes_eq(unmasked, token)


def _digest(secret: str) -> str:
    return sha256_of(secret.encode())


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
