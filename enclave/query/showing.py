"""From the controlled table to the answer's rows: what is shown, what is hidden, in which order.

Order and limit are applied to what is shown: neither the place of a hidden cell nor whether it made
the limit tells anything of it.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from enclave.disclosure import (
    TOTAL,
    CellFacts,
    ControlledTable,
    Key,
    Reason,
    Rule,
    StatisticKind,
    UnionJudge,
    round_value,
)
from enclave.errors import QueryError
from enclave.query.assembling import MAX_LISTED_GROUPS, Assembled, Cell
from enclave.query.conditions import Every, can_hold
from enclave.query.model import BoundQuery

TOTAL_LABEL: Final = "(total)"
"""How a total is named in a dimension's column."""


@dataclass(frozen=True)
class Shown:
    """The answer.

    Attributes:
        rows: In order, cut to the limit.
        hidden: Positions of hidden cells in `rows`, with the reason.
        cells: Cells of the whole answer, before the limit, without those of dimensions.
        suppressed: Hidden ones of them, by reason.
    """

    rows: tuple[tuple[Cell, ...], ...]
    hidden: Mapping[tuple[int, int], str]
    cells: int
    suppressed: Mapping[str, int]


def show(
    query: BoundQuery,
    assembled: Assembled,
    controlled: ControlledTable,
    rule: Rule,
    *,
    totals: bool,
) -> Shown:
    """Put the answer together.

    Args:
        query: The question.
        assembled: What the engine found.
        controlled: The canonical table, controlled by `rule`.
        rule: The strictest of those that apply.
        totals: Whether totals are shown too.
    """
    answer = _Answer(query, assembled, controlled, rule)
    keys = list(answer.groups(totals=totals))
    cells = [[answer.cell(key, i) for i in range(len(query.outputs))] for key in keys]
    order = list(range(len(keys)))
    for position, descending in reversed(query.order):
        order = _sorted(order, [row[position][0] for row in cells], descending=descending)
    if query.limit is not None:
        order = order[: query.limit]
    hidden = {
        (r, c): reason.value
        for r, index in enumerate(order)
        for c, (_, reason) in enumerate(cells[index])
        if reason is not None
    }
    reasons = [reason for row in cells for _, reason in row]
    return Shown(
        tuple(tuple(value for value, _ in cells[index]) for index in order),
        hidden,
        len(keys) * sum(output.dimension is None for output in query.outputs),
        {reason.value: reasons.count(reason) for reason in Reason},
    )


class _Answer:
    """Cells of one answer."""

    def __init__(
        self, query: BoundQuery, assembled: Assembled, controlled: ControlledTable, rule: Rule
    ) -> None:
        self._query = query
        self._assembled = assembled
        self._controlled = controlled
        self._rule = rule
        self._grouped = assembled.axes[: len(query.dimensions)]
        self._judge = UnionJudge(assembled.table, controlled, rule)
        self._unions = self._find_unions() if query.is_filtered else {}

    def groups(self, *, totals: bool) -> Iterator[Key]:
        """Groups of the answer: every listed or observed one the filters allow, then totals."""
        axes = self._grouped
        condition = Every((self._query.restriction, self._query.condition))
        groups: Iterator[Key] | Sequence[Key] = sorted(self._assembled.asked.people)
        if math.prod(len(axis.codes) for axis in axes) <= MAX_LISTED_GROUPS:
            ends = (TOTAL,) if totals else ()
            groups = itertools.product(*((*range(len(axis.codes)), *ends) for axis in axes))
        margins: list[Key] = []
        for key in groups:
            known = {a.name: a.codes[c] for a, c in zip(axes, key, strict=True) if c != TOTAL}
            if not can_hold(condition, known):
                continue
            if TOTAL not in key:
                yield key
            elif totals:
                margins.append(key)
        yield from margins

    def cell(self, key: Key, position: int) -> tuple[Cell, Reason | None]:
        """One cell of the answer: its value, or why it is hidden."""
        output = self._query.outputs[position]
        if output.dimension is not None:
            i = self._query.dimensions.index(output.dimension)
            value = TOTAL_LABEL if key[i] == TOTAL else self._grouped[i].codes[key[i]]
            return (value.isoformat() if isinstance(value, date) else value), None
        statistic = self._assembled.asked.statistics[output.measure]
        counts = statistic.kind in {StatisticKind.COUNT, StatisticKind.PRESENT}
        facts = statistic.cells.get(key) or CellFacts(0 if counts else None, 0)
        reason = self._reason(key, output.measure, facts)
        if reason is not None:
            return None, reason
        return round_value(facts, statistic.kind, self._rule), None

    def _reason(self, key: Key, statistic: int, facts: CellFacts) -> Reason | None:
        if not self._query.is_filtered:
            return self._controlled.hidden[statistic].get(key)
        union = self._unions.get(key)
        if not union:
            return None
        people = self._assembled.asked.people.get(key, 0)
        return self._judge.reason(statistic, union, facts, people)

    def _find_unions(self) -> dict[Key, AbstractSet[Key]]:
        """The canonical cells that each group of a filtered question, or its total, is made of."""
        axes = self._assembled.axes
        width = len(self._grouped)
        unions: dict[Key, set[Key]] = {}
        for cell in self._judge.cells:
            known = {a.name: a.codes[c] for a, c in zip(axes, cell, strict=True)}
            if can_hold(self._query.condition, known):
                for group in itertools.product(*((c, TOTAL) for c in cell[:width])):
                    unions.setdefault(group, set()).add(cell)
        self._check_unions(unions)
        return dict(unions)

    def _check_unions(self, unions: Mapping[Key, AbstractSet[Key]]) -> None:
        """The engine and `can_hold` must mean the same by a filter, or the wrong cells are judged.

        Raises:
            QueryError: They do not.
        """
        rows = self._assembled.rows
        for key, filtered in self._assembled.asked.rows.items():
            if filtered != sum(rows[cell] for cell in unions.get(key, ())):
                raise QueryError(
                    "The filter cannot be judged on this column. The operator reports it.",
                    dataset=self._query.dataset,
                )


def _sorted(order: list[int], values: list[Cell], *, descending: bool) -> list[int]:
    """A stable sort with what is hidden or missing last."""
    present = [i for i in order if values[i] is not None]
    absent = [i for i in order if values[i] is None]
    numeric = all(isinstance(values[i], int | float) for i in present)

    def rank(i: int) -> tuple[float, str]:
        value = values[i]
        return (float(value or 0), "") if numeric else (0.0, str(value))

    return sorted(present, key=rank, reverse=descending) + absent
