"""What every format's reader promises: batches of text with ordinals, findings, line numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from enclave.batches import RawBatch
from enclave.findings import Finding
from enclave.intake.limits import IntakeLimits
from governance.contracts.model import DatasetContract


class SubmissionReader(ABC):
    """One submission, read as often as asked from its first record on.

    Attributes:
        findings: What was decided and what is wrong; grows while batches are read. A repeated
            pass adds nothing twice.
        records_read: Data records seen by the last pass, malformed ones included; valid once
            `batches` is exhausted.
    """

    def __init__(self, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Keep what was agreed; subclasses read the file's beginning in `open_submission`."""
        self.contract = contract
        self.limits = limits
        self.findings: list[Finding] = []
        self.records_read = 0
        self._dialect: dict[str, str | int | bool] = {}
        self._other_records: dict[str, int] = {}
        self._closed = False

    @property
    def dialect(self) -> Mapping[str, str | int | bool]:
        """What was sniffed or declared, for the receipt."""
        return self._dialect

    @property
    def other_records(self) -> Mapping[str, int]:
        """Records of other types, by their declared name (`header`, `trailer`, `other`)."""
        return self._other_records

    @abstractmethod
    def batches(self) -> Iterator[RawBatch]:
        """Every data record in order.

        Raises:
            UnreadableSubmissionError: The file turns out to be unusable further on.
        """

    @abstractmethod
    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """Physical lines (1-based) on which these records begin, by a second scan of the file.

        Args:
            records: 1-based ordinals, any order; call after `batches` was exhausted.

        Returns:
            Ordinal to line; for formats without lines (Parquet) to the row's position.
        """

    def add_finding(self, finding: Finding) -> None:
        """Keep a finding once."""
        if finding not in self.findings:
            self.findings.append(finding)

    def close(self) -> None:
        """Let go of what the reader holds; the caller closes the stream."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
