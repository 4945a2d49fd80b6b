"""From the engine's rows to the canonical table that is controlled, and to what is asked of it.

The canonical table has a dimension for each column the question groups by or filters on, all its
margins, and no filter. What is asked of it has the grouped dimensions only, and the filter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

import pyarrow as pa

from enclave.disclosure import TOTAL, CellFacts, Key, Statistic, StatisticKind, Table
from enclave.query.conditions import Value
from enclave.query.model import BoundQuery, ColumnKind, Measure, MeasureKind
from enclave.query.rewrite import Part, Rewritten
from governance.canonical import canonical_json

MAX_LISTED_GROUPS: Final = 20_000
"""Groups listed from code lists; above it only groups that were observed are listed."""
DECIMALS: Final = 4
"""Means and sums of fractions are shown to this many decimals."""

Cell: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Axis:
    """One dimension of the canonical table.

    Attributes:
        name: The column.
        codes: Its values in order; None stands for missing.
        listed: Whether contract and treatment say all of them, so that an absent group is a zero.
    """

    name: str
    codes: tuple[Value | None, ...]
    listed: bool


@dataclass(frozen=True)
class Asked:
    """What is asked, by keys over the grouped dimensions.

    Attributes:
        people: Distinct people in each group; a missing group has none.
        rows: Rows in each group, by which the cells it is made of are checked.
        statistics: As in the canonical table, of the filtered rows.
    """

    people: Mapping[Key, int]
    rows: Mapping[Key, int]
    statistics: Sequence[Statistic]


@dataclass(frozen=True)
class Assembled:
    """Everything the engine found.

    Attributes:
        axes: Dimensions of the canonical table: those grouped by, then those filtered on.
        table: The canonical table, which disclosure control judges.
        rows: Rows in each of its cells.
        asked: What is asked of it.
        unkeyed_rows: Rows without the key of who is counted.
    """

    axes: tuple[Axis, ...]
    table: Table
    rows: Mapping[Key, int]
    asked: Asked
    unkeyed_rows: int


@dataclass
class _Cells:
    """The engine's cells by key, and the largest contributor to each measured column."""

    rows: dict[Key, Mapping[str, Cell]] = field(default_factory=dict)
    largest: dict[tuple[int, Key], float] = field(default_factory=dict)

    def take(self, key: Key, row: Mapping[str, Cell], *, is_cells: bool) -> None:
        """Take one row of the engine's."""
        if is_cells:
            self.rows[key] = row
        for name, value in row.items():
            if name.startswith("l") and value is not None:
                place = (int(name[1:]), key)
                self.largest[place] = max(self.largest.get(place, 0.0), float(value))

    def people(self) -> dict[Key, int]:
        """Distinct people of each cell that has any."""
        return self._numbers("people")

    def counted_rows(self) -> dict[Key, int]:
        """Rows of each cell that has any."""
        return self._numbers("rows")

    def _numbers(self, name: str) -> dict[Key, int]:
        return {key: _whole(row[name]) for key, row in self.rows.items() if row[name]}


def assemble(
    query: BoundQuery,
    rewritten: Rewritten,
    results: Sequence[pa.Table],
    codes: Mapping[str, tuple[Value, ...] | None],
    kinds: Mapping[str, ColumnKind],
) -> Assembled:
    """Build the canonical table and what is asked of it.

    Args:
        query: The question.
        rewritten: Its plan.
        results: One table per statement.
        codes: Every value of each axis, where contract and treatment say them.
        kinds: What the columns hold.
    """
    tables = [(p, r.to_pylist()) for p, r in zip(rewritten.parts, results, strict=True)]
    axes = _axes(query, tables, codes)
    positions = [{value: i for i, value in enumerate(axis.codes)} for axis in axes]
    canonical, filtered = _Cells(), _Cells()
    for part, found in tables:
        target = filtered if part.is_filtered else canonical
        known = positions[: len(query.dimensions)] if part.is_filtered else positions
        for row in found:
            target.take(_key(row, part, known), row, is_cells=part.is_cells)
    table = Table(
        sizes=tuple(len(axis.codes) for axis in axes),
        people=canonical.people(),
        statistics=_statistics(query, rewritten, canonical, kinds),
        labels=_Labels(query.dataset, axes),
    )
    rows = canonical.counted_rows()
    asked = Asked(table.people, rows, table.statistics)
    if query.is_filtered:
        statistics = _statistics(query, rewritten, filtered, kinds)
        asked = Asked(filtered.people(), filtered.counted_rows(), statistics)
    everything = canonical.rows.get((TOTAL,) * len(axes), {})
    return Assembled(axes, table, rows, asked, _whole(everything.get("unkeyed")))


def _axes(
    query: BoundQuery,
    tables: Sequence[tuple[Part, Sequence[Mapping[str, Cell]]]],
    codes: Mapping[str, tuple[Value, ...] | None],
) -> tuple[Axis, ...]:
    """The values of each axis: the code list and whatever was observed besides."""
    size = math.prod(len(codes.get(name) or ()) or 1 for name in query.dimensions)
    axes = []
    for i, name in enumerate(query.axes):
        listed = codes.get(name) if size <= MAX_LISTED_GROUPS else None
        observed = {
            row[f"d{i}"]
            for part, rows in tables
            if part.axes == (i,) and part.is_cells and not part.is_filtered
            for row in rows
        }
        known: dict[Value | None, None] = dict.fromkeys(listed or ())
        known.update(dict.fromkeys(sorted(observed - known.keys(), key=_order_of)))
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


def _statistics(
    query: BoundQuery, rewritten: Rewritten, cells: _Cells, kinds: Mapping[str, ColumnKind]
) -> list[Statistic]:
    return [_statistic(measure, rewritten, cells, kinds) for measure in query.measures]


def _statistic(
    measure: Measure, rewritten: Rewritten, cells: _Cells, kinds: Mapping[str, ColumnKind]
) -> Statistic:
    if measure.column is None:
        name = "rows" if measure.kind is MeasureKind.ROWS else "people"
        facts = {
            key: CellFacts(_whole(row[name]), _whole(row["people"]), weight=_whole(row[name]))
            for key, row in cells.rows.items()
        }
        is_distinct = measure.kind is MeasureKind.PEOPLE
        return Statistic(StatisticKind.COUNT, "people", facts, is_distinct)
    i = rewritten.measured.index(measure.column)
    if measure.kind is MeasureKind.PRESENT:
        facts = {key: _present(row, i) for key, row in cells.rows.items()}
        return Statistic(StatisticKind.PRESENT, f"present/{measure.column}", facts)
    facts = {
        key: _summed(measure, row, i, cells.largest.get((i, key), 0.0), kinds)
        for key, row in cells.rows.items()
    }
    kind = StatisticKind.TOTAL if measure.kind is MeasureKind.SUM else StatisticKind.MEAN
    return Statistic(kind, f"value/{measure.column}", facts)


def _present(row: Mapping[str, Cell], i: int) -> CellFacts:
    return CellFacts(
        value=_whole(row[f"n{i}"]),
        people=_whole(row[f"p{i}"]),
        count=_whole(row[f"n{i}"]),
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
        value = number if measure.kind is MeasureKind.SUM else round(number / count, DECIMALS)
    weight = float(row[f"w{i}"] or 0)
    yes_no = kinds[measure.column or ""] is ColumnKind.BOOLEAN
    return CellFacts(
        value=value,
        people=_whole(row[f"p{i}"]),
        count=count,
        absent_people=_whole(row[f"a{i}"]),
        numerator_people=_whole(row[f"t{i}"]) if yes_no else None,
        total=None if total is None else _plain(total),
        weight=weight,
        largest_pct=0.0 if yes_no or not weight else 100 * largest / weight,
    )


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
        return int(value) if whole else round(float(value), DECIMALS)
    if isinstance(value, float):
        return round(value, DECIMALS)
    return _whole(value)
