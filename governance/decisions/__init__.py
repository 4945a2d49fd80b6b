"""Rules give a Decision with every denial, its clause and its remedy; the boundary raises once.

Silence refuses: a decision that checked nothing does not permit.
"""

from dataclasses import dataclass

from governance.canonical import Json
from governance.errors import ExitCode, ProgrammeError


@dataclass(frozen=True, slots=True)
class Denial:
    """One rule's no.

    Attributes:
        rule: Stable dotted name, e.g. `grant.in_force`.
        reason: One sentence a researcher or steward understands; no value out of a row.
        remedy: What to do, and who can do it.
        clause: The clause, statute or standard that says so.
    """

    rule: str
    reason: str
    remedy: str
    clause: str


def denial_facts(denial: Denial) -> dict[str, Json]:
    """A denial as JSON, for `--json` and events."""
    return {
        "rule": denial.rule,
        "reason": denial.reason,
        "remedy": denial.remedy,
        "clause": denial.clause,
    }


@dataclass(frozen=True, slots=True)
class Decision:
    """What was checked and what was denied."""

    checked: tuple[str, ...]
    denials: tuple[Denial, ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether at least one rule ran and none of them denied."""
        return bool(self.checked) and not self.denials

    @property
    def reasons(self) -> str:
        """Every denial's reason, clause and remedy, in one line; empty when nothing is denied."""
        return "; ".join(f"{d.reason} [{d.clause}] {d.remedy}" for d in self.denials)

    def __and__(self, other: "Decision") -> "Decision":
        """Both must permit; an empty decision on either side refuses nothing by itself."""
        return Decision(self.checked + other.checked, self.denials + other.denials)


class AccessDeniedError(ProgrammeError):
    """Policy says no. Carries the whole decision, so that every reason can be shown."""

    code = "access.denied"
    exit_code = ExitCode.REFUSED

    def __init__(self, decision: Decision) -> None:
        """Build the message from every denial."""
        self.decision = decision
        super().__init__(decision.reasons or "No rule permits this.", denials=len(decision.denials))


def refusal_of(denial: Denial) -> AccessDeniedError:
    """One rule's no, to raise by itself."""
    return AccessDeniedError(Decision((denial.rule,), (denial,)))


def check_permitted(decision: Decision) -> None:
    """Raise unless the decision permits.

    Raises:
        AccessDeniedError: At least one rule denied, or none was checked.
    """
    if not decision.permitted:
        raise AccessDeniedError(decision)
