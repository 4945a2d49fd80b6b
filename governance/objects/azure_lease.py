"""A blob lease kept alive in the background, which knows when it was lost.

Steps: make the lock blob; acquire a 60-second lease, polling; renew every 15 seconds from a thread
of its own; treat the lease as lost when Azure says so, or when no renewal has succeeded for as long
as it lasts, counted from before the last successful call; at the end delete the blob, which also
ends the lease, so that nothing piles up.
"""

import contextlib
import threading
import time

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobClient, BlobLeaseClient, StorageErrorCode

from governance.errors import LeaseHeldError
from governance.objects.azure_streams import error_code

LEASE_SECONDS = 60
RENEW_SECONDS = 15.0

_FIRST_POLL_SECONDS = 0.1
_SLOWEST_POLL_SECONDS = 0.5
_NOT_FOUND = 404
_HELD = frozenset(
    {
        StorageErrorCode.LEASE_ALREADY_PRESENT.value,
        StorageErrorCode.LEASE_ALREADY_BROKEN.value,
        StorageErrorCode.LEASE_IS_BREAKING_AND_CANNOT_BE_ACQUIRED.value,
    }
)


class BlobLease:
    """An acquired lease; see `acquire_blob_lease`."""

    def __init__(self, client: BlobLeaseClient, blob: BlobClient, asked_at: float) -> None:
        """Start renewing.

        Args:
            client: Holds the lease.
            blob: The lock blob.
            asked_at: Monotonic time just before it was acquired.
        """
        self._client = client
        self._blob = blob
        self._held_until = asked_at + LEASE_SECONDS
        self._lock = threading.Lock()
        self._lost = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="blob lease", daemon=True)
        self._thread.start()

    def renew(self) -> None:
        """Extend the hold now.

        Raises:
            LeaseHeldError: The hold was lost, or could not be extended in time.
        """
        self._extend()
        if self.is_lost():
            raise LeaseHeldError("A lease was lost to somebody else.")

    def is_lost(self) -> bool:
        """Whether somebody else may hold it by now."""
        with self._lock:
            self._lost = self._lost or time.monotonic() >= self._held_until
            return self._lost

    def end(self) -> bool:
        """Stop renewing and let go; tells whether the lease had been lost before."""
        self._done.set()
        lost = self.is_lost()
        if not lost:
            with contextlib.suppress(AzureError):  # it runs out by itself
                self._blob.delete_blob(lease=self._client)
        return lost

    def _keep(self) -> None:
        while not self._done.wait(RENEW_SECONDS) and not self.is_lost():
            self._extend()

    def _extend(self) -> None:
        asked_at = time.monotonic()
        try:
            self._client.renew(timeout=10)
        except HttpResponseError as error:
            if error.status_code is not None and error.status_code < 500:  # noqa: PLR2004  a definite no
                with self._lock:
                    self._lost = self._lost or not self._done.is_set()
        except AzureError:
            return  # no answer: the hold lasts until its time is over
        else:
            with self._lock:
                self._held_until = max(self._held_until, asked_at + LEASE_SECONDS)


def acquire_blob_lease(blob: BlobClient, wait_seconds: float) -> BlobLease | None:
    """Lease a lock blob, making it when it is missing; None when it stays held too long.

    Raises:
        AzureError: Azure refused for another reason, or did not answer.
    """
    deadline = time.monotonic() + wait_seconds
    pause = _FIRST_POLL_SECONDS
    while True:
        asked_at = time.monotonic()
        client = BlobLeaseClient(blob)
        try:
            client.acquire(lease_duration=LEASE_SECONDS)
        except HttpResponseError as error:
            if error.status_code == _NOT_FOUND and (
                error_code(error) != StorageErrorCode.CONTAINER_NOT_FOUND.value
            ):
                _make(blob)
                continue
            if error_code(error) not in _HELD:
                raise
        else:
            return BlobLease(client, blob, asked_at)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return None
        time.sleep(min(pause, remaining))
        pause = min(pause * 1.5, _SLOWEST_POLL_SECONDS)


def _make(blob: BlobClient) -> None:
    try:
        blob.upload_blob(b"", overwrite=False)
    except ResourceExistsError:
        return
    except HttpResponseError as error:
        if error_code(error) != StorageErrorCode.LEASE_ID_MISSING.value:
            raise
