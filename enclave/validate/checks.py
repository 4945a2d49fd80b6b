"""What a contract demands, check by check: a stable code, plain words, and its GX expectation.

The list is the single statement of what is valid: `enclave.adapters.great_expectations` exports
it as an expectation suite an agency can read and run, and `enclave.validate.rows` runs the same
list fused. tests/integration/test_fused_equals_great_expectations.py proves the two equal.

Expectations speak of up to three readings of a column, made by
`enclave.adapters.great_expectations.suite_frame`:

* `name`: the text of the cell, null where the contract says that it means "no value";
* `name__value`: the text read as its logical type, null where it is not of the type;
* `name__key`: the same, but with the text itself where it is not of the type (for uniqueness:
  `1` and `01` are one key, two unreadable cells are two).

No pyarrow here: a check is data.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from enclave.validate.patterns import INTEGER_PATTERN, NUMBER_PATTERN
from governance.contracts.layouts import layouts_of
from governance.contracts.model import (
    Column,
    DatasetContract,
    LogicalType,
    Rule,
    RuleKind,
)
from governance.contracts.patterns import to_python
from governance.errors import ContractError

VALUE: Final = "__value"
KEY: Final = "__key"
KEY_RULE: Final = "key"
"""Name under which the contract's own key is checked."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A Great Expectations expectation, as data.

    Attributes:
        type: Its name in snake case.
        kwargs: Its arguments; `{"$PARAMETER": …}` is filled in when the suite runs.
        row_condition: (text column, values): judge only rows whose text is one of the values.
    """

    type: str
    kwargs: Mapping[str, object]
    row_condition: tuple[str, tuple[str, ...]] | None = None


_LISTED_CODES: Final = 12
_LISTED_CHARACTERS: Final = 120

OUTSIDE_SUITE: Final = Expectation("none", {})
"""For checks that other stages make and only report here."""


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the contract.

    Attributes:
        code: Stable dotted code, listed in docs/guides/errors.md.
        columns: The contract columns it looks at; the first is named in findings.
        rule: Name of the contract's rule, or None for a demand on one column.
        demand: What must hold, in a steward's words ("must be a date written MM/DD/YYYY").
        remedy: What the steward can do.
        expectation: Its twin in the suite.
        source: The rule itself, for rules.
    """

    code: str
    columns: tuple[str, ...]
    demand: str
    remedy: str
    expectation: Expectation
    rule: str | None = None
    source: Rule | None = field(default=None, compare=False)

    @property
    def column(self) -> str | None:
        """The column it is about, or None when it is about several or the whole table."""
        return self.columns[0] if len(self.columns) == 1 else None

    @property
    def reason(self) -> str:
        """`code:column`, or `code:rule` for a rule: what a quarantined row is marked with."""
        return f"{self.code}:{self.rule or '+'.join(self.columns)}"


def derive_checks(contract: DatasetContract) -> tuple[Check, ...]:
    """Every check of the contract: column by column in file order, then the rules.

    Raises:
        ContractError: A format, pattern, bound or rule cannot be checked.
    """
    checks = [check for column in contract.columns for check in _column_checks(column)]
    checks.extend(_uniqueness(contract))
    others = (rule for rule in contract.rules if rule.kind is not RuleKind.UNIQUE_TOGETHER)
    checks.extend(_RULES[rule.kind](contract, rule) for rule in others)
    return tuple(checks)


def outside_check(code: str, columns: tuple[str, ...] = (), rule: str | None = None) -> Check:
    """A check that another stage makes on rows that passed, for the report (`null.identity`)."""
    demand, remedy = _OUTSIDE.get(code, ("must pass a later stage's check", ""))
    return Check(code, columns, demand, remedy, OUTSIDE_SUITE, rule=rule)


_OUTSIDE: Final = {
    "null.identity": (
        "must say who the row is about: the identifying columns must be filled in",
        "Fill in the identifier; a row about nobody cannot be de-identified or counted.",
    ),
}


def _column_checks(column: Column) -> Iterator[Check]:
    name = column.name
    if column.required:
        yield Check(
            "null.required", (name,), "must be filled in",
            "Fill in the value, or agree with the enclave's operator that it may be missing.",
            Expectation("expect_column_values_to_not_be_null", {"column": name}),
        )  # fmt: skip
    yield from _format_checks(column)
    if column.codes is not None:
        yield Check(
            "code.unknown", (name,), _one_of(column.codes),
            "Use the code list of the contract; a new code needs a new contract version.",
            Expectation("expect_column_values_to_be_in_set",
                        {"column": name, "value_set": list(column.codes)}),
        )  # fmt: skip
    if column.pattern is not None:
        yield Check(
            "format.pattern", (name,), f"must have the form {column.pattern}",
            "Check leading zeros, blanks and separators; spreadsheets often strip leading zeros.",
            Expectation("expect_column_values_to_match_regex",
                        {"column": name, "regex": to_python(column.pattern)}),
        )  # fmt: skip
    yield from _bound_checks(column)


def _one_of(codes: Sequence[str]) -> str:
    """A short list of codes is said, a long one counted."""
    listed = ", ".join(codes)
    if len(codes) <= _LISTED_CODES and len(listed) <= _LISTED_CHARACTERS:
        return f"must be one of: {listed}"
    return f"must be one of the contract's {len(codes)} codes"


def _format_checks(column: Column) -> Iterator[Check]:
    name = column.name

    def matching(pattern: str) -> Expectation:
        return Expectation(
            "expect_column_values_to_match_regex", {"column": name, "regex": to_python(pattern)}
        )

    match column.logical_type:
        case LogicalType.STRING:
            return
        case LogicalType.INTEGER:
            yield Check(
                "format.integer", (name,), "must be a whole number",
                "Write digits only, without decimal point or thousands separator.",
                matching(INTEGER_PATTERN),
            )  # fmt: skip
        case LogicalType.NUMBER:
            yield Check(
                "format.number", (name,), "must be a number",
                "Write digits with a decimal point, without thousands separators.",
                matching(NUMBER_PATTERN),
            )  # fmt: skip
        case LogicalType.BOOLEAN:
            spellings = [*column.true_values, *column.false_values]
            yield Check(
                "format.boolean", (name,), "must be one of the contract's spellings of yes and no",
                f"Write one of: {', '.join(spellings)}.",
                Expectation("expect_column_values_to_be_in_set",
                            {"column": name, "value_set": spellings}),
            )  # fmt: skip
        case LogicalType.DATE | LogicalType.TIMESTAMP as kind:
            layouts = layouts_of(column)
            words = " or ".join(dict.fromkeys(layout.in_words for layout in layouts))
            what = "date" if kind is LogicalType.DATE else "date and time"
            yield Check(
                f"format.{kind}", (name,), f"must be a {what} of the calendar, written {words}",
                f"Write it as {words}, with nothing before or after it.",
                Expectation(
                    "expect_column_values_to_match_regex_list",
                    {"column": name, "regex_list": [to_python(x.pattern) for x in layouts]},
                ),
            )  # fmt: skip


def _bound_checks(column: Column) -> Iterator[Check]:
    name = column.name
    lengths = (("min", column.min_length, "at least"), ("max", column.max_length, "at most"))
    for end, bound, words in lengths:
        if bound is not None:
            yield Check(
                f"length.{end}", (name,), f"must have {words} {bound} characters",
                "Check for cut-off or padded values.",
                Expectation("expect_column_value_lengths_to_be_between",
                            {"column": name, f"{end}_value": bound}),
            )  # fmt: skip
    ranges = (("min", column.minimum, "not be below"), ("max", column.maximum, "not be above"))
    for end, limit, words in ranges:
        if limit is not None:
            yield Check(
                f"range.{end}", (name,), f"must {words} {limit}",
                "Correct the value, or ask for the contract's bound to be changed.",
                Expectation("expect_column_values_to_be_between",
                            {"column": name + VALUE, f"{end}_value": bound_of(column, limit)}),
            )  # fmt: skip


Bound = int | float | date | datetime


def bound_of(column: Column, limit: str | float) -> Bound:
    """A contract's bound as a value of the column's type.

    Raises:
        ContractError: The bound is not of the type, or the type has no order that bounds could use.
    """
    try:
        match column.logical_type:
            case LogicalType.DATE:
                return date.fromisoformat(str(limit))
            case LogicalType.TIMESTAMP:
                return datetime.fromisoformat(str(limit))
            case LogicalType.INTEGER | LogicalType.NUMBER:
                return float(limit) if isinstance(limit, str) else limit
            case kind:
                raise ContractError(f"Column {column.name!r} is {kind} and cannot have bounds.",
                                    column=column.name)  # fmt: skip
    except ValueError:
        raise ContractError(
            f"The bound {limit!r} of {column.name!r} is not a {column.logical_type}.",
            column=column.name,
        ) from None


def _uniqueness(contract: DatasetContract) -> Iterator[Check]:
    """Single columns, the key, and rules; each set of columns once."""
    wanted: list[tuple[str | None, tuple[str, ...], Rule | None]] = [
        (None, (c.name,), None) for c in contract.columns if c.unique
    ]
    if contract.key:
        wanted.append((KEY_RULE, contract.key, None))
    wanted.extend(
        (r.name, names_option(contract, r, "columns"), r)
        for r in contract.rules
        if r.kind is RuleKind.UNIQUE_TOGETHER
    )
    seen: set[frozenset[str]] = set()
    for name, columns, source in wanted:
        if frozenset(columns) not in seen:
            seen.add(frozenset(columns))
            yield _unique(name, columns, source)


def _unique(name: str | None, columns: tuple[str, ...], rule: Rule | None) -> Check:
    if len(columns) == 1:
        return Check(
            "unique.column", columns, "must not repeat in the submission",
            "Send each record once; look for a file appended to itself.",
            Expectation("expect_column_values_to_be_unique", {"column": columns[0] + KEY}),
            source=rule,
        )  # fmt: skip
    return Check(
        "unique.together", columns, f"must not repeat together: {', '.join(columns)}",
        "Send each record once; look for a file appended to itself.",
        Expectation("expect_compound_columns_to_be_unique",
                    {"column_list": [c + KEY for c in columns]}),
        rule=name, source=rule,
    )  # fmt: skip


def names_option(contract: DatasetContract, rule: Rule, option: str) -> tuple[str, ...]:
    """The contract columns a rule's option names (one or several).

    Raises:
        ContractError: The option is missing, or names a column the contract does not have.
    """
    value = rule.options.get(option)
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, tuple) or not names:
        raise ContractError(f"Rule {rule.name!r} needs {option!r}.", rule=rule.name, option=option)
    known = {c.name for c in contract.columns}
    for name in names:
        if name not in known:
            raise ContractError(
                f"Rule {rule.name!r} names {name!r}, which the contract does not have.",
                rule=rule.name,
                option=option,
            )
    return names


COMPARISONS: Final[Mapping[str, tuple[str, bool, bool]]] = {
    ">": ("expect_column_pair_values_a_to_be_greater_than_b", False, False),
    ">=": ("expect_column_pair_values_a_to_be_greater_than_b", False, True),
    "<": ("expect_column_pair_values_a_to_be_greater_than_b", True, False),
    "<=": ("expect_column_pair_values_a_to_be_greater_than_b", True, True),
    "==": ("expect_column_pair_values_to_be_equal", False, False),
    "!=": ("expect_select_column_values_to_be_unique_within_record", False, False),
}
"""Operator -> (expectation, whether the sides swap, `or_equal`)."""
_SPOKEN: Final = {
    ">": "later or greater than", ">=": "not before or below", "<": "before or below",
    "<=": "not after or above", "==": "equal to", "!=": "different from",
}  # fmt: skip


def _compare(contract: DatasetContract, rule: Rule) -> Check:
    (left,) = names_option(contract, rule, "left")
    (right,) = names_option(contract, rule, "right")
    operator = str(rule.options.get("operator", ""))
    types = {contract.column(left).logical_type, contract.column(right).logical_type}
    comparable = len(types) == 1 or types == {LogicalType.INTEGER, LogicalType.NUMBER}
    if operator not in COMPARISONS or not comparable or left == right:
        raise ContractError(f"Rule {rule.name!r} cannot be compared.", rule=rule.name)
    kind, swap, or_equal = COMPARISONS[operator]
    a, b = ((right, left) if swap else (left, right))  # fmt: skip
    kwargs: dict[str, object]
    if operator == "!=":
        kwargs = {"column_list": [a + VALUE, b + VALUE], "ignore_row_if": "any_value_is_missing"}
    else:
        kwargs = {"column_A": a + VALUE, "column_B": b + VALUE,
                  "ignore_row_if": "either_value_is_missing"}  # fmt: skip
        if operator != "==":
            kwargs["or_equal"] = or_equal
    return Check(
        "rule.compare", (left, right),
        rule.description or f"{left} must be {_SPOKEN[operator]} {right}",
        f"Correct {left} or {right}.",
        Expectation(kind, kwargs), rule=rule.name, source=rule,
    )  # fmt: skip


def text_values(rule: Rule, option: str) -> tuple[str, ...]:
    """A rule's option as texts, one or several.

    Raises:
        ContractError: The option is missing.
    """
    value = rule.options.get(option)
    if value is None:
        raise ContractError(f"Rule {rule.name!r} needs {option!r}.", rule=rule.name, option=option)
    return tuple(str(v) for v in value) if isinstance(value, tuple) else (str(value),)


def _required_if(contract: DatasetContract, rule: Rule) -> Check:
    (column,) = names_option(contract, rule, "column")
    (when,) = names_option(contract, rule, "when_column")
    values = text_values(rule, "when_values")
    return Check(
        "rule.required_if", (column, when),
        rule.description or f"{column} must be filled in where {when} is {' or '.join(values)}",
        f"Fill in {column}, or correct {when}.",
        Expectation("expect_column_values_to_not_be_null", {"column": column}, (when, values)),
        rule=rule.name, source=rule,
    )  # fmt: skip


def reference_column(rule: Rule) -> str:
    """Name of the frame column that holds the reference as one value (several columns: a tuple)."""
    return f"__reference_{re.sub('[^A-Za-z0-9_]', '_', rule.name)}"


def _reference(contract: DatasetContract, rule: Rule) -> Check:
    columns = names_option(contract, rule, "columns")
    target = str(rule.options.get("to_dataset", ""))
    if len(text_values(rule, "to_columns")) != len(columns) or target.count("/") != 1:
        raise ContractError(f"Rule {rule.name!r} does not say what it refers to.", rule=rule.name)
    column = columns[0] if len(columns) == 1 else reference_column(rule)
    return Check(
        "reference.missing", columns,
        rule.description or f"{', '.join(columns)} must exist in {target}",
        f"Deliver {target} first, or correct the reference.",
        Expectation("expect_column_values_to_be_in_set",
                    {"column": column, "value_set": {"$PARAMETER": f"landed_{rule.name}"}}),
        rule=rule.name, source=rule,
    )  # fmt: skip


def drift_pct(rule: Rule) -> float:
    """The most percent that row counts may drift.

    Raises:
        ContractError: The rule does not say.
    """
    value = rule.options.get("max_pct")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContractError(f"Rule {rule.name!r} needs 'max_pct'.", rule=rule.name)
    return float(value)


def _drift(_contract: DatasetContract, rule: Rule) -> Check:
    return Check(
        "drift.rows", (),
        rule.description or f"rows must not differ from the mean of earlier submissions by more "
        f"than {drift_pct(rule):g} percent",
        "Check that the extract is complete and covers one period.",
        Expectation("expect_table_row_count_to_be_between",
                    {"min_value": {"$PARAMETER": f"fewest_{rule.name}"},
                     "max_value": {"$PARAMETER": f"most_{rule.name}"}}),
        rule=rule.name, source=rule,
    )  # fmt: skip


_RULES: Final = {
    RuleKind.COMPARE: _compare,
    RuleKind.REQUIRED_IF: _required_if,
    RuleKind.REFERENCE: _reference,
    RuleKind.ROW_COUNT_DRIFT: _drift,
}
