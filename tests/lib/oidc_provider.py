"""An OpenID Connect provider on loopback, strict as a real one, that can be told to misbehave.

Discovery, authorization code with PKCE (S256 required), client authentication, JWKS with rotation,
RP-initiated logout. A code is good once, for the client, address and challenge it was made for.
Access tokens are opaque, or JWTs (RFC 9068) for a resource that was asked for (RFC 8707); a program
gets one for itself by its client credentials.
`provider.user` is who signs in; nobody is asked. `provider.spoil` changes the
next ID tokens: the attacks of the tests.
"""

import base64
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI, Form, Header
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from governance.digests import sha256_digest
from tests.lib.portal import free_port, serve

Claims = dict[str, Any]
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Code:
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    user: str
    resource: str = ""
    used: bool = False


@dataclass
class Provider:
    """The provider's state.

    Attributes:
        users: Claims by subject, beside those every ID token has.
        resources: Audiences of which access tokens are made.
        says: What the UserInfo endpoint answers; None: there is none.
        spoil: Gets header and claims of an ID token and changes them in place; may return the
            key to sign with (or "none" for no signature at all).
        asked: Names of the endpoints asked, in order.
    """

    url: str
    client_id: str = "portal"
    client_secret: str | None = "s3cret/with:odd+signs"
    redirect_uris: set[str] = field(default_factory=set)
    users: dict[str, Claims] = field(default_factory=dict)
    user: str | None = None
    spoil: Callable[[Claims, Claims], Any] = lambda header, claims: None
    secret_in_form: bool = False
    sends_issuer: bool = True
    issuer_sent: str | None = None
    up: bool = True
    codes: dict[str, Code] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    resources: set[str] = field(default_factory=set)
    says: Claims | None = None

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self, kind: str = "RSA", *, keep: bool = False) -> None:
        """Sign with a new key from now on; the old ones are published only when kept."""
        given: Any = {"kid": secrets.token_hex(8), "use": "sig"}
        new: Any = (
            RSAKey.generate_key(2048, given)
            if kind == "RSA"
            else ECKey.generate_key("P-256", given)
        )
        self.keys = [new, *(self.keys if keep else [])]

    def id_token(self, code: Code) -> str:
        now = int(time.time())
        claims: Claims = {
            "iss": self.url, "sub": code.user, "aud": code.client_id, "iat": now,
            "exp": now + 300, "nonce": code.nonce, **self.users.get(code.user, {}),
        }  # fmt: skip
        return self._signed({}, claims)

    def access_token(self, subject: str, resource: str, **facts: Any) -> str:
        """A JWT access token for a resource (RFC 9068)."""
        now = int(time.time())
        claims: Claims = {
            "iss": self.url, "sub": subject, "aud": resource, "client_id": self.client_id,
            "iat": now, "exp": now + 300, "jti": secrets.token_hex(8), **facts,
        }  # fmt: skip
        return self._signed({"typ": "at+jwt"}, claims)

    def logout_token(self, **said: Any) -> str:
        """What a sign-out elsewhere is told by (OpenID Connect Back-Channel Logout 1.0, 2.4)."""
        now = int(time.time())
        claims: Claims = {
            "iss": self.url, "aud": self.client_id, "iat": now, "exp": now + 120,
            "jti": secrets.token_hex(8), "events": {LOGOUT_EVENT: {}}, **said,
        }  # fmt: skip
        return self._signed({"typ": "logout+jwt"}, claims)

    def _signed(self, own: Claims, claims: Claims) -> str:
        key = self.keys[0]
        header = {"alg": "RS256" if key.key_type == "RSA" else "ES256", "kid": key.kid, **own}
        with_key = self.spoil(header, claims) or key
        if with_key == "none":
            return ".".join((_b64(_json(header)), _b64(_json(claims)), ""))
        return jwt.encode(header, claims, with_key, algorithms=[header["alg"]])


@contextmanager
def run_provider(**facts: Any) -> Iterator[Provider]:
    """A provider, served until the end of the block."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}", **facts)
    with serve(_app(provider), port):
        yield provider


def _app(provider: Provider) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        provider.asked.append("discovery")
        if not provider.up:
            return JSONResponse({}, 503)
        return JSONResponse(_discovery(provider))

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        provider.asked.append("keys")
        return dict(KeySet(provider.keys).as_dict(private=False))

    @app.get("/authorize")
    def authorize(  # noqa: PLR0917  the protocol's parameters
        response_type: str, client_id: str, redirect_uri: str, scope: str, state: str, nonce: str,
        code_challenge: str, code_challenge_method: str, user: str | None = None,
        resource: str = "",
    ) -> Response:  # fmt: skip
        provider.asked.append("authorize")
        # Without a client and an address that are known nobody may be redirected.
        if client_id != provider.client_id or redirect_uri not in provider.redirect_uris:
            return JSONResponse({"error": "invalid_request"}, 400)
        sound = response_type == "code" and code_challenge_method == "S256"
        if not sound or "openid" not in scope.split() or len(code_challenge) != 43:
            return _back(provider, redirect_uri, state, error="invalid_request")
        if resource and resource not in provider.resources:
            return _back(provider, redirect_uri, state, error="invalid_target")
        who = user or provider.user
        if who is None:
            return _back(provider, redirect_uri, state, error="login_required")
        code = secrets.token_urlsafe(24)
        provider.codes[code] = Code(client_id, redirect_uri, code_challenge, nonce, who, resource)
        return _back(provider, redirect_uri, state, code=code)

    @app.post("/token")
    def token(  # noqa: PLR0917  the protocol's parameters
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()] = "",
        redirect_uri: Annotated[str, Form()] = "",
        code_verifier: Annotated[str, Form()] = "",
        resource: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str | None, Form()] = None,
        authorization: Annotated[str | None, Header()] = None,
    ) -> Response:
        provider.asked.append("token")
        if not _is_client(provider, client_id, client_secret, authorization):
            return JSONResponse({"error": "invalid_client"}, 401)
        if grant_type == "client_credentials":
            if resource not in provider.resources:
                return JSONResponse({"error": "invalid_target"}, 400)
            made = provider.access_token(client_id or provider.client_id, resource)
            return JSONResponse({"access_token": made, "token_type": "Bearer", "expires_in": 300})
        kept = provider.codes.get(code)
        challenge = challenge_of(code_verifier)
        fits = (
            kept is not None
            and not kept.used
            and (kept.client_id, kept.redirect_uri) == (client_id, redirect_uri)
            and kept.challenge == challenge
            and grant_type == "authorization_code"
        )
        if kept is not None:
            kept.used = True
        if not fits or kept is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = "opaque"
        if kept.resource:
            groups = provider.users.get(kept.user, {})
            told = {n: groups[n] for n in ("roles", "_claim_names") if n in groups}
            access = provider.access_token(kept.user, kept.resource, scope="openid", **told)
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        return JSONResponse({**answer, "id_token": provider.id_token(kept)})

    @app.get("/userinfo")
    def userinfo(authorization: Annotated[str, Header()] = "") -> Response:
        provider.asked.append("userinfo")
        if not authorization.startswith("Bearer ") or provider.says is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(provider.says)

    @app.get("/logout")
    def logout(client_id: str, post_logout_redirect_uri: str) -> Response:
        provider.asked.append("logout")
        known = {u.rpartition("/sign-in/")[0] + "/signed-out" for u in provider.redirect_uris}
        if client_id != provider.client_id or post_logout_redirect_uri not in known:
            return JSONResponse({"error": "invalid_request"}, 400)
        provider.user = None
        return RedirectResponse(post_logout_redirect_uri, 303)

    return app


def _discovery(provider: Provider) -> Claims:
    method = "client_secret_post" if provider.secret_in_form else "client_secret_basic"
    more = {} if provider.says is None else {"userinfo_endpoint": f"{provider.url}/userinfo"}
    return more | {
        "issuer": provider.url,
        "authorization_endpoint": f"{provider.url}/authorize",
        "token_endpoint": f"{provider.url}/token",
        "jwks_uri": f"{provider.url}/keys",
        "end_session_endpoint": f"{provider.url}/logout",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [method],
        "authorization_response_iss_parameter_supported": provider.sends_issuer,
    }


def _back(provider: Provider, to: str, state: str, **facts: str) -> Response:
    sent = {"state": state, **facts}
    if provider.sends_issuer or provider.issuer_sent:
        sent["iss"] = provider.issuer_sent or provider.url
    return RedirectResponse(f"{to}?{urlencode(sent)}", 303)


def _is_client(
    provider: Provider, client_id: str, in_form: str | None, authorization: str | None
) -> bool:
    if provider.client_secret is None:
        return client_id == provider.client_id
    if provider.secret_in_form:
        return (client_id, in_form) == (provider.client_id, provider.client_secret)
    kind, _, sent = (authorization or "").partition(" ")
    if kind != "Basic" or in_form is not None:
        return False
    name, _, secret = base64.b64decode(sent).decode().partition(":")
    return (unquote(name), unquote(secret)) == (provider.client_id, provider.client_secret)


def _json(document: Claims) -> bytes:
    import json

    return json.dumps(document).encode()


def challenge_of(verifier: str) -> str:
    """Of a PKCE verifier, by S256 (RFC 7636)."""
    return _b64(sha256_digest(verifier.encode()))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
