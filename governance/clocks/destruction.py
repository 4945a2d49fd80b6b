"""Destruction of matching inputs: when it is due. Pure.

The clock starts with the stewards' confirmation that the match is good. It counts business days of
the state, or hours when data of one of the named agencies is in. Hours are elapsed hours: a change
to or from daylight saving time makes them neither more nor fewer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from governance.calendar import LEGAL_ZONE, add_business_days, legal_date
from governance.decisions import Decision, Denial
from governance.profile import MatchingClock

_RULES = ("match.confirmed", "match.destroyed")


@dataclass(frozen=True, slots=True)
class MatchInputs:
    """The files of one match.

    Attributes:
        id: Of the match.
        number: The request's.
        agencies: Whose files were matched.
        confirmed_at: When the stewards confirmed the match, UTC; None: not yet.
        destroyed_at: When the last of the files was destroyed, UTC; None: not yet.
    """

    id: str
    number: str
    agencies: tuple[str, ...]
    confirmed_at: datetime | None = None
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DestructionClock:
    """A running clock.

    Attributes:
        ends_at: The first instant at which it is too late, UTC.
        by: The last legal date on which it is in time.
        counts_hours: Whether hours run, not days.
        clause: What says so.
    """

    ends_at: datetime
    by: date
    counts_hours: bool
    clause: str

    def overdue(self, at: datetime) -> bool:
        """Whether it is too late at that instant."""
        return at >= self.ends_at


def start_clock(
    confirmed_at: datetime, agencies: Iterable[str], clock: MatchingClock
) -> DestructionClock:
    """The clock of a match's inputs.

    Args:
        confirmed_at: When the stewards confirmed, UTC.
        agencies: Whose data is in.
        clock: The programme's.
    """
    if set(agencies) & set(clock.hours_agencies):
        ends_at = confirmed_at + timedelta(hours=clock.hours)
        last = ends_at - timedelta(microseconds=1)
        return DestructionClock(ends_at, legal_date(last), counts_hours=True, clause=clock.clause)
    by = add_business_days(legal_date(confirmed_at), clock.business_days)
    midnight = datetime.combine(by + timedelta(days=1), time(), tzinfo=LEGAL_ZONE)
    return DestructionClock(midnight.astimezone(UTC), by, counts_hours=False, clause=clock.clause)


def decide_destroyed_in_time(inputs: MatchInputs, clock: MatchingClock, now: datetime) -> Decision:
    """Whether a match's inputs are gone in time, or may still be."""
    if inputs.confirmed_at is None:
        if inputs.destroyed_at is None:
            return Decision(_RULES)
        reason = "Matching files were destroyed before the stewards confirmed the match."
        remedy = "Match again if the confirmation fails."
        return Decision(_RULES, (Denial(_RULES[0], reason, remedy, clock.clause),))
    running = start_clock(inputs.confirmed_at, inputs.agencies, clock)
    if not running.overdue(inputs.destroyed_at or now):
        return Decision(_RULES)
    done = "were destroyed" if inputs.destroyed_at else "are not destroyed, and should be"
    until = f"{running.ends_at.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M %Z}"
    reason = f"Matching files of {inputs.number} {done} after the clock ended at {until}."
    remedy = "Say why in the certificate." if inputs.destroyed_at else "Destroy them now."
    return Decision(_RULES, (Denial(_RULES[1], reason, remedy, clock.clause),))
