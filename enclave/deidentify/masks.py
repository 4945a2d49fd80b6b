"""Spans of a text that tell who it is about, and the text without them. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

OWN: Final = "PERSON"
"""What the words of a row's own identity are masked as."""

_CLOSE_SPELLING_LETTERS: Final = 6
"""From this length on a word one slip away from an own word is masked too."""

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_NAME_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_DIGITS_SHORTEST: Final = 4


@dataclass(frozen=True, slots=True)
class MaskedSpan:
    """Characters `start` to `end` (exclusive) tell a `label`."""

    start: int
    end: int
    label: str


def apply_masks(text: str, spans: Iterable[MaskedSpan]) -> str:
    """The text with each span as `<LABEL>`; spans that touch or overlap become one.

    The longest of the merged spans names the mask.
    """
    pieces: list[str] = []
    done = 0
    for span in _merged(text, spans):
        pieces += [text[done : span.start], f"<{span.label}>"]
        done = span.end
    return "".join([*pieces, text[done:]])


def _merged(text: str, spans: Iterable[MaskedSpan]) -> list[MaskedSpan]:
    merged: list[MaskedSpan] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        before = merged[-1] if merged else None
        if before is None or not _touch(text, before, span):
            merged.append(span)
            longest = span.end - span.start
            continue
        label = before.label
        if span.end - span.start > longest:
            label, longest = span.label, span.end - span.start
        merged[-1] = MaskedSpan(before.start, max(before.end, span.end), label)
    return merged


def _touch(text: str, before: MaskedSpan, span: MaskedSpan) -> bool:
    """Whether two spans overlap, or are one name that only a blank cuts."""
    if span.start <= before.end:
        return True
    return span.label == before.label and not text[before.end : span.start].strip(" ")


def find_again(text: str, spans: Iterable[MaskedSpan]) -> Iterator[MaskedSpan]:
    """Where the words of people already found stand once more in the same text."""
    words = {
        token
        for span in spans
        if span.label == OWN
        for token in _NAME_WORD.findall(text[span.start : span.end])
    }
    if words:
        for match in _WORD.finditer(text):
            if match.group() in words:
                yield MaskedSpan(match.start(), match.end(), OWN)


def find_own_words(text: str, words: Sequence[str]) -> Iterator[MaskedSpan]:
    """Where the words of the row's own identity stand, whatever their case, accents or signs.

    A number is found with any signs between its digits (`078-05-1120`). A word of six letters or
    more is found with one letter wrong, missing, added or swapped with its neighbor.
    """
    folded = _folded(text)
    tokens = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(folded)]
    for word in words:
        plain = _folded(word)
        pattern = _pattern(plain)
        if pattern is not None:
            for match in pattern.finditer(folded):
                yield MaskedSpan(match.start(), match.end(), OWN)
        if len(plain) >= _CLOSE_SPELLING_LETTERS and plain.isalpha():
            for start, end, token in tokens:
                if _is_one_slip(plain, token):
                    yield MaskedSpan(start, end, OWN)


def _folded(text: str) -> str:
    """Lower case without accents, the same length as the text."""
    return "".join(_folded_letter(letter) for letter in text)


def _folded_letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0].lower()
    return base if len(base) == 1 else letter


def _pattern(word: str) -> re.Pattern[str] | None:
    digits = re.sub(r"\D", "", word)
    if len(digits) >= _DIGITS_SHORTEST and not re.search(r"[^\W\d_]", word):
        return re.compile(r"(?<!\d)" + r"[\s./-]?".join(digits) + r"(?!\d)")
    parts = [re.escape(part) for part in re.split(r"[\W_]+", word) if part]
    if not parts:
        return None
    return re.compile(r"(?<!\w)" + r"[\W_]{1,3}".join(parts) + r"(?:['\u2019]?s)?(?!\w)")


def _is_one_slip(word: str, token: str) -> bool:
    """Whether one letter wrong, missing, added or swapped turns the one into the other."""
    if word == token or abs(len(word) - len(token)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(word, token, strict=False)) if a != b),
        min(len(word), len(token)),
    )
    left, right = word[start:], token[start:]
    if len(left) == len(right):
        swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
        return swapped or left[1:] == right[1:]
    return left[1:] == right or left == right[1:]
