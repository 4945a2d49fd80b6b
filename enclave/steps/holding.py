"""One worker at a time: holds that all processes and machines of a deployment respect.

A submission is worked on by one worker, a feed's drops are received by one, and a table's risk is
measured and committed by one; whoever comes second waits, then finds the work done. A worker that
is killed loses its hold at once (local) or within a minute (Azure).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from enclave.deployment import Deployment
from enclave.zones import Zone

WAIT_SECONDS = 90.0
"""How long a step waits before it says that somebody else is at work; longer than a dead hold."""


@contextmanager
def hold_feed(deployment: Deployment, agreement_id: str) -> Iterator[None]:
    """Hold the receiving of an agreement's drops.

    Raises:
        LeaseHeldError: Somebody else held it for too long; retry later.
    """
    with _hold(deployment, f"feeds/{agreement_id}", WAIT_SECONDS):
        yield


@contextmanager
def hold_submission(
    deployment: Deployment, submission_id: str, wait_seconds: float = WAIT_SECONDS
) -> Iterator[None]:
    """Hold a submission; read its state only inside.

    Raises:
        LeaseHeldError: Somebody else held it for too long; retry later.
    """
    with _hold(deployment, f"submissions/{submission_id}", wait_seconds):
        yield


@contextmanager
def hold_table(deployment: Deployment, table: str) -> Iterator[None]:
    """Hold a curated table from the measure of its risk to the commit.

    Raises:
        LeaseHeldError: Somebody else held it for too long; retry later.
    """
    with _hold(deployment, f"tables/{table}", WAIT_SECONDS):
        yield


@contextmanager
def _hold(deployment: Deployment, key: str, wait_seconds: float) -> Iterator[None]:
    store = deployment.zones.store(Zone.STAGING)
    with store.lease(f"held/{key}", wait_seconds=wait_seconds):
        yield
