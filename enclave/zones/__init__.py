"""Zones: what may lie where, for how long, and who may touch it.

Each zone is one container with its own access rules in production; the storage adapters build
them from the settings (`enclave.adapters.storage`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import pyarrow.fs as pafs

from governance.objects import ObjectStore


class Zone(StrEnum):
    """Where an object may lie."""

    LANDING = "landing"
    """Files as agencies dropped them; identified; destroyed on the raw file's clock."""
    QUARANTINE = "quarantine"
    """Failing rows, envelope-encrypted with the agency's key."""
    IDENTITY = "identity"
    """The crosswalk and wrapped keys; only the data plane's process."""
    STAGING = "staging"
    """De-identified, encrypted, not yet committed."""
    CURATED = "curated"
    """Committed tables."""
    EGRESS = "egress"
    """Receipts for agencies and answers that passed disclosure control."""
    POLICY = "policy"
    """Signed grant bundles and the row-free event feed; the only zone both planes reach."""
    LEDGER = "ledger"
    """The data plane's hash-chained ledger; append only."""


class Zones(Protocol):
    """The zones of one deployment."""

    def store(self, zone: Zone) -> ObjectStore:
        """The object store of that zone."""

    def arrow(self, zone: Zone) -> tuple[pafs.FileSystem, str]:
        """A pyarrow file system over the zone, and the zone's base path in it."""

    def delta(self, zone: Zone, path: str) -> tuple[str, Mapping[str, str]]:
        """Table address and storage options for Delta Lake, for a table at `path` in the zone."""

    def transfer(self, source: Zone, source_key: str, target: Zone, target_key: str) -> None:
        """Copy one object between zones, atomically at the target, without holding it in memory."""
