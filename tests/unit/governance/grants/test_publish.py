from datetime import timedelta

import pytest

from governance.grants import (
    BundleRefusedError,
    fetch_bundle,
    fetch_people,
    fetch_root,
    projects,
    publish_bundle,
    publish_people,
    publish_root,
    sign_bundle,
    sign_people,
    verify_bundle,
)
from governance.signing import LocalSigner
from tests.lib.grants import NOW, Keys, build_grant, build_people
from tests.lib.memory_store import MemoryStore

KEYS = Keys()
ROOT = KEYS.root()


def test_a_published_bundle_is_found_and_verifies() -> None:
    store = MemoryStore()
    for version in (1, 2):
        signed = sign_bundle(build_grant(version=version), KEYS.signer)
        publish_bundle(store, signed, root=ROOT, now=NOW)
        publish_bundle(store, signed, root=ROOT, now=NOW)
    found = verify_bundle(fetch_bundle(store, "p20-q0042"), ROOT, NOW, 2)
    assert found.bundle.version == 2
    assert list(projects(store)) == ["p20-q0042"]
    assert [i.key for i in store.list("grants/")] == [
        "grants/p20-q0042/000001.json",
        "grants/p20-q0042/000002.json",
        "grants/p20-q0042/current.json",
    ]


def test_versions_only_grow() -> None:
    store = MemoryStore()
    publish_bundle(store, sign_bundle(build_grant(version=3), KEYS.signer), root=ROOT, now=NOW)
    for version, title in ((2, "older"), (3, "another of the same version")):
        other = sign_bundle(build_grant(version=version, title=title), KEYS.signer)
        with pytest.raises(BundleRefusedError, match="published already"):
            publish_bundle(store, other, root=ROOT, now=NOW)


def test_a_crash_between_the_two_writes_is_mended_by_a_rerun() -> None:
    store = MemoryStore()
    signed = sign_bundle(build_grant(), KEYS.signer)
    store.fail_put_at = 2
    with pytest.raises(KeyboardInterrupt):
        publish_bundle(store, signed, root=ROOT, now=NOW)
    with pytest.raises(BundleRefusedError, match="no grant"):
        fetch_bundle(store, "p20-q0042")
    other = sign_bundle(build_grant(title="another"), KEYS.signer)
    with pytest.raises(BundleRefusedError, match="Another document"):
        publish_bundle(store, other, root=ROOT, now=NOW)
    publish_bundle(store, signed, root=ROOT, now=NOW)
    assert fetch_bundle(store, "p20-q0042") == signed


def test_what_does_not_verify_is_not_published() -> None:
    store = MemoryStore()
    forged = sign_bundle(build_grant(), LocalSigner.generate())
    with pytest.raises(BundleRefusedError):
        publish_bundle(store, forged, root=ROOT, now=NOW)
    with pytest.raises(BundleRefusedError):
        publish_people(
            store, sign_people(build_people(), LocalSigner.generate()), root=ROOT, now=NOW
        )
    assert not store.objects


def test_people_are_published_likewise() -> None:
    store = MemoryStore()
    with pytest.raises(BundleRefusedError, match="No people mapping"):
        fetch_people(store)
    signed = sign_people(build_people(), KEYS.signer)
    assert publish_people(store, signed, root=ROOT, now=NOW).version == 1
    assert fetch_people(store) == signed
    store.put("people/current.json", b"spoiled")
    with pytest.raises(BundleRefusedError, match="no signed envelope"):
        fetch_people(store)


def test_a_data_plane_follows_the_roots_from_the_one_it_pinned() -> None:
    store = MemoryStore()
    publish_root(store, KEYS.envelope(), trusted=ROOT, now=NOW)
    assert fetch_root(store, ROOT, NOW) == ROOT
    new = LocalSigner.derive(b"q" * 32)
    second = publish_root(
        store, KEYS.envelope(2, signer_keys=[new.public_key]), trusted=ROOT, now=NOW
    )
    assert fetch_root(store, ROOT, NOW) == second
    old_signer = sign_bundle(build_grant(), KEYS.signer)
    with pytest.raises(BundleRefusedError):
        publish_bundle(store, old_signer, root=second, now=NOW)
    publish_bundle(store, sign_bundle(build_grant(), new), root=second, now=NOW)
    with pytest.raises(BundleRefusedError, match="expired"):
        fetch_root(store, ROOT, NOW + timedelta(days=365))
    rival = KEYS.envelope(2, expires_at=NOW + timedelta(days=9))
    with pytest.raises(BundleRefusedError, match="Another document"):
        publish_root(store, rival, trusted=ROOT, now=NOW)
