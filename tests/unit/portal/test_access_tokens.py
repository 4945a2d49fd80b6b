"""Access tokens of programs: every check refuses by itself, and what passes them all is taken."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.requests import Request

from governance.errors import ConfigurationError
from governance.people import PortalRole
from governance.portal.sign_in.access_tokens import ExpectedAccess, verify_access_token
from governance.portal.sign_in.bearer import (
    _SAID,
    BearerRequestError,
    ProviderSilentError,
    TokenRefusedError,
    bearer_of,
    has_bearer,
)
from governance.portal.sign_in.oidc import OpenIdConnect, open_id_connect
from governance.portal.sign_in.provider import Client, Provider, ProviderError
from governance.portal.sign_in.tokens import PublishedKeys, TokenError
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn
from governance.settings import load_settings

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EXPECTED = ExpectedAccess("https://idp.example/v2.0", "api://governance", NOW)
RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CLAIMS: dict[str, Any] = {
    "iss": EXPECTED.issuer, "aud": EXPECTED.audience, "sub": "s-1", "client_id": "etl",
    "iat": SECONDS - 60, "nbf": SECONDS - 60, "exp": SECONDS + 3600, "jti": "j",
}  # fmt: skip
ENTRA: dict[str, Any] = {
    "ver": "2.0", "scp": "access", "azp": "9c1", "azpacr": "1", "oid": "o-1", "tid": "t-1",
}  # fmt: skip


def published() -> PublishedKeys:
    return PublishedKeys(lambda: KeySet([RSA, EC]).as_dict(private=False))


def make(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    *,
    key: Any = RSA,
    without: tuple[str, ...] = (),
) -> str:
    """A good token, but for what is given; a header or claim of None is left out."""
    head = {"alg": "RS256", "kid": "one", "typ": "at+jwt"} | (header or {})
    head = {k: v for k, v in head.items() if v is not None}
    body = {k: v for k, v in (CLAIMS | (claims or {})).items() if k not in without}
    return jwt.encode(head, body, key, algorithms=[head["alg"]])


GOOD = {
    "RFC 9068": make(),
    "its media type in full": make({"typ": "application/at+jwt"}),
    "signed with ES256": make({"alg": "ES256", "kid": "two"}, key=EC),
    "for several sites": make(claims={"aud": ["https://other.example", EXPECTED.audience]}),
    "Entra ID 2.0, a person's": make({"typ": "JWT"}, ENTRA),
    "Entra ID 2.0, a program's": make({"typ": "JWT"}, {"idtyp": "app", "azp": "9c1"}),
    "no type, a scope": make({"typ": None}, {"scope": "read"}),
    "just within the leeway": make(claims={"exp": SECONDS - 59, "nbf": SECONDS + 59}),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_token_names_its_subject(kind: str) -> None:
    assert verify_access_token(GOOD[kind], published(), EXPECTED)["sub"] == "s-1"


REFUSED = {
    "empty": ("", "form"),
    "no token": ("e30.e30", "form"),
    "opaque": ("0/abcdef", "form"),
    "not ASCII": ("é.é.é", "form"),
    "too long": ("a" * 70_000, "size"),
    "HMAC": (make({"alg": "HS256"}, key=OctKey.generate_key(256)), "algorithm"),
    "RS512": (make({"alg": "RS512"}), "algorithm"),
    "no signature": (
        ".".join((make({"alg": "RS256"}).split(".")[0], make().split(".")[1], "")), "signature",
    ),
    "no key id": (make({"kid": None}), "key"),
    "unknown key id": (make({"kid": "three"}), "key"),
    "another key of that id": (make(key=OTHER), "signature"),
    "claims of another token": (
        ".".join((make().split(".")[0], make(claims={"sub": "s-2"}).split(".")[1],
                  make().split(".")[2])), "signature",
    ),
    "a logout token": (make({"typ": "logout+jwt"}), "type"),
    "a security event": (make({"typ": "secevent+jwt"}), "type"),
    "a DPoP proof": (make({"typ": "dpop+jwt"}), "type"),
    "logout events in an access token": (make(claims={"events": {}}), "id_token"),
    "an ID token with its nonce": (make({"typ": "JWT"}, {"nonce": "n"}), "id_token"),
    "a nonce beside a scope": (make({"typ": "JWT"}, ENTRA | {"nonce": "n"}), "id_token"),
    "a nonce in at+jwt": (make(claims={"nonce": "n"}), "id_token"),
    "an ID token that names an access token": (
        make({"typ": "JWT"}, {"at_hash": "h", "scope": "openid"}), "id_token",
    ),
    "an ID token without a nonce": (make({"typ": "JWT"}), "no_access_token"),
    "an ID token without a type": (make({"typ": None}), "no_access_token"),
    "an empty scope": (make({"typ": "JWT"}, {"scope": "", "scp": ["x"]}), "no_access_token"),
    "bound to a certificate": (make(claims={"cnf": {"x5t#S256": "x"}}), "bound"),
    "another issuer": (make(claims={"iss": "https://idp.example/v1"}), "issuer"),
    "no issuer": (make(without=("iss",)), "issuer"),
    "another audience": (make(claims={"aud": "https://graph.microsoft.com"}), "audience"),
    "other audiences": (make(claims={"aud": ["a", "b"]}), "audience"),
    "no audience": (make(without=("aud",)), "audience"),
    "an audience within": (make(claims={"aud": f"{EXPECTED.audience}/more"}), "audience"),
    "expired": (make(claims={"exp": SECONDS - 60}), "expired"),
    "no end": (make(without=("exp",)), "exp"),
    "an end in words": (make(claims={"exp": "later"}), "exp"),
    "not valid yet": (make(claims={"nbf": SECONDS + 61}), "not_before"),
    "made in the future": (make(claims={"iat": SECONDS + 61}), "age"),
    "no date": (make(without=("iat",)), "iat"),
    "no subject": (make(without=("sub",)), "subject"),
    "an empty subject": (make(claims={"sub": ""}), "subject"),
    "a long subject": (make(claims={"sub": "s" * 256}), "subject"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_every_check_refuses_by_itself(kind: str) -> None:
    token, check = REFUSED[kind]
    with pytest.raises(TokenError) as refused:
        verify_access_token(token, published(), EXPECTED)
    assert refused.value.check == check


def test_an_unsigned_token_is_refused_before_a_key_is_asked_for() -> None:
    def never() -> dict[str, Any]:
        raise AssertionError("asked")

    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + make().split(".")[1] + "."
    with pytest.raises(TokenError, match="algorithm"):
        verify_access_token(unsigned, PublishedKeys(never), EXPECTED)


@pytest.mark.parametrize("check", [*_SAID, "exp", "iat"])
def test_a_refusal_says_why_and_what_to_do_in_a_header_that_can_be_sent(check: str) -> None:
    error = TokenRefusedError(check)
    assert error.status == 401
    assert error.remedy
    assert error.challenge.startswith('Bearer realm="governance", error="invalid_token", ')
    assert error.challenge.isascii()
    assert error.challenge.count('"') == 6
    assert "\\" not in error.challenge


def test_rotated_keys_are_fetched_and_flooding_fetches_nothing() -> None:
    """Kept an hour; an unknown id asks at most twice a minute, a failure at most each 5 seconds."""
    keys: list[Any] = [RSA]
    asked: list[float] = []
    clock = [1000.0]

    def fetch() -> dict[str, Any]:
        asked.append(clock[0])
        if not keys:
            raise ConnectionError
        return dict(KeySet(list(keys)).as_dict(private=False))

    known = PublishedKeys(fetch, lambda: clock[0])
    assert known.find("one")
    keys[:] = [EC]
    for _ in range(50):
        with pytest.raises(TokenError):
            known.find("two")
    assert known.find("one")  # taken back by the issuer, known here for a while
    assert asked == [1000.0]
    clock[0] += 30
    assert known.find("two")
    assert asked == [1000.0, 1030.0]
    with pytest.raises(TokenError):
        known.find("one")
    clock[0] += 3600
    keys[:] = []
    with pytest.raises(ConnectionError):
        known.find("two")  # an hour old, and nobody says that it is still good
    for _ in range(50):
        with pytest.raises(TokenError, match="keys_unknown"):
            known.find("two")
    assert len(asked) == 3
    clock[0] += 5
    keys[:] = [EC]
    assert known.find("two")


def request_with(*authorization: str) -> Request:
    headers = [(b"authorization", value.encode()) for value in authorization]
    return Request({"type": "http", "headers": headers})


def test_the_header_is_one_token() -> None:
    assert bearer_of(request_with()) is None
    assert bearer_of(request_with("Basic YTpi")) is None
    assert bearer_of(request_with("Bearer a.b.c")) == "a.b.c"
    assert bearer_of(request_with("bearer  a.b.c ")) == "a.b.c"
    for wrong in (("Bearer",), ("Bearer a b",), ("Bearer a", "Bearer b"), ("Basic x", "Bearer a")):
        assert has_bearer(request_with(*wrong))
        with pytest.raises(BearerRequestError) as refused:
            bearer_of(request_with(*wrong))
        assert refused.value.status == 400
        assert 'error="invalid_request"' in refused.value.challenge


def way(**facts: Any) -> OpenIdConnect:
    provider = Provider(EXPECTED.issuer, Client("portal", None))
    provider.keys = published()
    given: dict[str, Any] = {"role_claim": "roles", "roles": {}, "api_audience": EXPECTED.audience}
    return OpenIdConnect(provider, "https://governance.example", **(given | facts))


def test_roles_come_from_the_record_unless_claims_give_them() -> None:
    token = make(claims={"roles": ["grp-office", "unknown"]})
    assert way().read_token(token, NOW).roles is None
    assert way().read_token(token, NOW).account == f"{EXPECTED.issuer}|s-1"
    mapped = {"grp-office": PortalRole.OPERATOR, "grp-audit": PortalRole.AUDITOR}
    assert way(roles=mapped).read_token(token, NOW).roles == (PortalRole.OPERATOR,)
    assert way(roles=mapped).read_token(make(), NOW).roles == (PortalRole.REQUESTOR,)
    elsewhere = make(claims={"_claim_names": {"roles": "src1"}})
    with pytest.raises(TokenRefusedError) as refused:
        way(roles=mapped).read_token(elsewhere, NOW)
    assert refused.value.check == "roles"


def test_a_provider_that_does_not_answer_is_no_reason_to_refuse() -> None:
    """503: the token may be good; nothing is guessed, and the next in line waits for no answer."""
    asked = []

    def silent() -> dict[str, Any]:
        asked.append(1)
        raise ProviderError("no_answer")

    here = way()
    here.provider.keys = PublishedKeys(silent)
    for _ in range(3):
        with pytest.raises(ProviderSilentError) as refused:
            here.read_token(make(), NOW)
        assert (refused.value.status, refused.value.retry_after) == (503, 30)
    assert len(asked) == 1


def test_without_an_audience_no_token_is_taken(tmp_path: Any) -> None:
    for none in (way(api_audience=""), UnsafeDevelopmentSignIn("127.0.0.1")):
        assert not none.takes_tokens
        with pytest.raises(TokenRefusedError) as refused:
            none.read_token(make(), NOW)
        assert refused.value.check == "not_taken"
    with pytest.raises(ConfigurationError, match="OIDC_ISSUER"):
        open_id_connect(load_settings(tmp_path, oidc_api_audience="api://governance"))
