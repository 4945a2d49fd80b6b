"""The figures of the annual report: requests, decisions, time, agencies, outputs, refusals, cost.

They count requests, meetings and publications of the programme, never persons in the data.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median, quantiles

from governance.calendar import legal_date
from governance.canonical import Json
from governance.papers.words import STATUS_WORDS
from governance.register.rows import (
    REFUSALS,
    RegisterRow,
    Withholders,
    clear_publications,
    refusal_rules,
    register_rows,
    submitted_versions,
)
from governance.register.source import Publication, RegisterSource, RequestRecord
from governance.register.withholding import Withholder
from governance.requests.model import RequestType
from governance.requests.states import Status

_QUARTERS = 4
_WAITS = (30, 60, 90, 120)
"""Ends of the groups of days to a decision, inclusive."""


@dataclass(frozen=True, slots=True)
class Period:
    """A year of the report, both ends included."""

    name: str
    begins_on: date
    ends_on: date

    def __contains__(self, day: object) -> bool:
        """Whether a date lies in it."""
        return isinstance(day, date) and self.begins_on <= day <= self.ends_on


def report_period(year: int, begins_month: int = 1) -> Period:
    """The calendar year, or the year that begins in that month of `year`."""
    begins = date(year, begins_month, 1)
    if begins_month == 1:
        return Period(str(year), begins, date(year, 12, 31))
    ends = date.fromordinal(date(year + 1, begins_month, 1).toordinal() - 1)
    return Period(f"{year}-{(year + 1) % 100:02d}", begins, ends)


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in days; the quartiles need two values."""

    count: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    longest: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """Something counted, by what it is called."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CostLine:
    """A cost heading of the year, in US cents."""

    heading: str
    cents: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnnualFigures:
    """Everything the report prints.

    Attributes:
        months: Received and decided, by month of the period (`2026-03`).
        statuses: Of every public request, as of the report's day.
        decisions: Of the period, by outcome.
        refusals: Of the period's denials, by rule; one denial can have several.
        days_to_decision: From the first submission to the decision of the first version.
        waits: The same decisions, by how long they took.
    """

    period: Period
    as_of: date
    received: int
    months: tuple[tuple[str, int, int], ...]
    types: tuple[Counted, ...]
    statuses: tuple[Counted, ...]
    decisions: tuple[Counted, ...]
    days_to_decision: Spread
    waits: tuple[Counted, ...]
    agencies: tuple[Counted, ...]
    datasets: tuple[Counted, ...]
    meetings: tuple[Counted, ...]
    refusals: tuple[Counted, ...]
    publications: tuple[Publication, ...]
    costs: tuple[CostLine, ...]
    rows: tuple[RegisterRow, ...]

    def to_dict(self) -> dict[str, Json]:
        """For JSON."""
        spread = self.days_to_decision
        return {
            "period": self.period.name,
            "begins_on": self.period.begins_on.isoformat(),
            "ends_on": self.period.ends_on.isoformat(),
            "as_of": self.as_of.isoformat(),
            "received": self.received,
            "by_month": [
                {"month": month, "received": got, "decided": decided}
                for month, got, decided in self.months
            ],
            "by_type": _dict(self.types),
            "by_status": _dict(self.statuses),
            "decisions": _dict(self.decisions),
            "days_to_decision": {
                "decisions": spread.count,
                "median": spread.median,
                "lower_quartile": spread.lower_quartile,
                "upper_quartile": spread.upper_quartile,
                "longest": spread.longest,
            },
            "by_days_to_decision": _dict(self.waits),
            "by_agency": _dict(self.agencies),
            "by_dataset": _dict(self.datasets),
            "meetings": _dict(self.meetings),
            "refusals": _dict(self.refusals),
            "publications": [
                {
                    "request": p.request,
                    "title": p.title,
                    "address": p.address,
                    "published_on": p.published_on.isoformat(),
                }
                for p in self.publications
            ],
            "costs": [{"heading": c.heading, "usd": c.cents / 100} for c in self.costs],
        }


def _dict(counted: Iterable[Counted]) -> dict[str, Json]:
    return {c.name: c.count for c in counted}


def annual_figures(source: RegisterSource, year: int) -> AnnualFigures:
    """Count a year.

    Args:
        source: Everything on record; what lies outside the year is left out of its counts.
        year: In which the period begins.
    """
    period = report_period(year, source.profile.report_begins_month)
    rows = tuple(r for r in register_rows(source) if r.received_on <= period.ends_on)
    received = tuple(r for r in rows if r.received_on in period)
    decided = _decided(source, period)
    profile, withholders = source.profile, Withholders(source)
    days = _days(source, period)
    return AnnualFigures(
        period=period,
        as_of=source.today,
        received=len(received),
        months=_months(received, [day for _, day, _ in decided], period),
        types=_counted(
            (r.type.capitalize() for r in received), [t.value.capitalize() for t in RequestType]
        ),
        statuses=_counted((r.status_words for r in rows), _status_order(rows)),
        decisions=_counted(
            (outcome for _, _, outcome in decided),
            ["Approved", "Approved with conditions", "Denied"],
        ),
        days_to_decision=spread_of(days),
        waits=_waits(days),
        agencies=_most(
            (code for r in received for code in r.agency_codes),
            [a.code for a in profile.participating],
        ),
        datasets=_most(title for r in received for _, title in r.datasets),
        meetings=_meetings(source, period),
        refusals=_refusals(source, period),
        publications=_publications(source, period, withholders),
        costs=_costs(source, year, withholders.general),
        rows=received,
    )


def spread_of(days: Sequence[int]) -> Spread:
    """Median and quartiles (inclusive method), in days."""
    if not days:
        return Spread(0, None, None, None, None)
    if len(days) == 1:
        return Spread(1, float(days[0]), None, None, days[0])
    lower, _, upper = quantiles(days, n=_QUARTERS, method="inclusive")
    return Spread(len(days), float(median(days)), lower, upper, max(days))


def _decided(source: RegisterSource, period: Period) -> list[tuple[RequestRecord, date, str]]:
    """Decisions of the period, every version's: record, day, outcome."""
    return [
        (record, version.decided.decided_on, _outcome(version.decided.tag.value))
        for record in source.requests
        for version in submitted_versions(record)
        if version.decided is not None and version.decided.decided_on in period
    ]


def _outcome(tag: str) -> str:
    return tag.split(":", 1)[1].replace("_", " ").capitalize()


def _days(source: RegisterSource, period: Period) -> list[int]:
    days = []
    for record in source.requests:
        versions = submitted_versions(record)
        decided = versions[0].decided if versions else None
        if decided is not None and record.received_on and decided.decided_on in period:
            days.append((decided.decided_on - record.received_on).days)
    return days


def _waits(days: Sequence[int]) -> tuple[Counted, ...]:
    counted = []
    begins = 0
    for end in _WAITS:
        count = sum(begins <= d <= end for d in days)
        counted.append(Counted(f"{begins} to {end} days", count))
        begins = end + 1
    longer = sum(d >= begins for d in days)
    return (*counted, Counted(f"{begins} days and more", longer))


def month_names(period: Period) -> tuple[str, ...]:
    """The months of a period, as `2026-03`."""
    names = []
    month = period.begins_on
    while month in period:
        names.append(f"{month:%Y-%m}")
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return tuple(names)


def _months(
    received: Sequence[RegisterRow], decided: Sequence[date], period: Period
) -> tuple[tuple[str, int, int], ...]:
    got = Counter(f"{r.received_on:%Y-%m}" for r in received)
    done = Counter(f"{day:%Y-%m}" for day in decided)
    return tuple((name, got[name], done[name]) for name in month_names(period))


def _status_order(rows: Iterable[RegisterRow]) -> list[str]:
    present = {r.status for r in rows}
    return [STATUS_WORDS[s] for s in Status if s in present]


def _counted(names: Iterable[str], order: Sequence[str]) -> tuple[Counted, ...]:
    """Each of `order`, also those that do not occur."""
    counts = Counter(names)
    return tuple(Counted(name, counts[name]) for name in order)


def _most(names: Iterable[str], also: Sequence[str] = ()) -> tuple[Counted, ...]:
    """The most frequent first, ties by name; those of `also` even when they do not occur."""
    counts = Counter(names)
    every = {*counts, *also}
    order: Callable[[str], tuple[int, str]] = lambda n: (-counts[n], n)  # noqa: E731  one line
    return tuple(Counted(name, counts[name]) for name in sorted(every, key=order))


def _meetings(source: RegisterSource, period: Period) -> tuple[Counted, ...]:
    return tuple(
        Counted(
            body.rules.title,
            sum(
                held.meeting.opened_at is not None and legal_date(held.meeting.starts_at) in period
                for held in body.meetings.values()
            ),
        )
        for _, body in sorted(source.bodies.items())
    )


def _refusals(source: RegisterSource, period: Period) -> tuple[Counted, ...]:
    rules: Counter[str] = Counter()
    for record in source.requests:
        for version in submitted_versions(record):
            if version.decided is not None and version.decided.decided_on in period:
                rules.update(refusal_rules(version, record.request.number, source))
    return tuple(Counted(words, rules[rule]) for rule, words in REFUSALS.items() if rules[rule])


def _publications(
    source: RegisterSource, period: Period, withholders: Withholders
) -> tuple[Publication, ...]:
    found = [p for p in source.publications if p.published_on in period]
    found.sort(key=lambda p: (p.published_on, p.request, p.title))
    return tuple(
        cleared
        for p in found
        for cleared in clear_publications([p], withholders.of_number(p.request))
    )


def _costs(source: RegisterSource, year: int, withholder: Withholder) -> tuple[CostLine, ...]:
    headings: dict[str, list[int]] = {}
    notes: dict[str, list[str]] = {}
    for cost in source.costs:
        if cost.year == year:
            headings.setdefault(cost.heading, []).append(cost.cents)
            if cost.note:
                notes.setdefault(cost.heading, []).append(withholder.text(cost.note))
    return tuple(
        CostLine(heading, sum(cents), tuple(notes.get(heading, ())))
        for heading, cents in sorted(headings.items())
    )
