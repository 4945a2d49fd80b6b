"""Repeated keys, in memory and spilled, against a plain count."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from enclave.validate import KeySpill
from enclave.validate.digests import KeyDigester

CANARY = "ZQX-CANARY-77"


def plain_repeats(keys: list[tuple[str | None, ...]]) -> list[int]:
    filled = [key for key in keys if any(cell is not None for cell in key)]
    counts = Counter(filled)
    return [i + 1 for i, key in enumerate(keys) if counts[key] > 1]


@pytest.mark.parametrize("memory_bytes", [10**9, 2_000, 0])
@pytest.mark.parametrize("distinct", [1, 5, 300, 10**9])
def test_repeats_are_exact_in_memory_and_spilled(
    memory_bytes: int, distinct: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(distinct)
    numbers = rng.integers(0, distinct, 2000).tolist()
    keys: list[tuple[str | None, ...]] = [
        (None if n % 11 == 3 else "k" * (n % 60) + str(n), None if n % 7 == 3 else str(n % 3))
        for n in numbers
    ]
    digester = KeyDigester()
    with KeySpill(tmp_path, memory_bytes=memory_bytes) as seen:
        for start in range(0, len(keys), 130):
            part = keys[start : start + 130]
            columns = [pa.array([key[i] for key in part], pa.string()) for i in (0, 1)]
            digests, filled = digester.digest([(c, c) for c in columns])
            records = np.arange(start + 1, start + len(part) + 1)
            seen.add("unique.together:key", digests[filled], records[filled])
        late = seen.repeated()
        assert (seen.spilled_bytes > 0) == (memory_bytes < 10**9)
    assert list(late) == plain_repeats(keys)
    assert not list(tmp_path.iterdir())


def test_digests_do_not_depend_on_the_batch() -> None:
    digester = KeyDigester()
    cells = ["a", "", "x" * 12, "x" * 13, "x" * 28, "x" * 29, "y" * 500, "é" * 20, None]
    whole, _ = digester.digest([(pa.array(cells), pa.array(cells))])
    for i, cell in enumerate(cells):
        alone = pa.array([cell], pa.string())
        assert (digester.digest([(alone, alone)])[0][0] == whole[i]).all()
    assert len(np.unique(whole, axis=0)) == len(cells)


def test_cells_do_not_run_together() -> None:
    digester = KeyDigester()
    left = pa.array(["ab", "a", "", "abc", None, "a\x00", "a"])
    right = pa.array(["c", "bc", "abc", "", "abc", "", "\x00"])
    digests, filled = digester.digest([(left, left), (right, right)])
    assert len(np.unique(digests, axis=0)) == len(left)
    assert filled.all()


def test_another_key_gives_other_digests() -> None:
    cells = pa.array(["a"])
    one, _ = KeyDigester().digest([(cells, cells)])
    other, _ = KeyDigester().digest([(cells, cells)])
    assert (one != other).any()


def test_typed_values_are_equal_when_their_values_are() -> None:
    text = pa.array(["0.0", "-0.0", "1", "x", "y", None])
    values = pa.array([0.0, -0.0, 1.0, None, None, None])
    digests, filled = KeyDigester().digest([(text, values)])
    assert (digests[0] == digests[1]).all()
    assert len(np.unique(digests, axis=0)) == 5
    assert filled.tolist() == [True] * 5 + [False]


def test_nothing_readable_is_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    digester = KeyDigester()
    cells = pa.array([f"{CANARY}{i}" for i in range(100)])
    digests, _ = digester.digest([(cells, cells)])
    with KeySpill(tmp_path, memory_bytes=0) as seen:
        seen.add("c", digests, np.arange(100))
        assert seen._sealed._file is not None
        seen._sealed._file.seek(0)
        written.append(seen._sealed._file.read())
    assert CANARY.encode() not in written[0]
    assert all(row.tobytes() not in written[0] for row in digests)
