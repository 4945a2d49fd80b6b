"""The key ring over an object store: random keys, wrapped, one small JSON object a key.

The object is `keys/{purpose}/{scope}.json` and lists every version. The store's conditional writes
decide races: of many processes that need a key first, one makes it and the others read it. What
wraps the keys is a port: a wrapping key in a file on one machine (`LocalWrapper`), Azure Key Vault
in production (`enclave.adapters.key_vault`).

A destroyed version leaves a tombstone with its date. Material already handed out lives on in the
memory of the processes that hold it; a ring asks the store again after `refresh_seconds`.
"""

import base64
import binascii
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives import constant_time

from enclave.adapters.wrapping import (
    KEY_BYTES,
    KeyWrapper,
    LocalWrapper,
    WrappedMaterial,
    create_wrapping_key,
    keyed_mac,
    load_wrapping_key,
)
from enclave.errors import KeyRingError
from enclave.keys import Key, KeyId
from enclave.settings import EnclaveSettings
from governance.errors import ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectStore

WRAPPING_KEY_FILE = "keys/wrapping.key"
"""In the deployment's home, mode 0600."""

FORMAT = "key-ring/1"

_PURPOSE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SCOPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}){0,3}")
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class _Version:
    """One version as stored; `wrapped` is None once it is destroyed."""

    number: int
    made_at: str
    check: str
    wrapped: WrappedMaterial | None
    destroyed_at: str | None = None

    @classmethod
    def parse(cls, entry: dict[str, str | int | None]) -> "_Version":
        wrapped = None
        if entry["destroyed_at"] is None:
            wrapped = WrappedMaterial(
                str(entry["algorithm"]),
                str(entry["wrapped_by"]),
                base64.b64decode(str(entry["wrapped"]), validate=True),
            )
        destroyed_at = entry["destroyed_at"]
        return cls(
            int(entry["version"] or 0),
            str(entry["made_at"]),
            str(entry["check"]),
            wrapped,
            None if destroyed_at is None else str(destroyed_at),
        )

    def to_dict(self) -> dict[str, str | int | None]:
        entry: dict[str, str | int | None] = {
            "version": self.number,
            "made_at": self.made_at,
            "check": self.check,
            "destroyed_at": self.destroyed_at,
        }
        if self.wrapped:
            entry["algorithm"] = self.wrapped.algorithm
            entry["wrapped_by"] = self.wrapped.wrapped_by
            entry["wrapped"] = base64.b64encode(self.wrapped.data).decode()
        return entry


@dataclass(frozen=True, slots=True)
class _Record:
    """All versions of one key, oldest first, and the etag they were read at."""

    versions: tuple[_Version, ...]
    etag: str | None


@dataclass(frozen=True, slots=True)
class KeyState:
    """One version for reports: no material.

    Attributes:
        id: Purpose, scope and version.
        algorithm: How it is wrapped; None once destroyed.
        made_at: UTC, ISO 8601.
        destroyed_at: UTC, ISO 8601, or None while it lives.
    """

    id: KeyId
    algorithm: str | None
    made_at: str
    destroyed_at: str | None


class StoredKeyRing:
    """A `KeyRing` whose wrapped keys lie in an object store."""

    def __init__(
        self,
        store: ObjectStore,
        wrapper: KeyWrapper,
        *,
        prefix: str = "keys",
        refresh_seconds: float = 30.0,
    ) -> None:
        """Keep store and wrapper; nothing is read yet.

        Args:
            store: The identity zone's, which only the data plane's process may read.
            wrapper: What opens the keys.
            prefix: Folder of the key objects.
            refresh_seconds: For how long a record read from the store is believed.
        """
        self._store = store
        self._wrapper = wrapper
        self._prefix = prefix
        self._refresh_seconds = refresh_seconds
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], tuple[float, _Record]] = {}
        self._keys: dict[KeyId, Key] = {}

    def __repr__(self) -> str:
        """Where the keys lie and what wraps them."""
        return f"StoredKeyRing({self._store.name!r}, {self._wrapper!r})"

    def current(self, purpose: str, scope: str) -> Key:
        """The newest version of the key; made (random) and stored on first use.

        Raises:
            KeyRingError: The ring cannot be opened, or the newest version was destroyed; `rotate`
                makes the next one.
        """
        with self._lock:
            record = self._record(purpose, scope)
            if not record.versions:
                return self._add_version(purpose, scope, record, only_first=True)
            return self._open(purpose, scope, record.versions[-1])

    def get(self, key_id: KeyId) -> Key:
        """That very version.

        Raises:
            KeyRingError: No such key, or it was destroyed.
        """
        with self._lock:
            record = self._record(key_id.purpose, key_id.scope)
            if not any(v.number == key_id.version for v in record.versions):
                record = self._record(key_id.purpose, key_id.scope, fresh=True)
            for version in record.versions:
                if version.number == key_id.version:
                    return self._open(key_id.purpose, key_id.scope, version)
        raise KeyRingError(f"There is no key {key_id}.", key=str(key_id))

    def rotate(self, purpose: str, scope: str) -> Key:
        """Make the next version; what the earlier ones wrapped stays readable.

        Raises:
            KeyRingError: The ring cannot be opened.
        """
        with self._lock:
            record = self._record(purpose, scope, fresh=True)
            return self._add_version(purpose, scope, record, only_first=False)

    def destroy(self, key_id: KeyId) -> None:
        """Destroy the material for good; what it wrapped is unreadable from then on.

        Destroying it again changes nothing. Copies of the store (backups, versions) keep the
        wrapped material until they expire: the certificate of destruction has to say so.

        Raises:
            KeyRingError: No such key.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                record = self._record(key_id.purpose, key_id.scope, fresh=True)
                if not any(v.number == key_id.version for v in record.versions):
                    raise KeyRingError(f"There is no key {key_id}.", key=str(key_id))
                self._keys.pop(key_id, None)
                versions = tuple(
                    _Version(v.number, v.made_at, v.check, None, v.destroyed_at or _now())
                    if v.number == key_id.version
                    else v
                    for v in record.versions
                )
                if versions == record.versions or self._write(
                    key_id.purpose, key_id.scope, versions, record.etag
                ):
                    return
        raise self._contended(key_id)

    def states(self) -> Iterator[KeyState]:
        """Every version of every key, for reports and `doctor`; no material is opened.

        Raises:
            KeyRingError: A record is damaged.
        """
        start = f"{self._prefix}/"
        for info in self._store.list(start):
            purpose, _, scope = info.key.removeprefix(start).removesuffix(".json").partition("/")
            with self._lock:
                versions = self._record(purpose, scope).versions
            for version in versions:
                yield KeyState(
                    KeyId(purpose, scope, version.number),
                    version.wrapped.algorithm if version.wrapped else None,
                    version.made_at,
                    version.destroyed_at,
                )

    def _add_version(self, purpose: str, scope: str, record: _Record, *, only_first: bool) -> Key:
        for _ in range(_ATTEMPTS):
            number = record.versions[-1].number + 1 if record.versions else 1
            key = Key(KeyId(purpose, scope, number), secrets.token_bytes(KEY_BYTES))
            version = _Version(number, _now(), _check_value(key), self._wrapper.wrap(key.material))
            if self._write(purpose, scope, (*record.versions, version), record.etag):
                self._keys[key.id] = key
                return key
            record = self._record(purpose, scope, fresh=True)
            if only_first and record.versions:
                return self._open(purpose, scope, record.versions[-1])
        raise self._contended(KeyId(purpose, scope, 0))

    def _open(self, purpose: str, scope: str, version: _Version) -> Key:
        key_id = KeyId(purpose, scope, version.number)
        if version.wrapped is None:
            self._keys.pop(key_id, None)
            raise KeyRingError(
                f"The key {key_id} was destroyed on {version.destroyed_at}.", key=str(key_id)
            )
        if known := self._keys.get(key_id):
            return known
        key = Key(key_id, self._wrapper.unwrap(version.wrapped))
        if len(key.material) != KEY_BYTES or not _is_check_value(key, version.check):
            raise KeyRingError(f"The key {key_id} is not what was stored.", key=str(key_id))
        self._keys[key_id] = key
        return key

    def _record(self, purpose: str, scope: str, *, fresh: bool = False) -> _Record:
        object_key = self._object_key(purpose, scope)
        read_at, record = self._records.get((purpose, scope), (0.0, _Record((), None)))
        if record.versions and not fresh and time.monotonic() < read_at + self._refresh_seconds:
            return record
        read_at = time.monotonic()
        record = self._fetch(object_key, purpose, scope)
        self._records[purpose, scope] = (read_at, record)
        return record

    def _fetch(self, object_key: str, purpose: str, scope: str) -> _Record:
        for _ in range(_ATTEMPTS):
            info = self._store.stat(object_key)
            if info is None:
                return _Record((), None)
            try:
                data = self._store.read(object_key)
            except ObjectNotFoundError:
                continue
            after = self._store.stat(object_key)
            if after is not None and after.etag == info.etag:
                return _Record(_parse_versions(data, purpose, scope), info.etag)
        raise self._contended(KeyId(purpose, scope, 0))

    def _write(
        self, purpose: str, scope: str, versions: tuple[_Version, ...], etag: str | None
    ) -> bool:
        document = {
            "format": FORMAT,
            "purpose": purpose,
            "scope": scope,
            "versions": [version.to_dict() for version in versions],
        }
        try:
            info = self._store.put(
                self._object_key(purpose, scope),
                json.dumps(document, indent=1).encode(),
                if_none_match=etag is None,
                if_match=etag,
            )
        except PreconditionFailedError:
            return False
        self._records[purpose, scope] = (time.monotonic(), _Record(versions, info.etag))
        return True

    def _object_key(self, purpose: str, scope: str) -> str:
        if not _PURPOSE.fullmatch(purpose) or not _SCOPE.fullmatch(scope):
            raise KeyRingError(
                "A key's purpose is lower-case letters, digits and '-'; its scope letters, "
                "digits and '_.:-', in at most four parts."
            )
        return f"{self._prefix}/{purpose}/{scope}.json"

    def _contended(self, key_id: KeyId) -> KeyRingError:
        return KeyRingError(
            f"The key {key_id.purpose}/{key_id.scope} is being changed by others; try again."
        )


def init_ring(settings: EnclaveSettings) -> None:
    """Prepare a deployment's ring: make its wrapping key, unless Key Vault or a file has it.

    Raises:
        ConfigurationError: The home cannot be written.
    """
    if settings.key_vault_key_id is None:
        create_wrapping_key(settings.home / WRAPPING_KEY_FILE)


def open_ring(settings: EnclaveSettings, identity: ObjectStore) -> StoredKeyRing:
    """The ring of a deployment; its wrapped keys lie in the identity zone.

    With Key Vault, a key is wrapped and unwrapped once as a self-test.

    Raises:
        ConfigurationError: The wrapping key is missing or unusable.
        KeyRingError: Key Vault does not answer, or does not give back what it wrapped.
    """
    if settings.key_vault_key_id is None:
        return StoredKeyRing(
            identity, LocalWrapper(load_wrapping_key(settings.home / WRAPPING_KEY_FILE))
        )
    from enclave.adapters.key_vault import open_wrapper  # noqa: PLC0415  Azure's client is slow to import

    return StoredKeyRing(identity, open_wrapper(settings.key_vault_key_id))


def _parse_versions(data: bytes, purpose: str, scope: str) -> tuple[_Version, ...]:
    try:
        document = json.loads(data)
        whose = (document["format"], document["purpose"], document["scope"])
        versions = tuple(_Version.parse(entry) for entry in document["versions"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise KeyRingError(f"The record of key {purpose}/{scope} is damaged.") from None
    numbers = [version.number for version in versions]
    if whose != (FORMAT, purpose, scope) or numbers != list(range(1, len(numbers) + 1)):
        raise KeyRingError(f"The record of key {purpose}/{scope} is damaged.")
    return versions


def _check_value(key: Key) -> str:
    """Binds the material to its id, so that two records cannot be swapped."""
    return keyed_mac(key.material, f"{FORMAT} check value of {key.id}".encode()).hex()


def _is_check_value(key: Key, check: str) -> bool:
    return constant_time.bytes_eq(_check_value(key).encode(), check.encode())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
