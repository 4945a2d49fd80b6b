"""Logout tokens: every check of OpenID Connect Back-Channel Logout 1.0, section 2.6, by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from governance.portal.sign_in.logout_tokens import (
    EVENT,
    ExpectedLogout,
    LoggedOut,
    verify_logout_token,
)
from governance.portal.sign_in.tokens import PublishedKeys, TokenError

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EXPECTED = ExpectedLogout("https://idp.example", "portal", NOW)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CLAIMS: dict[str, Any] = {
    "iss": EXPECTED.issuer, "aud": "portal", "sub": "s-1", "sid": "x-1", "jti": "j",
    "iat": SECONDS - 1, "exp": SECONDS + 120, "events": {EVENT: {}},
}  # fmt: skip


def make(header: dict[str, Any] | None = None, *, key: Any = KEY, **claims: Any) -> str:
    """A good token but for what is given; a claim of None is left out."""
    head = {"alg": "RS256", "kid": "one", "typ": "logout+jwt"} | (header or {})
    body = {k: v for k, v in (CLAIMS | claims).items() if v is not None}
    return jwt.encode(head, body, key, algorithms=[head["alg"]])


def verify(token: str) -> LoggedOut:
    keys = PublishedKeys(lambda: KeySet([KEY]).as_dict(private=False))
    return verify_logout_token(token, keys, EXPECTED)


def test_it_says_whom_the_provider_signed_out() -> None:
    assert verify(make()) == LoggedOut("s-1", "x-1")
    assert verify(make({"typ": "JWT"}, sid=None)) == LoggedOut("s-1", "")
    assert verify(make(sub=None, aud=["other", "portal"])) == LoggedOut("", "x-1")


REFUSED = {
    "empty": ("", "form"),
    "HMAC": (make({"alg": "HS256"}, key=OctKey.generate_key(256)), "algorithm"),
    "another key": (make(key=RSAKey.generate_key(2048)), "signature"),
    "an access token": (make({"typ": "at+jwt"}), "type"),
    "an ID token": (make({"typ": "JWT"}, events=None), "event"),
    "another event": (make(events={"https://other": {}}), "event"),
    "an event that is no object": (make(events={EVENT: True}), "event"),
    "events in words": (make(events=EVENT), "event"),
    "a nonce": (make(nonce="n"), "id_token"),
    "another issuer": (make(iss="https://evil.example"), "issuer"),
    "another audience": (make(aud="other"), "audience"),
    "expired": (make(exp=SECONDS - 60), "expired"),
    "no end": (make(exp=None), "exp"),
    "old": (make(iat=SECONDS - 601, exp=SECONDS + 9), "age"),
    "of the future": (make(iat=SECONDS + 61), "age"),
    "of nobody": (make(sub=None, sid=None), "subject"),
    "an empty subject": (make(sub=""), "subject"),
    "a session that is no text": (make(sid=7), "session"),
    "a long session": (make(sid="x" * 256), "session"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_every_check_refuses_by_itself(kind: str) -> None:
    token, check = REFUSED[kind]
    with pytest.raises(TokenError) as refused:
        verify(token)
    assert refused.value.check == check
