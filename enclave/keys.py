"""The key-ring port: every key has an id, a version and an algorithm, and never leaves in a log.

Purposes in use (each with a scope, usually the agency):

| purpose | use |
|---|---|
| `crosswalk-lookup` | keyed MAC of a normalized identifier, the crosswalk's lookup key |
| `crosswalk-data` | encrypts the crosswalk's segments |
| `person-scope` | PRF from the random person id to the id landed tables carry |
| `entity-scope` | keyed pseudonyms of entities |
| `date-shift` | per-person shift of dates |
| `quarantine` | wraps the data keys of an agency's quarantined rows |
| `staging` | wraps the data keys of staged files, authenticates staging manifests |
| `curated` | wraps the data keys of curated Parquet |
| `custody` | keyed marks of the folders agencies drop into |
| `spill` | process-local spill files |
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeyId:
    """Names one version of one key: `purpose/scope/version`."""

    purpose: str
    scope: str
    version: int

    def __str__(self) -> str:
        """`purpose/scope/version`, safe to publish."""
        return f"{self.purpose}/{self.scope}/{self.version}"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """256 bits of key material with its id; prints as its id only."""

    id: KeyId
    material: bytes

    def __repr__(self) -> str:
        """The id; never the material."""
        return f"Key({self.id})"


class KeyRing(Protocol):
    """Where keys live: a wrapped file on one machine, Azure Key Vault in production."""

    def current(self, purpose: str, scope: str) -> Key:
        """The newest version of the key; made (random) and stored on first use.

        Raises:
            KeyRingError: The ring cannot be opened, or the key was destroyed.
        """

    def get(self, key_id: KeyId) -> Key:
        """That very version.

        Raises:
            KeyRingError: No such key, or it was destroyed.
        """

    def destroy(self, key_id: KeyId) -> None:
        """Destroy the material for good; what it wrapped is unreadable from then on."""
