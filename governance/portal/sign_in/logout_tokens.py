"""A logout token is believed only after every check of OpenID Connect Back-Channel Logout 1.0, 2.6.

The checks, in this order: signature as of an ID token; what it is: a logout token by its type,
where it has one, and by its event, and no ID token; issuer and this portal as its audience; times,
and made a moment ago; a subject, a session of the provider's, or both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from governance.portal.sign_in.tokens import (
    OLDEST_SECONDS,
    PublishedKeys,
    TokenError,
    check_issuer_and_audience,
    check_times,
    seconds_of,
    subject_of,
    verify_signature,
)

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_TYPES: Final = frozenset({"logout+jwt", "jwt", ""})
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class ExpectedLogout:
    """What a logout token must say."""

    issuer: str
    client_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whom the provider signed out; at least one is said.

    Attributes:
        subject: Empty: of nobody in particular.
        session: The provider's own id of it (`sid`); empty: every one of the subject's.
    """

    subject: str
    session: str


def verify_logout_token(token: str, keys: PublishedKeys, expected: ExpectedLogout) -> LoggedOut:
    """Whom a logout token speaks of.

    Raises:
        TokenError: A check failed.
    """
    header, claims = verify_signature(token, keys)
    _check_kind(header, claims)
    check_issuer_and_audience(claims, expected.issuer, expected.client_id)
    now = expected.now.timestamp()
    check_times(claims, now)
    if seconds_of(claims, "iat") < now - OLDEST_SECONDS:
        raise TokenError("age")
    said = LoggedOut(subject_of(claims) if "sub" in claims else "", _session_of(claims))
    if not said.subject and not said.session:
        raise TokenError("subject")
    return said


def _check_kind(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    kind, events = header.get("typ", ""), claims.get("events")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenError("type")
    if not isinstance(events, Mapping) or not isinstance(events.get(EVENT), Mapping):
        raise TokenError("event")
    if "nonce" in claims:
        raise TokenError("id_token")


def _session_of(claims: Mapping[str, Any]) -> str:
    session = claims.get("sid", "")
    if not isinstance(session, str) or len(session) > _LONGEST:
        raise TokenError("session")
    return session
