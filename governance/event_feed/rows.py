"""Rows for people, worked out from verified batches of the feed.

Submissions and their health, destructions, queries by project, matches, releases.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.event_feed.model import EventBatch, FeedEvent, QueryCount
from governance.event_feed.published import COUNTED

UNKNOWN: Final = "unknown"
"""In place of a fact that was withheld."""
TREND: Final = 12
"""Submissions a dataset's trend goes back."""

_STATES: Final = {
    Tag.SUBMISSION_RECEIVED: "received",
    Tag.SUBMISSION_REFUSED: "refused",
    Tag.SUBMISSION_DUPLICATE_IGNORED: "duplicate",
    Tag.SUBMISSION_REJECTED: "rejected",
    Tag.SUBMISSION_HELD: "held",
    Tag.TABLE_COMMITTED: "landed",
    Tag.SUBMISSION_SUPERSEDED: "superseded",
}
_CUSTODY: Final = frozenset(
    {Tag.SUBMISSION_RECEIVED, Tag.SUBMISSION_REFUSED, Tag.SUBMISSION_DUPLICATE_IGNORED}
)
_DESTROYED: Final = {
    Tag.RAW_FILE_DESTROYED: "raw file",
    Tag.QUARANTINE_DESTROYED: "rows set aside",
    Tag.TABLE_DESTROYED: "curated rows",
    Tag.MATCH_INPUT_DESTROYED: "matching input",
    Tag.KEY_DESTROYED: "key",
}


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One submission, as its events left it.

    Attributes:
        id: Random id.
        state: `received`, `refused`, `duplicate`, `rejected`, `held`, `failed`, `landed`,
            `superseded`.
        received_at, reported_at: UTC; None: not known, not yet.
        rows_read, rows_landed, rows_quarantined: Counts; None: not known yet.
        errors, warnings: Number of findings on the receipt.
        codes: Findings and how many records fail by each.
        reasons: Codes of what a refused one was refused for.
        duplicate_of: The submission it repeats.
        k: Smallest class on the quasi-identifiers, when the risk gate held it.
    """

    id: str
    agency: str
    dataset: str
    period: str
    revision: int
    state: str
    received_at: datetime | None = None
    reported_at: datetime | None = None
    rows_read: int | None = None
    rows_landed: int | None = None
    rows_quarantined: int | None = None
    errors: int | None = None
    warnings: int | None = None
    codes: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    duplicate_of: str | None = None
    k: int | None = None
    superseded_by: str | None = None

    @property
    def failed_pct(self) -> float | None:
        """Share of records set aside, in percent; None when nothing was read."""
        if not self.rows_read or self.rows_quarantined is None:
            return None
        return round(100 * self.rows_quarantined / self.rows_read, 2)


@dataclass(frozen=True, slots=True)
class DatasetHealth:
    """A dataset's deliveries at a glance.

    Attributes:
        newest: The submission received last.
        trend: Period and share of failing records in percent, oldest first, of submissions read.
        duplicates, refused, rejected, held: How many submissions ended so.
    """

    agency: str
    dataset: str
    submissions: int
    newest: SubmissionRow
    trend: tuple[tuple[str, float], ...]
    duplicates: int
    refused: int
    rejected: int
    held: int


@dataclass(frozen=True, slots=True)
class DestructionRow:
    """Something that was destroyed.

    Attributes:
        what: In words.
        subject: Internal id of what it belonged to.
        destroyed_at: UTC.
        due_on: Last legal date the clause allowed; None: not told.
        certificate_sha256: Of the certificate in the data plane's egress zone.
    """

    what: str
    subject: str
    agency: str
    dataset: str
    destroyed_at: datetime
    due_on: date | None
    certificate_sha256: str
    clause: str

    @property
    def in_time(self) -> bool | None:
        """Whether it was on its day or before; None when no day was told."""
        return None if self.due_on is None else legal_date(self.destroyed_at) <= self.due_on


@dataclass(frozen=True, slots=True)
class QueryRow:
    """Queries of a project on one legal date, as counts."""

    project: str
    on: date
    answered: int
    denied: int
    failed: int
    stopped: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """Persons matched between agencies for a project, as counts."""

    project: str
    at: datetime
    agencies: int
    offered_rows: int
    matched_people: int
    unmatched_rows: int
    matrix_sha256: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """An output that left through the airlock, as counts."""

    project: str
    at: datetime
    cells: int
    suppressed: int
    receipt_sha256: str


@dataclass(frozen=True, slots=True)
class FeedView:
    """Everything the feed tells so far.

    Attributes:
        submissions: By id.
        queries: By project and date.
        expired: Agreement or grant and the last day it had.
    """

    submissions: Mapping[str, SubmissionRow] = field(default_factory=dict)
    destructions: tuple[DestructionRow, ...] = ()
    queries: Mapping[tuple[str, date], QueryRow] = field(default_factory=dict)
    matches: tuple[MatchRow, ...] = ()
    releases: tuple[ReleaseRow, ...] = ()
    expired: Mapping[str, date | None] = field(default_factory=dict)

    def of_agency(self, agency: str) -> "FeedView":
        """What one agency may see of its own: its submissions and destructions, nobody else's."""
        return FeedView(
            submissions={k: s for k, s in self.submissions.items() if s.agency == agency},
            destructions=tuple(d for d in self.destructions if d.agency == agency),
        )

    def health(self) -> list[DatasetHealth]:
        """Each dataset's deliveries, by agency and dataset."""
        by_dataset: dict[tuple[str, str], list[SubmissionRow]] = {}
        for row in self.submissions.values():
            by_dataset.setdefault((row.agency, row.dataset), []).append(row)
        return [_health(rows) for _, rows in sorted(by_dataset.items())]


def view_of(batches: Iterable[EventBatch], view: FeedView | None = None) -> FeedView:
    """The view after these batches, which must be verified and in order."""
    known = view or FeedView()
    fold = _Fold(
        dict(known.submissions),
        list(known.destructions),
        dict(known.queries),
        list(known.matches),
        list(known.releases),
        dict(known.expired),
    )
    for batch in batches:
        for event in batch.events:
            fold.take(event)
        for count in batch.queries:
            fold.count(count)
    return FeedView(
        fold.submissions,
        tuple(fold.destructions),
        fold.queries,
        tuple(fold.matches),
        tuple(fold.releases),
        fold.expired,
    )


@dataclass
class _Fold:
    submissions: dict[str, SubmissionRow]
    destructions: list[DestructionRow]
    queries: dict[tuple[str, date], QueryRow]
    matches: list[MatchRow]
    releases: list[ReleaseRow]
    expired: dict[str, date | None]

    def take(self, event: FeedEvent) -> None:
        kind, _, name = event.subject.partition("/")
        if kind == "submission":
            self.submissions[name] = _submission(self.submissions.get(name), name, event)
        if event.tag in _DESTROYED:
            self.destructions.append(_destruction(event))
        if event.tag is Tag.MATCH_COMPLETED:
            self.matches.append(_match(event))
        if event.tag is Tag.OUTPUT_RELEASED:
            self.releases.append(_release(event))
        if event.tag is Tag.AGREEMENT_EXPIRED:
            self.expired[event.subject] = _day(event, "ends_on")
        if event.tag is Tag.GRANT_EXPIRED:
            self.expired[event.subject] = _day(event, "granted_until")

    def count(self, count: QueryCount) -> None:
        key = (count.project, date.fromisoformat(count.on))
        known = self.queries.get(key, QueryRow(*key, 0, 0, 0, 0))
        self.queries[key] = replace(
            known,
            **{
                name: getattr(known, name) + getattr(count, name)
                for name in dict.fromkeys(COUNTED.values())
            },
        )


def _submission(known: SubmissionRow | None, name: str, event: FeedEvent) -> SubmissionRow:
    row = known or SubmissionRow(
        id=name,
        agency=_text(event, "agency"),
        dataset=_text(event, "dataset"),
        period=_text(event, "period"),
        revision=_whole(event, "revision") or 1,
        state="received",
    )
    if row.received_at is None and event.tag in _CUSTODY:
        row = replace(row, received_at=event.at)
    if event.tag in _STATES:
        row = replace(row, state=_STATES[event.tag])
    fold = _FOLDS.get(event.tag)
    return row if fold is None else fold(row, event)


def _with_reasons(row: SubmissionRow, event: FeedEvent) -> SubmissionRow:
    reasons = event.facts.get("reasons", ())
    return replace(row, reasons=reasons if isinstance(reasons, tuple) else ())


def _with_failure(row: SubmissionRow, event: FeedEvent) -> SubmissionRow:
    return replace(row, state="failed") if event.facts.get("for_good") is True else row


def _with_rejection(row: SubmissionRow, event: FeedEvent) -> SubmissionRow:
    failed = _whole(event, "rows_failed")
    return replace(row, rows_read=_whole(event, "rows_read"), rows_quarantined=failed)


def _with_receipt(row: SubmissionRow, event: FeedEvent) -> SubmissionRow:
    codes = event.facts.get("codes")
    told = {
        name: _whole(event, name)
        for name in ("rows_read", "rows_landed", "rows_quarantined", "errors", "warnings")
        if name in event.facts
    }
    return replace(
        row,
        state=_text(event, "state") if "state" in event.facts else row.state,
        reported_at=row.reported_at or event.at,
        codes=codes if isinstance(codes, Mapping) else row.codes,
        **told,  # type: ignore[arg-type]  # counts, by the names above
    )


_FOLDS: Final[Mapping[Tag, Callable[[SubmissionRow, FeedEvent], SubmissionRow]]] = {
    Tag.SUBMISSION_REFUSED: _with_reasons,
    Tag.SUBMISSION_FAILED: _with_failure,
    Tag.SUBMISSION_REJECTED: _with_rejection,
    Tag.RECEIPT_ISSUED: _with_receipt,
    Tag.SUBMISSION_DUPLICATE_IGNORED: lambda row, event: replace(
        row, duplicate_of=_text(event, "duplicate_of")
    ),
    Tag.SUBMISSION_HELD: lambda row, event: replace(row, k=_whole(event, "k")),
    Tag.TABLE_COMMITTED: lambda row, event: replace(row, rows_landed=_whole(event, "rows")),
    Tag.SUBMISSION_SUPERSEDED: lambda row, event: replace(
        row, superseded_by=_text(event, "superseded_by")
    ),
}


def _destruction(event: FeedEvent) -> DestructionRow:
    return DestructionRow(
        what=_DESTROYED[event.tag],
        subject=event.subject,
        agency=_text(event, "agency"),
        dataset=_text(event, "dataset"),
        destroyed_at=event.at,
        due_on=_day(event, "due_on"),
        certificate_sha256=_text(event, "certificate_sha256"),
        clause=_text(event, "clause"),
    )


def _match(event: FeedEvent) -> MatchRow:
    return MatchRow(
        project=_text(event, "project"),
        at=event.at,
        agencies=_whole(event, "agencies") or 0,
        offered_rows=_whole(event, "offered_rows") or 0,
        matched_people=_whole(event, "matched_people") or 0,
        unmatched_rows=_whole(event, "unmatched_rows") or 0,
        matrix_sha256=_text(event, "matrix_sha256"),
    )


def _release(event: FeedEvent) -> ReleaseRow:
    return ReleaseRow(
        project=_text(event, "project"),
        at=event.at,
        cells=_whole(event, "cells") or 0,
        suppressed=_whole(event, "suppressed") or 0,
        receipt_sha256=_text(event, "receipt_sha256"),
    )


def _health(rows: list[SubmissionRow]) -> DatasetHealth:
    read = [(r.period, r.failed_pct) for r in rows if r.failed_pct is not None]
    states = [row.state for row in rows]
    return DatasetHealth(
        agency=rows[0].agency,
        dataset=rows[0].dataset,
        submissions=len(rows),
        newest=rows[-1],
        trend=tuple(read[-TREND:]),
        duplicates=states.count("duplicate"),
        refused=states.count("refused"),
        rejected=states.count("rejected"),
        held=states.count("held"),
    )


def _text(event: FeedEvent, name: str) -> str:
    value = event.facts.get(name)
    return value if isinstance(value, str) else UNKNOWN


def _whole(event: FeedEvent, name: str) -> int | None:
    value = event.facts.get(name)
    return value if type(value) is int else None


def _day(event: FeedEvent, name: str) -> date | None:
    value = event.facts.get(name)
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
