"""The SQL guard: parse, allow-list, bind to the grant. What is not on the list is refused.

Allowed: one SELECT over one granted dataset; dimensions and COUNT(*), COUNT(DISTINCT person),
COUNT(column), SUM(column), AVG(column); WHERE of =, <>, IN, IS NULL on dimensions joined by AND,
OR, NOT; GROUP BY dimensions; ORDER BY columns of the answer; LIMIT. No subquery, no join, no CTE in
this build. Every reason is gathered, so that a researcher mends a question in one go.

The text that was typed goes no further than this module: what is run is built anew from the bound
names and typed values (`enclave.query.rewrite`). Reasons never repeat a literal or an unknown name.
"""

import logging
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from enclave.query.binding import MAX_AXES, Scope, restriction_of
from enclave.query.conditions import Condition, Every
from enclave.query.filters import FilterBinder
from enclave.query.model import BoundQuery, Measure, MeasureKind, Output
from enclave.query.refusals import Refusals
from governance.decisions import Decision

MAX_SQL_CHARACTERS: Final = 20_000
_SELECT_PARTS: Final = frozenset({"expressions", "from_", "where", "group", "order", "limit"})
_AGGREGATES: Final[dict[type[exp.Expr], MeasureKind]] = {
    exp.Sum: MeasureKind.SUM,
    exp.Avg: MeasureKind.MEAN,
}

# sqlglot logs the statement when it meets syntax it does not know; a statement may hold anything.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Judged:
    """The guard's verdict: `query` is there exactly when the decision permits."""

    decision: Decision
    query: BoundQuery | None


def parse_select(sql: str, refusals: Refusals) -> exp.Select | None:
    """The one SELECT of a text, or None with the reasons."""
    if len(sql) > MAX_SQL_CHARACTERS:
        refusals.add(
            "sql.readable",
            f"The query is longer than {MAX_SQL_CHARACTERS} characters.",
            "Shorten it.",
        )
        return None
    try:
        statements = [s for s in sqlglot.parse(sql, dialect="duckdb") if s is not None]
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError) as e:
        refusals.add("sql.readable", f"The query cannot be read{_where(e)}.", "Correct it.")
        return None
    if len(statements) != 1:
        refusals.add(
            "sql.single_select",
            f"There are {len(statements)} statements.",
            "Ask one SELECT at a time.",
        )
        return None
    if type(statements[0]) is not exp.Select:
        refusals.add(
            "sql.single_select", "The statement is not a plain SELECT.", "Ask with one SELECT."
        )
        return None
    return statements[0]


def bind_query(select: exp.Select, scope: Scope, refusals: Refusals) -> Judged:
    """Bind a SELECT to a granted dataset, gathering every reason against it."""
    try:
        query = _Binder(select, scope, refusals).bind()
    except RecursionError:
        refusals.add("sql.readable", "The query is nested too deeply.", "Simplify it.")
        query = None
    decision = refusals.decision()
    return Judged(decision, query if decision.permitted else None)


def table_of(select: exp.Select, refusals: Refusals) -> tuple[str, frozenset[str]] | None:
    """The table a SELECT names (`dataset` or `agency.dataset`), and names its columns may carry."""
    source = select.args.get("from_")
    table = source.this if isinstance(source, exp.From) else None
    plain = (
        isinstance(table, exp.Table)
        and isinstance(table.this, exp.Identifier)
        and not _further_parts(table, {"this", "db", "alias"})
    )
    alias = table.args.get("alias") if isinstance(table, exp.Table) else None
    if alias is not None and (
        not isinstance(alias, exp.TableAlias) or _further_parts(alias, {"this"})
    ):
        plain = False
    if not plain or not isinstance(table, exp.Table):
        refusals.add(
            "sql.one_table",
            "The query does not read one named table.",
            "Write FROM and one granted dataset.",
        )
        return None
    name = f"{table.db}.{table.name}" if table.db else table.name
    qualifiers = {table.name.lower()} if alias is None else {alias.name.lower()}
    return name.lower(), frozenset(qualifiers)


class _Binder:
    def __init__(self, select: exp.Select, scope: Scope, refusals: Refusals) -> None:
        self._select = select
        self._scope = scope
        self._refusals = refusals
        self._measures: list[Measure] = []
        self._outputs: list[Output] = []
        self._expressions: list[exp.Expr] = []
        self._has_aggregate = False

    def bind(self) -> BoundQuery:
        """Bind everything; what cannot be bound is a reason and is left out."""
        for part in sorted(_further_parts(self._select, _SELECT_PARTS)):
            self._refusals.shape(part)
        for item in self._select.expressions:
            self._bind_item(item)
        self._check_names()
        query = BoundQuery(
            dataset=self._scope.contract.id,
            dimensions=self._bind_group(),
            measures=tuple(self._measures),
            outputs=tuple(self._outputs),
            condition=self._bind_where(),
            restriction=restriction_of(self._scope, self._refusals),
            order=self._bind_order(),
            limit=self._bind_limit(),
        )
        self._check_dimensions(query)
        used = {*query.axes, *(m.column for m in self._measures if m.column)}
        self._scope.check_combinations(used, self._refusals)
        return query

    def _bind_item(self, item: exp.Expr) -> None:
        """One item of the select list: a dimension or an aggregate, maybe with a name."""
        expression, alias = item, ""
        if isinstance(item, exp.Alias):
            expression, alias = item.this, item.alias
        while isinstance(expression, exp.Paren):
            expression = expression.this
        if isinstance(expression, exp.Column):
            name = self._scope.dimension(expression, self._refusals)
            if name is not None:
                self._output(expression, Output(alias or name, dimension=name))
            return
        self._has_aggregate = True  # or what was meant for one, and has its own reason
        bound = self._bind_aggregate(expression)
        if bound is None:
            return
        measure, default = bound
        if measure not in self._measures:
            self._measures.append(measure)
        position = self._measures.index(measure)
        self._output(expression, Output(alias or default, measure=position))

    def _output(self, expression: exp.Expr, output: Output) -> None:
        self._outputs.append(output)
        self._expressions.append(expression)

    def _bind_aggregate(self, expression: exp.Expr) -> tuple[Measure, str] | None:
        inner = expression.this if isinstance(expression, exp.Func) else None
        if type(expression) is exp.Count and not _further_parts(expression, {"this", "big_int"}):
            return self._bind_count(inner)
        kind = _AGGREGATES.get(type(expression))
        if kind is None or _further_parts(expression, {"this"}):
            self._refusals.function(_function_name(expression))
            return None
        if not isinstance(inner, exp.Column):
            self._refusals.function("")
            return None
        name = self._scope.measure(inner, self._refusals)
        if name is None:
            return None
        return Measure(kind, name), f"{'avg' if kind is MeasureKind.MEAN else 'sum'}_{name}"

    def _bind_count(self, inner: object) -> tuple[Measure, str] | None:
        if isinstance(inner, exp.Star) and not _further_parts(inner, set()):
            return Measure(MeasureKind.ROWS), "count"
        if isinstance(inner, exp.Distinct):
            plain = len(inner.expressions) == 1 and not _further_parts(inner, {"expressions"})
            if plain and self._scope.is_person(inner.expressions[0]):
                return Measure(MeasureKind.PEOPLE), "people"
            self._refusals.add(
                "sql.function",
                "COUNT(DISTINCT …) counts people only.",
                self._scope.person_remedy(),
            )
            return None
        if isinstance(inner, exp.Column):
            if self._scope.is_person(inner):
                return Measure(MeasureKind.ROWS), "count"
            name = self._scope.granted(inner, self._refusals)
            return None if name is None else (Measure(MeasureKind.PRESENT, name), f"count_{name}")
        self._refusals.function("")
        return None

    def _check_names(self) -> None:
        names = [output.name for output in self._outputs]
        if len({name.lower() for name in names}) != len(names):
            self._refusals.add(
                "sql.output_names",
                "Two columns of the answer have the same name.",
                "Name them apart with AS.",
            )
        if not self._has_aggregate:
            self._refusals.add(
                "sql.function",
                "The query asks for no aggregate; rows are never shown.",
                "Add COUNT(*) or another aggregate.",
            )

    def _bind_group(self) -> tuple[str, ...]:
        group = self._select.args.get("group")
        if group is None:
            return ()
        if not isinstance(group, exp.Group) or _further_parts(group, {"expressions"}):
            self._refusals.add(
                "sql.grouping",
                "The query groups by more than columns.",
                "Group by columns; ask for totals with --totals.",
            )
        dimensions: dict[str, None] = {}
        for item in group.expressions:
            name = self._group_item(item)
            if name is not None:
                dimensions[name] = None
        return tuple(dimensions)

    def _group_item(self, item: exp.Expr) -> str | None:
        position = _position(item)
        if position is not None and 0 < position <= len(self._outputs):
            name = self._outputs[position - 1].dimension
            if name is not None:
                return name
        elif isinstance(item, exp.Column):
            by_alias = self._output_named(item)
            if by_alias is not None and self._outputs[by_alias].dimension is not None:
                return self._outputs[by_alias].dimension
            return self._scope.dimension(item, self._refusals)
        self._refusals.add(
            "sql.grouping",
            "The query groups by something that is no column.",
            f"Group by dimensions: {self._scope.dimension_list()}.",
        )
        return None

    def _bind_where(self) -> Condition:
        where = self._select.args.get("where")
        if not isinstance(where, exp.Where):
            return Every(())
        return FilterBinder(self._scope, self._refusals).bind(where.this)

    def _check_dimensions(self, query: BoundQuery) -> None:
        for output in self._outputs:
            if output.dimension is not None and output.dimension not in query.dimensions:
                self._refusals.add(
                    "sql.grouping",
                    f"{output.dimension} is shown but not grouped by; rows are never shown.",
                    f"Add GROUP BY {output.dimension}.",
                )
        if len(query.axes) > MAX_AXES:
            self._refusals.add(
                "sql.grouping",
                f"The query groups by or filters on more than {MAX_AXES} dimensions.",
                "Ask with fewer dimensions.",
            )

    def _bind_order(self) -> tuple[tuple[int, bool], ...]:
        order = self._select.args.get("order")
        if order is None:
            return ()
        bound = []
        for item in order.expressions:
            position = self._order_item(item.this) if isinstance(item, exp.Ordered) else None
            if position is None or item.args.get("with_fill"):
                self._refusals.add(
                    "sql.order",
                    "The query sorts by something that is no column of the answer.",
                    "Sort by columns of the answer, by name or number.",
                )
                continue
            bound.append((position, bool(item.args.get("desc"))))
        return tuple(bound)

    def _order_item(self, item: exp.Expr) -> int | None:
        position = _position(item)
        if position is not None:
            return position - 1 if 0 < position <= len(self._outputs) else None
        if isinstance(item, exp.Column):
            named = self._output_named(item)
            if named is not None:
                return named
        return next((i for i, e in enumerate(self._expressions) if e == item), None)

    def _output_named(self, item: exp.Column) -> int | None:
        if len(item.parts) != 1:
            return None
        wanted = item.name.lower()
        return next((i for i, o in enumerate(self._outputs) if o.name.lower() == wanted), None)

    def _bind_limit(self) -> int | None:
        limit = self._select.args.get("limit")
        if limit is None:
            return None
        count = _position(limit.expression) if isinstance(limit, exp.Limit) else None
        if count is None or _further_parts(limit, {"expression"}):
            self._refusals.add(
                "sql.order", "LIMIT is no plain number of rows.", "Write LIMIT and a whole number."
            )
        return count


def _further_parts(node: exp.Expr, known: set[str] | frozenset[str]) -> set[str]:
    """Parts of a node that are there and not known."""
    return {name for name, part in node.args.items() if part and name not in known}


def _position(item: object) -> int | None:
    """A plain whole number, or None."""
    if not isinstance(item, exp.Literal) or item.is_string:
        return None
    digits = str(item.this)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None  # noqa: PLR2004  more rows than there are


def _function_name(expression: exp.Expr) -> str:
    """The name of a function sqlglot knows; any other is a text of the researcher's."""
    if type(expression) is exp.Anonymous or not isinstance(expression, exp.Func):
        return ""
    name = expression.sql_name().upper()
    return next((n for n in ("STDDEV", "VARIANCE", "QUANTILE") if n in name), name)


def _where(error: Exception) -> str:
    """Line and column of a parse error; its text quotes the statement and is not used."""
    places = getattr(error, "errors", None)
    if not places:
        return ""
    line, column = places[0].get("line"), places[0].get("col")
    return "" if line is None else f" at line {line}, character {column}"
