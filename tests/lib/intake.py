"""Contracts and files for tests of the intake."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from enclave.batches import MalformedRecord
from enclave.findings import Finding
from enclave.intake import IntakeLimits, SubmissionReader, open_submission
from governance.contracts.model import Column, DatasetContract, FileFormat, LogicalType

Row = tuple[str | None, ...]


def build_contract(
    names: Sequence[str], file: FileFormat | None = None, required: Sequence[str] = ()
) -> DatasetContract:
    """A contract of text columns; lake names `c0`, `c1`, …, source names as given."""
    return DatasetContract(
        agency="test",
        dataset="made_up",
        version="1.0.0",
        title="Made up",
        description="Made up",
        grain="row",
        table="curated_test__row_made_up",
        columns=tuple(
            Column(f"c{i}", name, LogicalType.STRING, required=name in required)
            for i, name in enumerate(names)
        ),
        file=file or FileFormat(),
    )


def open_bytes(
    data: bytes | Path | BinaryIO,
    contract: DatasetContract,
    *,
    file_name: str = "file.csv",
    limits: IntakeLimits | None = None,
) -> SubmissionReader:
    """Open bytes or a file's bytes as a submission."""
    if isinstance(data, Path):
        data = data.read_bytes()
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return open_submission(
        stream, file_name=file_name, contract=contract, limits=limits or IntakeLimits()
    )


class ReadBack:
    """Everything a reader says of a submission."""

    def __init__(self, reader: SubmissionReader) -> None:
        self.rows: list[Row] = []
        self.records: list[int] = []
        self.malformed: list[MalformedRecord] = []
        for batch in reader.batches():
            self.rows += [tuple(row.values()) for row in batch.rows.to_pylist()]
            self.records += batch.records.to_pylist()
            self.malformed += batch.malformed
        self.records_read = reader.records_read
        self.findings: list[Finding] = reader.findings
        self.lines = reader.line_numbers([*self.records, *(m.record for m in self.malformed)])

    def codes(self) -> set[str]:
        """Codes of the findings."""
        return {finding.code for finding in self.findings}


def read_back(
    data: bytes | Path,
    contract: DatasetContract,
    *,
    file_name: str = "file.csv",
    limits: IntakeLimits | None = None,
) -> ReadBack:
    """Open and read a submission to its end."""
    with open_bytes(data, contract, file_name=file_name, limits=limits) as reader:
        return ReadBack(reader)


def as_written(contract: DatasetContract) -> DatasetContract:
    """The same contract without trimming and without null values."""
    return replace(contract, file=replace(contract.file, trim=False, null_values=()))
