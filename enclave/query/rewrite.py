"""The plan of a bound question: SQL built anew so that each cell carries its contributors.

Nothing of what was typed is in it: identifiers are names of the contract, quoted; values are
parameters. The rows that may be read are drawn once into `base`, with only what is needed: hashes
of the person's and entities' keys (`u`, `e0`, …), whether the person's key is missing (`k`),
dimensions (`d0`, …) and measured columns as numbers (`m0`, …). What is controlled is the canonical
table: over every dimension the question groups by or filters on, unfiltered, with every margin. So
there is one statement over `base` for each subset of those dimensions, and where there is a filter,
filtered ones for what is shown. Each adds up by person first, then by cell:

| column | meaning |
|---|---|
| `d0`, `d1`, … | the subset's dimensions, by their number among the axes |
| `rows`, `people`, `unkeyed` | rows, distinct people, rows without the person's key |
| `n0`, `p0`, `a0` | per measured column: rows with a value, people with one, people lacking one |
| `s0`, `w0` | its sum and the sum of its magnitudes |
| `l0`, `t0` | the largest person's magnitude; for yes/no, people with a yes |

Where sums are asked for, `entity0`, … add up the magnitudes by entity and cell, and one further
statement per entity key and subset gives the largest entity's, `l0`.

People are told apart by a 64-bit hash of their id, inside the engine only, for its memory's sake.
Two of ten million people fall together once in some hundred thousand tables, and then count as one,
which suppresses rather than shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlglot import exp

from enclave.evidence import Snapshot
from enclave.query.conditions import Condition, Every, Value, column, columns_of, render
from enclave.query.model import (
    BoundQuery,
    ColumnKind,
    Counted,
    MeasureKind,
    PreparedStatement,
    QueryPlan,
)

SOURCE: Final = "data"
"""Name under which the engine registers the opened dataset; `duckdb_worker` has the same."""
BASE: Final = "base"
"""Name of the temporary table of what may be read."""
_DIALECT: Final = "duckdb"
_NUMERIC: Final = frozenset({ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Part:
    """What one statement gives.

    Attributes:
        axes: Numbers of the axes that are not totals in it.
        is_cells: Whether it gives the cells, or the largest entities only.
        is_filtered: Whether it is about what is shown, or about the canonical table.
    """

    axes: tuple[int, ...]
    is_cells: bool
    is_filtered: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A plan and what its columns mean.

    Attributes:
        plan: What the engine runs.
        parts: What each statement gives.
        measured: Measured columns in order of their number.
    """

    plan: QueryPlan
    parts: tuple[Part, ...]
    measured: tuple[str, ...]


def rewrite(
    query: BoundQuery,
    counted: Counted,
    snapshot: Snapshot,
    kinds: Mapping[str, ColumnKind],
    *,
    totals: bool,
) -> Rewritten:
    """The plan of a bound question."""
    names = tuple(dict.fromkeys(m.column for m in query.measures if m.column is not None))
    measured = [_Measured(i, name, kinds[name]) for i, name in enumerate(names)]
    summed = any(m.kind in {MeasureKind.SUM, MeasureKind.MEAN} for m in query.measures)
    entities = [key for key in counted.contributors if key != counted.unit] if summed else []
    parts: list[Part] = []
    statements: list[PreparedStatement] = []
    for axes, is_filtered in _subsets(query, totals=totals):
        condition = query.condition if is_filtered else Every(())
        over = _Over(query.axes, axes, condition)
        by_person = counted.unit is not None
        statements.append(_people(measured, over) if by_person else _rows(measured, over))
        parts.append(Part(axes, is_cells=True, is_filtered=is_filtered))
        for e in range(len(entities)):
            statements.append(_entities(e, measured, over))
            parts.append(Part(axes, is_cells=False, is_filtered=is_filtered))
    every = _Over(query.axes, tuple(range(len(query.axes))), Every(()))
    keys = {*entities, *(() if counted.unit is None else (counted.unit,))}
    plan = QueryPlan(
        snapshot,
        columns=tuple(sorted({*query.axes, *names, *columns_of(query.restriction), *keys})),
        tables=(
            (BASE, _base(query, counted.unit, entities, measured)),
            *((f"entity{e}", _by_entity(e, measured, every)) for e in range(len(entities))),
        ),
        statements=tuple(statements),
    )
    return Rewritten(plan, tuple(parts), names)


def _subsets(query: BoundQuery, *, totals: bool) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Subsets of the axes that are needed, and whether filtered."""
    for n in range(len(query.axes) + 1):
        for axes in combinations(range(len(query.axes)), n):
            yield axes, False
    if query.is_filtered:
        grouped = range(len(query.dimensions))
        for n in range(0 if totals else len(grouped), len(grouped) + 1):
            for axes in combinations(grouped, n):
                yield axes, True


@dataclass(frozen=True, slots=True)
class _Over:
    """What one statement goes over: its axes, and which rows of `base`."""

    names: tuple[str, ...]
    axes: tuple[int, ...]
    condition: Condition

    @property
    def columns(self) -> list[str]:
        """The axes' columns in `base`."""
        return [f"d{a}" for a in self.axes]

    def grouped(self, *keys: str, table: str = BASE) -> tuple[exp.Select, tuple[Value, ...]]:
        """A SELECT over a table by further keys and the axes, and its parameters."""
        parameters: list[Value] = []
        source = exp.Table(this=exp.Identifier(this=table, quoted=True))
        select = exp.select(*(column(n) for n in self.columns)).from_(source)
        if self.condition != Every(()):
            in_base = {name: f"d{i}" for i, name in enumerate(self.names)}
            select = select.where(render(self.condition, parameters, in_base))
        by = [column(n) for n in (*keys, *self.columns)]
        return (select.group_by(*by) if by else select), tuple(parameters)

    def outer(self, inner: exp.Select) -> exp.Select:
        """A SELECT over `inner` by the axes."""
        names = [column(n) for n in self.columns]
        outer = exp.select(*names).from_(inner.subquery("parts"))
        return outer.group_by(*(n.copy() for n in names)) if names else outer


@dataclass(frozen=True, slots=True)
class _Measured:
    """One measured column and its number."""

    i: int
    name: str
    kind: ColumnKind

    @property
    def is_numeric(self) -> bool:
        return self.kind in _NUMERIC

    def as_number(self) -> exp.Expr:
        """The column as a number: a yes counts one, and so does a text that is there."""
        if self.kind is ColumnKind.BOOLEAN:
            return exp.cast(column(self.name), "TINYINT")
        if self.is_numeric:
            return column(self.name)
        there = exp.Not(this=_is_missing(self.name))
        return exp.Case(ifs=[exp.If(this=there, true=exp.cast(_number(1), "TINYINT"))])

    @property
    def m(self) -> exp.Expr:
        """The column in `base`."""
        return column(f"m{self.i}")


def _base(
    query: BoundQuery, unit: str | None, entities: Sequence[str], measured: Sequence[_Measured]
) -> PreparedStatement:
    """Rows the grant allows, and of them only what is needed."""
    parameters: list[Value] = []
    condition = render(query.restriction, parameters)
    source = exp.Table(this=exp.Identifier(this=SOURCE, quoted=True))
    select = exp.select(*(_as(column(a), f"d{i}") for i, a in enumerate(query.axes)))
    select = select.from_(source).where(condition)
    if unit is not None:
        select = select.select(_as(_hash(unit), "u"), _as(_is_missing(unit), "k"))
    select = select.select(*(_as(_hash(key), f"e{i}") for i, key in enumerate(entities)))
    select = select.select(*(_as(m.as_number(), f"m{m.i}") for m in measured))
    if not select.expressions:
        select = select.select(_as(exp.Boolean(this=False), "k"))
    return PreparedStatement(select.sql(_DIALECT), tuple(parameters))


def _people(measured: Sequence[_Measured], over: _Over) -> PreparedStatement:
    """One subset's cells: by person and then by cell."""
    inner, parameters = over.grouped("u")
    inner = inner.select(_as(_count(), "r"), _as(_among(_count(), column("k")), "k"))
    for m in measured:
        inner = inner.select(*_of_person(m))
    outer = over.outer(inner).select(
        _as(exp.Sum(this=column("r")), "rows"),
        _as(_count(), "people"),
        _as(exp.Sum(this=column("k")), "unkeyed"),
    )
    for m in measured:
        outer = outer.select(*_of_people(m))
    return PreparedStatement(outer.sql(_DIALECT), parameters)


def _rows(measured: Sequence[_Measured], over: _Over) -> PreparedStatement:
    """One subset's cells where rows are what is counted."""
    select, parameters = over.grouped()
    select = select.select(
        _as(_count(), "rows"), _as(_count(), "people"), _as(_number(0), "unkeyed")
    )
    for m in measured:
        missing = exp.Is(this=m.m, expression=exp.Null())
        select = select.select(
            _as(exp.Count(this=m.m), f"n{m.i}"),
            _as(exp.Count(this=m.m), f"p{m.i}"),
            _as(_among(_count(), missing), f"a{m.i}"),
            _as(exp.Sum(this=m.m), f"s{m.i}"),
            _as(exp.Sum(this=exp.Abs(this=m.m)), f"w{m.i}"),
            _as(exp.Max(this=exp.Abs(this=m.m)), f"l{m.i}"),
            _as(_among(_count(), exp.EQ(this=m.m, expression=_number(1))), f"t{m.i}"),
        )
    return PreparedStatement(select.sql(_DIALECT), parameters)


def _by_entity(e: int, measured: Sequence[_Measured], every: _Over) -> PreparedStatement:
    """Magnitudes by entity and cell: few rows, of which every margin is made."""
    select, parameters = every.grouped(f"e{e}")
    select = select.select(column(f"e{e}"))
    for m in measured:
        if m.is_numeric:
            select = select.select(_as(exp.Sum(this=exp.Abs(this=m.m)), f"w{m.i}"))
    return PreparedStatement(select.sql(_DIALECT), parameters)


def _entities(e: int, measured: Sequence[_Measured], over: _Over) -> PreparedStatement:
    """One subset's largest entities."""
    numeric = [m for m in measured if m.is_numeric]
    inner, parameters = over.grouped(f"e{e}", table=f"entity{e}")
    for m in numeric:
        inner = inner.select(_as(exp.Sum(this=column(f"w{m.i}")), f"w{m.i}"))
    outer = over.outer(inner)
    for m in numeric:
        outer = outer.select(_as(exp.Max(this=column(f"w{m.i}")), f"l{m.i}"))
    return PreparedStatement(outer.sql(_DIALECT), parameters)


def _of_person(m: _Measured) -> list[exp.Expr]:
    """What one person's rows in a cell come to."""
    return [
        _as(exp.Count(this=m.m), f"n{m.i}"),
        _as(exp.Sum(this=m.m), f"s{m.i}"),
        _as(exp.Sum(this=exp.Abs(this=m.m)), f"w{m.i}"),
        _as(_among(_count(), exp.EQ(this=m.m, expression=_number(1))), f"t{m.i}"),
    ]


def _of_people(m: _Measured) -> list[exp.Expr]:
    """What the people of a cell come to."""
    there, yes = column(f"n{m.i}"), column(f"t{m.i}")
    some = exp.GT(this=there, expression=_number(0))
    lacking = exp.GT(this=column("r"), expression=there.copy())
    return [
        _as(exp.Sum(this=there.copy()), f"n{m.i}"),
        _as(_among(_count(), some), f"p{m.i}"),
        _as(_among(_count(), lacking), f"a{m.i}"),
        _as(exp.Sum(this=column(f"s{m.i}")), f"s{m.i}"),
        _as(exp.Max(this=column(f"w{m.i}")), f"l{m.i}"),
        _as(exp.Sum(this=column(f"w{m.i}")), f"w{m.i}"),
        _as(_among(_count(), exp.GT(this=yes, expression=_number(0))), f"t{m.i}"),
    ]


def _as(expression: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(expression, name)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())


def _hash(name: str) -> exp.Expr:
    return exp.Anonymous(this="HASH", expressions=[column(name)])


def _among(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _is_missing(name: str) -> exp.Expr:
    return exp.Is(this=column(name), expression=exp.Null())
