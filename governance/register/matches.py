"""Matches of the match log, and when their inputs are to be destroyed. Pure.

The clock starts with the stewards' confirmation that the match is good; while the log has only the
day of the matrix, with the beginning of that day, which is never later. It counts business days of
the state, or hours when data of one of the named agencies is in: a sender is the agency, or one of
its member institutions, or the request asks for its data. A sender that is nobody the profile
knows may be anybody: then the shorter of the two runs. Hours are elapsed hours: a change to or
from daylight saving time makes them neither more nor fewer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from governance.calendar import LEGAL_ZONE, add_business_days, legal_date
from governance.decisions import Decision, Denial
from governance.profile import MatchingClock, Profile
from governance.register.source import MatchLine
from governance.requests.state import DataRequest
from governance.requests.states import Status

_RULES = ("match.confirmed", "match.destroyed")
_NEVER_MATCHED = (Status.DENIED, Status.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class MatchInputs:
    """The files of one match.

    Attributes:
        id: Of the match.
        number: The request's.
        agencies: Whose files were matched, as far as the senders are known.
        confirmed_at: When the stewards confirmed the match, UTC; None: not yet.
        destroyed_at: When the last of the files was destroyed, UTC; None: not yet.
        matrix_at: Beginning of the day on which the hub returned the matrix, UTC.
        asked: Agencies whose data the request asks for.
        unknown_senders: Of how many files nobody in the profile is the sender.
    """

    id: str
    number: str
    agencies: tuple[str, ...]
    confirmed_at: datetime | None = None
    destroyed_at: datetime | None = None
    matrix_at: datetime | None = None
    asked: tuple[str, ...] = ()
    unknown_senders: int = 0

    @property
    def started_at(self) -> datetime | None:
        """When the clock starts, UTC; None: nothing is known to start it."""
        return self.confirmed_at or self.matrix_at

    @property
    def told(self) -> tuple[str, ...]:
        """Agencies whose files are, or with an unknown sender may be, in the match."""
        maybe = self.asked if self.unknown_senders else ()
        return tuple(dict.fromkeys((*self.agencies, *maybe)))


@dataclass(frozen=True, slots=True)
class DestructionClock:
    """A running clock.

    Attributes:
        ends_at: The first instant at which it is too late, UTC.
        by: The last legal date on which it is in time.
        counts_hours: Whether hours run, not days.
        clause: What says so.
        because: Why hours run: data of a named agency is in, or a sender is unknown.
    """

    ends_at: datetime
    by: date
    counts_hours: bool
    clause: str
    because: Literal["", "named", "unknown"] = ""

    def overdue(self, at: datetime) -> bool:
        """Whether it is too late at that instant."""
        return at >= self.ends_at


def start_clock(
    started_at: datetime,
    agencies: Iterable[str],
    clock: MatchingClock,
    *,
    unknown_senders: int = 0,
) -> DestructionClock:
    """The clock of a match's inputs.

    Args:
        started_at: When the stewards confirmed, UTC.
        agencies: Whose data is in.
        clock: The programme's.
        unknown_senders: Files of which nobody knows whose data is in; silence is strict.
    """
    days = _days(started_at, clock)
    if set(agencies) & set(clock.hours_agencies):
        return _hours(started_at, clock, "named")
    if unknown_senders and clock.hours_agencies:
        hours = _hours(started_at, clock, "unknown")
        return min(hours, days, key=lambda running: running.ends_at)
    return days


def clock_of(inputs: MatchInputs, clock: MatchingClock) -> DestructionClock | None:
    """The running clock of a match; None while nothing is known to start it."""
    if inputs.started_at is None:
        return None
    agencies = (*inputs.agencies, *inputs.asked)
    return start_clock(inputs.started_at, agencies, clock, unknown_senders=inputs.unknown_senders)


def _hours(
    started_at: datetime, clock: MatchingClock, because: Literal["named", "unknown"]
) -> DestructionClock:
    ends_at = started_at + timedelta(hours=clock.hours)
    last = legal_date(ends_at - timedelta(microseconds=1))
    return DestructionClock(ends_at, last, counts_hours=True, clause=clock.clause, because=because)


def _days(started_at: datetime, clock: MatchingClock) -> DestructionClock:
    by = add_business_days(legal_date(started_at), clock.business_days)
    ends_at = day_begins(by + timedelta(days=1))
    return DestructionClock(ends_at, by, counts_hours=False, clause=clock.clause)


def day_begins(day: date) -> datetime:
    """The first instant of a legal date, UTC."""
    return datetime.combine(day, time(), tzinfo=LEGAL_ZONE).astimezone(UTC)


def decide_destroyed_in_time(inputs: MatchInputs, clock: MatchingClock, now: datetime) -> Decision:
    """Whether a match's inputs are gone in time, or may still be."""
    running = clock_of(inputs, clock)
    if running is None:
        if inputs.destroyed_at is None:
            return Decision(_RULES)
        reason = "Matching files were destroyed before the stewards confirmed the match."
        remedy = "Match again if the confirmation fails."
        return Decision(_RULES, (Denial(_RULES[0], reason, remedy, clock.clause),))
    if not running.overdue(inputs.destroyed_at or now):
        return Decision(_RULES)
    done = "were destroyed" if inputs.destroyed_at else "are not destroyed, and should be"
    until = f"{running.ends_at.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M %Z}"
    reason = f"Matching files of {inputs.number} {done} after the clock ended at {until}."
    remedy = "Say why in the certificate." if inputs.destroyed_at else "Destroy them now."
    return Decision(_RULES, (Denial(_RULES[1], reason, remedy, clock.clause),))


Standing = Literal["unstarted", "running", "overdue", "in_time", "amiss"]
"""How a match stands: nothing starts its clock; it runs; too late; destroyed as asked, or not."""


def standing_of(inputs: MatchInputs, clock: MatchingClock, now: datetime) -> Standing:
    """How a match's files stand at an instant."""
    kept = decide_destroyed_in_time(inputs, clock, now).permitted
    if inputs.destroyed_at is not None:
        return "in_time" if kept else "amiss"
    if inputs.started_at is None:
        return "unstarted"
    return "running" if kept else "overdue"


def asked_agencies(request: DataRequest | None) -> tuple[str, ...]:
    """Agencies whose data a request asks for, in any version that may have been matched."""
    if request is None:
        return ()
    contents = (
        v.submitted for v in request.versions if v.submitted and v.status not in _NEVER_MATCHED
    )
    return tuple(sorted({agency for content in contents for agency in content.agencies}))


def newest_lines(lines: Iterable[MatchLine]) -> tuple[MatchLine, ...]:
    """The newest line about each file stands; `lines` are the oldest first."""
    return tuple({(line.request, line.sender, line.file_name): line for line in lines}.values())


def group_matches(
    lines: Iterable[MatchLine], asked: Mapping[str, tuple[str, ...]], profile: Profile
) -> Iterator[tuple[MatchInputs, tuple[MatchLine, ...]]]:
    """Matches with their lines: what one request matched on one day.

    Args:
        lines: Of the match log, one a file.
        asked: Agencies whose data a request asks for, by number.
        profile: Who is which sender.
    """
    found: dict[tuple[str, date | None], list[MatchLine]] = {}
    for line in lines:
        found.setdefault((line.request, line.match_date), []).append(line)
    for (number, day), files in found.items():
        senders = [profile.agency_of(line.sender) for line in files]
        confirmed = [line.confirmed_at for line in files if line.confirmed_at]
        matrix = [line.matrix_date for line in files if line.matrix_date]
        gone = [at for line in files if (at := _gone_at(line)) is not None]
        inputs = MatchInputs(
            id=f"{number}/{day or ''}",
            number=number,
            agencies=tuple(sorted({agency for agency in senders if agency})),
            # Of several instants the first: no clock runs longer than the rule says.
            confirmed_at=min(confirmed, default=None),
            destroyed_at=max(gone) if len(gone) == len(files) else None,
            matrix_at=day_begins(min(matrix)) if matrix else None,
            asked=asked.get(number, ()),
            unknown_senders=senders.count(None),
        )
        yield inputs, tuple(files)


def _gone_at(line: MatchLine) -> datetime | None:
    """When a file was destroyed; of a mere date, its beginning."""
    on = line.destroyed_date
    return line.destroyed_at or (None if on is None else day_begins(on))
