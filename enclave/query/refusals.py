"""Every reason for which a question is refused, with what to ask instead."""

from dataclasses import dataclass, field
from typing import Final

from governance.decisions import Decision, Denial

RULES: Final = (
    "sql.readable",
    "sql.single_select",
    "sql.one_table",
    "sql.shape",
    "sql.function",
    "sql.grouping",
    "sql.filter",
    "sql.order",
    "sql.output_names",
    "dataset.granted",
    "dataset.landed",
    "dataset.masks",
    "column.granted",
    "column.dimension",
    "column.totals_only",
    "column.measure",
    "column.combination",
    "grant.row_filter",
)
"""What the guard checks, whatever it finds."""

_SHAPE: Final = {
    "with_": ("WITH", "Ask one question at a time."),
    "joins": ("a join or a second table", "Ask of one table; linked tables come as one dataset."),
    "laterals": ("LATERAL", "Ask of one table."),
    "having": ("HAVING", "Leave it out: it would tell which groups pass. Sort the answer instead."),
    "qualify": ("QUALIFY", "Leave it out; sort and limit the answer instead."),
    "windows": ("a window", "Leave it out; work with the answer instead."),
    "distinct": ("SELECT DISTINCT", "Use GROUP BY: every code is listed."),
    "offset": ("OFFSET", "Use LIMIT alone."),
    "sample": ("a sample", "Ask of the whole table."),
    "pivots": ("PIVOT", "Pivot the answer instead."),
    "into": ("INTO", "Use --format to save the answer."),
}
_FUNCTIONS: Final = {
    "MIN": "A minimum is one person's value.",
    "MAX": "A maximum is one person's value.",
    "MEDIAN": "A median can be one person's value.",
    "QUANTILE": "A quantile can be one person's value.",
    "STDDEV": "Not yet: how far one person moves it is not measured.",
    "VARIANCE": "Not yet: how far one person moves it is not measured.",
}
_ALLOWED: Final = "Use COUNT(*), COUNT(DISTINCT person), COUNT(column), SUM(column) or AVG(column)."


@dataclass
class Refusals:
    """Gathers reasons, each once.

    Attributes:
        clause: What a refusal of a form of question cites: the grant's output rule.
    """

    clause: str
    denials: list[Denial] = field(default_factory=list)

    def add(self, rule: str, reason: str, remedy: str, clause: str | None = None) -> None:
        """Add one reason."""
        denial = Denial(rule, reason, remedy, clause or self.clause)
        if denial not in self.denials:
            self.denials.append(denial)

    def shape(self, part: str) -> None:
        """A part of a SELECT that is not allowed."""
        what, remedy = _SHAPE.get(
            part, ("a part of SELECT that is not known here", "Leave it out.")
        )
        self.add("sql.shape", f"The query uses {what}.", remedy)

    def function(self, name: str) -> None:
        """An expression that is no allowed aggregate; unknown names are not repeated."""
        reason = _FUNCTIONS.get(name, "The query computes something that is not on the list.")
        self.add("sql.function", reason, _ALLOWED)

    def decision(self) -> Decision:
        """Everything checked, everything denied."""
        return Decision(RULES, tuple(self.denials))
