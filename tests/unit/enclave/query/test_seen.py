import pytest

from enclave.query import SeenVersions
from governance.errors import LedgerError
from governance.grants import BundleRefusedError
from tests.lib.memory_store import MemoryStore


def test_versions_only_grow() -> None:
    store = MemoryStore()
    seen = SeenVersions(store)
    assert seen.last("grants/p1") == (0, None)
    seen.record("grants/p1", 2, "aa")
    seen.record("grants/p1", 2, "aa")
    seen.record("grants/p1", 5, "bb")
    assert SeenVersions(store).last("grants/p1") == (5, "bb")
    for version, digest in ((4, "cc"), (5, "cc")):
        with pytest.raises(BundleRefusedError, match="seen before"):
            seen.record("grants/p1", version, digest)
    assert seen.last("people") == (0, None)


def test_what_was_kept_must_be_readable() -> None:
    store = MemoryStore()
    store.put("seen/people.json", b"{}")
    with pytest.raises(LedgerError, match="malformed"):
        SeenVersions(store).last("people")
