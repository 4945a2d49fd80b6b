"""The types that say which gate was passed.

`ReceivedSubmission` -> `DeidentifiedTable` -> `ClearedTable` -> snapshot; `ReleasedAnswer` for
queries. A step accepts only the type the step before it returns. Between processes each is
rehydrated from an authenticated manifest (see `enclave.steps`), so a path alone proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedSubmission:
    """Custody was taken under an agreement in force; the file is known by its digest alone.

    Attributes:
        submission_id: Random id (hex, 32 characters).
        agency, dataset: As in the contract.
        period: Reporting period, as the agency names it (`2025Q3`, `2024-25`).
        revision: 1 for the first delivery of the period, 2 for its first correction, …
        size_bytes, sha256: Of the file as received.
        agreement_id, agreement_version, contract_version: What it was received under.
    """

    submission_id: str
    agency: str
    dataset: str
    period: str
    revision: int
    size_bytes: int
    sha256: str
    agreement_id: str
    agreement_version: str
    contract_version: str


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One encrypted Parquet file in the staging zone."""

    object_key: str
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DeidentifiedTable:
    """Validated and stripped of identity; staged, encrypted, with an authenticated manifest."""

    received: ReceivedSubmission
    plan_hash: str
    code_version: str
    files: tuple[StagedFile, ...]
    rows: int
    quarantined_rows: int


@dataclass(frozen=True, slots=True)
class RiskMeasures:
    """Re-identification risk on the plan's quasi-identifiers.

    Attributes:
        people: Distinct people in the table as it would be after the commit.
        k: Smallest equivalence class, in people (0 for an empty table).
        unique_people: People alone in their class.
        unique_pct: Of people.
        l: Fewest distinct values of a sensitive attribute in a class, or None.
        quasi_identifiers: Curated columns the classes were made of.
        counts_people: Whether it is people that are counted; else, of a dataset about no person,
            records, and `people` is how many.
    """

    people: int
    k: int
    unique_people: int
    unique_pct: float
    l: int | None
    quasi_identifiers: tuple[str, ...]
    counts_people: bool = True


@dataclass(frozen=True, slots=True)
class ClearedTable:
    """The risk gate let it through; the only thing `land` accepts."""

    table: DeidentifiedTable
    risk: RiskMeasures


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a query pins and a receipt keeps: table, Delta version, contract version, plan."""

    table: str
    version: int
    contract_version: str
    plan_hash: str


@dataclass(frozen=True, slots=True)
class ReleasedAnswer:
    """Disclosure control passed; the only result type that may be printed.

    Attributes:
        columns: Names, in order.
        rows: Cells; None with a marker in `suppressed` where a cell was suppressed.
        suppressed: (row, column) positions suppressed, with the reason (`primary`, `secondary`,
            `denominator`, …).
        receipt: Grant, bundle version, snapshots, rules applied, counts suppressed: publishable.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | bool | None, ...], ...]
    suppressed: Mapping[tuple[int, int], str]
    receipt: Mapping[str, object]
