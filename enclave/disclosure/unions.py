"""Answers that put several cells of a controlled table together, as a filter does.

A table is controlled once, over every dimension a question groups by or filters on, whatever the
filter says: its canonical table. What a row of the answer counts is then a union of its cells, and
it is shown only where that tells nothing the shown cells do not tell already:

1. The union is a cell or a margin of the table: shown exactly when that is.
2. Its own count or statistic is sensitive: hidden.
3. No cell of it is hidden: shown, for it is the sum of what is shown.
4. A margin that is shown holds it, and every hidden cell of that margin lies in it: shown, for it
   is that margin less what is shown.
5. Otherwise hidden: the difference to a shown cell would tell a hidden one.

So whatever is asked of the same dimensions, the answers are combinations of the shown cells of one
table, and an attacker who asks them all knows no more than that table.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from enclave.disclosure.control import (
    CellFacts,
    ControlledTable,
    Reason,
    StatisticKind,
    Table,
    is_sensitive,
)
from enclave.disclosure.protection import TOTAL, Key
from enclave.disclosure.rules import Rule


class UnionJudge:
    """Judges unions of cells of one controlled table."""

    def __init__(self, table: Table, controlled: ControlledTable, rule: Rule) -> None:
        """Count, for each margin, its cells and how many of them are hidden."""
        self._table = table
        self._controlled = controlled
        self._rule = rule
        self.cells = [key for key in table.people if TOTAL not in key]
        """The cells that hold anybody, without margins."""
        self._sizes: Counter[Key] = Counter()
        self._hidden: list[Counter[Key]] = [Counter() for _ in table.statistics]
        for key in self.cells:
            for margin in _margins(key):
                self._sizes[margin] += 1
                for counts, hidden in zip(self._hidden, controlled.hidden, strict=True):
                    counts[margin] += key in hidden

    def reason(
        self, statistic: int, union: AbstractSet[Key], facts: CellFacts, people: int
    ) -> Reason | None:
        """Why a statistic of a union is hidden, or None when it may be shown.

        Args:
            statistic: Number of the statistic.
            union: Cells of `cells`; not empty.
            facts: The statistic of the union.
            people: Distinct people in the union.
        """
        hidden = self._controlled.hidden[statistic]
        holders = [*_holders(union)]
        for margin in holders:
            if self._sizes[margin] == len(union):  # 1
                return hidden.get(margin)
        if people < self._rule.minimum_cell_count:  # 2
            return Reason.COUNT
        kind = self._table.statistics[statistic].kind
        if kind is not StatisticKind.COUNT and is_sensitive(kind, facts, self._rule):
            return Reason.STATISTIC
        inside = [hidden[key] for key in union if key in hidden]
        if not inside:  # 3
            return None
        for margin in holders:
            if margin not in hidden and self._hidden[statistic][margin] == len(inside):  # 4
                return None
        return Reason.COUNT if Reason.COUNT in inside else Reason.STATISTIC  # 5


def _margins(key: Key) -> Iterator[Key]:
    """The cell and every margin it adds to."""
    return itertools.product(*((c, TOTAL) for c in key))


def _holders(union: AbstractSet[Key]) -> Iterator[Key]:
    """Every cell or margin that holds the whole union, smallest first in each dimension."""
    columns: Sequence[set[int]] = [set(column) for column in zip(*union, strict=True)]
    choices = [(*column, TOTAL) if len(column) == 1 else (TOTAL,) for column in columns]
    return itertools.product(*choices)
