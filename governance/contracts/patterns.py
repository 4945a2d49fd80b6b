r"""A contract's patterns, in a dialect that RE2 and Python's `re` read alike.

RE2 runs them on the rows; the suite states them to agencies, whose engines may be either (pandas
itself chooses between the two). What the engines read differently is spelled out (`\d`, `\w`,
`\s`, capturing groups) or refused (POSIX classes, `\p{…}`, `\b`, case folding, back references,
lookaround, possessive repeats).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from governance.errors import ContractError

_CLASSES: Final = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
"""What RE2 means by them: ASCII, and no vertical tab among the blanks."""
_SAME_IN_BOTH: Final = frozenset("Atnrfv.^$*+?()[]{}|\\/-\"'#&~@%,:;<>=! _")


def to_python(pattern: str) -> str:
    r"""The pattern as the suite states it, matching a whole cell (`\Z`: the end, no line end).

    Raises:
        ContractError: Not a pattern, or one that the two engines read differently.
    """
    return rf"^(?:{_alike(pattern)})\Z"


def to_re2(pattern: str) -> str:
    """The pattern for RE2, matching a whole cell.

    Raises:
        ContractError: Not a pattern, or one that the two engines read differently.
    """
    return rf"\A(?:{_alike(pattern)})\z"


@lru_cache(maxsize=1024)
def _alike(pattern: str) -> str:
    translated = "".join(_translate(pattern))
    try:
        re.compile(translated)
    except (re.error, OverflowError):
        raise _refused(pattern, "it cannot be read") from None
    return translated


def _refused(pattern: str, why: str) -> ContractError:
    return ContractError(
        f"The pattern {pattern!r} cannot be used: {why}.", pattern=pattern, reason=why
    )


def _translate(pattern: str) -> Iterator[str]:
    at, class_start = 0, -1
    while at < len(pattern):
        char, rest = pattern[at], pattern[at + 1 :]
        in_class = class_start >= 0
        step = 1
        if char == "\\":
            step = 2
            yield _escape(pattern, rest[:1], in_class=in_class)
        elif in_class:
            if char == "[" and rest[:1] == ":":
                raise _refused(pattern, "POSIX classes are not read by every engine")
            if char == "]" and at > class_start + 1:
                class_start = -1
                yield char
            else:
                yield f"\\{char}" if char in "[&~|]" else char
        elif char == "[":
            class_start = at + (rest[:1] == "^")
            yield pattern[at : class_start + 1]
            step = class_start + 1 - at
        elif char == "(":
            opening = re.match(r"\(\?:|\(\?P<\w+>|\((?!\?)", pattern[at:])
            if opening is None:
                raise _refused(pattern, "only plain, named and (?: ) groups are read alike")
            step = opening.end()
            yield "(?:"
        else:
            if char in "*+?}" and rest[:1] == "+":
                raise _refused(pattern, "possessive repeats are not read by every engine")
            yield char
        at += step


def _escape(pattern: str, char: str, *, in_class: bool) -> str:
    members = _CLASSES.get(char.lower())
    if members is not None and (char.islower() or not in_class):
        return members if in_class else f"[{'^' if char.isupper() else ''}{members}]"
    if char and char in _SAME_IN_BOTH:
        return f"\\{char}"
    raise _refused(pattern, f"\\{char} is not read alike by every engine")
