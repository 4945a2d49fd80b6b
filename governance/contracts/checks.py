"""Contradictions inside one contract: what no schema language can say.

Pure functions from a contract to (path, message) pairs. The path is the column's or the rule's, so
that a steward finds the place; the message says what is wrong and what would be right.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from governance.contracts.layouts import is_layout
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileKind,
    IdentifierRole,
    LogicalType,
    Rule,
    RuleKind,
    Treatment,
    TreatmentKind,
)
from governance.contracts.patterns import to_python
from governance.errors import ContractError

Problem = tuple[str, str]

_TEMPORAL = frozenset({LogicalType.DATE, LogicalType.TIMESTAMP})
_NUMERIC = frozenset({LogicalType.INTEGER, LogicalType.NUMBER})
_TEXT = frozenset({LogicalType.STRING})

_FITS: dict[TreatmentKind, frozenset[LogicalType]] = {
    TreatmentKind.YEAR: _TEMPORAL,
    TreatmentKind.AGE_BAND: frozenset({LogicalType.INTEGER}),
    TreatmentKind.PREFIX: _TEXT,
    TreatmentKind.ZIP3: _TEXT,
    TreatmentKind.TOWN_TO_REGION: _TEXT,
    TreatmentKind.TOP_BOTTOM_CODE: _NUMERIC,
    TreatmentKind.ROUND: _NUMERIC,
    TreatmentKind.DATE_SHIFT: _TEMPORAL,
    TreatmentKind.REDACT_TEXT: _TEXT,
}
"""Logical types a treatment can work on; a treatment not named works on all."""

_OPTIONS: dict[TreatmentKind, tuple[frozenset[str], frozenset[str]]] = {
    TreatmentKind.PERSON_ID: (frozenset(), frozenset({"normalize"})),
    TreatmentKind.ENTITY_ID: (frozenset({"domain"}), frozenset()),
    TreatmentKind.YEAR: (frozenset(), frozenset({"top", "bottom", "width", "oldest_age"})),
    TreatmentKind.PREFIX: (frozenset({"length"}), frozenset()),
    TreatmentKind.AGE_BAND: (frozenset(), frozenset({"width", "top"})),
    TreatmentKind.TOWN_TO_REGION: (frozenset({"to"}), frozenset()),
    TreatmentKind.TOP_BOTTOM_CODE: (frozenset(), frozenset({"top", "bottom", "oldest_age"})),
    TreatmentKind.ROUND: (frozenset({"to"}), frozenset({"oldest_age"})),
    TreatmentKind.DATE_SHIFT: (frozenset(), frozenset({"max_days"})),
    TreatmentKind.REDACT_TEXT: (frozenset(), frozenset({"mask_columns"})),
    TreatmentKind.CONSTANT: (frozenset({"value"}), frozenset()),
}
"""Options a treatment needs, and those it may have."""

_NO_DIMENSION = frozenset(
    {
        TreatmentKind.DROP,
        TreatmentKind.PERSON_ID,
        TreatmentKind.ENTITY_ID,
        TreatmentKind.REDACT_TEXT,
        TreatmentKind.DATE_SHIFT,
    }
)
_HIDES_DIRECT = frozenset(
    {
        TreatmentKind.DROP,
        TreatmentKind.PERSON_ID,
        TreatmentKind.CONSTANT,
        TreatmentKind.REDACT_TEXT,
    }
)
"""Not `entity_id`: a keyed code of a person's own number is a code derived from it, and a person is
no entity (34 CFR 99.31(b)(2)(iii), 45 CFR 164.514(c))."""

_OLDEST_TOLD: Final = 90
"""Ages over 89 are told as one group (45 CFR 164.514(b)(2)(i)(C))."""

_MEASURABLE = frozenset({TreatmentKind.KEEP, TreatmentKind.ROUND, TreatmentKind.TOP_BOTTOM_CODE})

_NOT_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!]|P=|\()|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
"""Look-around, back references, atomic and possessive groups: RE2 has none of them."""

_RULE_OPTIONS: dict[RuleKind, frozenset[str]] = {
    RuleKind.COMPARE: frozenset({"left", "operator", "right"}),
    RuleKind.REQUIRED_IF: frozenset({"column", "when_column", "when_values"}),
    RuleKind.UNIQUE_TOGETHER: frozenset({"columns"}),
    RuleKind.REFERENCE: frozenset({"columns", "to_dataset", "to_columns"}),
    RuleKind.ROW_COUNT_DRIFT: frozenset({"max_pct"}),
}
_OPERATORS = ("<", "<=", "==", "!=", ">", ">=")


def contradictions(contract: DatasetContract) -> Iterator[Problem]:
    """Everything in the contract that contradicts something else in it."""
    yield from _names(contract)
    for column in contract.columns:
        for path, message in _column(column, contract):
            yield f"column {column.name}{path}", message
    yield from _layout(contract)
    yield from _person(contract)
    yield from _uses(contract)
    for rule in contract.rules:
        for message in rule_problems(rule, contract):
            yield f"quality {rule.name}", message


def _names(contract: DatasetContract) -> Iterator[Problem]:
    table = contract.table
    prefix = f"curated_{contract.agency}__"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", table) or not table.startswith(prefix):
        yield "physicalName", f"the curated table must be called {prefix}<grain>_<dataset>"
    for name in _twice(c.name for c in contract.columns):
        yield f"column {name}", "stands twice"
    for name in _twice(c.source_name for c in contract.columns):
        yield "properties", f"two columns have the physicalName {name!r}"
    for name in _twice(r.name for r in contract.rules):
        yield f"quality {name}", "stands twice"


def _twice(names: Iterator[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def _column(column: Column, contract: DatasetContract) -> Iterator[Problem]:
    kind = column.logical_type
    if column.formats and kind not in _TEMPORAL:
        yield ".formats", f"a column of type {kind} has no date formats"
    for form in column.formats:
        if "%" not in form:
            yield ".formats", f"{form!r} is no date format; write it like '%m/%d/%Y'"
        elif not is_layout(form):
            yield ".formats", f"{form!r} is a date format the enclave does not read"
    if kind is LogicalType.BOOLEAN and set(column.true_values) & set(column.false_values):
        yield ".trueValues", "the same spelling means both true and false"
    if column.codes is not None and kind not in {LogicalType.STRING, LogicalType.INTEGER}:
        yield ".codes", f"a column of type {kind} has no code list"
    yield from _pattern(column)
    yield from _bounds(column)
    if column.treatment is not None:
        for message in treatment_problems(column.treatment, column, contract):
            yield ".treatment", message
    if column.dimension:
        yield from _dimension(column)


def _pattern(column: Column) -> Iterator[Problem]:
    if column.pattern is None:
        return
    try:
        re.compile(column.pattern)
    except re.error as error:
        yield ".pattern", f"is no regular expression: {error.msg}"
        return
    if _NOT_RE2.search(column.pattern):
        yield ".pattern", "look-around, back references and possessive repeats are not supported"
        return
    try:
        to_python(column.pattern)
    except ContractError as error:
        yield ".pattern", f"cannot be used: {error.facts['reason']}"


def _bounds(column: Column) -> Iterator[Problem]:
    low, high = column.minimum, column.maximum
    if column.logical_type in _TEMPORAL:
        parse = (
            date.fromisoformat
            if column.logical_type is LogicalType.DATE
            else datetime.fromisoformat
        )
        for name, bound in (("minimum", low), ("maximum", high)):
            try:
                parse(str(bound)) if bound is not None else None
            except ValueError:
                yield f".{name}", "must be an ISO date, as in '2000-01-01'"
                return
    if low is not None and high is not None and low > high:  # type: ignore[operator]  # both of one type
        yield ".minimum", "is above the maximum"
    shortest, longest = column.min_length, column.max_length
    if shortest is not None and longest is not None and shortest > longest:
        yield ".minLength", "is above maxLength"


def treatment_problems(
    treatment: Treatment, column: Column, contract: DatasetContract
) -> Iterator[str]:
    """Why this treatment does not suit this column; agreements ask the same of their overrides."""
    kind = treatment.kind
    fits = _FITS.get(kind)
    if fits is not None and column.logical_type not in fits:
        wanted = " or ".join(sorted(fits))
        yield f"{kind} works on {wanted}, and the column is of type {column.logical_type}"
    needs, may = _OPTIONS.get(kind, (frozenset(), frozenset()))
    given = frozenset(treatment.options)
    for name in sorted(needs - given):
        yield f"{kind} needs the option {camel_case(name)}"
    for name in sorted(given - needs - may):
        yield f"{kind} has no option {camel_case(name)}"
    if column.role is IdentifierRole.DIRECT and kind not in _HIDES_DIRECT:
        yield f"a direct identifier cannot be treated {kind}; drop it or make an id of it"
    identified_by = contract.person.identified_by if contract.person else ()
    if kind is TreatmentKind.PERSON_ID and column.name not in identified_by:
        yield "person_id is for the columns that personKey.identifiedBy names"
    if kind is TreatmentKind.DATE_SHIFT and contract.person is None:
        yield "date_shift needs a personKey: the shift is one per person"
    if "oldest_age" in treatment.options and column.logical_type is LogicalType.NUMBER:
        yield "oldestAge works on dates and on years of birth in whole numbers"
    yield from _option_values(treatment, contract)


def _option_values(treatment: Treatment, contract: DatasetContract) -> Iterator[str]:
    options = treatment.options
    if treatment.kind is TreatmentKind.TOWN_TO_REGION:
        targets = ("planning_region", "county")
        if options.get("to") not in targets:
            yield f"town_to_region goes to one of: {', '.join(targets)}"
    for name in ("width", "top", "bottom", "max_days"):
        if name in options and (
            isinstance(options[name], bool) or not isinstance(options[name], (int, float))
        ):
            yield f"the option {camel_case(name)} must be a number"
    for name, most in (("length", None), ("oldest_age", _OLDEST_TOLD)):
        if name in options and not _whole(options[name], most):
            bound = "above zero" if most is None else f"from 1 to {most}"
            yield f"the option {camel_case(name)} must be a whole number {bound}"
    if treatment.kind is TreatmentKind.ROUND and not _positive(options.get("to")):
        yield "round needs `to`, a number above zero"
    masks = options.get("mask_columns", ())
    if not isinstance(masks, tuple):
        yield "maskColumns must be a list of columns"
        return
    for name in _unknown(masks, contract):
        yield f"maskColumns names {name!r}, which is no column"


def _whole(value: object, most: int | None) -> bool:
    return type(value) is int and 1 <= value <= (value if most is None else most)


def _positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _dimension(column: Column) -> Iterator[Problem]:
    if column.role is IdentifierRole.DIRECT:
        yield ".dimension", "a direct identifier cannot be a dimension"
        return
    kind = column.treatment.kind if column.treatment else None
    if kind in _NO_DIMENSION:
        yield ".dimension", f"a column treated {kind} cannot be a dimension"
    if kind is not TreatmentKind.KEEP:
        return
    if column.logical_type is LogicalType.STRING and column.codes is None:
        yield ".dimension", "a text kept as it is can be a dimension only with a code list"
    elif column.logical_type in _TEMPORAL or column.logical_type is LogicalType.NUMBER:
        yield (
            ".dimension",
            f"a {column.logical_type} kept as it is would be too fine for a dimension",
        )
    elif (
        column.logical_type is LogicalType.INTEGER
        and column.codes is None
        and None in {column.minimum, column.maximum}
    ):
        yield ".dimension", "a whole number can be a dimension only with minimum and maximum"


def _layout(contract: DatasetContract) -> Iterator[Problem]:
    if contract.file.kind is not FileKind.FIXED_WIDTH:
        for column in contract.columns:
            if column.start is not None or column.width is not None:
                yield f"column {column.name}", "start and width are for fixed-width files"
        return
    end, before = 0, ""
    placed = [c for c in contract.columns if c.start is not None and c.width is not None]
    for column in contract.columns:
        if column.start is None or column.width is None:
            yield f"column {column.name}", "a fixed-width column needs start and width"
    for column in sorted(placed, key=lambda c: c.start or 0):
        start = column.start or 0
        if start < end:
            yield f"column {column.name}", f"overlaps {before}"
        end, before = start + (column.width or 0), column.name
    yield from _record_types(contract)


def _record_types(contract: DatasetContract) -> Iterator[Problem]:
    file = contract.file
    typed = (file.record_type, file.header_record, file.trailer_record)
    if (file.present_start is None) != (file.present_width is None):
        yield "fileFormat.presentStart", "presentStart and presentWidth go together"
    if file.other_record_types and file.record_type is None:
        yield "fileFormat.otherRecordTypes", "recordType says which type this dataset's is"
    if any(typed) and not file.record_type_width:
        yield "fileFormat.recordTypeWidth", "is needed to tell the record types apart"
    if (file.trailer_count_start is None) != (file.trailer_count_width is None):
        yield "fileFormat.trailerCountStart", "trailerCountStart and trailerCountWidth go together"
    if file.trailer_count_start is not None and file.trailer_record is None:
        yield "fileFormat.trailerRecord", "is needed to find the trailer's count"


def _person(contract: DatasetContract) -> Iterator[Problem]:
    person = contract.person
    if person is None:
        return
    names = {c.name for c in contract.columns}
    for name in _unknown(person.identified_by, contract):
        yield "personKey.identifiedBy", f"names {name!r}, which is no column"
    if person.column in names:
        yield "personKey.column", f"{person.column!r} is already a column; call the id otherwise"


def _unknown(names: tuple[str, ...], contract: DatasetContract) -> list[str]:
    known = {c.name for c in contract.columns}
    return [name for name in names if name not in known]


def _uses(contract: DatasetContract) -> Iterator[Problem]:
    by_name = {c.name: c for c in contract.columns}
    for name in contract.entity_keys:
        column = by_name.get(name)
        if column is None:
            yield "entityKeys", f"names {name!r}, which is no column"
        elif column.treatment is None or column.treatment.kind is not TreatmentKind.ENTITY_ID:
            yield "entityKeys", f"{name} must be treated entity_id"
    for name in contract.measures:
        column = by_name.get(name)
        if column is None:
            yield "measures", f"names {name!r}, which is no column"
        elif column.logical_type not in _NUMERIC:
            yield "measures", f"{name} is of type {column.logical_type}, and a measure is a number"
        elif column.treatment is None or column.treatment.kind not in _MEASURABLE:
            yield "measures", f"{name} must be kept, rounded or top- and bottom-coded"
    yield from _year(contract, by_name)


def _year(contract: DatasetContract, by_name: dict[str, Column]) -> Iterator[Problem]:
    if contract.year_column is None:
        return
    column = by_name.get(contract.year_column)
    if column is None:
        yield "yearColumn", f"names {contract.year_column!r}, which is no column"
        return
    kind = column.treatment.kind if column.treatment else None
    kept = kind is TreatmentKind.KEEP and column.logical_type is LogicalType.INTEGER
    is_exact = kind is TreatmentKind.YEAR and not (
        column.treatment and "width" in column.treatment.options
    )
    if not (kept or is_exact):
        yield "yearColumn", f"{column.name} must be a whole number that is kept, or treated year"
    shifted = [
        c.name
        for c in contract.columns
        if c.treatment is not None and c.treatment.kind is TreatmentKind.DATE_SHIFT
    ]
    if shifted:
        yield (
            "yearColumn",
            f"the year tells how far the dates beside it were shifted: {', '.join(shifted)}",
        )


def rule_problems(rule: Rule, contract: DatasetContract) -> Iterator[str]:
    """Why a quality rule cannot be checked."""
    wanted = _RULE_OPTIONS[rule.kind]
    given = frozenset(rule.options)
    for name in sorted(wanted - given):
        yield f"{rule.kind} needs {camel_case(name)}"
    for name in sorted(given - wanted):
        yield f"{rule.kind} has no {camel_case(name)}"
    if wanted != given:
        return
    for name in ("columns", "to_columns", "when_values"):
        if name in wanted and not isinstance(rule.options[name], tuple):
            yield f"{camel_case(name)} must be a list"
            return
    yield from _unknown_columns(rule, contract)
    yield from _option_mistakes(rule)


def _option_mistakes(rule: Rule) -> Iterator[str]:
    options = rule.options
    if rule.kind is RuleKind.COMPARE and options["operator"] not in _OPERATORS:
        yield f"operator must be one of: {' '.join(_OPERATORS)}"
    if rule.kind is RuleKind.ROW_COUNT_DRIFT and not _positive(options["max_pct"]):
        yield "maxPct must be a number above zero"
    if rule.kind is not RuleKind.REFERENCE:
        return
    if not re.fullmatch(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*", str(options["to_dataset"])):
        yield "toDataset must be written agency/dataset"
    columns, targets = options["columns"], options["to_columns"]
    if isinstance(columns, tuple) and isinstance(targets, tuple) and len(columns) != len(targets):
        yield "columns and toColumns must be equally many"


def _unknown_columns(rule: Rule, contract: DatasetContract) -> Iterator[str]:
    named: list[str] = []
    for option in ("left", "right", "column", "when_column", "columns"):
        value = rule.options.get(option)
        if isinstance(value, tuple):
            named.extend(value)
        elif value is not None:
            named.append(str(value))
    for name in _unknown(tuple(named), contract):
        yield f"names {name!r}, which is no column"


def camel_case(name: str) -> str:
    """`max_days` as documents write it: `maxDays`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
