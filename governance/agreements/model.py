"""A feed's agreement as typed facts: the authority to hold the data, and the terms that steer it.

Parsed from `schemas/agreements/*.yaml` by `governance.agreements.parse`. Pure. Every term carries
the id of the clause it comes from, so that a refusal or a receipt can cite it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from governance.contracts.model import Treatment


class AuthorityKind(StrEnum):
    """Authority to hold data is an MOU, a statute, or both."""

    MOU = "mou"
    STATUTE = "statute"
    BOTH = "both"


class DeliveryMode(StrEnum):
    """What a submission does to the curated table."""

    APPEND = "append"
    REPLACE_PERIOD = "replace_period"
    FULL = "full"


class GateAction(StrEnum):
    """What a breached risk gate does."""

    HOLD = "hold"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the signed text."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Party:
    """A signatory."""

    agency: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class RiskGate:
    """Risk the agency accepts in the table as it would be after the commit.

    Attributes:
        minimum_k: Smallest equivalence class on the plan's quasi-identifiers, in people.
        max_unique_pct: Most rows that may be unique, in percent.
        minimum_l: Distinct sensitive values per class, or None.
        action: Whether a breach holds the submission or is recorded only.
    """

    minimum_k: int
    max_unique_pct: float
    minimum_l: int | None
    action: GateAction
    clause: str


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """What may be shown of this dataset; the strictest rule in a query wins.

    Attributes:
        minimum_cell_count: Smallest count, in people, that is shown (SDE: 6; CMS: 11).
        minimum_denominator: A statistic over fewer people is suppressed (SDE: 20).
        dominance_pct: A sum or mean is suppressed when one person or entity holds more of it, in
            percent; None: the default of disclosure control.
    """

    minimum_cell_count: int
    minimum_denominator: int
    clause: str
    dominance_pct: int | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """Clocks.

    Attributes:
        raw_business_days: Raw files are destroyed this many business days after landing.
        quarantine_days: Quarantined rows, after the report; never longer than the raw file's term.
        curated_until: Curated rows are kept until this date, inclusive.
    """

    raw_business_days: int
    quarantine_days: int
    curated_until: date
    clause: str


@dataclass(frozen=True, slots=True)
class DatasetTerms:
    """Terms of one dataset under the agreement.

    Attributes:
        dataset: Name in the contract (the agency is the agreement's).
        columns: Contract column names the agreement covers; any other column is refused.
        file_name_pattern: Regular expression for the whole name, with the groups `period` and
            `revision` when the agreed name carries them.
        treatments: Overrides of the contract's treatments, column by column.
        reject_threshold_pct: Above this share of failing rows the submission is rejected whole.
    """

    dataset: str
    columns: tuple[str, ...]
    columns_clause: str
    file_name_pattern: str
    delivery: DeliveryMode
    delivery_clause: str
    reject_threshold_pct: float
    reject_clause: str
    linkage_scope: str
    risk_gate: RiskGate
    disclosure: DisclosureRule
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    deidentification_clause: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One feed's agreement.

    Attributes:
        id, version: Identity of the signed text.
        agency: Who delivers.
        effective_on, ends_on: Legal dates in America/New_York, both inclusive.
        schedule: Cron expression of the expected delivery, in America/New_York.
        purposes: What the data may be used for.
        approvers: Roles or bodies that approve a use.
        datasets: Terms, in the order they must be loaded (references first).
    """

    id: str
    version: str
    title: str
    agency: str
    authority: AuthorityKind
    citations: tuple[str, ...]
    parties: tuple[Party, ...]
    effective_on: date
    ends_on: date
    term_clause: str
    schedule: str
    schedule_clause: str
    purposes: tuple[str, ...]
    purposes_clause: str
    approvers: tuple[str, ...]
    approvers_clause: str
    retention: Retention
    clauses: tuple[Clause, ...]
    datasets: tuple[DatasetTerms, ...]

    def in_force(self, on: date) -> bool:
        """Whether `on` (a date in America/New_York) lies in the term, both ends included."""
        return self.effective_on <= on <= self.ends_on

    def terms(self, dataset: str) -> DatasetTerms | None:
        """Terms of that dataset, or None when the agreement does not name it."""
        return next((t for t in self.datasets if t.dataset == dataset), None)
