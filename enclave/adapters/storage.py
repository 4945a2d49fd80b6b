"""Builds the zones of a deployment: folders on one machine, or containers in an Azure account."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.fs as pafs

from enclave.settings import EnclaveSettings
from enclave.zones import Zone, Zones
from governance.objects import ObjectStore, check_key
from governance.objects.local import LocalFolderStore

ZONES_FOLDER = "zones"


class LocalZones:
    """One folder a zone, under `home/zones`."""

    def __init__(self, home: Path) -> None:
        """Open every zone, making the folders that are missing."""
        self._stores = {
            zone: LocalFolderStore(home / ZONES_FOLDER / zone.value, zone.value) for zone in Zone
        }

    def store(self, zone: Zone) -> ObjectStore:
        """The object store of that zone."""
        return self._stores[zone]

    def arrow(self, zone: Zone) -> tuple[pafs.FileSystem, str]:
        """The machine's file system, and the zone's absolute folder in it."""
        return pafs.LocalFileSystem(), str(self._stores[zone].root)

    def delta(self, zone: Zone, path: str) -> tuple[str, Mapping[str, str]]:
        """The table's absolute folder; no options."""
        check_key(path)
        return str(self._stores[zone].root / path), {}

    def transfer(self, source: Zone, source_key: str, target: Zone, target_key: str) -> None:
        """The object lies in both zones from then on; on one file system nothing is copied."""
        self._stores[target].link_from(self._stores[source], source_key, target_key)


def build_zones(settings: EnclaveSettings) -> Zones:
    """The zones of a deployment; nothing is asked of Azure yet.

    Raises:
        ConfigurationError: The storage settings are missing or contradict each other.
    """
    if settings.storage == "local":
        return LocalZones(settings.home)
    from enclave.adapters.azure_zones import open_azure_zones  # noqa: PLC0415  slow to import

    return open_azure_zones(settings)


def init_zones(settings: EnclaveSettings) -> Zones:
    """Make what is missing of the zones, then open them.

    In production infrastructure as code makes the containers with their access rules, and this
    only finds them.

    Raises:
        ConfigurationError: The storage settings are missing or contradict each other.
        ObjectStoreError: A container is missing and may not be made.
    """
    if settings.storage == "local":
        return LocalZones(settings.home)
    from enclave.adapters.azure_zones import open_azure_zones  # noqa: PLC0415  slow to import

    zones = open_azure_zones(settings)
    zones.create()
    return zones
