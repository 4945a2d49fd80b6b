from pathlib import Path

import pytest

from governance.errors import ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectKeyError, ObjectStore
from governance.objects.local import LocalFolderStore
from governance.objects.prefixed import PrefixedStore


def test_it_shows_its_part_and_nothing_else(tmp_path: Path) -> None:
    whole = LocalFolderStore(tmp_path / "whole", "whole")
    part: ObjectStore = PrefixedStore(whole, "ledger/governance")
    whole.put("ledger/governance-other/x", b"no")
    whole.put("other", b"no")
    assert part.put("entries/1", b"one", if_none_match=True).key == "entries/1"
    with pytest.raises(PreconditionFailedError):
        part.put("entries/1", b"two", if_none_match=True)
    assert whole.read("ledger/governance/entries/1") == b"one"
    (tmp_path / "file").write_bytes(b"file")
    assert part.put_file("entries/2", tmp_path / "file").key == "entries/2"
    assert part.copy("entries/1", "entries/3").key == "entries/3"
    part.set_tags("entries/3", {"a": "b"})
    assert [info.key for info in part.list()] == ["entries/1", "entries/2", "entries/3"]
    assert [info.key for info in part.list("entries/2")] == ["entries/2"]
    found = part.stat("entries/3")
    assert found is not None
    assert (found.key, found.tags) == ("entries/3", {"a": "b"})
    assert part.stat("other") is None
    with part.open("entries/3") as stream:
        assert stream.read() == b"one"
    with part.lease("lock"):
        part.delete("entries/3")
    with pytest.raises(ObjectNotFoundError):
        part.read("entries/3")
    with pytest.raises(ObjectKeyError):
        part.read("../../other")


def test_a_prefix_is_a_key(tmp_path: Path) -> None:
    with pytest.raises(ObjectKeyError):
        PrefixedStore(LocalFolderStore(tmp_path, "x"), "../x")
