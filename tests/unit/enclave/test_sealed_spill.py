"""The encrypted temporary file of a step that must remember more than memory holds."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag

from enclave.deidentify.people import PeoplePerClass
from enclave.sealing import SealedSpill

CANARY = b"a canary of sixteen bytes and more"


def test_what_is_stored_is_given_back_and_unreadable_on_disk(tmp_path: Path) -> None:
    with SealedSpill(tmp_path) as spill:
        assert spill.size_bytes == 0
        frames = [spill.store(CANARY + bytes([n])) for n in range(3)]
        assert [spill.load(*frame) for frame in frames] == [CANARY + bytes([n]) for n in range(3)]
        assert spill._file is not None
        spill._file.seek(0)
        assert CANARY not in spill._file.read()
        assert list(tmp_path.iterdir()) == [], "the file has no name"


def test_what_was_changed_on_disk_is_noticed(tmp_path: Path) -> None:
    with SealedSpill(tmp_path) as spill:
        at, size = spill.store(CANARY)
        assert spill._file is not None
        spill._file.seek(at + size - 1)
        last = spill._file.read(1)[0]
        spill._file.seek(at + size - 1)
        spill._file.write(bytes([last ^ 1]))
        with pytest.raises(InvalidTag):
            spill.load(at, size)


def test_a_closed_spill_gives_nothing_back(tmp_path: Path) -> None:
    with SealedSpill(tmp_path) as spill:
        frame = spill.store(CANARY)
    with pytest.raises(RuntimeError):
        spill.load(*frame)
    with pytest.raises(RuntimeError):
        spill.store(CANARY)
    assert spill._cipher is None, "the key goes with the file"
    assert spill._file is None, "none is made anew"


@pytest.mark.parametrize("memory_bytes", [0, 1 << 14, 1 << 30])
@pytest.mark.parametrize("classes", [3, 50_000])
def test_people_are_counted_alike_in_memory_and_spilled_by_any_number_of_threads(
    tmp_path: Path, memory_bytes: int, classes: int
) -> None:
    generator = np.random.default_rng(5)
    ids = generator.integers(0, 1 << 63, (2000, 2)).astype(np.uint64)
    batches = [
        (generator.integers(0, classes, 500), ids.take(generator.integers(0, 2000, 500), axis=0))
        for _ in range(12)
    ]
    members: dict[int, set[bytes]] = {}
    for numbers, people in batches:
        for number, person in zip(numbers.tolist(), people, strict=True):
            members.setdefault(number, set()).add(person.tobytes())
    alone = {person for held in members.values() if len(held) == 1 for person in held}

    with SealedSpill(tmp_path) as spill, ThreadPoolExecutor(3) as pool:
        counter = PeoplePerClass(spill, memory_bytes=memory_bytes)
        list(pool.map(lambda batch: counter.add(*batch), batches))
        sizes, lone_people = counter.count(pool)
        assert (spill.size_bytes > 0) == (memory_bytes < 1 << 30)

    assert sorted(sizes.tolist()) == sorted(len(held) for held in members.values())
    assert (counter.people, lone_people) == (len(set().union(*members.values())), len(alone))
