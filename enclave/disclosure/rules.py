"""What may be shown: each dataset's rule and the project's, combined so that the strictest wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.errors import ConfigurationError

DOMINANCE_PCT: Final = 80
"""A sum is suppressed when one contributor holds more than this, in percent: the (n, k) rule with
n = 1 and the share that states' labor-market offices commonly use for wage records. An agreement
or a grant may ask for less."""

_DEFAULT_CLAUSE: Final = "the data plane's default, where neither agreement nor grant names one"

PROTECTION_PCT: Final = 20
"""How wide, in percent of a suppressed sum, an attacker's interval for it must stay."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of disclosure control.

    Attributes:
        minimum_cell_count: Smallest count of people that is shown; a true zero is shown too.
        minimum_denominator: A statistic over fewer people is suppressed.
        dominance_pct: A sum or mean is suppressed when one person or entity holds more of it;
            None: `DOMINANCE_PCT`, unless another rule says otherwise.
        rounding_base: Counts and sums are rounded to a multiple of it; None: they are not.
        source: Which dataset or grant the rule is of.
        clause: Its clause.
    """

    minimum_cell_count: int
    minimum_denominator: int
    dominance_pct: int | None = None
    rounding_base: int | None = None
    source: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """One number of the combined rule and where it comes from, for the receipt."""

    rule: str
    value: int
    source: str
    clause: str


@dataclass(frozen=True, slots=True)
class CombinedRule:
    """The strictest of several rules, number by number.

    Attributes:
        rule: The combined numbers.
        applied: For each number, which rule asked for it.
    """

    rule: Rule
    applied: tuple[AppliedRule, ...]


def combine_rules(rules: Sequence[Rule]) -> CombinedRule:
    """The strictest number of each kind.

    Raises:
        ConfigurationError: There is no rule at all: silence refuses.
    """
    if not rules:
        raise ConfigurationError("No disclosure rule applies, so nothing may be shown.")
    count = max(rules, key=lambda r: r.minimum_cell_count)
    denominator = max(rules, key=lambda r: r.minimum_denominator)
    default = Rule(0, 0, DOMINANCE_PCT, source="default", clause=_DEFAULT_CLAUSE)
    said = [rule for rule in rules if rule.dominance_pct is not None]
    dominance = min(said or [default], key=lambda r: r.dominance_pct or DOMINANCE_PCT)
    rounding = max(rules, key=lambda r: r.rounding_base or 0)
    combined = Rule(
        minimum_cell_count=count.minimum_cell_count,
        minimum_denominator=denominator.minimum_denominator,
        dominance_pct=dominance.dominance_pct or DOMINANCE_PCT,
        rounding_base=rounding.rounding_base,
    )
    applied = [
        _applied("minimum_cell_count", combined.minimum_cell_count, count),
        _applied("minimum_denominator", combined.minimum_denominator, denominator),
        _applied("dominance_pct", combined.dominance_pct or DOMINANCE_PCT, dominance),
    ]
    if combined.rounding_base is not None:
        applied.append(_applied("rounding_base", combined.rounding_base, rounding))
    return CombinedRule(combined, tuple(applied))


def _applied(name: str, value: int, rule: Rule) -> AppliedRule:
    return AppliedRule(name, value, rule.source, rule.clause)
