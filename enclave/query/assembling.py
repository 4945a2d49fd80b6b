"""From the engine's rows to the table that is controlled, and from there to what is shown."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

import pyarrow as pa

from enclave.disclosure import (
    TOTAL,
    CellFacts,
    ControlledTable,
    Key,
    Reason,
    Statistic,
    StatisticKind,
    Table,
)
from enclave.query.conditions import Every, Value, can_hold
from enclave.query.model import BoundQuery, ColumnKind, Measure, MeasureKind
from enclave.query.rewrite import Part, Rewritten
from governance.canonical import canonical_json

MAX_LISTED_GROUPS: Final = 20_000
"""Groups listed from code lists; above it only groups that were observed are listed."""
TOTAL_LABEL: Final = "(total)"
"""How a total is named in a dimension's column."""
_DECIMALS: Final = 4
"""Means and sums of fractions are shown to this many decimals."""

Cell: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Axis:
    """One dimension of the controlled table.

    Attributes:
        name: The column.
        codes: Its values in order; None stands for missing.
        listed: Whether they come from a code list, so that an absent group is a zero.
    """

    name: str
    codes: tuple[Value | None, ...]
    listed: bool

    def position(self, value: Value | None) -> int:
        """Number of a value."""
        return self.codes.index(value)


@dataclass(frozen=True)
class Assembled:
    """The controlled table's input.

    Attributes:
        axes: Its dimensions: those grouped by, then those fixed.
        table: What disclosure control judges.
        unkeyed_rows: Rows without the key of who is counted.
    """

    axes: tuple[Axis, ...]
    table: Table
    unkeyed_rows: int


@dataclass
class _Cells:
    """The engine's cells by key, and the largest contributor to each measured column."""

    rows: dict[Key, Mapping[str, Cell]] = field(default_factory=dict)
    largest: dict[tuple[str, Key], float] = field(default_factory=dict)

    def take(self, key: Key, row: Mapping[str, Cell], *, is_cells: bool) -> None:
        """Take one row of the engine's."""
        if is_cells:
            self.rows[key] = row
        for name, value in row.items():
            if name.startswith("l") and value is not None:
                place = (name[1:], key)
                self.largest[place] = max(self.largest.get(place, 0.0), float(value))


def assemble(
    query: BoundQuery,
    rewritten: Rewritten,
    results: Sequence[pa.Table],
    codes: Mapping[str, tuple[str, ...] | None],
    kinds: Mapping[str, ColumnKind],
) -> Assembled:
    """Build the table that disclosure control judges.

    Args:
        query: The question.
        rewritten: Its plan.
        results: One table per statement.
        codes: Code list of each axis, where it has one.
        kinds: What the columns hold.
    """
    tables = [(p, r.to_pylist()) for p, r in zip(rewritten.parts, results, strict=True)]
    axes = _axes(query, tables, codes)
    positions = [{value: i for i, value in enumerate(axis.codes)} for axis in axes]
    cells = _Cells()
    for part, rows in tables:
        for row in rows:
            cells.take(_key(row, part, positions), row, is_cells=part.is_cells)
    everything = cells.rows.get((TOTAL,) * len(axes), {})
    table = Table(
        sizes=tuple(len(axis.codes) for axis in axes),
        people={k: _whole(row["people"]) for k, row in cells.rows.items() if row["people"]},
        statistics=[_statistic(m, rewritten, cells, kinds) for m in query.measures],
        labels=_Labels(query.dataset, axes),
    )
    return Assembled(axes, table, _whole(everything.get("unkeyed")))


def shown_rows(
    query: BoundQuery, assembled: Assembled, controlled: ControlledTable, *, totals: bool
) -> tuple[list[tuple[Cell, ...]], dict[tuple[int, int], str]]:
    """The answer's rows in their order, cut to the limit, and which of its cells are hidden."""
    keys = list(_shown_keys(query, assembled, totals=totals))
    rows = [[_cell(query, assembled, controlled, key, i) for i in _range(query)] for key in keys]
    order = list(range(len(rows)))
    for position, descending in reversed(query.order):
        order = _sorted(order, [row[position] for row in rows], descending=descending)
    if query.limit is not None:
        order = order[: query.limit]
    hidden = {}
    for r, index in enumerate(order):
        for c, output in enumerate(query.outputs):
            if output.dimension is None:
                reason = controlled.hidden[output.measure].get(keys[index])
                if reason is not None:
                    hidden[r, c] = reason.value
    return [tuple(rows[index]) for index in order], hidden


def count_hidden(
    query: BoundQuery, assembled: Assembled, controlled: ControlledTable, *, totals: bool
) -> dict[str, int]:
    """Hidden cells of the whole answer, before a limit cuts it, by reason."""
    counts = dict.fromkeys((reason.value for reason in Reason), 0)
    for key in _shown_keys(query, assembled, totals=totals):
        for output in query.outputs:
            if output.dimension is None:
                reason = controlled.hidden[output.measure].get(key)
                if reason is not None:
                    counts[reason.value] += 1
    return counts


def _range(query: BoundQuery) -> range:
    return range(len(query.outputs))


def _sorted(order: list[int], values: list[Cell], *, descending: bool) -> list[int]:
    """A stable sort with what is hidden or missing last: a place must not tell a hidden value."""
    present = [i for i in order if values[i] is not None]
    absent = [i for i in order if values[i] is None]
    numeric = all(isinstance(values[i], int | float) for i in present)

    def rank(i: int) -> tuple[float, str]:
        value = values[i]
        return (float(value or 0), "") if numeric else (0.0, str(value))

    return sorted(present, key=rank, reverse=descending) + absent


def _axes(
    query: BoundQuery,
    tables: Sequence[tuple[Part, Sequence[Mapping[str, Cell]]]],
    codes: Mapping[str, tuple[str, ...] | None],
) -> tuple[Axis, ...]:
    """The values of each axis: the code list and whatever was observed besides."""
    size = 1
    for name in query.dimensions:
        size *= max(1, len(codes.get(name) or ()))
    too_many = size > MAX_LISTED_GROUPS
    axes = []
    for i, name in enumerate(query.axes):
        listed = None if too_many else codes.get(name)
        observed = {row[f"d{i}"] for part, rows in tables if part.axes == (i,) for row in rows}
        known: dict[Value | None, None] = dict.fromkeys(listed or ())
        if name in query.fixed:
            known[query.fixed[name]] = None
        for value in sorted(observed - known.keys(), key=_order_of):
            known[value] = None
        axes.append(Axis(name, tuple(known), listed is not None))
    return tuple(axes)


def _order_of(value: Value | None) -> tuple[bool, float, str]:
    if value is None:
        return (True, 0.0, "")
    number = float(value) if isinstance(value, int | float) else 0.0
    return (False, number, str(value))


def _key(
    row: Mapping[str, Cell], part: Part, positions: Sequence[Mapping[Value | None, int]]
) -> Key:
    return tuple(
        known[row[f"d{i}"]] if i in part.axes else TOTAL for i, known in enumerate(positions)
    )


def _statistic(
    measure: Measure, rewritten: Rewritten, cells: _Cells, kinds: Mapping[str, ColumnKind]
) -> Statistic:
    if measure.column is None:
        name = "rows" if measure.kind is MeasureKind.ROWS else "people"
        facts = {
            key: CellFacts(_whole(row[name]), _whole(row["people"]), weight=_whole(row[name]))
            for key, row in cells.rows.items()
        }
        return Statistic(StatisticKind.COUNT, "people", facts)
    i = rewritten.measured.index(measure.column)
    if measure.kind is MeasureKind.PRESENT:
        facts = {key: _present(row, i) for key, row in cells.rows.items()}
        return Statistic(StatisticKind.PRESENT, f"present/{measure.column}", facts)
    facts = {
        key: _summed(measure, row, i, cells.largest.get((str(i), key), 0.0), kinds)
        for key, row in cells.rows.items()
    }
    kind = StatisticKind.TOTAL if measure.kind is MeasureKind.SUM else StatisticKind.MEAN
    return Statistic(kind, f"value/{measure.column}", facts)


def _present(row: Mapping[str, Cell], i: int) -> CellFacts:
    return CellFacts(
        value=_whole(row[f"n{i}"]),
        people=_whole(row[f"p{i}"]),
        absent_people=_whole(row[f"a{i}"]),
        weight=_whole(row[f"n{i}"]),
    )


def _summed(
    measure: Measure,
    row: Mapping[str, Cell],
    i: int,
    largest: float,
    kinds: Mapping[str, ColumnKind],
) -> CellFacts:
    count, total = _whole(row[f"n{i}"]), row[f"s{i}"]
    value: int | float | None = None
    if count and total is not None:
        number = _plain(total)
        value = number if measure.kind is MeasureKind.SUM else round(number / count, _DECIMALS)
    weight = float(row[f"w{i}"] or 0)
    yes_no = kinds[measure.column or ""] is ColumnKind.BOOLEAN
    return CellFacts(
        value=value,
        people=_whole(row[f"p{i}"]),
        absent_people=_whole(row[f"a{i}"]),
        numerator_people=_whole(row[f"t{i}"]) if yes_no else None,
        weight=weight,
        largest_pct=0.0 if yes_no or not weight else 100 * largest / weight,
    )


def _shown_keys(query: BoundQuery, assembled: Assembled, *, totals: bool) -> Iterator[Key]:
    """Cells of the answer: every listed or observed group the filters allow, then totals."""
    axes = assembled.axes
    grouped = axes[: len(query.dimensions)]
    fixed = tuple(axis.position(query.fixed[axis.name]) for axis in axes[len(grouped) :])
    condition = Every((query.restriction, query.condition))
    listing = math.prod(len(axis.codes) for axis in grouped) <= MAX_LISTED_GROUPS
    margins: list[Key] = []
    choices = [(*range(len(axis.codes)), *((TOTAL,) if totals else ())) for axis in grouped]
    every = ((*coordinates, *fixed) for coordinates in itertools.product(*choices))
    observed = (key for key in sorted(assembled.table.people) if key[len(grouped) :] == fixed)
    for key in every if listing else observed:
        if TOTAL in key[: len(grouped)] and not totals:
            continue
        known = {axis.name: axis.codes[c] for axis, c in zip(axes, key, strict=True) if c != TOTAL}
        if not can_hold(condition, known):
            continue
        if TOTAL in key[: len(grouped)]:
            margins.append(key)
        else:
            yield key
    yield from margins


def _cell(
    query: BoundQuery,
    assembled: Assembled,
    controlled: ControlledTable,
    key: Key,
    output_position: int,
) -> Cell:
    output = query.outputs[output_position]
    if output.dimension is not None:
        i = query.dimensions.index(output.dimension)
        value = TOTAL_LABEL if key[i] == TOTAL else assembled.axes[i].codes[key[i]]
        return value.isoformat() if isinstance(value, date) else value
    if key in controlled.hidden[output.measure]:
        return None
    is_count = query.measures[output.measure].kind in {
        MeasureKind.ROWS,
        MeasureKind.PEOPLE,
        MeasureKind.PRESENT,
    }
    return controlled.values[output.measure].get(key, 0 if is_count else None)


@dataclass(frozen=True)
class _Labels:
    """Texts of cells: the same cell of the same table has the same text in every query."""

    dataset: str
    axes: tuple[Axis, ...]

    def __call__(self, key: Key) -> str:
        """Text of one cell; dimensions in name order, totals left out."""
        named = sorted(
            (axis.name, str(axis.codes[c]))
            for axis, c in zip(self.axes, key, strict=True)
            if c != TOTAL
        )
        return canonical_json([self.dataset, named]).decode()


def _whole(value: Cell | Decimal) -> int:
    return int(value) if isinstance(value, int | float | Decimal) else 0


def _plain(value: Cell | Decimal) -> int | float:
    """A sum as a plain number: whole where it is whole by type, else to four decimals."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return int(value) if whole else round(float(value), _DECIMALS)
    if isinstance(value, float):
        return round(value, _DECIMALS)
    return _whole(value)
