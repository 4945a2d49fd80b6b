"""An ID token is believed only after every check of OpenID Connect Core 1.0, section 3.1.3.7.

The checks, in this order: the algorithm is one of three asymmetric ones (never `none`, never an
HMAC); the signature is by a key that the issuer publishes now; issuer, audience, authorized party;
expiry and age; the nonce of this browser's own sign-in; a subject.
"""

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
    """The issuer's keys, fetched anew when a token names one that is not known yet (rotation)."""

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetched when first needed."""
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, Any] = {}
        self._fetched_at: float | None = None

    def find(self, key_id: str) -> Any:  # noqa: ANN401  a public key of joserfc
        """The key of that id.

        Raises:
            TokenError: The issuer publishes none.
        """
        if key_id not in self._keys and self._may_fetch():
            self._keys = _signing_keys(self._fetch())
            self._fetched_at = self._clock()
        if key_id not in self._keys:
            raise TokenError("key")
        return self._keys[key_id]

    def _may_fetch(self) -> bool:
        at = self._fetched_at
        return at is None or self._clock() - at >= _NEW_KEYS_SECONDS


def verify_id_token(token: str, keys: PublishedKeys, expected: Expected) -> dict[str, Any]:
    """The claims of an ID token.

    Raises:
        TokenError: A check failed.
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
    _check_claims(claims, expected)
    return claims


def _check_claims(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise TokenError("issuer")
    audience = claims.get("aud")
    several = [audience] if isinstance(audience, str) else audience
    if not isinstance(several, list) or expected.client_id not in several:
        raise TokenError("audience")
    party = claims.get("azp")
    if (len(several) > 1 or party is not None) and party != expected.client_id:
        raise TokenError("authorized_party")
    now = expected.now.timestamp()
    ends, made = _seconds(claims, "exp"), _seconds(claims, "iat")
    if ends <= now - LEEWAY_SECONDS:
        raise TokenError("expired")
    if made > now + LEEWAY_SECONDS or made < now - OLDEST_SECONDS:
        raise TokenError("age")
    if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY_SECONDS:
        raise TokenError("not_before")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not constant_time.bytes_eq(
        nonce.encode(), expected.nonce.encode()
    ):
        raise TokenError("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAXIMUM_SUBJECT:
        raise TokenError("subject")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
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
