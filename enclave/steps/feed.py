"""Tell the control plane what happened: the row-free feed, after each step and every night."""

from contextlib import suppress

from enclave.deployment import Deployment
from enclave.event_feed import EventFeed, PublishedFeed
from enclave.zones import Zone
from governance.errors import ObjectStoreError


def open_feed(deployment: Deployment) -> EventFeed:
    """The feed of the deployment."""
    zones = deployment.zones
    return EventFeed(deployment.ledger, zones.store(Zone.LEDGER), zones.store(Zone.POLICY))


def publish_feed(deployment: Deployment, *, daily: bool = False) -> PublishedFeed:
    """Publish what the ledger holds beyond the newest batch.

    Args:
        deployment: Whose ledger.
        daily: Whether to say that the feed lives when nothing happened, and to put back what is
            missing or altered in the policy zone.

    Raises:
        LedgerError: The ledger does not continue what was published.
        ObjectStoreError: A zone does not answer, or the policy zone may not be written.
    """
    return open_feed(deployment).publish(deployment.now(), heartbeat=daily, mend=daily)


def tell(deployment: Deployment) -> None:
    """Publish at the end of a step; a zone that does not answer keeps no step from being done.

    What is not told now is told by the next step, or by the night's publication, which fails when
    it cannot.
    """
    with suppress(ObjectStoreError):
        publish_feed(deployment)
