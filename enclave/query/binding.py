"""What a question may name: the columns of one granted dataset, and in which role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlglot import exp

from enclave.query.conditions import (
    Condition,
    Either,
    Every,
    Member,
    Opposite,
    Value,
    Within,
)
from enclave.query.model import ColumnKind, Counted
from enclave.query.refusals import Refusals
from governance.contracts.model import Column, DatasetContract, TreatmentKind
from governance.grants import TOTALS_ONLY, Comparison, ForbiddenCombination, GrantedDataset

MAX_AXES: Final = 4
"""Dimensions of one table: every one doubles the margins that must be protected."""

_MEASURABLE: Final = frozenset({ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN})
_COMPARABLE: Final[Mapping[ColumnKind, type]] = {ColumnKind.TEXT: str, ColumnKind.INTEGER: int}
_REPUBLISH: Final = "The operating office corrects the grant and publishes it anew."


@dataclass(frozen=True)
class Scope:
    """One granted dataset as a question sees it.

    Attributes:
        contract: The dataset's contract.
        terms: What the grant says of it.
        kinds: Landed columns and what they hold.
        qualifiers: Names that may stand before a column: the table's, or its alias.
        combinations: Columns that must not meet.
    """

    contract: DatasetContract
    terms: GrantedDataset
    kinds: Mapping[str, ColumnKind]
    qualifiers: frozenset[str] = frozenset()
    combinations: tuple[ForbiddenCombination, ...] = ()

    def counted(self, axes: tuple[str, ...]) -> Counted:
        """Who is counted, and whose share of a sum is looked at, in a table over `axes`."""
        landed = [key for key in self.contract.entity_keys if key in self.kinds]
        person = self.contract.person
        unit = person.column if person is not None else next(iter(landed), None)
        others = [key for key in landed if key not in axes and key != unit]
        return Counted(unit, (*((unit,) if unit else ()), *others))

    def codes(self, name: str) -> tuple[str, ...] | None:
        """The landed column's code list, or None where the treatment made other values of it."""
        column = self._column(name)
        if column is None or self.kinds.get(name) is not ColumnKind.TEXT:
            return None
        kept = column.treatment is None or column.treatment.kind is TreatmentKind.KEEP
        return column.codes if kept else None

    def is_person(self, node: object) -> bool:
        """Whether a node is the person key's column."""
        person = self.contract.person
        return (
            person is not None
            and isinstance(node, exp.Column)
            and self._plain_name(node) == person.column
        )

    def person_remedy(self) -> str:
        """How to count people in this dataset."""
        person = self.contract.person
        if person is None:
            return "This dataset is about no person; use COUNT(*)."
        return f"Write COUNT(DISTINCT {person.column}) or COUNT(*)."

    def dimension_list(self) -> str:
        """Granted dimensions, for a remedy."""
        names = [
            c.name
            for c in self.contract.columns
            if c.dimension and self._landed(c.name) and c.name not in self.terms.masks
        ]
        return ", ".join(names) or "none is granted"

    def granted(self, node: exp.Column, refusals: Refusals) -> str | None:
        """The granted column a node names, or None with the reason."""
        name = self._plain_name(node)
        if name is not None and self._landed(name):
            return name
        if self.is_person(node):
            refusals.add(
                "column.granted",
                f"{name} tells persons apart; it is never shown, grouped by or filtered on.",
                self.person_remedy(),
                self.terms.clause,
            )
            return None
        known = name is not None and self._column(name) is not None
        reason = (
            f"The column {name} of {self.contract.id} is not granted."
            if known
            else f"The query names a column that {self.contract.id} does not have{_place(node)}."
        )
        refusals.add(
            "column.granted",
            reason,
            f"Use granted columns ({', '.join(self.terms.columns)}), or ask for an amendment.",
            self.terms.clause,
        )
        return None

    def dimension(self, node: exp.Column, refusals: Refusals) -> str | None:
        """The granted dimension a node names, or None with the reason."""
        name = self.granted(node, refusals)
        if name is None:
            return None
        column = self._column(name)
        if column is None or not column.dimension:
            refusals.add(
                "column.dimension",
                f"{name} is not a dimension of {self.contract.id}.",
                f"Group by and filter on: {self.dimension_list()}.",
                self.terms.clause,
            )
            return None
        if name in self.terms.masks:
            refusals.add(
                "column.totals_only",
                f"{name} was approved for totals and means only, not to group or filter by.",
                f"Group by and filter on: {self.dimension_list()}; or ask for an amendment.",
                self.terms.clause,
            )
            return None
        return name

    def measure(self, node: exp.Column, refusals: Refusals) -> str | None:
        """The granted measure a node names, or None with the reason."""
        name = self.granted(node, refusals)
        if name is None:
            return None
        if name not in self.contract.measures or self.kinds[name] not in _MEASURABLE:
            known = [m for m in self.contract.measures if self._landed(m)]
            refusals.add(
                "column.measure",
                f"{name} is not a measure of {self.contract.id}.",
                f"Aggregate: {', '.join(known)}." if known else "Count people or rows instead.",
                self.terms.clause,
            )
            return None
        return name

    def check_combinations(self, columns: set[str], refusals: Refusals) -> None:
        """Refuse columns that must not meet in one query."""
        used = {f"{self.contract.id}.{c}" for c in columns}
        for combination in self.combinations:
            if used.issuperset(combination.columns):
                refusals.add(
                    "column.combination",
                    f"{' and '.join(combination.columns)} must not meet: {combination.reason}",
                    "Leave one of them out.",
                    combination.clause,
                )

    def _landed(self, name: str) -> bool:
        person = self.contract.person
        is_person = person is not None and name == person.column
        return name in self.terms.columns and name in self.kinds and not is_person

    def _column(self, name: str) -> Column | None:
        return next((c for c in self.contract.columns if c.name == name), None)

    def _plain_name(self, node: exp.Column) -> str | None:
        """The name of a column that carries at most the table's name, lower-cased when unquoted."""
        identifier = node.this
        if not isinstance(identifier, exp.Identifier) or len(node.parts) > 2:  # noqa: PLR2004  table and column
            return None
        if node.table and node.table.lower() not in self.qualifiers:
            return None
        name = identifier.name
        return name.lower() if name.isascii() else None


def restriction_of(scope: Scope, refusals: Refusals) -> Condition:
    """The grant's row filter and years as one condition.

    A restriction that cannot be applied refuses the query; it is never skipped.
    """
    if set(scope.terms.masks.values()) - {TOTALS_ONLY}:
        refusals.add(
            "dataset.masks",
            f"The grant masks columns of {scope.contract.id} in a way this data plane does not "
            "know.",
            _REPUBLISH,
            scope.terms.clause,
        )
    parts = [*_row_filter(scope, refusals), *_years(scope, refusals)]
    return Every(tuple(parts))


def _row_filter(scope: Scope, refusals: Refusals) -> Iterator[Condition]:
    for comparison in scope.terms.row_filter:
        wanted = _COMPARABLE.get(scope.kinds.get(comparison.column, ColumnKind.OTHER))
        if wanted is None or not all(type(v) is wanted for v in comparison.values):
            refusals.add(
                "grant.row_filter",
                f"The grant's row filter on {comparison.column} does not fit the data.",
                _REPUBLISH,
                scope.terms.clause,
            )
            continue
        yield _comparison(comparison)


def _comparison(comparison: Comparison) -> Condition:
    if comparison.operator == "between":
        return Within(comparison.column, comparison.values[0], comparison.values[1])
    member = Member(comparison.column, comparison.values)
    return member if comparison.operator == "in" else Opposite(member)


def _years(scope: Scope, refusals: Refusals) -> Iterator[Condition]:
    years = scope.terms.years
    if years is None:
        return
    column = scope.contract.year_column or ""
    kind = scope.kinds.get(column, ColumnKind.OTHER)
    numbers = [y for y in years if isinstance(y, int)]
    whole: tuple[Value, ...] = tuple(years)
    if kind is ColumnKind.INTEGER and len(numbers) == len(years):
        yield Member(column, whole)
    elif kind is ColumnKind.TEXT:
        yield Member(column, tuple(str(y) for y in years))
    elif kind is ColumnKind.DATE and len(numbers) == len(years):
        yield Either(tuple(Within(column, date(y, 1, 1), date(y, 12, 31)) for y in numbers))
    else:
        refusals.add(
            "grant.row_filter",
            f"The grant's years cannot be applied to {scope.contract.id}.",
            _REPUBLISH,
            scope.terms.clause,
        )


def _place(node: exp.Column) -> str:
    line, column = node.this.meta.get("line"), node.this.meta.get("col")
    return f" (line {line}, character {column})" if line and column else ""
