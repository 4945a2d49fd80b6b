"""Grants of the demonstration."""

from dataclasses import dataclass

from governance.demo.desk import Desk
from governance.digests import sha256_of
from governance.permissions import SIGNER
from governance.requests.states import Act


@dataclass
class Bundles:
    """Publishes and takes back grants."""

    desk: Desk

    def grant(self, number: str, version: int, bundle: int) -> None:
        """Record a grant."""
        self.desk.on(
            number,
            Act.GRANT,
            SIGNER,
            version=version,
            bundle_version=bundle,
            bundle_digest=sha256_of(f"{number}/{bundle}".encode()),
        )

    def revoke(self, number: str) -> None:
        """Publish the revocation."""
