"""A token is believed only after every check: signature and keys here for both kinds of token.

An ID token is checked as OpenID Connect Core 1.0, section 3.1.3.7, says; an access token of a
program by `access_tokens`.

The checks, in this order: the algorithm is one of three asymmetric ones (never `none`, never an
HMAC); the signature is by a key that the issuer publishes now; issuer, audience, authorized party;
expiry and age; the nonce of this browser's own sign-in; a subject.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives import constant_time
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS: Final = ("RS256", "ES256", "PS256")
LEEWAY_SECONDS: Final = 60
OLDEST_SECONDS: Final = 600
_MAXIMUM_BYTES: Final = 65_536
_MAXIMUM_SUBJECT: Final = 255
_KEPT_SECONDS: Final = 3600.0
_RETRY_SECONDS: Final = 5.0
"""The issuer is asked again after a failure at most so often."""
KEYS_UNKNOWN: Final = "keys_unknown"
"""Check of a token whose key could not be asked for: it is neither good nor bad."""
_NEW_KEYS_SECONDS: Final = 30.0
"""Keys are fetched for an unknown key id at most so often, whoever sends one."""


class TokenError(Exception):
    """A token is not believed.

    Attributes:
        check: Name of the check that failed; nothing of the token.
    """

    def __init__(self, check: str) -> None:
        """Name the check."""
        super().__init__(check)
        self.check = check


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


class PublishedKeys:
    """The issuer's keys: kept for an hour, fetched anew when a token names another (rotation).

    However many tokens name unknown keys, the issuer is asked at most twice a minute.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetched when first needed."""
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, Any] = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None
        self._fetching = threading.Lock()

    def find(self, key_id: str) -> Any:  # noqa: ANN401  a public key of joserfc
        """The key of that id.

        Raises:
            TokenError: The issuer publishes none, or was asked in vain a moment ago.
        """
        with self._fetching:
            if self._is_old():  # a key that the issuer took back is good for an hour at most
                self._keys = {}
            if key_id not in self._keys and self._may_fetch():
                self._renew()
            if key_id not in self._keys:
                raise TokenError("key" if self._failed_at is None else KEYS_UNKNOWN)
            return self._keys[key_id]

    def _renew(self) -> None:
        try:
            found = _signing_keys(self._fetch())
        except Exception:
            self._failed_at = self._clock()
            raise
        self._keys, self._fetched_at, self._failed_at = found, self._clock(), None

    def _is_old(self) -> bool:
        at = self._fetched_at
        return at is not None and self._clock() - at >= _KEPT_SECONDS

    def _may_fetch(self) -> bool:
        return _ago(self._clock(), self._fetched_at) >= _NEW_KEYS_SECONDS and (
            _ago(self._clock(), self._failed_at) >= _RETRY_SECONDS
        )


def _ago(now: float, then: float | None) -> float:
    return math.inf if then is None else now - then


def verify_id_token(token: str, keys: PublishedKeys, expected: Expected) -> dict[str, Any]:
    """The claims of an ID token.

    Raises:
        TokenError: A check failed.
    """
    _, claims = verify_signature(token, keys)
    _check_claims(claims, expected)
    return claims


def verify_signature(token: str, keys: PublishedKeys) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Header and claims of a token that a published key signed; who it is for is not checked.

    Raises:
        TokenError: Its form, algorithm, key or signature is not right.
    """
    if len(token) > _MAXIMUM_BYTES:
        raise TokenError("size")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError):
        raise TokenError("form") from None
    if header.get("alg") not in ALGORITHMS:
        raise TokenError("algorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise TokenError("key")
    try:
        claims = dict(jwt.decode(token, keys.find(key_id), algorithms=list(ALGORITHMS)).claims)
    except (JoseError, ValueError):
        raise TokenError("signature") from None
    return header, claims


def _check_claims(claims: Mapping[str, Any], expected: Expected) -> None:
    check_issuer_and_audience(claims, expected.issuer, expected.client_id)
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != expected.client_id:
        raise TokenError("authorized_party")
    now = expected.now.timestamp()
    made = seconds_of(claims, "iat")
    check_times(claims, now)
    if made < now - OLDEST_SECONDS:
        raise TokenError("age")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not constant_time.bytes_eq(
        nonce.encode(), expected.nonce.encode()
    ):
        raise TokenError("nonce")
    subject_of(claims)


def check_issuer_and_audience(claims: Mapping[str, Any], issuer: str, audience: str) -> None:
    """Raise unless the issuer made it for that audience.

    Raises:
        TokenError: Another issuer or another audience.
    """
    if claims.get("iss") != issuer:
        raise TokenError("issuer")
    named = claims.get("aud")
    several = [named] if isinstance(named, str) else named
    if not isinstance(several, list) or audience not in several:
        raise TokenError("audience")


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Raise unless a token is in force at an instant, in seconds since 1970.

    Raises:
        TokenError: It has ended, was made later, or is not valid yet.
    """
    if seconds_of(claims, "exp") <= now - LEEWAY_SECONDS:
        raise TokenError("expired")
    if seconds_of(claims, "iat") > now + LEEWAY_SECONDS:
        raise TokenError("age")
    if "nbf" in claims and seconds_of(claims, "nbf") > now + LEEWAY_SECONDS:
        raise TokenError("not_before")


def subject_of(claims: Mapping[str, Any]) -> str:
    """Who it is about.

    Raises:
        TokenError: Nobody.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAXIMUM_SUBJECT:
        raise TokenError("subject")
    return subject


def seconds_of(claims: Mapping[str, Any], name: str) -> float:
    """A claim that is an instant, in seconds since 1970.

    Raises:
        TokenError: It is none.
    """
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenError(name)
    return float(value)


def _signing_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """Public keys for signatures, by id; symmetric and encryption keys are left out."""
    listed = document.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict)
        and key.get("kty") in {"RSA", "EC"}
        and key.get("use", "sig") == "sig"
        and isinstance(key.get("kid"), str)
    ]
    found: dict[str, Any] = {}
    for key in usable:
        try:
            found[key["kid"]] = KeySet.import_key_set({"keys": [key]}).keys[0]
        except (JoseError, ValueError, KeyError):
            continue  # a kind of key this software does not know
    return found
