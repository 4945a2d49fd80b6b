"""The OpenID Connect provider: what it publishes, a code's tokens, and what it says of a person.

Only addresses that the provider itself publishes are asked, over https (or on this machine), no
redirect is followed, and an answer is read to a bound only.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx

from governance.errors import ConfigurationError
from governance.portal.sign_in.tokens import PublishedKeys
from governance.settings import LOOPBACK

DISCOVERY: Final = "/.well-known/openid-configuration"
_SECONDS: Final = 10.0
_KEPT_SECONDS: Final = 3600.0
_MAXIMUM_BYTES: Final = 500_000
_OK: Final = 200


class ProviderError(Exception):
    """The provider did not do what it should.

    Attributes:
        check: What failed, by name; nothing that it sent.
    """

    def __init__(self, check: str) -> None:
        """Name it."""
        super().__init__(check)
        self.check = check


@dataclass(frozen=True, slots=True)
class Published:
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    authorization: str
    token: str
    keys: str
    end_session: str
    userinfo: str
    sends_issuer: bool
    secret_in_form: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code is exchanged for; neither is checked yet."""

    id_token: str
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Client:
    """This portal, as registered at the provider."""

    client_id: str
    secret: str | None


class Provider:
    """One issuer, asked when needed."""

    def __init__(
        self, issuer: str, client: Client, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is asked yet.

        Raises:
            ConfigurationError: The issuer is not https and not on this machine.
        """
        if not _is_safe(issuer):
            raise ConfigurationError("GOVERNANCE_OIDC_ISSUER is an https address.")
        self.issuer, self.client = issuer, client
        self._clock = clock
        self._published: tuple[float, Published] | None = None
        self.keys = PublishedKeys(lambda: self._ask("GET", self.published().keys))

    def published(self) -> Published:
        """What it says of itself; asked once an hour.

        Raises:
            ProviderError: It does not answer, or says it is somebody else.
        """
        now = self._clock()
        if self._published is None or now - self._published[0] >= _KEPT_SECONDS:
            document = self._ask("GET", self.issuer.rstrip("/") + DISCOVERY)
            self._published = (now, self._read(document))
        return self._published[1]

    @property
    def known(self) -> Published | None:
        """What it said last; nothing is asked."""
        return self._published[1] if self._published is not None else None

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for a code.

        Raises:
            ProviderError: It refused.
        """
        published = self.published()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client.client_id,
            "code_verifier": verifier,
        }
        auth = None
        if self.client.secret is not None and published.secret_in_form:
            form["client_secret"] = self.client.secret
        elif self.client.secret is not None:
            # RFC 6749, 2.3.1: both are form-encoded before they go into the header.
            auth = httpx.BasicAuth(
                quote(self.client.client_id, safe=""), quote(self.client.secret, safe="")
            )
        answer = self._ask("POST", published.token, form, auth)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or str(answer.get("token_type", "")).lower() != "bearer":
            raise ProviderError("token_answer")
        return Tokens(token, access if isinstance(access, str) else "")

    def says_of(self, subject: str, access_token: str) -> dict[str, Any]:
        """Claims of the UserInfo endpoint; none when the provider has no such place.

        Many providers put name and address there and not into the ID token (OpenID Connect
        Core 1.0, sections 5.3 and 5.4).

        Raises:
            ProviderError: It refused, or speaks of somebody else (section 5.3.2).
        """
        address = self.published().userinfo
        if not address or not access_token:
            return {}
        claims = self._ask("GET", address, token=access_token)
        if claims.get("sub") != subject:
            raise ProviderError("userinfo_subject")
        return claims

    def sign_out_address(self, back_to: str) -> str:
        """Where signing out goes on at the provider; empty when it publishes no such place."""
        address = self.published().end_session
        if not address:
            return ""
        asked = {"client_id": self.client.client_id, "post_logout_redirect_uri": back_to}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def _read(self, document: Mapping[str, Any]) -> Published:
        if document.get("issuer") != self.issuer:
            raise ProviderError("issuer_of_discovery")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        in_form = isinstance(methods, list) and "client_secret_basic" not in methods
        return Published(
            authorization=_address(document, "authorization_endpoint"),
            token=_address(document, "token_endpoint"),
            keys=_address(document, "jwks_uri"),
            end_session=_optional(document, "end_session_endpoint"),
            userinfo=_optional(document, "userinfo_endpoint"),
            sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
            secret_in_form=in_form,
        )

    def _ask(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
        *,
        token: str = "",
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            with (
                httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
                client.stream(method, address, data=form, auth=auth, headers=headers) as answer,
            ):
                body = _bounded(answer)
                status = answer.status_code
        except httpx.HTTPError:
            raise ProviderError("no_answer") from None
        if status != _OK:
            raise ProviderError(f"status_{status}")
        try:
            document = json.loads(body)
        except ValueError:
            raise ProviderError("no_json") from None
        if not isinstance(document, dict):
            raise ProviderError("no_json")
        return document


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    for block in answer.iter_bytes():
        body += block
        if len(body) > _MAXIMUM_BYTES:
            raise ProviderError("too_much")
    return body


def _address(document: Mapping[str, Any], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or not _is_safe(address):
        raise ProviderError(name)
    return address


def _optional(document: Mapping[str, Any], name: str) -> str:
    return _address(document, name) if document.get(name) else ""


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return (parts.scheme == "https" and bool(parts.hostname)) or (
        parts.scheme == "http" and parts.hostname in LOOPBACK
    )
