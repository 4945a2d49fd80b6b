r"""A contract's patterns in two engines: RE2 runs them, Python's `re` states them to agencies.

A pattern must mean the same in both. What differs is translated (`\s`, `\z`, capturing groups) or
refused (POSIX classes, `\p{…}`, case folding, back references, lookaround, possessive groups).
"""

import re
from collections.abc import Iterator
from typing import Final

from governance.errors import ContractError

_BLANKS: Final = r"\t\n\f\r "
"""RE2's `\\s`; Python's has the vertical tab too."""
_SAME_IN_BOTH: Final = frozenset("dDwWbBAtnrfv.^$*+?()[]{}|\\/-\"'#&~@%,:;<>=! _")


def to_python(pattern: str) -> str:
    r"""The pattern for Python's `re`, matching a whole cell (`(?a)`: `\d` is 0-9, as in RE2).

    Raises:
        ContractError: Not a pattern, or one that the two engines read differently.
    """
    translated = "".join(_translate(pattern))
    try:
        re.compile(translated)
    except (re.error, OverflowError):
        raise _refused(pattern, "it cannot be read") from None
    return rf"(?a)^(?:{translated})\Z"


def to_re2(pattern: str) -> str:
    """The pattern for RE2, matching a whole cell."""
    return rf"\A(?:{pattern})\z"


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
    if char == "s":
        return _BLANKS if in_class else f"[{_BLANKS}]"
    if char == "S" and not in_class:
        return f"[^{_BLANKS}]"
    if char == "z" and not in_class:
        return r"\Z"
    if char and char in _SAME_IN_BOTH:
        return f"\\{char}"
    raise _refused(pattern, f"\\{char} is not read alike by every engine")
