"""Whether a training may be recorded: completed, still valid, and no longer than the rules allow.

Source:
    The programme's ethics code, as its manual has it: training on hire and every year.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from governance.calendar import add_months
from governance.decisions import Decision, Denial
from governance.requests.rules import RequestRules

RULES: Final = ("training.completed", "training.current", "training.longest")
FIELDS: Final = {
    "training.completed": "completed_on",
    "training.current": "valid_until",
    "training.longest": "valid_until",
}
"""The field of the form that mends each refusal."""


def decide_training(
    valid_until: date, completed_on: date | None, today: date, rules: RequestRules
) -> Decision:
    """Judge a training that is to be recorded.

    Args:
        valid_until: Its last day.
        completed_on: None: today at the latest.
        today: Legal date of the record.
        rules: How long a training is valid at most.

    Returns:
        Every reason against it.
    """
    return Decision(RULES, tuple(_denials(valid_until, completed_on or today, today, rules)))


def _denials(until: date, completed: date, today: date, rules: RequestRules) -> Iterator[Denial]:
    clause, months = rules.training_clause, rules.longest_training_months
    if completed > today:
        reason = f"A training that was completed on {completed} would lie in the future."
        yield Denial(RULES[0], reason, f"Name a day no later than {today}.", clause)
    if until < today:
        reason = f"A training that ended on {until} is not in date."
        remedy = "Record the newer training, once it is completed."
        yield Denial(RULES[1], reason, remedy, clause)
    longest = add_months(completed, months)
    if until > longest:
        reason = f"A training completed on {completed} is valid for {months} months at most."
        remedy = f"Name a day no later than {longest}; it is renewed before then."
        yield Denial(RULES[2], reason, remedy, clause)
