"""Filters as data: what a researcher's WHERE and a grant's row filter become once bound.

Nothing of the text that was typed is kept: columns are names of the contract, values are typed and
travel as parameters of a prepared statement.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, assert_never

from sqlglot import exp

Value: TypeAlias = str | int | float | bool | date
"""A literal, or a dimension's value; a missing value is None."""


@dataclass(frozen=True, slots=True)
class Member:
    """The column is one of the values (SQL's IN: unknown where the column is null)."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """The column lies between two values, both included; grants only."""

    column: str
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Missing:
    """The column is null."""

    column: str


@dataclass(frozen=True, slots=True)
class Opposite:
    """Not."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Every:
    """And; nothing is true of nothing."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Or."""

    parts: tuple["Condition", ...]


Condition: TypeAlias = Member | Within | Missing | Opposite | Every | Either


def columns_of(condition: Condition) -> frozenset[str]:
    """Columns a condition names."""
    match condition:
        case Member() | Within() | Missing():
            return frozenset({condition.column})
        case Opposite():
            return columns_of(condition.part)
        case Every() | Either():
            return frozenset(itertools.chain.from_iterable(map(columns_of, condition.parts)))
        case _:
            assert_never(condition)


def can_hold(condition: Condition, known: Mapping[str, Value | None]) -> bool:
    """Whether a row with these values, and any others, could pass."""
    return True in _outcomes(condition, known)


def render(
    condition: Condition, parameters: list[Value], names: Mapping[str, str] | None = None
) -> exp.Expr:
    """The condition as SQL with placeholders; the values are appended in their order.

    Args:
        condition: What to render.
        parameters: Values are appended here.
        names: What the columns are called there; their own names by default.
    """

    def named(name: str) -> exp.Column:
        return column(name if names is None else names[name])

    match condition:
        case Member():
            parameters.extend(condition.values)
            marks: list[exp.Expr] = [exp.Placeholder() for _ in condition.values]
            return exp.In(this=named(condition.column), expressions=marks)
        case Within():
            parameters.extend((condition.low, condition.high))
            return exp.Between(
                this=named(condition.column), low=exp.Placeholder(), high=exp.Placeholder()
            )
        case Missing():
            return exp.Is(this=named(condition.column), expression=exp.Null())
        case Opposite():
            return exp.Not(this=exp.Paren(this=render(condition.part, parameters, names)))
        case Every():
            return _joined(exp.And, [render(p, parameters, names) for p in condition.parts])
        case Either():
            return _joined(exp.Or, [render(p, parameters, names) for p in condition.parts])
        case _:
            assert_never(condition)


def column(name: str) -> exp.Column:
    """A column of the contract, quoted."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


def _joined(connector: type[exp.And | exp.Or], parts: Iterable[exp.Expr]) -> exp.Expr:
    rendered = [exp.Paren(this=part) for part in parts]
    if not rendered:
        return exp.Boolean(this=connector is exp.And)
    joined: exp.Expr = rendered[0]
    for part in rendered[1:]:
        joined = connector(this=joined, expression=part)
    return joined


_Outcomes: TypeAlias = frozenset[bool | None]
"""What a condition may come to: true, false, or SQL's unknown (None)."""
_ANY: _Outcomes = frozenset({True, False, None})


def _outcomes(condition: Condition, known: Mapping[str, Value | None]) -> _Outcomes:
    match condition:
        case Member() | Within() | Missing():
            if condition.column not in known:
                return _ANY
            return frozenset({_judge(condition, known[condition.column])})
        case Opposite():
            return frozenset(None if o is None else not o for o in _outcomes(condition.part, known))
        case Every():
            return _combined(condition.parts, known, decisive=False)
        case Either():
            return _combined(condition.parts, known, decisive=True)
        case _:
            assert_never(condition)


def _judge(condition: Member | Within | Missing, value: Value | None) -> bool | None:
    if isinstance(condition, Missing):
        return value is None
    if value is None:
        return None
    if isinstance(condition, Member):
        return value in condition.values
    return condition.low <= value <= condition.high  # type: ignore[operator]  # one type each


def _combined(
    parts: Iterable[Condition], known: Mapping[str, Value | None], *, decisive: bool
) -> _Outcomes:
    """And (decided by false) or or (decided by true) over every combination of outcomes."""
    results: _Outcomes = frozenset({not decisive})
    for part in parts:
        outcomes = _outcomes(part, known)
        results = frozenset(
            decisive if decisive in (a, b) else (None if None in (a, b) else not decisive)
            for a in results
            for b in outcomes
        )
    return results
