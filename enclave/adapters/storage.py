"""Builds the zones of a deployment: folders on one machine, or containers in an Azure account."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.fs as pafs

from enclave.zones import Zone, Zones
from governance.objects import ObjectStore, check_key
from governance.objects.local import LocalFolderStore


class LocalZones:
    """One folder a zone, under `home/zones`."""

    def __init__(self, home: Path) -> None:
        """Open every zone, making the folders that are missing."""
        self._stores = {
            zone: LocalFolderStore(home / "zones" / zone.value, zone.value) for zone in Zone
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
        """Copy one object between zones; see `copy_between`."""
        copy_between(self.store(source), source_key, self.store(target), target_key)


def copy_between(
    source: ObjectStore, source_key: str, target: ObjectStore, target_key: str
) -> None:
    """Copy one object's content, atomically at the target, a block at a time; tags stay behind.

    Raises:
        ObjectNotFoundError: Nothing lies under `source_key`.
    """
    with source.open(source_key) as stream:
        target.put(target_key, stream)


def build_zones(kind: str, home: Path) -> Zones:
    """The zones of a deployment."""
    del kind
    return LocalZones(home)
