from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from enclave.deidentify.lookup_table import LookupTable, Pairs


def pairs(numbers: list[int]) -> Pairs:
    return np.array([[n, n * 7 % 3] for n in numbers], dtype=np.uint64).reshape(-1, 2)


def counting(made: list[int]) -> Callable[[int], Pairs]:
    def make(count: int) -> Pairs:
        made.append(count)
        first = sum(made[:-1])
        return np.array([[first + i, 1] for i in range(count)], dtype=np.uint64).reshape(-1, 2)

    return make


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 300), max_size=60), max_size=12))
def test_it_behaves_like_a_dictionary(batches: list[list[int]]) -> None:
    table, made = LookupTable(), list[int]()
    make, known = counting(made), dict[int, bytes]()
    for batch in batches:
        present = table.find(pairs(batch)) >= 0
        assert present.tolist() == [n in known for n in batch]
        ids = table.ids_of(table.find_or_add(pairs(batch), make))
        for number, code in zip(batch, ids, strict=True):
            assert known.setdefault(number, code.tobytes()) == code.tobytes()
    assert table.count == len(known) == sum(made) == len(set(known.values()))


def test_it_grows_past_what_it_was_made_for() -> None:
    table = LookupTable(10)
    keys = np.random.default_rng(0).integers(0, 2**63, (50_000, 2)).astype(np.uint64)
    for start in range(0, 50_000, 777):
        table.append(keys[start : start + 777], keys[start : start + 777])
    assert (table.ids_of(table.find(keys)) == keys).all()
    assert (table.find(keys + np.uint64(1)) == -1).all()


def test_keys_with_equal_halves() -> None:
    keys = np.array([[5, 1], [5, 2], [1, 5], [5, 1]], dtype=np.uint64)
    first, second, third, again = LookupTable(width=0).number(keys).tolist()
    assert first == again
    assert sorted([first, second, third]) == [0, 1, 2]
