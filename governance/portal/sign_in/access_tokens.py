"""An access token of a program is believed only after every check, and only as an access token.

The checks, in this order (RFC 9068, section 4, and RFC 6750):
1. Algorithm, key and signature, as of an ID token (`tokens.verify_signature`).
2. What it is: `at+jwt`, or without a type of its own a token that carries a scope, as those of
   Entra ID (version 2.0) do; never an ID token or a logout token, whatever else it says.
3. Nobody holds a key to it: a token bound to a client's key is not taken from who only bears it.
4. Issuer, audience, times, subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from governance.portal.sign_in.tokens import (
    PublishedKeys,
    TokenError,
    check_issuer_and_audience,
    check_times,
    subject_of,
    verify_signature,
)

_ACCESS_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
_UNTYPED: Final = frozenset({"", "jwt"})
_OF_ID_TOKENS: Final = ("nonce", "at_hash", "c_hash", "s_hash")
"""OpenID Connect Core 1.0, sections 2, 3.2.2.10 and 3.3.2.11: no access token has them."""
_OF_ACCESS_TOKENS: Final = ("scope", "scp", "idtyp")
"""RFC 9068, section 2.2.3; `scp` and `idtyp` are Entra ID's. No ID token has them."""


@dataclass(frozen=True, slots=True)
class ExpectedAccess:
    """What an access token must say."""

    issuer: str
    audience: str
    now: datetime


def verify_access_token(
    token: str, keys: PublishedKeys, expected: ExpectedAccess
) -> dict[str, Any]:
    """The claims of an access token.

    Raises:
        TokenError: A check failed.
    """
    header, claims = verify_signature(token, keys)
    _check_kind(header, claims)
    if "cnf" in claims:  # RFC 8705, section 3; RFC 9449, section 7.2
        raise TokenError("bound")
    check_issuer_and_audience(claims, expected.issuer, expected.audience)
    check_times(claims, expected.now.timestamp())
    subject_of(claims)
    return claims


def _check_kind(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    stated = header.get("typ", "")
    kind = stated.lower() if isinstance(stated, str) else "no text"
    if kind not in _ACCESS_TYPES | _UNTYPED:
        raise TokenError("type")
    if any(name in claims for name in (*_OF_ID_TOKENS, "events")):
        raise TokenError("id_token")
    says = any(isinstance(claims.get(n), str) and claims[n] for n in _OF_ACCESS_TOKENS)
    if kind in _UNTYPED and not says:
        raise TokenError("no_access_token")
