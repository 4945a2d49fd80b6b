"""Signing in with OpenID Connect: authorization code, PKCE (S256), state and nonce.

1. `/sign-in/start` gives the browser a fresh secret in an HttpOnly cookie, good for ten minutes.
   State, nonce and PKCE verifier are made from it (HMAC-SHA-256), so there is nothing to keep, and
   an answer meant for another browser fits none of them.
2. `/sign-in/callback` compares the state, and the issuer where the provider sends it (RFC 9207).
3. The code goes to the provider with the verifier; the ID token is checked (`tokens`). What it
   leaves out, the provider's UserInfo endpoint may say.
4. The person is found or made; who is no longer employed is refused.
5. A new session takes the place of any earlier one; the secret's cookie is taken back.
"""

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import constant_time
from pydantic import SecretStr
from starlette.responses import RedirectResponse, Response

from governance.canonical import base64url
from governance.digests import sha256_digest
from governance.errors import ConfigurationError, DocumentError
from governance.people import Person, PortalRole
from governance.people.commands import decide_roles
from governance.portal.faults import NoSuchPageError, SignInError
from governance.portal.routes import Open, PortalRouter
from governance.portal.sessions import derive, is_secret, new_secret
from governance.portal.sign_in.access_tokens import ExpectedAccess, verify_access_token
from governance.portal.sign_in.bearer import Bearer, ProviderSilentError, TokenRefusedError
from governance.portal.sign_in.leaving import give_session, give_signing_in
from governance.portal.sign_in.provider import Client, Provider, ProviderError, origin_of
from governance.portal.sign_in.tokens import KEYS_UNKNOWN, Expected, TokenError, verify_id_token
from governance.portal.sign_in.ways import safe_path
from governance.portal.visits import Visit, VisitDep, redirect
from governance.services import people
from governance.services.people import SignInClaims
from governance.settings import GovernanceSettings

LOG = logging.getLogger("governance.portal.sign_in")
CALLBACK = "/sign-in/callback"
SIGNED_OUT = "/signed-out"
router = PortalRouter()
_WHO = Open("Signing in.")


@dataclass(frozen=True, slots=True)
class OpenIdConnect:
    """Sign-in with an OpenID Connect provider.

    Attributes:
        role_claim: Claim with groups or application roles.
        roles: Portal role by value of that claim; empty: the office gives the roles.
        api_audience: What an access token of a program must be for; empty: none is taken.
    """

    provider: Provider
    base_url: str
    role_claim: str
    roles: Mapping[str, PortalRole]
    api_audience: str = ""

    @property
    def warning(self) -> str:
        """Nothing to warn of."""
        return ""

    def after_sign_out(self) -> str:
        """Signing out goes on at the provider, when it publishes where."""
        try:
            return self.provider.sign_out_address(self.base_url + SIGNED_OUT)
        except ProviderError as error:
            LOG.warning("sign-out at the provider failed: %s", error.check)
            return ""

    def prepare(self) -> None:
        """Ask the provider who it is, ahead of the first sign-in; whether it answers or not."""
        try:
            self.provider.published()
        except ProviderError as error:
            LOG.warning("the sign-in provider does not answer: %s", error.check)

    def origins(self) -> frozenset[str]:
        """Where forms may lead besides this site: browsers check redirects after a form too."""
        known = self.provider.known
        places = {self.provider.issuer}
        if known is not None:
            places = {known.authorization, known.end_session or known.authorization}
        return frozenset(map(origin_of, places))

    @property
    def takes_tokens(self) -> bool:
        """Whether programs may come with an access token."""
        return bool(self.api_audience)

    def read_token(self, token: str, now: datetime) -> Bearer:
        """Whom an access token names.

        Raises:
            TokenRefusedError: None is taken here, or not this one.
            ProviderSilentError: The provider's keys are not known now.
        """
        if not self.api_audience:
            raise TokenRefusedError("not_taken")
        expected = ExpectedAccess(self.provider.issuer, self.api_audience, now)
        try:
            claims = verify_access_token(token, self.provider.keys, expected)
        except TokenError as error:
            if error.check == KEYS_UNKNOWN:
                raise _silent(error.check) from None
            raise TokenRefusedError(error.check) from None
        except ProviderError as error:
            raise _silent(error.check) from None
        try:
            roles = self._roles(claims)
        except SignInError:
            raise TokenRefusedError("roles") from None
        return Bearer(account_of(self.provider.issuer, claims), roles)

    def completed(self, claims: Mapping[str, Any], access_token: str) -> dict[str, Any]:
        """The ID token's claims and, where they leave something out, the UserInfo endpoint's.

        Raises:
            ProviderError: The endpoint refused, or speaks of somebody else.
        """
        needed = {"name", "email", *((self.role_claim,) if self.roles else ())}
        if needed <= claims.keys():
            return dict(claims)
        said, own = self.provider.says_of(str(claims["sub"]), access_token), dict(claims)
        # Whether an address is verified is said of that address alone.
        (said if "email" in own else own).pop("email_verified", None)
        return {**said, **own}

    def claims_of(self, claims: Mapping[str, Any]) -> SignInClaims:
        """What the token says of the person.

        Raises:
            SignInError: It has no address, or left the groups out because they are too many.
        """
        stated = _text(claims, "email")
        email = stated or _text(claims, "preferred_username")
        if not email:
            raise SignInError(
                "Your organization did not send an e-mail address.",
                "Ask its help desk to send the `email` claim to this site.",
            )
        return SignInClaims(
            name=_text(claims, "name") or email,
            email=email,
            # The claim speaks of `email`; a preferred user name is whatever somebody chose.
            email_verified=bool(stated) and claims.get("email_verified") is True,
            roles=self._roles(claims),
        )

    def _roles(self, claims: Mapping[str, Any]) -> tuple[PortalRole, ...] | None:
        if not self.roles:
            return None
        elsewhere = claims.get("_claim_names")
        if isinstance(elsewhere, Mapping) and self.role_claim in elsewhere:
            raise SignInError(
                "Your organization sends too many groups for this site to read.",
                "Ask its help desk to send application roles instead.",
            )
        given = claims.get(self.role_claim)
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        mapped = {self.roles[v] for v in values if isinstance(v, str) and v in self.roles}
        # Whose groups were all taken away is a requestor like everybody, not what they were.
        found = tuple(r for r in PortalRole if r in mapped) or (PortalRole.REQUESTOR,)
        for denial in decide_roles(found).denials:
            remedy = f"{denial.remedy} Your organization's help desk gives and takes such roles."
            raise SignInError(denial.reason, remedy)
        return found


def open_id_connect(settings: GovernanceSettings) -> OpenIdConnect | None:
    """As configured; None when no issuer is.

    Raises:
        ConfigurationError: No client id, or a role that does not exist.
    """
    if settings.oidc_issuer is None:
        if settings.oidc_api_audience:
            raise ConfigurationError("GOVERNANCE_OIDC_API_AUDIENCE needs GOVERNANCE_OIDC_ISSUER.")
        return None
    if not settings.oidc_client_id:
        raise ConfigurationError("GOVERNANCE_OIDC_CLIENT_ID is missing.")
    known = {r.value for r in PortalRole}
    unknown = sorted(set(settings.oidc_role_map.values()) - known)
    if unknown:
        raise ConfigurationError(
            f"GOVERNANCE_OIDC_ROLE_MAP names no role of the portal: {', '.join(unknown)}. "
            f"Known are {', '.join(sorted(known))}."
        )
    secret = settings.oidc_client_secret
    client = Client(settings.oidc_client_id, _value(secret))
    return OpenIdConnect(
        Provider(settings.oidc_issuer, client),
        settings.base_url,
        settings.oidc_role_claim,
        {value: PortalRole(role) for value, role in settings.oidc_role_map.items()},
        settings.oidc_api_audience or "",
    )


def account_of(issuer: str, claims: Mapping[str, Any]) -> str:
    """What a person's record names a sign-in by: issuer and subject, joined."""
    return f"{issuer}|{claims['sub']}"


@router.page("POST", "/sign-in/start", asks=_WHO)
def start(visit: VisitDep) -> Response:
    """Step 1: on to the provider."""
    way = _way(visit)
    secret = new_secret()
    to = safe_path(str(visit.form.get("next") or "/"))
    asked = {
        "response_type": "code",
        "client_id": way.provider.client.client_id,
        "redirect_uri": way.base_url + CALLBACK,
        "scope": "openid profile email",
        "state": _made(secret, "state"),
        "nonce": _made(secret, "nonce"),
        "code_challenge": base64url(sha256_digest(_made(secret, "verifier").encode())),
        "code_challenge_method": "S256",
    }
    try:
        address = way.provider.published().authorization
    except ProviderError as error:
        raise _failed(error.check) from None
    joint = "&" if "?" in address else "?"
    answer = RedirectResponse(f"{address}{joint}{urlencode(asked)}", 303)
    return give_signing_in(visit, answer, f"{secret}.{base64url(to.encode())}")


@router.page("GET", CALLBACK, asks=_WHO)
def come_back(visit: VisitDep) -> Response:
    """Steps 2 to 5: back from the provider."""
    way = _way(visit)
    secret, to = _started(visit)
    _check_answer(visit, way, secret)
    expected = Expected(
        way.provider.issuer, way.provider.client.client_id, _made(secret, "nonce"), visit.now
    )
    code = visit.request.query_params["code"]
    try:
        tokens = way.provider.exchange(code, way.base_url + CALLBACK, _made(secret, "verifier"))
        verified = verify_id_token(tokens.id_token, way.provider.keys, expected)
        claims = way.completed(verified, tokens.access_token)
    except (ProviderError, TokenError) as error:
        raise _failed(error.check) from None
    account = account_of(way.provider.issuer, claims)
    person = _person(visit, account, way.claims_of(claims))
    return give_session(visit, redirect(to), person.id, account, _text(verified, "sid"))


@router.page("GET", SIGNED_OUT, asks=Open("Where the provider leads after signing out."))
def show_signed_out(visit: VisitDep) -> Response:
    """Says so."""
    return visit.page("sign_in/signed_out.html")


def _way(visit: Visit) -> OpenIdConnect:
    way = visit.portal.sign_in
    if not isinstance(way, OpenIdConnect):
        raise NoSuchPageError("There is nothing at this address.")
    return way


def _started(visit: Visit) -> tuple[str, str]:
    """The secret of this browser's sign-in, and where it leads afterwards."""
    cookie = visit.request.cookies.get(visit.portal.cookies.signing_in, "")
    secret, _, to = cookie.partition(".")
    if not is_secret(secret) or not to:
        raise _failed("not_started_here")
    try:
        return secret, safe_path(base64.urlsafe_b64decode(to + "=" * (-len(to) % 4)).decode())
    except (binascii.Error, ValueError):
        return secret, "/"


def _check_answer(visit: Visit, way: OpenIdConnect, secret: str) -> None:
    query = visit.request.query_params
    state = query.get("state", "")
    if not constant_time.bytes_eq(state.encode(), _made(secret, "state").encode()):
        raise _failed("state")
    issuer = query.get("iss")
    try:
        sends_issuer = way.provider.published().sends_issuer
    except ProviderError as error:
        raise _failed(error.check) from None
    if (issuer is None and sends_issuer) or (issuer is not None and issuer != way.provider.issuer):
        raise _failed("mixed_up_issuer")
    if query.get("error") == "access_denied":
        raise SignInError("The sign-in was cancelled.", "Begin again when you want to.")
    if not query.get("code"):
        raise _failed("no_code")


def _person(visit: Visit, account: str, claims: SignInClaims) -> Person:
    try:
        person = people.sign_in(visit.programme, account, claims)
    except DocumentError:
        raise SignInError(
            "Your organization sent a name or an address that this site cannot use.",
            "Ask its help desk.",
        ) from None
    if not person.employed(visit.today):
        raise SignInError(
            "Your record here has ended.", "If that is a mistake, the operating office mends it."
        )
    return person


def _failed(check: str) -> SignInError:
    LOG.warning("sign-in refused: %s", check)
    return SignInError(
        "The sign-in could not be completed.",
        "Begin again from the sign-in page. If it fails again, tell the operating office.",
    )


def _silent(check: str) -> ProviderSilentError:
    LOG.warning("the sign-in provider's keys cannot be read: %s", check)
    return ProviderSilentError(
        "The sign-in provider does not answer.", "Try again in a minute.", retry_after=30
    )


def _made(secret: str, purpose: str) -> str:
    return base64url(derive(secret, f"oidc-{purpose}"))


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _value(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
