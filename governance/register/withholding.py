"""Taking persons out of public text.

Titles and purposes are free text of the requestor, and may name somebody. Names of persons known to
the programme, e-mail addresses, telephone and social security numbers are taken out before anything
is published. A name nobody registered cannot be known; the office reads a request before its
completeness check passes. Whose names are taken out of which text is `governance.register.rows`'.
"""

import re
from collections.abc import Iterable, Iterator

_EMAIL = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+")
_NUMBER = re.compile(
    r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}|(?:\+?1[-. ]?)?(?:\(\d{3}\)[-. ]?|\d{3}[-. ])\d{3}[-. ]\d{4})"
    r"(?![\w-])"
)
NAME, ADDRESS, NUMBER = "[name withheld]", "[address withheld]", "[number withheld]"
_WORD = re.compile(r"\w[\w'\u2019-]*")


class Withholder:
    """Takes the names of a set of persons out of text.

    It goes word by word, so that thousands of names cost no more than a few. Only whole names are
    taken out, a given and a family name at least: a single word would stand in other words' place,
    and whoever names a person would choose which words the public may not read.

    Args:
        names: Whole names. “Last, First” is recognized for “First Last” too, and a name without
            what stands between its first and its last word.
        beside: Takes other names out as well.
    """

    def __init__(self, names: Iterable[str], beside: "Withholder | None" = None) -> None:
        self._forms: dict[str, set[tuple[str, ...]]] = {}
        self._beside = beside
        for name in names:
            words = tuple(w.group().casefold() for w in _WORD.finditer(name))
            if len(words) > 1:
                self._add(words)
                self._add((words[0], words[-1]))
                self._add((words[-1], words[0]))
                self._add((words[-1], *words[:-1]))

    def _add(self, words: tuple[str, ...]) -> None:
        self._forms.setdefault(words[0], set()).add(words)

    def text(self, text: str) -> str:
        """The text without persons."""
        cleared = _NUMBER.sub(NUMBER, _EMAIL.sub(ADDRESS, text))
        out, end = [], 0
        for begin, after in self._found(cleared):
            out += [cleared[end:begin], NAME]
            end = after
        return "".join([*out, cleared[end:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where names begin and end, none within another."""
        words = list(_WORD.finditer(text))
        folded = [_without_possessive(w.group().casefold()) for w in words]
        place = 0
        while place < len(words):
            length = self.length_at(folded, place)
            if length:
                last = place + length - 1
                yield words[place].start(), words[last].start() + len(folded[last])
                place += length
            else:
                place += 1

    def length_at(self, folded: list[str], place: int) -> int:
        """Words of the longest name that begins at that word; 0 when none does."""
        own = max(
            (
                len(form)
                for form in self._forms.get(folded[place], ())
                if tuple(folded[place : place + len(form)]) == form
            ),
            default=0,
        )
        return own if self._beside is None else max(own, self._beside.length_at(folded, place))


def _without_possessive(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word
