"""Disclosure control of one table: which cells of which statistic may be shown, and as what.

Order of steps:

1. Counts: a cell of fewer than `minimum_cell_count` people, but not none, is sensitive, margins
   too.
2. Secondary suppression protects those cells (`protection`). A cell whose count is hidden shows no
   statistic at all.
3. Each statistic's own sensitive cells (below), then secondary suppression on its values.
4. Rounding: counts and sums to the base; a mean is made anew of the rounded sum and count, or the
   sum over it beside it would tell the count as it was.

A statistic's own sensitive cells:

- a count of non-null values: fewer than the minimum have one, or fewer than the minimum lack one;
- a sum or mean: where the count of its values is hidden, because the one over the other is that
  count; its denominator is under `minimum_denominator` people, or one person or entity holds more
  of it than `dominance_pct`;
- a count of distinct people in a total: people who are in several of its cells, or in one of them
  alone, would be few and follow from it;
- a sum or mean of a yes/no column (a rate): its numerator, or the people it leaves, is under the
  minimum.

Why a cell is hidden is told only as far as it gives nothing away: whether a count was small itself
or was hidden to protect another is not told, because it would bound both.

Source:
    State Department of Education's rule as the Office of Policy and Management publishes it:
    suppress counts of 1-5, totals too; keep zeros; suppress a statistic when its count is
    suppressed, its numerator is 5 or less, or its denominator is under 20.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from enclave.disclosure.protection import TOTAL, Key, Lattice, protect
from enclave.disclosure.rules import DOMINANCE_PCT, PROTECTION_PCT, Rule

MEAN_DECIMALS: Final = 4
"""Means are told to this many decimals."""


class StatisticKind(StrEnum):
    """What a statistic is, as far as control needs to know."""

    COUNT = "count"
    """Of rows or of people: hidden exactly where the cell's people are."""
    PRESENT = "present"
    """Of rows with a value in a column."""
    TOTAL = "total"
    MEAN = "mean"


class Reason(StrEnum):
    """Why a cell is hidden."""

    COUNT = "count"
    """Its count of people is small, or protects one that is."""
    STATISTIC = "statistic"
    """Its denominator is small, one contributor dominates it, or it protects such a cell."""


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What a statistic of one cell was made of.

    Attributes:
        value: The statistic; None where there is nothing to tell (a mean of nobody).
        count: Rows with a value.
        people: Distinct people with a value.
        absent_people: Distinct people with a row that has none.
        numerator_people: For a rate, people who count in its numerator; else None.
        total: For a mean, the sum it is made of.
        weight: What the cell adds to its margins (the sum itself; people for counts).
        largest_pct: Largest share of one person or entity, in percent of the cell's sum.
    """

    value: float | int | None
    people: int
    count: int = 0
    absent_people: int = 0
    numerator_people: int | None = None
    total: float | int | None = None
    weight: float = 0.0
    largest_pct: float = 0.0


@dataclass(frozen=True)
class Statistic:
    """One statistic of a table.

    Attributes:
        kind: What it is.
        family: Statistics of one family are hidden together (sum and mean of one column).
        cells: By key; a missing cell is a true zero, or nothing.
        is_distinct: Whether it counts people once who are in several cells, so that cells need not
            add up to their totals.
    """

    kind: StatisticKind
    family: str
    cells: Mapping[Key, CellFacts]
    is_distinct: bool = False


@dataclass(frozen=True)
class Table:
    """A table to be controlled, with every margin, whether it will be shown or not.

    Attributes:
        sizes: Number of codes in each dimension.
        people: Distinct people in each cell; a missing cell has none.
        statistics: What was asked for.
        labels: A stable text for each cell: what the keyed choice between equals is made of.
        pulse: Called often while control runs; whatever it raises ends it (a deadline).
    """

    sizes: tuple[int, ...]
    people: Mapping[Key, int]
    statistics: Sequence[Statistic]
    labels: Callable[[Key], str] = field(default=repr)
    pulse: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class ControlledTable:
    """What may be shown.

    Attributes:
        hidden: For each statistic, the cells that are hidden and why.
        values: For each statistic, the values as shown; a hidden cell is not in it.
    """

    hidden: tuple[Mapping[Key, Reason], ...]
    values: tuple[Mapping[Key, float | int | None], ...]


def control_table(table: Table, rule: Rule, tie_key: bytes) -> ControlledTable:
    """Apply a rule to a table.

    Args:
        table: With every margin.
        rule: The strictest of those that apply.
        tie_key: Secret 32 bytes; the same table and key always hide the same cells.

    Returns:
        For each statistic, in order, what is hidden and what is shown.
    """
    tie = _keyed_choice(table, tie_key)
    small = [k for k, n in table.people.items() if 0 < n < rule.minimum_cell_count]
    counts = Lattice(
        sizes=table.sizes,
        values=table.people,
        floor=1,
        need=lambda _: rule.minimum_cell_count - 1,
        tie=tie,
        pulse=table.pulse,
    )
    hidden_counts = protect(counts, small, ())
    families: dict[str, frozenset[Key]] = {}
    for statistic in table.statistics:
        if statistic.kind is not StatisticKind.COUNT and statistic.family not in families:
            hide = _hide_present if statistic.kind is StatisticKind.PRESENT else _hide_value
            families[statistic.family] = hide(table, statistic, rule, tie, hidden_counts)
    hidden = [_reasons(hidden_counts, families, statistic) for statistic in table.statistics]
    if any(statistic.is_distinct for statistic in table.statistics):
        told = _hide_overlaps(table, rule, tie, hidden_counts)
        for statistic, reasons in zip(table.statistics, hidden, strict=True):
            if statistic.is_distinct:
                reasons.update({key: Reason.STATISTIC for key in told if key not in reasons})
    shown = [
        {
            key: round_value(facts, statistic.kind, rule)
            for key, facts in statistic.cells.items()
            if key not in reasons
        }
        for statistic, reasons in zip(table.statistics, hidden, strict=True)
    ]
    return ControlledTable(tuple(hidden), tuple(shown))


_Tie: TypeAlias = Callable[[Key], int]


def _hide_present(
    table: Table, statistic: Statistic, rule: Rule, tie: _Tie, hidden_counts: frozenset[Key]
) -> frozenset[Key]:
    """Step 3 for how many have a value, and then for how many lack one."""
    having = {key: (facts.people, facts.count) for key, facts in statistic.cells.items()}
    lacking = {k: (f.absent_people, f.absent_people) for k, f in statistic.cells.items()}
    hidden = hidden_counts
    for cells in (having, lacking):
        lattice = Lattice(
            sizes=table.sizes,
            values={key: rows for key, (_, rows) in cells.items()},
            floor=1,
            need=lambda _: rule.minimum_cell_count - 1,
            tie=tie,
            pulse=table.pulse,
        )
        few = [k for k, (people, _) in cells.items() if 0 < people < rule.minimum_cell_count]
        hidden = protect(lattice, few, hidden)
    return hidden


def _hide_value(
    table: Table, statistic: Statistic, rule: Rule, tie: _Tie, hidden_counts: frozenset[Key]
) -> frozenset[Key]:
    """Step 3 for a sum or mean. One over the other is a count of values: hidden where that is."""
    lattice = Lattice(
        sizes=table.sizes,
        values={k: abs(facts.weight) for k, facts in statistic.cells.items()},
        floor=0,
        need=lambda value: value * PROTECTION_PCT / 100,
        tie=tie,
        pulse=table.pulse,
    )
    own = [
        key
        for key, facts in statistic.cells.items()
        if is_sensitive(statistic.kind, facts, rule)
        or (facts.weight and 0 < table.people[key] < rule.minimum_cell_count)
    ]
    return protect(lattice, own, _hide_present(table, statistic, rule, tie, hidden_counts))


def tells_overlap(parts: Collection[int], together: int, minimum: int) -> bool:
    """Whether people counted apart and together tell how few are in several parts, or in one alone.

    Fifty in one year, fifty in another and 98 in both together: two are in both.
    """
    shared = sum(parts) - together
    return shared > 0 and (shared < minimum or any(0 < together - part < minimum for part in parts))


def _hide_overlaps(
    table: Table, rule: Rule, tie: _Tie, hidden_counts: frozenset[Key]
) -> frozenset[Key]:
    """Totals of distinct people that tell an overlap, and what protects those totals.

    Along the dimension that does not add up nothing can be worked out from the cells; along the
    others the totals are a table of their own.
    """
    result: set[Key] = set()
    parts: dict[tuple[int, Key], list[int]] = {}
    for key, people in table.people.items():
        for d, code in enumerate(key):
            if code != TOTAL:
                parts.setdefault((d, _at(key, d, TOTAL)), []).append(people)
    for d in range(len(table.sizes)):
        totals = {key: people for key, people in table.people.items() if key[d] == TOTAL}
        telling = [
            key
            for key, people in totals.items()
            if tells_overlap(parts[d, key], people, rule.minimum_cell_count)
        ]
        lattice = Lattice(
            sizes=_without(table.sizes, d),
            values={_without(key, d): people for key, people in totals.items()},
            floor=1,
            need=lambda _: rule.minimum_cell_count - 1,
            tie=lambda rest, d=d: tie((*rest[:d], TOTAL, *rest[d:])),  # type: ignore[misc]
            pulse=table.pulse,
        )
        known = {_without(key, d) for key in hidden_counts if key[d] == TOTAL}
        if telling:
            hidden = protect(lattice, [_without(key, d) for key in telling], known)
            result.update((*rest[:d], TOTAL, *rest[d:]) for rest in hidden)
    return frozenset(result)


def _at(key: Key, d: int, code: int) -> Key:
    return (*key[:d], code, *key[d + 1 :])


def _without(key: Key, d: int) -> Key:
    return (*key[:d], *key[d + 1 :])


def is_sensitive(kind: StatisticKind, facts: CellFacts, rule: Rule) -> bool:
    """Whether a statistic must not be shown for its own sake, whatever its cell's count."""
    if facts.people == 0:
        return False
    few = range(1, rule.minimum_cell_count)
    if kind is StatisticKind.PRESENT:
        return facts.people in few or facts.absent_people in few
    if (
        facts.absent_people in few
        or facts.people < rule.minimum_denominator
        or facts.largest_pct > (rule.dominance_pct or DOMINANCE_PCT)
    ):
        return True
    if facts.numerator_people is None:
        return False
    rest = facts.people - facts.numerator_people
    return min(facts.numerator_people, rest) < rule.minimum_cell_count


def _reasons(
    hidden_counts: frozenset[Key], families: Mapping[str, frozenset[Key]], statistic: Statistic
) -> dict[Key, Reason]:
    reasons = dict.fromkeys(hidden_counts, Reason.COUNT)
    for key in families.get(statistic.family, ()):
        if statistic.kind is not StatisticKind.COUNT:
            reasons.setdefault(key, Reason.STATISTIC)
    return reasons


def round_value(facts: CellFacts, kind: StatisticKind, rule: Rule) -> float | int | None:
    """Step 4: to the nearest multiple, halves up; a mean is the rounded sum over the rounded count.

    None where there is nothing to tell, or where the count of a mean rounds to none.
    """
    base = rule.rounding_base
    if facts.value is None or base is None:
        return facts.value
    if kind is not StatisticKind.MEAN:
        return _multiple(facts.value, base)
    count = _multiple(facts.count, base)
    if facts.total is None or not count:
        return None
    return round(_multiple(facts.total, base) / count, MEAN_DECIMALS)


def _multiple(value: float, base: int) -> int:
    return int((value + base / 2) // base) * base


def _keyed_choice(table: Table, tie_key: bytes) -> Callable[[Key], int]:
    """A number for each cell that only the holder of the key can tell beforehand.

    Fresh randomness would let a researcher ask again until the choice falls differently.
    """
    known: dict[Key, int] = {}

    def choice(key: Key) -> int:
        if key not in known:
            mac = HMAC(tie_key, hashes.SHA256())
            mac.update(table.labels(key).encode())
            known[key] = int.from_bytes(mac.finalize()[:8])
        return known[key]

    return choice
