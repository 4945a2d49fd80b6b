"""The policy zone: where signed documents lie for the data plane to find.

| key | holds |
|---|---|
| `root/{version}.json` | every root, in turn |
| `grants/{project}/{version}.json` | every bundle of a project; created once, never written again |
| `grants/{project}/current.json` | the newest bundle, whole: one read gives one bundle |
| `people/{version}.json`, `people/current.json` | the people mapping, likewise |

Nothing here is trusted because it lies here: readers verify. Publishing verifies too, so that a
mistake is found by who makes it.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from governance.digests import sha256_of
from governance.errors import ObjectNotFoundError, PreconditionFailedError
from governance.grants.bundle import VerifiedBundle, verify_bundle, verify_people
from governance.grants.errors import BundleRefusedError
from governance.grants.model import PeopleMapping
from governance.grants.root import Root, update_root
from governance.objects import ObjectKeyError, ObjectStore
from governance.signing import Envelope, SignatureRefusedError, check_signed

_DIGITS = 6


def publish_bundle(
    store: ObjectStore, envelope: Envelope, *, root: Root, now: datetime
) -> VerifiedBundle:
    """Publish a bundle to the policy zone. Publishing the same bundle again changes nothing.

    Raises:
        BundleRefusedError: It does not verify, or is not newer than the current one.
    """
    verified = verify_bundle(envelope, root, now)
    bundle = verified.bundle
    _publish(store, f"grants/{bundle.project}", bundle.version, envelope, root)
    return verified


def publish_people(
    store: ObjectStore, envelope: Envelope, *, root: Root, now: datetime
) -> PeopleMapping:
    """Publish a people mapping to the policy zone.

    Raises:
        BundleRefusedError: It does not verify, or is not newer than the current one.
    """
    people = verify_people(envelope, root, now)
    _publish(store, "people", people.version, envelope, root)
    return people


def publish_root(store: ObjectStore, envelope: Envelope, *, trusted: Root, now: datetime) -> Root:
    """Publish a root: the trusted one itself, or its successor.

    Raises:
        BundleRefusedError: It is neither, or another root has its version.
    """
    if sha256_of(envelope.payload) == trusted.digest:
        root = trusted
    else:
        root = update_root(trusted, [envelope], now)
    key = f"root/{root.document.version:0{_DIGITS}d}.json"
    _create(store, key, envelope, root.document.version)
    return root


def fetch_root(store: ObjectStore, pinned: Root, now: datetime) -> Root:
    """The newest root that follows from the pinned one.

    Raises:
        BundleRefusedError: A successor does not verify, or the newest one has expired.
    """
    return update_root(pinned, _successors(store, pinned.document.version), now)


def fetch_bundle(store: ObjectStore, project: str) -> Envelope:
    """The project's current bundle, **not verified**.

    Raises:
        BundleRefusedError: The project has none.
    """
    return _fetch(store, _current_key(project), f"The project {project} has no grant.")


def has_bundle(store: ObjectStore, project: str) -> bool:
    """Whether a bundle of the project was published, true or not."""
    try:
        return store.stat(_current_key(project)) is not None
    except ObjectKeyError:
        return False


def fetch_version(store: ObjectStore, name: str, version: int) -> Envelope | None:
    """One version of a project's bundle (`grants/{project}`) or of `people`, **not verified**.

    Returns:
        None when there is none, or what lies there is no signed document.
    """
    try:
        return Envelope.from_json(store.read(version_key(name, version)))
    except (ObjectNotFoundError, SignatureRefusedError):
        return None


def version_key(name: str, version: int) -> str:
    """Where a version lies."""
    return f"{name}/{version:0{_DIGITS}d}.json"


def fetch_people(store: ObjectStore) -> Envelope:
    """The current people mapping, **not verified**.

    Raises:
        BundleRefusedError: None was published.
    """
    return _fetch(store, "people/current.json", "No people mapping was published.")


def published_marks(store: ObjectStore, project: str) -> tuple[str | None, ...]:
    """What changes when anything is published that a query of the project is judged by.

    Etags of the current bundle and people mapping, and of every root: no content is read.
    """
    try:
        known = [store.stat(key) for key in (_current_key(project), "people/current.json")]
    except ObjectKeyError:  # no name of a project: there is nothing of it
        known = []
    roots = sorted(f"{info.key} {info.etag}" for info in store.list("root/"))
    return (*(None if info is None else info.etag for info in known), *roots)


def projects(store: ObjectStore) -> Iterator[str]:
    """Projects that have a bundle, in name order."""
    for info in store.list("grants/"):
        if info.key.endswith("/current.json"):
            yield info.key.split("/")[1]


def _publish(store: ObjectStore, folder: str, version: int, envelope: Envelope, root: Root) -> None:
    """Create the version, then make it the current one, unless a newer one is already.

    What lies there as current and is not signed under the root is no document, and is replaced.
    """
    current_key = f"{folder}/current.json"
    for _ in range(8):
        current = store.stat(current_key)
        published = None if current is None else _signed(store, current_key, envelope, root)
        if published is not None:
            if _version_of(published) == version and published.payload == envelope.payload:
                return
            if _version_of(published) >= version:
                raise BundleRefusedError(
                    "bundle.rollback",
                    f"Version {_version_of(published)} is published already.",
                    "Sign a version higher than that.",
                )
        _create(store, version_key(folder, version), envelope, version)
        try:
            if current is None:
                store.put(current_key, envelope.to_json(), if_none_match=True)
            else:
                store.put(current_key, envelope.to_json(), if_match=current.etag)
        except PreconditionFailedError:
            continue
        return
    raise BundleRefusedError("bundle.contended", "Others publish at the same time.", "Try again.")


def _signed(store: ObjectStore, key: str, like: Envelope, root: Root) -> Envelope | None:
    """What lies there, when it is a document of that type signed under the root."""
    try:
        found = Envelope.from_json(store.read(key))
        check_signed(
            found,
            payload_type=like.payload_type,
            keys=root.keys("signer"),
            threshold=root.threshold("signer"),
        )
    except (ObjectNotFoundError, SignatureRefusedError):
        return None
    return found


def _create(store: ObjectStore, key: str, envelope: Envelope, version: int) -> None:
    try:
        store.put(key, envelope.to_json(), if_none_match=True)
    except PreconditionFailedError:
        if _envelope(store.read(key)).payload != envelope.payload:
            raise BundleRefusedError(
                "bundle.equivocation",
                f"Another document is published as version {version}.",
                "Sign a higher version.",
            ) from None


def _successors(store: ObjectStore, version: int) -> Iterator[Envelope]:
    while True:
        version += 1
        try:
            data = store.read(f"root/{version:0{_DIGITS}d}.json")
        except ObjectNotFoundError:
            return
        yield _envelope(data)


def _current_key(project: str) -> str:
    return f"grants/{project}/current.json"


def _fetch(store: ObjectStore, key: str, missing: str) -> Envelope:
    try:
        return _envelope(store.read(key))
    except (ObjectNotFoundError, ObjectKeyError):
        raise BundleRefusedError("bundle.missing", missing, "The operator publishes one.") from None


def _envelope(data: bytes) -> Envelope:
    try:
        return Envelope.from_json(data)
    except SignatureRefusedError as error:
        raise BundleRefusedError(
            "bundle.malformed", error.message, "The operator publishes it anew."
        ) from None


def _version_of(envelope: Envelope) -> int:
    try:
        return int(json.loads(envelope.payload)["version"])
    except (ValueError, KeyError, TypeError):
        return 0
