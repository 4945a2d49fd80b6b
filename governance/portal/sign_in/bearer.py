"""Programs: `Authorization: Bearer` (RFC 6750), and what is said of a token that is not taken.

Nothing of a token stands in an answer or a log: only which check it failed.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.requests import Request

from governance.people import PortalRole
from governance.portal.faults import PortalRefusalError

REALM: Final = 'Bearer realm="governance"'
_AGAIN: Final = "Ask your organization's sign-in service for a new token for this site."
_OFFICE: Final = "Ask the operating office."
_SAID: Final[dict[str, tuple[str, str]]] = {
    "not_taken": ("This site takes no access tokens.", f"Sign in instead. {_OFFICE}"),
    "size": ("The access token is too long.", _AGAIN),
    "form": ("The access token cannot be read.", _AGAIN),
    "algorithm": ("The access token is signed in a way that is not taken.", _AGAIN),
    "key": ("The access token is signed by a key that its issuer does not publish.", _AGAIN),
    "signature": ("The access token's signature does not fit.", _AGAIN),
    "type": ("This is another kind of token.", "Send an access token."),
    "id_token": ("This is an ID token: it tells a program who signed in.", "Send an access token."),
    "no_access_token": ("Nothing says that this is an access token.", "Ask for a scope with it."),
    "bound": (
        "The access token is bound to a key of its program.", "Ask for a plain bearer token.",
    ),
    "issuer": ("The access token is of another issuer.", _AGAIN),
    "audience": ("The access token is for another site.", _AGAIN),
    "expired": ("The access token has expired.", _AGAIN),
    "age": ("The access token is dated in the future.", _AGAIN),
    "not_before": ("The access token is not valid yet.", _AGAIN),
    "subject": ("The access token names nobody.", _AGAIN),
    "unknown": (
        "Whom the access token names is nobody on record here.",
        "A person signs in to the portal once; for a program the operating office makes a record.",
    ),
    "ended": ("The record of whom the access token names has ended.", _OFFICE),
    "roles": ("The access token leaves the groups out because they are too many.",
              "Ask your organization's help desk to send application roles instead."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom an access token names; verified.

    Attributes:
        account: Issuer and subject, joined as at sign-in.
        roles: Portal roles that the token gives; None: the office gives them.
    """

    account: str
    roles: tuple[PortalRole, ...] | None


class TokenRefusedError(PortalRefusalError):
    """An access token is not taken.

    Attributes:
        check: Which check it failed, by name; nothing of the token.
    """

    code: ClassVar[str] = "portal.token_refused"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "The access token is not accepted"
    error: ClassVar[str] = "invalid_token"

    def __init__(self, check: str) -> None:
        """Say why, by the name of the check."""
        reason, remedy = _SAID.get(check, ("The access token is not complete.", _AGAIN))
        super().__init__(reason, remedy)
        self.check = check

    @property
    def challenge(self) -> str:
        """The header `WWW-Authenticate` (RFC 6750, section 3)."""
        return f'{REALM}, error="{self.error}", error_description="{self.message}"'


class BearerRequestError(TokenRefusedError):
    """A token was sent where or how none is taken."""

    code = "portal.token_misplaced"
    status = 400
    title = "This cannot be done"
    error = "invalid_request"

    def __init__(self, message: str, remedy: str) -> None:
        """Say what was wrong with the request."""
        PortalRefusalError.__init__(self, message, remedy)
        self.check = "request"


class ProviderSilentError(PortalRefusalError):
    """The sign-in provider does not answer, so no new token can be judged."""

    code = "portal.provider_silent"
    status = 503
    title = "Please try again"


def has_bearer(request: Request) -> bool:
    """Whether a request is a program's: it shows a token, good or not."""
    return any(_is_bearer(value) for value in request.headers.getlist("authorization"))


def bearer_of(request: Request) -> str | None:
    """The token a request shows, or None.

    Raises:
        BearerRequestError: It shows several, or none after the word.
    """
    sent = request.headers.getlist("authorization")
    if not any(map(_is_bearer, sent)):
        return None
    token = sent[0].partition(" ")[2].strip()
    if len(sent) > 1 or not token or " " in token:
        raise BearerRequestError(
            "The header Authorization is not one token.", "Send `Authorization: Bearer` and it."
        )
    return token


def _is_bearer(value: str) -> bool:
    return value.strip().partition(" ")[0].lower() == "bearer"
