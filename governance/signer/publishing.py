"""Sign and publish, exactly once: the policy zone is told first, the ledger after it.

Order of steps, each of which may be the last before the process is killed:

1. A version that was begun (its number exists beyond the current one), is this signer's own and
   says what is to be said now is finished: the very same bytes become the current ones. Any other
   only uses up its number.
2. What is published now is told apart from what is not ours: only a document under the root counts.
3. The new version is signed and published: created under its number, then made the current one.
4. The signer's memory learns of the number.

The ledger entry comes from the caller, after; when it is missing, the next run finds the published
version and records that one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.digests import sha256_of
from governance.grants.bundle import parse_bundle, parse_people, sign_bundle, sign_people
from governance.grants.errors import BundleRefusedError
from governance.grants.model import GRANT_TYPE, PEOPLE_TYPE, GrantBundle, PeopleMapping
from governance.grants.publish import (
    fetch_bundle,
    fetch_people,
    fetch_version,
    publish_bundle,
    publish_people,
    version_key,
)
from governance.grants.root import Root
from governance.objects import ObjectStore
from governance.signer.memory import PEOPLE
from governance.signing import Envelope, SignatureRefusedError, Signer, check_signed

_MAX_TAKEN: Final = 1000
"""Numbers beyond the current one that are looked at; more is an attack, not a crash."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A published document of this signer's, whole.

    Attributes:
        digest: SHA-256 of its payload.
    """

    document: GrantBundle | PeopleMapping
    digest: str

    @property
    def version(self) -> int:
        """Its number."""
        return self.document.version


@dataclass(frozen=True)
class Publisher:
    """Publishes to one policy zone with one key under one root."""

    policy: ObjectStore
    key: Signer
    root: Root

    def begun(self, name: str) -> Envelope | None:
        """Step 1: the newest version of this signer's that was created and never made current."""
        found = None
        number = self._current_number(name)
        for _ in range(_MAX_TAKEN):
            number += 1
            envelope = fetch_version(self.policy, name, number)
            if envelope is None and self.policy.stat(version_key(name, number)) is None:
                return found
            if envelope is not None and self.own(name, envelope) is not None:
                found = envelope
        return found

    def current(self, name: str) -> Issued | None:
        """Step 2: what is published now, when it is ours; whether it is stale does not matter."""
        envelope = self._fetch(name)
        return None if envelope is None else self.own(name, envelope)

    def free_number(self, name: str, *, at_least: int) -> int:
        """The next number: above everything that is there, whoever put it there.

        Raises:
            BundleRefusedError: Somebody fills the policy zone with numbers.
        """
        number = max(self._current_number(name) + 1, at_least)
        for _ in range(_MAX_TAKEN):
            if self.policy.stat(version_key(name, number)) is None:
                return number
            number += 1
        raise BundleRefusedError(
            "bundle.contended",
            f"More than {_MAX_TAKEN} numbers of {name} beyond the current one are taken.",
            "Find out who writes into the policy zone, and clear it.",
        )

    def publish(self, document: GrantBundle | PeopleMapping, now: datetime) -> Issued:
        """Step 3: sign and publish.

        Raises:
            BundleRefusedError: It does not verify under the root, or another is newer.
        """
        signed = (
            sign_bundle(document, self.key)
            if isinstance(document, GrantBundle)
            else sign_people(document, self.key)
        )
        self.resume(signed, now)
        return Issued(document, sha256_of(signed.payload))

    def resume(self, envelope: Envelope, now: datetime) -> None:
        """Make a signed document the current one, from wherever a crash left it.

        Raises:
            BundleRefusedError: It does not verify under the root, or another is newer.
        """
        if envelope.payload_type == PEOPLE_TYPE:
            publish_people(self.policy, envelope, root=self.root, now=now)
        else:
            publish_bundle(self.policy, envelope, root=self.root, now=now)

    def _current_number(self, name: str) -> int:
        issued = self.current(name)
        return 0 if issued is None else issued.version

    def _fetch(self, name: str) -> Envelope | None:
        try:
            if name == PEOPLE:
                return fetch_people(self.policy)
            return fetch_bundle(self.policy, name.removeprefix("grants/"))
        except BundleRefusedError:
            return None

    def own(self, name: str, envelope: Envelope) -> Issued | None:
        """The document, when keys of the root signed it for that name."""
        try:
            payload = check_signed(
                envelope,
                payload_type=PEOPLE_TYPE if name == PEOPLE else GRANT_TYPE,
                keys=self.root.keys("signer"),
                threshold=self.root.threshold("signer"),
            )
            document = parse_people(payload) if name == PEOPLE else parse_bundle(payload)
        except (SignatureRefusedError, BundleRefusedError):
            return None
        if isinstance(document, GrantBundle) and name != project_name(document.project):
            return None
        return Issued(document, sha256_of(payload))


def project_name(project: str) -> str:
    """A project among the published."""
    return f"grants/{project}"
