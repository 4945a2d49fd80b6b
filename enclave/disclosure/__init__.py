"""Disclosure control of a table: primary and secondary suppression, dominance, rounding. Pure."""

from enclave.disclosure.control import (
    CellFacts,
    ControlledTable,
    Reason,
    Statistic,
    StatisticKind,
    Table,
    control_table,
    round_value,
)
from enclave.disclosure.protection import TOTAL, Key, Lattice, protect
from enclave.disclosure.rules import (
    DOMINANCE_PCT,
    AppliedRule,
    CombinedRule,
    Rule,
    combine_rules,
)
from enclave.disclosure.unions import UnionJudge

__all__ = [
    "DOMINANCE_PCT",
    "TOTAL",
    "AppliedRule",
    "CellFacts",
    "CombinedRule",
    "ControlledTable",
    "Key",
    "Lattice",
    "Reason",
    "Rule",
    "Statistic",
    "StatisticKind",
    "Table",
    "UnionJudge",
    "combine_rules",
    "control_table",
    "protect",
    "round_value",
]
