"""Tell the control plane what happened: the row-free feed, after each step and every night."""

import re
from contextlib import suppress
from typing import Final

from enclave.deployment import Deployment
from enclave.event_feed import EventFeed, PublishedFeed
from enclave.zones import Zone
from governance.errors import LedgerError, ObjectNotFoundError, ObjectStoreError
from governance.objects import ObjectStore
from governance.objects.prefixed import PrefixedStore
from governance.signing import Envelope, SignatureRefusedError
from governance.stored_ledger import LATEST_CHECKPOINT, checkpoint_key, parse_object

GOVERNANCE_COPY: Final = "ledger/governance"
"""Where the control plane keeps its chain's copy and checkpoints, in the policy zone."""
_HEAD: Final = re.compile(r"[0-9a-f]{64}")


def open_feed(deployment: Deployment) -> EventFeed:
    """The feed of the deployment."""
    zones = deployment.zones
    return EventFeed(deployment.ledger, zones.store(Zone.LEDGER), zones.store(Zone.POLICY))


def publish_feed(deployment: Deployment, *, daily: bool = False) -> PublishedFeed:
    """Publish what the ledger holds beyond the newest batch.

    Args:
        deployment: Whose ledger.
        daily: Whether to say that the feed lives when nothing happened, to put back what is missing
            or altered in the policy zone, and to sign a checkpoint that names the last head seen of
            the control plane's chain: neither can then be rewritten without the other.

    Raises:
        LedgerError: The ledger does not continue what was published.
        ObjectStoreError: A zone does not answer, or the policy zone may not be written.
    """
    done = open_feed(deployment).publish(deployment.now(), heartbeat=daily, mend=daily)
    if daily:
        seen = governance_head(deployment.zones.store(Zone.POLICY))
        deployment.ledger.checkpoint(other_head=seen)
    return done


def governance_head(policy: ObjectStore) -> str:
    """Last head the control plane's newest checkpoint tells of its chain; empty for none.

    As told: whose signature it bears is judged by whoever compares the two chains.
    """
    folder = PrefixedStore(policy, GOVERNANCE_COPY)
    try:
        size = parse_object(folder.read(LATEST_CHECKPOINT)).get("size")
        sealed = folder.read(checkpoint_key(size if type(size) is int else 0))
        head = parse_object(Envelope.from_json(sealed).payload).get("head")
    except (ObjectNotFoundError, LedgerError, SignatureRefusedError):
        return ""
    return head if isinstance(head, str) and _HEAD.fullmatch(head) else ""


def tell(deployment: Deployment) -> None:
    """Publish at the end of a step; a zone that does not answer keeps no step from being done.

    What is not told now is told by the next step, or by the night's publication, which fails when
    it cannot.
    """
    with suppress(ObjectStoreError):
        publish_feed(deployment)
