"""Patterns mean the same to RE2 and to Python, or are refused."""

import re
import warnings

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from governance.contracts.patterns import to_python, to_re2
from governance.errors import ContractError

PATTERNS = [
    "[0-9]{9}",
    r"\d{2}-\d{7}",
    r"\D+",
    r"\w+",
    r"\W*",
    r"\s+x",
    r"\S+",
    r"[\d\s-]+",
    r"[^\w]",
    "a|b",
    "(a)(b)?",
    "(?P<x>a)+",
    "(?:a|b){1,3}",
    "[]a]+",
    "[^]a]+",
    "[a[]+",
    r"\.",
    r"a\+b",
    "",
    "^a$",
    "a.c",
    r"\$[0-9]+",
    "[a&&b]",
    "[a-c~|]+",
    r"\t",
    "é+",
    ".*",
    "a{2,}",
    "[A-Z]?[0-9]+[A-Z]*",
    r"(?:[A-Z]{2}|\d{2})-\d{3}(x)?",
]
CELLS = [
    "",
    "a",
    "b",
    "ab",
    "aa",
    "aaa",
    "abc",
    "a\n",
    "a\nc",
    "123456789",
    "12-1234567",
    "\u0661\u0662",
    "x y",
    "  x",
    "\x0bx",
    "\u00a0x",
    "é",
    "éé",
    "É",
    "_",
    "-",
    "--1",
    "]",
    "]a",
    "[",
    "a[",
    "&",
    "~|",
    ".",
    "a+b",
    "$5",
    "\t",
    "\u212a",
    "\u017f",
    "AB-123",
    "AB-123x",
    "A12B",
    "a&b",
    "\x00",
    "a\r",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_both_engines_agree(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stated = re.compile(to_python(pattern))
    run = pc.match_substring_regex(pa.array(CELLS), to_re2(pattern)).to_pylist()
    assert run == [stated.match(cell) is not None for cell in CELLS]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_stated_means_what_was_written(pattern: str) -> None:
    """On plain ASCII cells Python's own reading of the contract's text agrees."""
    stated = re.compile(to_python(pattern))
    for cell in (cell for cell in CELLS if cell.isascii() and not re.search(r"[\x0b\n]", cell)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            written = re.fullmatch(pattern, cell)
        assert (stated.match(cell) is None) == (written is None), cell


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[",
        "*",
        r"\p{L}",
        "[[:alpha:]]",
        r"\bx",
        r"(a)\1",
        "(?=a)",
        "(?<=a)b",
        "(?i)a",
        "(?i:a)",
        "a++",
        r"\Qa\E",
        "\\",
        r"[\S]",
        r"\x{41}",
        "a{3,1}",
        r"\pL",
        r"\C",
        "(?P=x)",
        "(?#c)",
    ],
)
def test_others_are_refused(pattern: str) -> None:
    with pytest.raises(ContractError):
        to_python(pattern)
    with pytest.raises(ContractError):
        to_re2(pattern)
