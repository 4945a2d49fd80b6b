"""Why a signed document was refused before any question of access was asked."""

from typing import ClassVar

from pydantic import ValidationError

from governance.errors import ExitCode, ProgrammeError


class BundleRefusedError(ProgrammeError):
    """A bundle, root or people mapping is not to be believed.

    Attributes:
        rule: Stable dotted name of what failed (`bundle.rollback`).
        remedy: What to do, and who can.
    """

    code: ClassVar[str] = "bundle.refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(self, rule: str, reason: str, remedy: str) -> None:
        """Say what failed and what to do."""
        self.rule = rule
        self.remedy = remedy
        super().__init__(f"{reason} {remedy}", rule=rule)
        self.reason = reason


def describe(error: ValidationError) -> str:
    """Where a document is wrong and how, without what stands there."""
    places = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return "; ".join(places[:10]) + "."
