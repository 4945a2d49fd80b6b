"""The WHERE of a question, bound: comparisons of dimensions with literals, and, or, not."""

from datetime import date
from typing import Final

from sqlglot import exp

from enclave.query.binding import Scope
from enclave.query.conditions import Condition, Either, Every, Member, Missing, Opposite, Value
from enclave.query.model import ColumnKind
from enclave.query.refusals import Refusals

_REMEDY: Final = (
    "Filter dimensions by =, <>, IN or IS NULL with literal values, joined by AND, OR and NOT."
)
_NEVER: Final = Either(())
_MAX_VALUES: Final = 2_000
_SPELLINGS: Final = {
    ColumnKind.TEXT: "text in single quotes",
    ColumnKind.INTEGER: "a whole number without quotes",
    ColumnKind.NUMBER: "nothing: fractions cannot be filtered on",
    ColumnKind.BOOLEAN: "TRUE or FALSE",
    ColumnKind.DATE: "a date as 'YYYY-MM-DD'",
    ColumnKind.OTHER: "nothing: it cannot be filtered",
}


class FilterBinder:
    """Binds one filter; what cannot be bound becomes a reason."""

    def __init__(self, scope: Scope, refusals: Refusals) -> None:
        self._scope = scope
        self._refusals = refusals
        self._values = 0

    def bind(self, node: object) -> Condition:  # noqa: PLR0911  one a form
        """The bound condition; parts that were refused are never true."""
        match node:
            case exp.Paren(this=inner):
                return self.bind(inner)
            case exp.And():
                return Every(tuple(self._flat(node, exp.And)))
            case exp.Or():
                return Either(tuple(self._flat(node, exp.Or)))
            case exp.Not(this=inner):
                return Opposite(self.bind(inner))
            case exp.EQ() | exp.NEQ():
                return self._equal(node)
            case exp.In() if _only(node, {"this", "expressions"}):
                return self._member(node.this, list(node.expressions))
            case exp.Is(this=exp.Column() as column, expression=exp.Null()):
                name = self._scope.dimension(column, self._refusals)
                return _NEVER if name is None else Missing(name)
            case _:
                return self._refuse()

    def _flat(self, node: exp.Expr, connector: type[exp.Expr]) -> list[Condition]:
        """The parts of a chain of one connector, bound, without nesting by their number."""
        parts: list[Condition] = []
        waiting: list[object] = [node]
        while waiting:
            part = waiting.pop()
            if isinstance(part, connector):
                waiting.extend((part.args.get("expression"), part.args.get("this")))
            elif isinstance(part, exp.Paren) and isinstance(part.this, connector):
                waiting.append(part.this)
            else:
                parts.append(self.bind(part))
        return parts

    def _equal(self, node: exp.EQ | exp.NEQ) -> Condition:
        left, right = node.this, node.expression
        if not isinstance(left, exp.Column):
            left, right = right, left
        member = self._member(left, [right])
        return Opposite(member) if isinstance(node, exp.NEQ) else member

    def _member(self, column: object, literals: list[exp.Expr]) -> Condition:
        if not isinstance(column, exp.Column) or not literals:
            return self._refuse()
        name = self._scope.dimension(column, self._refusals)
        if name is None:
            return _NEVER
        self._values += len(literals)
        if self._values > _MAX_VALUES:
            return self._refuse()
        values = [self._literal(name, literal) for literal in literals]
        self._check_codes(name, values)
        return Member(name, tuple(v for v in values if v is not None))

    def _literal(self, name: str, node: exp.Expr) -> Value | None:
        kind = self._scope.kinds[name]
        value = _read(node, kind)
        if value is None:
            self._refusals.add(
                "sql.filter",
                f"{name} is compared with something else than it holds.",
                f"Compare {name} with {_SPELLINGS[kind]}.",
            )
        return value

    def _check_codes(self, name: str, values: list[Value | None]) -> None:
        codes = self._scope.codes(name)
        if codes is not None and any(v is not None and v not in codes for v in values):
            self._refusals.add(
                "sql.filter",
                f"{name} is compared with a value that is not in its code list.",
                f"Its codes are: {', '.join(codes[:60])}.",
            )

    def _refuse(self) -> Condition:
        self._refusals.add(
            "sql.filter", "The filter is more than comparisons of dimensions.", _REMEDY
        )
        return _NEVER


def _read(node: exp.Expr, kind: ColumnKind) -> Value | None:
    """The typed value of a literal, or None when it is not one of the kind."""
    negative = isinstance(node, exp.Neg)
    literal = node.this if isinstance(node, exp.Neg) else node
    if isinstance(literal, exp.Boolean) and kind is ColumnKind.BOOLEAN and not negative:
        return bool(literal.this)
    if not isinstance(literal, exp.Literal):
        return None
    text = str(literal.this)
    if literal.is_string:
        return None if negative else _read_text(text, kind)
    return _read_integer(f"-{text}" if negative else text) if kind is ColumnKind.INTEGER else None


def _read_text(text: str, kind: ColumnKind) -> Value | None:
    if kind is ColumnKind.TEXT:
        return text
    if kind is ColumnKind.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _read_integer(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) < 1 << 63 else None


def _only(node: exp.Expr, known: set[str]) -> bool:
    return not any(part for name, part in node.args.items() if name not in known)
