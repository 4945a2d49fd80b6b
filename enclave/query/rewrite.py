"""The plan of a bound question: SQL built anew so that each cell carries its contributors.

Nothing of what was typed is in it: identifiers are names of the contract, quoted; values are
parameters. The first statement gives every cell of the table with all its margins:

| column | meaning |
|---|---|
| `level` | which dimensions are totals: bit n from the left is set where dimension n is one |
| `d0`, `d1`, … | the dimensions |
| `rows`, `people`, `unkeyed` | rows, distinct people, rows without the person's key |
| `n0`, `p0`, `a0` | per measured column: rows with a value, people with one, people lacking one |
| `s0`, `w0`, `t0` | sum, sum of magnitudes, people for whom a yes/no column is yes |

Then one statement per summed column and contributor (the person, each entity): the largest
contributor's magnitude in each cell, `largest`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlglot import exp

from enclave.evidence import Snapshot
from enclave.query.conditions import (
    Every,
    Missing,
    Opposite,
    Value,
    column,
    columns_of,
    render,
)
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
_DIALECT: Final = "duckdb"
_NUMERIC: Final = frozenset({ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A plan and what its columns mean.

    Attributes:
        plan: What the engine runs.
        measured: Measured columns in order of their number in the first statement.
        shares: Measured column of each further statement.
    """

    plan: QueryPlan
    measured: tuple[str, ...]
    shares: tuple[str, ...]


def rewrite(
    query: BoundQuery, counted: Counted, snapshot: Snapshot, kinds: Mapping[str, ColumnKind]
) -> Rewritten:
    """The plan of a bound question."""
    measured = tuple(dict.fromkeys(m.column for m in query.measures if m.column is not None))
    summed = dict.fromkeys(
        m.column
        for m in query.measures
        if m.column is not None and m.kind in {MeasureKind.SUM, MeasureKind.MEAN}
    )
    shares = [(name, key) for name in summed for key in counted.contributors]
    statements = [_cells(query, counted, measured, kinds)]
    statements += [_shares(query, name, key, kinds[name]) for name, key in shares]
    named = columns_of(Every((query.restriction, query.condition)))
    keys = {key for _, key in shares} | ({counted.unit} if counted.unit is not None else set())
    columns = {*query.axes, *measured, *named, *keys}
    plan = QueryPlan(snapshot, tuple(sorted(columns)), tuple(statements))
    return Rewritten(plan, measured, tuple(name for name, _ in shares))


def _cells(
    query: BoundQuery,
    counted: Counted,
    measured: Sequence[str],
    kinds: Mapping[str, ColumnKind],
) -> PreparedStatement:
    rows = exp.Count(this=exp.Star())
    unkeyed: exp.Expr = exp.Literal.number(0)
    people: exp.Expr = rows.copy()
    if counted.unit is not None:
        unkeyed = _among(rows.copy(), _is_missing(counted.unit))
        people = _distinct(counted.unit)
    selected = [
        *_axes(query),
        exp.alias_(rows, "rows"),
        exp.alias_(people, "people"),
        exp.alias_(unkeyed, "unkeyed"),
    ]
    for i, name in enumerate(measured):
        selected.extend(_measured(i, name, people, kinds[name]))
    parameters: list[Value] = []
    select = _grouped(query, selected, (), parameters)
    return PreparedStatement(select.sql(_DIALECT), tuple(parameters))


def _measured(i: int, name: str, people: exp.Expr, kind: ColumnKind) -> Iterator[exp.Expr]:
    yield exp.alias_(exp.Count(this=column(name)), f"n{i}")
    yield exp.alias_(_among(people.copy(), exp.Not(this=_is_missing(name))), f"p{i}")
    yield exp.alias_(_among(people.copy(), _is_missing(name)), f"a{i}")
    if kind in _NUMERIC:
        yield exp.alias_(exp.Sum(this=_number(name, kind)), f"s{i}")
        yield exp.alias_(exp.Sum(this=exp.Abs(this=_number(name, kind))), f"w{i}")
    if kind is ColumnKind.BOOLEAN:
        yield exp.alias_(_among(people.copy(), column(name)), f"t{i}")


def _shares(query: BoundQuery, name: str, key: str, kind: ColumnKind) -> PreparedStatement:
    """The largest contributor: add up by contributor, then take the largest of each cell."""
    part = exp.Sum(this=exp.Abs(this=_number(name, kind)))
    parameters: list[Value] = []
    selected = [*_axes(query), exp.alias_(part, "part")]
    inner = _grouped(query, selected, (key,), parameters, present=name)
    names = ["level", *(f"d{i}" for i in range(len(query.axes)))]
    outer = exp.select(
        *(column(n) for n in names), exp.alias_(exp.Max(this=column("part")), "largest")
    )
    outer = outer.from_(inner.subquery("parts")).group_by(*(column(n) for n in names))
    return PreparedStatement(outer.sql(_DIALECT), tuple(parameters))


def _grouped(
    query: BoundQuery,
    selected: Sequence[exp.Expr],
    keys: Sequence[str],
    parameters: list[Value],
    *,
    present: str | None = None,
) -> exp.Select:
    """A SELECT over the source, restricted, grouped by `keys` and every subset of the axes."""
    condition = Every((query.restriction, query.condition))
    if present is not None:
        condition = Every((condition, Opposite(Missing(present))))
    source = exp.Table(this=exp.Identifier(this=SOURCE, quoted=True))
    select = exp.select(*selected).from_(source).where(render(condition, parameters))
    subsets = [s for n in range(len(query.axes) + 1) for s in combinations(query.axes, n)]
    if query.axes or keys:
        sets = [exp.Tuple(expressions=[column(c) for c in (*keys, *s)]) for s in subsets]
        select.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=sets)]))
    return select


def _axes(query: BoundQuery) -> list[exp.Expr]:
    level: exp.Expr = exp.Literal.number(0)
    if query.axes:
        level = exp.Anonymous(this="GROUPING_ID", expressions=[column(a) for a in query.axes])
    dimensions = [exp.alias_(column(a), f"d{i}") for i, a in enumerate(query.axes)]
    return [exp.alias_(level, "level"), *dimensions]


def _distinct(name: str) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[column(name)]))


def _among(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _is_missing(name: str) -> exp.Expr:
    return exp.Is(this=column(name), expression=exp.Null())


def _number(name: str, kind: ColumnKind) -> exp.Expr:
    """The column as a number; a yes counts one."""
    if kind is ColumnKind.BOOLEAN:
        return exp.cast(column(name), "INT")
    return column(name)
