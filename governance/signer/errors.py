"""Why the signer signs nothing."""

from collections.abc import Sequence
from typing import ClassVar

from governance.audit.chain import LedgerProblem
from governance.errors import ExitCode, ProgrammeError

_SHOWN = 5


class LedgerRefusedError(ProgrammeError):
    """The ledger does not verify: nothing is signed on its word.

    Attributes:
        problems: What is wrong and where.
    """

    code: ClassVar[str] = "signer.ledger_refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(self, problems: Sequence[LedgerProblem]) -> None:
        """Name the first entries at fault."""
        named = "; ".join(f"entry {p.seq}: {p.detail}" for p in problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        super().__init__(
            f"The ledger does not verify, so nothing is signed: {named}{more}. "
            "`governance ledger verify` names every entry; find out who wrote into the database.",
            problems=len(problems),
        )
        self.problems = tuple(problems)


class SignerKeyError(ProgrammeError):
    """The signer has no key, no root, or a key the root does not name."""

    code: ClassVar[str] = "signer.key"
    exit_code: ClassVar[ExitCode] = ExitCode.BAD_INPUT
