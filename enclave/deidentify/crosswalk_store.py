"""How a crosswalk lies in the identity zone: encrypted append-only segments and one manifest.

```
crosswalk/{agency}/{domain}/manifest           which segments count, and which keys made them
crosswalk/{agency}/{domain}/segments/{random}  up to 524,288 entries: lookup keys, then ids
```

Both are AES-256-GCM under the agency's `crosswalk-data` key; the associated data binds every
object to its agency, domain, name and size, so that one object cannot stand in for another. A
segment counts from the moment the manifest names it: the manifest is replaced by a conditional
write, and segments no manifest names are left-overs of a crash.

What the format cannot show by itself: an older, genuine manifest put back in place of a newer
one. Callers pass the last generation they know of (from the ledger) as `at_least_generation`.
"""

import io
import json
import os
import re
import secrets
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enclave.deidentify.lookup_table import Pairs
from enclave.errors import EvidenceError
from enclave.keys import Key, KeyId, KeyRing
from governance.errors import ConfigurationError, ObjectNotFoundError
from governance.objects import ObjectStore

SEGMENT_ENTRIES: Final = 1 << 19
"""Most entries in one segment (16 MiB): bounds what a commit holds beside the table."""

DATA_KEY_PURPOSE: Final = "crosswalk-data"

_FORMAT: Final = 1
_MAGIC: Final = b"XWK1"
_VERSION_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_MAGIC) + _VERSION_BYTES + _NONCE_BYTES
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment as the manifest names it."""

    segment_id: str
    entries: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What makes up the crosswalk.

    Attributes:
        generation: Counts commits; 0 is the crosswalk that was never committed.
        lookup_key: The key its lookup keys were made with; pinned at the first commit, because
            entries cannot be made anew without the identifiers.
        segments: In order of commit.
    """

    generation: int
    lookup_key: KeyId
    segments: tuple[SegmentEntry, ...] = ()

    @property
    def people(self) -> int:
        """Entries in all segments."""
        return sum(segment.entries for segment in self.segments)


class CrosswalkStore:
    """Reads and writes one crosswalk's objects.

    Raises:
        ConfigurationError: Agency or domain is no plain lower-case name.
    """

    def __init__(self, store: ObjectStore, ring: KeyRing, agency: str, domain: str) -> None:
        if not (_NAME.fullmatch(agency) and _NAME.fullmatch(domain)):
            raise ConfigurationError("agency and identity domain must be plain lower-case names")
        self._store = store
        self._ring = ring
        self._agency = agency
        self._domain = domain
        self._prefix = f"crosswalk/{agency}/{domain}"
        self._etag: str | None = None

    @property
    def lease_key(self) -> str:
        """What a writer holds while it works."""
        return f"{self._prefix}/lease"

    def load_manifest(self) -> Manifest | None:
        """The manifest, or None when nothing was ever committed.

        Raises:
            EvidenceError: It does not authenticate.
        """
        key = f"{self._prefix}/manifest"
        info = self._store.stat(key)
        if info is None:
            self._etag = None
            return None
        plain = self._open(self._store.read(key), "manifest")
        self._etag = info.etag
        document = json.loads(plain)
        return Manifest(
            generation=document["generation"],
            lookup_key=KeyId(**document["lookup_key"]),
            segments=tuple(SegmentEntry(**segment) for segment in document["segments"]),
        )

    def store_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest this store read; the commit happens here or not at all.

        Raises:
            PreconditionFailedError: Somebody else committed in between.
        """
        lookup_key = manifest.lookup_key
        document = {
            "format": _FORMAT,
            "generation": manifest.generation,
            "lookup_key": {
                "purpose": lookup_key.purpose,
                "scope": lookup_key.scope,
                "version": lookup_key.version,
            },
            "segments": [
                {"segment_id": s.segment_id, "entries": s.entries} for s in manifest.segments
            ],
        }
        sealed = self._seal(json.dumps(document, sort_keys=True).encode(), "manifest")
        info = self._store.put(
            f"{self._prefix}/manifest",
            sealed,
            if_none_match=self._etag is None,
            if_match=self._etag,
        )
        self._etag = info.etag

    def load_segment(self, segment: SegmentEntry) -> tuple[Pairs, Pairs]:
        """Lookup keys and ids of a segment.

        Raises:
            EvidenceError: It is missing, or does not authenticate.
        """
        try:
            sealed = self._store.read(self._segment_key(segment.segment_id))
        except ObjectNotFoundError:
            raise EvidenceError("a segment of the crosswalk is missing") from None
        plain = self._open(sealed, _segment_name(segment))
        halves = np.frombuffer(plain, dtype="<u8").astype(np.uint64, copy=False).reshape(-1, 2)
        return halves[: segment.entries], halves[segment.entries :]

    def store_segment(self, rows: Pairs) -> SegmentEntry:
        """Write one segment under a new random name.

        Args:
            rows: Lookup keys, then as many ids, contiguous.
        """
        segment = SegmentEntry(secrets.token_hex(16), len(rows) // 2)
        plain = rows.astype("<u8", copy=False).reshape(-1).view(np.uint8).data
        sealed = self._seal(plain, _segment_name(segment))
        self._store.put(self._segment_key(segment.segment_id), sealed, if_none_match=True)
        return segment

    def delete_other_segments(self, manifest: Manifest) -> None:
        """Delete segments the manifest does not name: merged ones, and left-overs of a crash."""
        named = {self._segment_key(s.segment_id) for s in manifest.segments}
        for info in list(self._store.list(f"{self._prefix}/segments/")):
            if info.key not in named:
                self._store.delete(info.key)

    def _segment_key(self, segment_id: str) -> str:
        return f"{self._prefix}/segments/{segment_id}"

    def _associated(self, name: str, key: Key) -> bytes:
        """What the object is, as associated data."""
        return "\n".join(("crosswalk", self._agency, self._domain, name, str(key.id))).encode()

    def _seal(self, plain: bytes | memoryview, name: str) -> BinaryIO:
        """The object as a stream: a segment is held once, not copied to be handed on."""
        key = self._ring.current(DATA_KEY_PURPOSE, self._agency)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = io.BytesIO()
        sealed.write(_MAGIC + key.id.version.to_bytes(_VERSION_BYTES, "big") + nonce)
        sealed.seek(_HEADER_BYTES + len(plain) + _TAG_BYTES - 1)
        sealed.write(b"\0")
        with sealed.getbuffer() as room:
            AESGCM(key.material).encrypt_into(
                nonce, plain, self._associated(name, key), room[_HEADER_BYTES:]
            )
        sealed.seek(0)
        return sealed

    def _open(self, sealed: bytes, name: str) -> bytes:
        """Authenticate and decrypt.

        Raises:
            EvidenceError: The object is not what its name says.
        """
        if len(sealed) < _HEADER_BYTES + _TAG_BYTES or not sealed.startswith(_MAGIC):
            raise EvidenceError("an object of the crosswalk is damaged")
        version = int.from_bytes(sealed[len(_MAGIC) : len(_MAGIC) + _VERSION_BYTES], "big")
        key = self._ring.get(KeyId(DATA_KEY_PURPOSE, self._agency, version))
        nonce = sealed[_HEADER_BYTES - _NONCE_BYTES : _HEADER_BYTES]
        try:
            return AESGCM(key.material).decrypt(
                nonce, memoryview(sealed)[_HEADER_BYTES:], self._associated(name, key)
            )
        except InvalidTag:
            raise EvidenceError("an object of the crosswalk does not authenticate") from None


def _segment_name(segment: SegmentEntry) -> str:
    return f"segment {segment.segment_id} {segment.entries}"
