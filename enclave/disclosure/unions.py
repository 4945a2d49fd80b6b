"""Answers that put several cells of a controlled table together, as a filter does.

A table is controlled once, over every dimension a question groups by or filters on, whatever the
filter says: its canonical table. What a row of the answer counts is then a union of its cells, and
it is shown only where that tells nothing the shown cells do not tell already:

1. The union is a cell or a margin of the table: shown exactly when that is.
2. Its own count or statistic is sensitive: hidden.
3. No cell of it is hidden: shown, for it is the sum of what is shown.
4. A margin that is shown holds it, and every hidden cell of that margin lies in it: shown, for it
   is that margin less what is shown.
5. Along one dimension it falls into parts of which each may be shown by 1, 3, 4 or 5: shown, for it
   is their sum (the total of two school years of a table whose every year's total is shown).
6. Otherwise hidden: the difference to a shown cell would tell a hidden one.

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
    tells_overlap,
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
        margin = self._whole(union)
        if margin is not None:  # 1
            return hidden.get(margin)
        if people < self._rule.minimum_cell_count:  # 2
            return Reason.COUNT
        kind = self._table.statistics[statistic].kind
        if self._table.statistics[statistic].is_distinct and tells_overlap(
            [self._table.people[key] for key in union], people, self._rule.minimum_cell_count
        ):
            return Reason.STATISTIC
        if kind is not StatisticKind.COUNT and is_sensitive(kind, facts, self._rule):
            return Reason.STATISTIC
        if self._is_told(statistic, union):  # 3, 4, 5
            return None
        inside = {hidden[key] for key in union if key in hidden}  # 6
        return Reason.COUNT if Reason.COUNT in inside else Reason.STATISTIC

    def _whole(self, union: AbstractSet[Key]) -> Key | None:
        """The cell or margin the union is, or None."""
        return next((m for m in _holders(union) if self._sizes[m] == len(union)), None)

    def _is_told(self, statistic: int, union: AbstractSet[Key]) -> bool:
        """Whether the union is a sum or difference of shown cells."""
        hidden = self._controlled.hidden[statistic]
        margin = self._whole(union)
        if margin is not None:
            return margin not in hidden
        inside = sum(key in hidden for key in union)
        if not inside:
            return True
        counts = self._hidden[statistic]
        if any(m not in hidden and counts[m] == inside for m in _holders(union)):
            return True
        for d in range(len(self._table.sizes)):
            parts: dict[int, set[Key]] = {}
            for key in union:
                parts.setdefault(key[d], set()).add(key)
            if len(parts) > 1 and all(self._is_told(statistic, p) for p in parts.values()):
                return True
        return False


def _margins(key: Key) -> Iterator[Key]:
    """The cell and every margin it adds to."""
    return itertools.product(*((c, TOTAL) for c in key))


def _holders(union: AbstractSet[Key]) -> Iterator[Key]:
    """Every cell or margin that holds the whole union, smallest first in each dimension."""
    columns: Sequence[set[int]] = [set(column) for column in zip(*union, strict=True)]
    choices = [(*column, TOTAL) if len(column) == 1 else (TOTAL,) for column in columns]
    return itertools.product(*choices)
