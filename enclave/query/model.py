"""A question once it is bound, the plan the engine runs, and who runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import pyarrow as pa

from enclave.evidence import Snapshot
from enclave.query.conditions import Condition, Every, Value, columns_of


class ColumnKind(StrEnum):
    """What a landed column holds, as far as a query needs to know."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    OTHER = "other"


class MeasureKind(StrEnum):
    """Aggregates that may be asked for."""

    ROWS = "rows"
    """`COUNT(*)`: rows, judged by the distinct people in them."""
    PEOPLE = "people"
    """`COUNT(DISTINCT person)`."""
    PRESENT = "present"
    """`COUNT(column)`: rows with a value."""
    SUM = "sum"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregate; `column` is None where it is of rows or people."""

    kind: MeasureKind
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the answer: a dimension, or the measure at a position."""

    name: str
    dimension: str | None = None
    measure: int = 0


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A question bound to a grant; only `enclave.query.guard` makes one.

    Attributes:
        dataset: `agency/dataset`.
        dimensions: Columns grouped by, in order.
        measures: Aggregates, without repeats.
        outputs: The answer's columns in order.
        condition: The filter.
        restriction: The grant's row filter and years.
        order: Positions in `outputs`, and whether descending; applied to what is shown.
        limit: Rows shown, or None.
    """

    dataset: str
    dimensions: tuple[str, ...]
    measures: tuple[Measure, ...]
    outputs: tuple[Output, ...]
    condition: Condition
    restriction: Condition
    order: tuple[tuple[int, bool], ...] = ()
    limit: int | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        """Dimensions of the table that is controlled: those grouped by, then those filtered on."""
        filtered = columns_of(self.condition) - set(self.dimensions)
        return (*self.dimensions, *sorted(filtered))

    @property
    def is_filtered(self) -> bool:
        """Whether there is a filter."""
        return self.condition != Every(())


@dataclass(frozen=True, slots=True)
class Counted:
    """Who is counted in a dataset.

    Attributes:
        unit: Column of the person's (or, for a dataset about no person, the entity's) key; None:
            rows are counted.
        contributors: Keys whose share of a sum is looked at.
    """

    unit: str | None
    contributors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """SQL built from bound names, and its parameters in order."""

    sql: str
    parameters: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What the engine runs.

    Attributes:
        snapshot: Table and version.
        columns: Columns to open; no other is touched.
        tables: Temporary tables to make first, in order, by name: what may be read, and what is
            made of it.
        statements: Run over those tables, in order.
    """

    snapshot: Snapshot
    columns: tuple[str, ...]
    tables: tuple[tuple[str, PreparedStatement], ...]
    statements: tuple[PreparedStatement, ...]


class QueryRunner(Protocol):
    """Runs plans over curated tables; see `enclave.adapters.duckdb_engine`."""

    def kinds(self, snapshot: Snapshot) -> Mapping[str, ColumnKind]:
        """Landed columns and what they hold."""

    def run(self, plan: QueryPlan) -> Sequence[pa.Table]:
        """One table per statement.

        Raises:
            QueryError: Out of time or memory.
        """


def kinds_of(schema: pa.Schema) -> dict[str, ColumnKind]:
    """Kinds of a landed table's columns."""
    return {name: _kind(schema.field(name).type) for name in schema.names}


def _kind(landed: pa.DataType) -> ColumnKind:
    if pa.types.is_dictionary(landed):
        landed = landed.value_type
    if pa.types.is_string(landed) or pa.types.is_large_string(landed):
        return ColumnKind.TEXT
    if pa.types.is_integer(landed):
        return ColumnKind.INTEGER
    if pa.types.is_floating(landed) or pa.types.is_decimal(landed):
        return ColumnKind.NUMBER
    if pa.types.is_boolean(landed):
        return ColumnKind.BOOLEAN
    return ColumnKind.DATE if pa.types.is_date(landed) else ColumnKind.OTHER
