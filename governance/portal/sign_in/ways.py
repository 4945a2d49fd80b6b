"""The two ways to sign in, as the rest of the portal sees them."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Protocol

from governance.errors import ConfigurationError
from governance.portal.sign_in.bearer import Bearer, TokenRefusedError
from governance.settings import LOOPBACK


class SignIn(Protocol):
    """A way to sign in."""

    @property
    def warning(self) -> str:
        """Said on every page; empty when there is nothing to warn of."""

    def after_sign_out(self) -> str:
        """Where signing out goes on; empty: nowhere else."""

    def prepare(self) -> None:
        """Get ready to sign somebody in."""

    @property
    def takes_tokens(self) -> bool:
        """Whether programs may come with an access token."""

    def read_token(self, token: str, now: datetime) -> Bearer:
        """Whom an access token names; a `TokenRefusedError` when it is not taken."""

    def origins(self) -> frozenset[str]:
        """Other sites that a form of this one may lead to."""


@dataclass(frozen=True, slots=True)
class UnsafeDevelopmentSignIn:
    """Anybody on this machine chooses who to be. For trying out and for tests only.

    A shell on the machine is no boundary: who has one can be anybody here.
    """

    host: str

    def __post_init__(self) -> None:
        """Refuse to be reachable from elsewhere.

        Raises:
            ConfigurationError: The server would listen beyond this machine.
        """
        if self.host not in LOOPBACK:
            raise ConfigurationError(
                "Development sign-in starts on this machine only: listen on 127.0.0.1, or set "
                "GOVERNANCE_OIDC_ISSUER and sign in with OpenID Connect."
            )

    @property
    def warning(self) -> str:
        """Said on every page."""
        return (
            "Anybody on this machine can act as anybody here. For trial only, never for real data."
        )

    def after_sign_out(self) -> str:
        """Nowhere else."""
        return ""

    def prepare(self) -> None:
        """Nothing to do."""

    @property
    def takes_tokens(self) -> bool:
        """Never: nobody issues any."""
        return False

    def read_token(self, token: str, now: datetime) -> Bearer:  # noqa: ARG002  refused unread
        """None is taken.

        Raises:
            TokenRefusedError: Always.
        """
        raise TokenRefusedError("not_taken")

    def origins(self) -> frozenset[str]:
        """None."""
        return frozenset()


def safe_path(asked: str) -> str:
    """Where to go after signing in: a path of ours, or the home page.

    No scheme, no host, no second slash, nothing a browser would read as another site.
    """
    longest = 2000
    ours = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    plain = all(c.isprintable() and c not in "\\ " for c in asked)
    return asked if ours and plain and len(asked) <= longest else "/"


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address in LOOPBACK
