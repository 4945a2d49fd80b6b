"""Opens a submission: container, format by its first bytes, and the reader for it."""

from pathlib import Path
from typing import BinaryIO

from enclave.intake.delimited import DelimitedReader
from enclave.intake.limits import IntakeLimits
from enclave.intake.reader import SubmissionReader
from enclave.intake.sources import PlainSource
from governance.contracts.model import DatasetContract

DEFAULT_LIMITS = IntakeLimits()


def open_submission(
    stream: BinaryIO,
    *,
    file_name: str,  # noqa: ARG001  used once archives land
    contract: DatasetContract,
    limits: IntakeLimits = DEFAULT_LIMITS,
    spill: Path | None = None,  # noqa: ARG001  nothing spills
) -> SubmissionReader:
    """Open a submission for one or more streaming passes.

    Args:
        stream: Seekable; stays open and is the caller's to close.
        file_name: As landed; only its extension is looked at.
        contract: What the agency promised.
        limits: What the file may cost.
        spill: Unused: nothing of the intake is written to disk.

    Raises:
        UnreadableSubmissionError: With findings that say why.
    """
    return DelimitedReader(PlainSource(stream), contract, limits)
