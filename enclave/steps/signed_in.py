"""Who is at work here: the operating-system user in the signed mapping of sign-ins to persons.

A shell is no boundary: whoever runs code as another user is that user. What the mapping gives is
that a person is named, dated and signed for, and cannot be typed.
"""

import getpass

from enclave.deployment import Deployment
from enclave.query import SeenVersions
from enclave.zones import Zone
from governance.digests import sha256_of
from governance.errors import ConfigurationError
from governance.grants import Account
from governance.grants.bundle import verify_people
from governance.grants.model import PeopleMapping
from governance.grants.publish import fetch_people, fetch_root
from governance.grants.root import Root, pin_root
from governance.signing import Envelope

TRUST = "trust"
PINNED_ROOT = "root.json"


def pinned_root(deployment: Deployment) -> Root:
    """The root this data plane trusts.

    Raises:
        ConfigurationError: None is pinned yet.
    """
    path = deployment.home / TRUST / PINNED_ROOT
    if not path.is_file():
        message = "No root is trusted yet. `enclave trust ROOT.json` pins the one you were handed."
        raise ConfigurationError(message)
    return pin_root(Envelope.from_json(path.read_bytes()))


def verified_people(deployment: Deployment, seen: SeenVersions) -> tuple[Root, PeopleMapping]:
    """The newest root and people mapping, verified; none older than one seen before.

    Whoever can delete the newest root in the policy zone could otherwise bring a withdrawn signer's
    key back.

    Raises:
        BundleRefusedError: One of them does not verify, or went back.
        ConfigurationError: No root is pinned yet.
    """
    policy, now = deployment.zones.store(Zone.POLICY), deployment.now()
    root = fetch_root(policy, pinned_root(deployment), now)
    seen.record("root", root.document.version, root.digest)
    version, digest = seen.last("people")
    envelope = fetch_people(policy)
    people = verify_people(envelope, root, now, version, last_seen_digest=digest)
    seen.record("people", people.version, sha256_of(envelope.payload))
    return root, people


def signed_in(deployment: Deployment) -> Account | None:
    """The mapping's entry for the user who runs this, today; None when it maps the user to nobody.

    Raises:
        BundleRefusedError: Root or mapping does not verify, or went back.
        ConfigurationError: No root is pinned yet.
    """
    _, people = verified_people(deployment, SeenVersions(deployment.zones.store(Zone.LEDGER)))
    return people.account_of(getpass.getuser(), deployment.today())
