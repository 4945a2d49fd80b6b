"""Signs the user of this process in to a deployment, as a person of an agency."""

import getpass
from datetime import timedelta

from enclave.deployment import Deployment
from enclave.steps.query import trust_root
from enclave.zones import Zone
from governance.grants import Account, publish_people, sign_people
from tests.lib.grants import Keys, build_people


def sign_in(
    deployment: Deployment, agency: str | None, *, person: str = "p-steward", version: int = 1
) -> None:
    """Publish a mapping by which the user is a data steward of the agency (None: of none)."""
    now = deployment.now()
    keys = Keys(expires_at=now.replace(microsecond=0) + timedelta(days=300))
    if version == 1:
        trust_root(deployment, keys.envelope().to_json())
    account = Account(
        account=getpass.getuser(), person=person, agency=agency, valid_from=deployment.today()
    )
    people = build_people(
        version=version,
        accounts=(account,),
        issued_at=now,
        expires_at=now + timedelta(days=30),
    )
    policy = deployment.zones.store(Zone.POLICY)
    publish_people(policy, sign_people(people, keys.signer), root=keys.root(), now=now)
