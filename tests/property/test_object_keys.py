"""Every key the stores accept is a path below the root, and no two share a file."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from governance.objects import ObjectKeyError, check_key, shown_key
from governance.objects.files import flat_path

pytestmark = pytest.mark.property

PART = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
NASTY = st.sampled_from(["..", ".", "", "\0", "\\", ".store", ".locks", "a.", "~", "%2e%2e", "x"])
ANY_KEY = st.one_of(st.text(max_size=60), st.lists(PART | NASTY, max_size=6).map("/".join))
NAMES = st.text(st.characters(codec="utf-8") | st.sampled_from("/+=%a"), min_size=1, max_size=400)


def accepted(key: str) -> bool:
    try:
        check_key(key)
    except ObjectKeyError:
        return False
    return True


@given(ANY_KEY)
def test_an_accepted_key_stays_below_the_root(key: str) -> None:
    assume(accepted(key))
    root = Path("/zone")
    path = root.joinpath(*check_key(key))
    assert str(path) == f"/zone/{key}"
    assert path.is_relative_to(root)
    assert path != root
    assert ".." not in path.parts
    assert not key.startswith((".", "/"))
    assert PurePosixPath(key).as_posix() == key
    assert all(len(part.encode()) <= 255 for part in path.parts)


@given(ANY_KEY)
def test_a_refusal_never_quotes_the_key(key: str) -> None:
    with pytest.raises(ObjectKeyError) as caught:
        check_key(f"canary{key}/../x")
    assert "canary" not in str(caught.value)


@given(NAMES, NAMES)
def test_sidecars_of_two_keys_never_collide(one: str, other: str) -> None:
    assume(one != other)
    first, second = flat_path(Path("/s"), one), flat_path(Path("/s"), other)
    assert first != second
    assert not first.is_relative_to(second)
    assert not second.is_relative_to(first)
    assert first.is_relative_to("/s")
    assert all(len(part.encode()) <= 255 for part in first.parts)


@given(PART, PART)
def test_what_is_shown_of_a_key_ends_with_its_folder(folder: str, name: str) -> None:
    assume(accepted(f"{folder}/{name}"))
    assert shown_key(f"{folder}/{name}") in (
        f"{folder}/*",
        f"{folder}/{name}".rpartition("/")[0] + "/*",
    )
