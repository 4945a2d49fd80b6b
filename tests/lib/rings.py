"""A key ring in a folder of its own, for tests."""

from pathlib import Path

from enclave.adapters.keyring import StoredKeyRing
from enclave.adapters.wrapping import LocalWrapper
from governance.objects.local import LocalFolderStore


def build_ring(folder: Path, wrapping_key: bytes) -> StoredKeyRing:
    """The folder is made when missing; the wrapping key has 256 bits."""
    return StoredKeyRing(LocalFolderStore(folder, "keys"), LocalWrapper(wrapping_key))
