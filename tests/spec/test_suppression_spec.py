"""The suppression rule as tables: what was counted, and what is shown of it.

Minimum 6 (counts of 1 to 5 are suppressed, zeros kept), with every total, unless a case says
otherwise. These tables are the specification; each is small enough to check by hand.
"""

from textwrap import dedent

import pytest

from enclave.disclosure import CellFacts, Rule, Statistic, StatisticKind, Table, control_table
from tests.lib.tables import parse_table, print_table, with_margins

RULE = Rule(minimum_cell_count=6, minimum_denominator=20)
TIE_KEY = b"k" * 32

CASES = {
    "nothing small: all is shown": (
        """
        a   b   c
        10  20  30
        """,
        """
        a   b   c   total
        10  20  30  60
        """,
    ),
    "zeros are kept, and listed": (
        """
        a   b  c
        10  0  30
        """,
        """
        a   b  c   total
        10  0  30  40
        """,
    ),
    "one value alone: the next-highest goes too": (
        """
        a  b   c   d
        3  12  10  40
        """,
        """
        a  b   c  d   total
        *  12  *  40  65
        """,
    ),
    "zeros are not what protects": (
        """
        a  b  c   d
        3  0  10  40
        """,
        """
        a  b  c  d   total
        *  0  *  40  53
        """,
    ),
    "two small ones that together say enough stand alone": (
        """
        a  b  c
        4  5  40
        """,
        """
        a  b  c   total
        *  *  40  49
        """,
    ),
    "two of one hide nothing beside their total: a third goes": (
        """
        a  b  c   d
        1  1  20  40
        """,
        """
        a  b  c  d   total
        *  *  *  40  62
        """,
    ),
    "nothing else to hide: the total goes": (
        """
        a  b  c
        3  0  0
        """,
        """
        a  b  c  total
        *  0  0  *
        """,
    ),
    "a small total is suppressed too": (
        """
        a  b
        2  2
        """,
        """
        a  b  total
        *  *  *
        """,
    ),
    "five is suppressed, six is not": (
        """
        a  b  c
        5  6  7
        """,
        """
        a  b  c  total
        *  *  7  18
        """,
    ),
    "two ways: every row and column through the cell": (
        """
               x   y   z
        north  3   20  31
        south  18  14  26
        east   40  50  60
        """,
        """
               x   y   z   total
        north  *   *   31  54
        south  *   *   26  58
        east   40  50  60  150
        total  61  84  117 262
        """,
    ),
    "two ways: a zero cannot be a corner": (
        """
               x   y   z
        north  3   20  31
        south  18  0   26
        east   40  50  60
        """,
        """
               x   y   z    total
        north  *   20  *    54
        south  *   0   *    44
        east   40  50  60   150
        total  61  70  117  248
        """,
    ),
    "two ways: small cells that protect each other": (
        """
               x   y   z
        north  4   5   31
        south  5   4   26
        east   40  50  60
        """,
        """
               x   y   z    total
        north  *   *   31   40
        south  *   *   26   35
        east   40  50  60   150
        total  49  59  117  225
        """,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_counted_and_what_is_shown(name: str) -> None:
    counted, expected = (dedent(text) for text in CASES[name])
    sizes, interior, grid = parse_table(counted)
    cells = with_margins(sizes, interior)
    people = {k: int(v) for k, v in cells.items()}
    counts = Statistic(
        StatisticKind.COUNT, "", {k: CellFacts(n, n, weight=n) for k, n in people.items()}
    )
    controlled = control_table(Table(sizes, people, [counts]), RULE, TIE_KEY)
    hidden = set(controlled.hidden[0])
    printed = print_table(sizes, grid, cells, hidden)
    assert [line.split() for line in printed.splitlines()] == [
        line.split() for line in expected.strip().splitlines()
    ]
