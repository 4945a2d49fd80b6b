"""The port to whatever masks free text, and the row's own words handed to it."""

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, Protocol

import pyarrow as pa

from enclave.errors import EnclaveError

SHORTEST_OWN_WORD_LETTERS: Final = 2
"""A single letter (an initial) would mask every `a` of a sentence."""

_BETWEEN_WORDS: Final = re.compile(r"[\s,;()/]+|(?<=\w)-(?=\w)")


class RedactionUnavailableError(EnclaveError):
    """The redactor cannot start or gave no answer; text is refused, never passed through."""

    code = "deidentify.redaction_unavailable"


class Redactor(Protocol):
    """Masks what tells who a text is about."""

    def redact(self, texts: Sequence[str], own_words: Sequence[tuple[str, ...]]) -> Sequence[str]:
        """The texts with names, numbers, dates and places masked as `<PERSON>` and the like.

        Args:
            texts: Any language is treated as English.
            own_words: Per text the words of its own row's identity, masked wherever they stand.

        Raises:
            RedactionUnavailableError: Nothing was masked.
        """


def redact_column(
    texts: pa.Array, identity: Sequence[pa.Array], redactor: Redactor
) -> pa.StringArray:
    """Mask a column, each distinct text with each distinct identity once.

    Args:
        texts: Free text, nulls allowed.
        identity: Columns of the same rows whose words are masked too.
        redactor: Does it.

    Raises:
        RedactionUnavailableError: Too few answers came back.
    """
    columns = [_words_of(column) for column in identity]
    own_words = [sum(words, ()) for words in zip(*columns, strict=True)]
    if not columns:
        own_words = [()] * len(texts)
    rows = list(zip(texts.to_pylist(), own_words, strict=True))
    tasks = {row: None for row in rows if row[0] is not None}
    masked = redactor.redact([t for t, _ in tasks], [o for _, o in tasks]) if tasks else []
    if len(masked) != len(tasks):
        raise RedactionUnavailableError("the redactor left texts out", texts=len(tasks))
    answers = dict(zip(tasks, masked, strict=True))
    return pa.array([answers.get(row) for row in rows], pa.string())


def _words_of(column: pa.Array) -> list[tuple[str, ...]]:
    """Per row the words of an identifying cell: as written, in parts, and as people write dates."""
    encoded = column.dictionary_encode()
    words = [tuple(dict.fromkeys(_words(value))) for value in encoded.dictionary.to_pylist()]
    return [() if i is None else words[i] for i in encoded.indices.to_pylist()]


def _words(value: object) -> Iterator[str]:
    if isinstance(value, date):
        yield from _date_spellings(value)
        return
    text = str(value).strip()
    for word in (text, *_BETWEEN_WORDS.split(text)):
        if len(word) >= SHORTEST_OWN_WORD_LETTERS:
            yield word


def _date_spellings(day: date) -> Iterator[str]:
    """How a clerk may write a date in a sentence."""
    month, dom, year = day.month, day.day, day.year
    name = calendar.month_name[month]
    yield f"{year}-{month:02d}-{dom:02d}"
    yield f"{year}{month:02d}{dom:02d}"
    for years in (f"{year}", f"{year % 100:02d}"):
        for sign in "/-.":
            yield f"{month:02d}{sign}{dom:02d}{sign}{years}"
            yield f"{month}{sign}{dom}{sign}{years}"
    for called in (name, name[:3]):
        yield f"{called} {dom}, {year}"
        yield f"{called} {dom} {year}"
        yield f"{dom} {called} {year}"
