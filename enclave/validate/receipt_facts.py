"""What a receipt is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
"""JSON-able facts; which keys count is said at each attribute."""


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt is made of; the caller fills in what it has.

    Attributes:
        submission_id, agency, dataset, period, revision: Which submission.
        state: `received`, `refused`, `duplicate`, `rejected`, `passed`, `held`, `landed`,
            `superseded` or `failed`.
        received_at, reported_at: ISO 8601, UTC.
        sha256, size_bytes: Of the file as received.
        contract_version: Version of the dataset contract.
        agreement: `id`, `version`, `title`, and `clauses`: a list of `id`, `title` (all clauses;
            the receipt shows those it cites).
        agency_name, dataset_title: In words.
        delivered_by: The account that dropped the file (a name of a service, not of a person in
            the data), or None.
        rows_read, rows_landed, rows_set_aside: Counts.
        dialect: What the reader decided: name -> text, number or yes/no.
        source_names: Contract column -> its name in the agency's file.
        findings: `code`, `severity`, `message`, `column`, `rule`, `failing_rows`, `lines`,
            `remedy` of each finding of the reader and the validator.
        report: `ValidationReport.to_dict()`, or None when nothing was validated.
        risk: `people`, `counts` (`people` or `records`), `k`, `unique_people`, `unique_pct`, `l`,
            `quasi_identifiers`, `gate` (`minimum_k`, `max_unique_pct`, `minimum_l`, `action`,
            `clause`), `breaches`; or None.
        snapshot: `table`, `version`, `contract_version`, `plan_hash`; or None.
        reasons: Why it was refused, rejected or held: `reason`, `remedy`, `clause` of each, and
            `code`, `lines` where a finding says so.
        threshold_pct, threshold_clause: The agreement's reject threshold.
        history: Submissions of the dataset, oldest first, this one included: `period`,
            `revision`, `state`, `rows`, `failed`.
        clocks: `what` (`raw_file`, `quarantine`, `curated`), `due_on` (a date), `clause`,
            `destroyed_at`.
        quarantine: `QuarantineManifest.to_dict()`, or None.
        duplicate_of, supersedes: Ids of other submissions.
        programme: Name of the programme, shown at the top.
        contact: Whom to ask, shown at the end.
    """

    submission_id: str
    agency: str
    dataset: str
    period: str
    revision: int
    state: str
    received_at: str
    reported_at: str
    sha256: str
    size_bytes: int
    contract_version: str
    agreement: Facts
    agency_name: str = ""
    dataset_title: str = ""
    delivered_by: str | None = None
    rows_read: int = 0
    rows_landed: int = 0
    rows_set_aside: int = 0
    dialect: Facts = field(default_factory=dict)
    source_names: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Facts] = ()
    report: Facts | None = None
    risk: Facts | None = None
    snapshot: Facts | None = None
    reasons: Sequence[Facts] = ()
    threshold_pct: float | None = None
    threshold_clause: str = ""
    history: Sequence[Facts] = ()
    clocks: Sequence[Facts] = ()
    quarantine: Facts | None = None
    duplicate_of: str | None = None
    supersedes: Sequence[str] = ()
    programme: str = "Data enclave"
    contact: str = ""
