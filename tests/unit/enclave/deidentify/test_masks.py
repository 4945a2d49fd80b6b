import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave.deidentify.masks import MaskedSpan, apply_masks, find_again, find_own_words


def masked(text: str, *words: str) -> str:
    return apply_masks(text, find_own_words(text, words))


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Ana Lee came", ("Ana", "Lee"), "<PERSON> came"),
        ("ANA came", ("Ana",), "<PERSON> came"),
        ("José came", ("Jose",), "<PERSON> came"),
        ("Jose came", ("José",), "<PERSON> came"),
        ("Lee's car", ("Lee",), "<PERSON> car"),
        ("Leeds and sleet", ("Lee",), "Leeds and sleet"),
        ("O Neil and O'Neil", ("O'Neil",), "<PERSON> and <PERSON>"),
        ("id 078-05-1120.", ("078051120",), "id <PERSON>."),
        ("id 078 05 1120.", ("078-05-1120",), "id <PERSON>."),
        ("id 10780511201", ("078051120",), "id 10780511201"),
        ("Gelencser, Gelencsre, Gelncser", ("Gelencsér",), "<PERSON>, <PERSON>, <PERSON>"),
        ("Gelencsérs and Gelcser", ("Gelencsér",), "<PERSON> and Gelcser"),
        ("born 7/4/1990 here", ("7/4/1990",), "born <PERSON> here"),
        ("nothing", (), "nothing"),
        ("", ("Ana",), ""),
    ],
)
def test_own_words(text: str, words: tuple[str, ...], expected: str) -> None:
    assert masked(text, *words) == expected


def test_overlapping_masks_become_one_with_the_longest_label() -> None:
    spans = [
        MaskedSpan(0, 4, "PERSON"),
        MaskedSpan(2, 12, "LOCATION"),
        MaskedSpan(14, 15, "NUMBER"),
    ]
    assert apply_masks("abcdefghijklmnop", spans) == "<LOCATION>mn<NUMBER>p"


def test_a_name_found_once_is_found_again() -> None:
    text = "Maciej Borkowski, starring Borkowski"
    spans = [MaskedSpan(0, 16, "PERSON")]
    assert apply_masks(text, [*spans, *find_again(text, spans)]) == "<PERSON>, starring <PERSON>"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_nothing_masked_is_left_and_nothing_else_goes(
    text: str, bounds: list[tuple[int, int]]
) -> None:
    spans = [MaskedSpan(min(b), min(max(b), len(text)), "X") for b in bounds if min(b) < len(text)]
    kept = [c for i, c in enumerate(text) if not any(s.start <= i < s.end for s in spans)]
    plain = apply_masks(text, spans).replace("<X>", "")
    gaps = "".join(kept)
    assert plain.replace(" ", "") == gaps.replace("<X>", "").replace(" ", "")


@given(st.text(st.characters(categories=["L", "N"]), min_size=3, max_size=20), st.text(max_size=30))
def test_an_own_word_never_survives(word: str, around: str) -> None:
    text = f"{around} {word} {around}"
    assert f" {word} " not in masked(text, word) or not word.isascii()
