"""Who is to be told of matching files: what to confirm, what to destroy, what went amiss. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from governance.calendar import LEGAL_ZONE, add_business_days, legal_date
from governance.clocks.directory import Directory
from governance.clocks.model import ProgrammeState
from governance.mail.notices import Capacity, Notice, NoticeKind, notice_to
from governance.mail.paths import MATCHES, request_path
from governance.profile import MatchingClock, Profile
from governance.register.matches import (
    DestructionClock,
    MatchInputs,
    clock_of,
    decide_destroyed_in_time,
)
from governance.requests.rules import RequestRules


def match_notices(
    state: ProgrammeState, people: Directory, rules: RequestRules, profile: Profile, now: datetime
) -> Iterator[Notice]:
    """Matches to be confirmed; files to be destroyed; files not destroyed as the clock asks."""
    for match in state.matches:
        if match.destroyed_at is None:
            yield from _waiting(match, people, rules, profile, now)
        else:
            yield from _gone(match, people, rules, profile, now)


def _waiting(
    match: MatchInputs, people: Directory, rules: RequestRules, profile: Profile, now: datetime
) -> Iterator[Notice]:
    """From the confirmation on, and again while it is overdue."""
    clock, every = profile.matching_clock, rules.deadlines.overdue_every_days
    running = clock_of(match, clock)
    if running is None:
        return
    kind, anchor = NoticeKind.MATCH_DESTRUCTION_DUE, running.ends_at.isoformat()
    if running.overdue(now):
        kind = NoticeKind.MATCH_DESTRUCTION_OVERDUE
        anchor += f"/{(now - running.ends_at).days // every}"
    because = _because(match, running, profile)
    facts = {"by_at": running.ends_at, "because": because, "anchor": f"{match.id}/{anchor}"}
    yield from _told(match, people, profile, kind, facts)
    if match.confirmed_at is None and match.matrix_at is not None:
        asked_by = add_business_days(legal_date(match.matrix_at), clock.confirm_business_days)
        late = (legal_date(now) - asked_by).days
        if late > 0:
            facts = {"on": legal_date(match.matrix_at), "anchor": f"{match.id}/{late // every}"}
            kind = NoticeKind.MATCH_CONFIRMATION_WAITING
            yield from _told(match, people, profile, kind, facts)


def _gone(
    match: MatchInputs, people: Directory, rules: RequestRules, profile: Profile, now: datetime
) -> Iterator[Notice]:
    """Destroyed too late, or before anybody confirmed the match: said once, while it is news."""
    news = timedelta(days=rules.deadlines.news_days)
    if match.destroyed_at is None or now - match.destroyed_at > news:
        return
    decision = decide_destroyed_in_time(match, profile.matching_clock, now)
    for denial in decision.denials:
        because = f"{denial.reason} {denial.remedy} [{denial.clause}]"
        facts = {"because": because, "anchor": f"{match.id}/{denial.rule}"}
        yield from _told(match, people, profile, NoticeKind.MATCH_DESTRUCTION_AMISS, facts)


def _because(match: MatchInputs, running: DestructionClock, profile: Profile) -> str:
    """What runs, and why."""
    clock = profile.matching_clock
    said = {
        "": f"{clock.business_days} business days run.",
        "named": f"{clock.hours} hours run: data of {_codes(match, clock, profile)} is in.",
        "unknown": f"{clock.hours} hours run, the shorter clock: the log names a sender that is "
        "no agency, and no member of one, in the programme's profile. If it is one, add it there.",
    }[running.because]
    if match.confirmed_at is None and match.matrix_at is not None:
        day = f"{match.matrix_at.astimezone(LEGAL_ZONE):%Y-%m-%d}"
        said += (
            f" They run from the day of the matrix, {day}, since the stewards' confirmation is "
            "not on record."
        )
    return f"{said} [{running.clause}]"


def _codes(match: MatchInputs, clock: MatchingClock, profile: Profile) -> str:
    named = sorted({*match.agencies, *match.asked} & set(clock.hours_agencies))
    return ", ".join(profile.agency_code(agency) for agency in named)


def _told(
    match: MatchInputs,
    people: Directory,
    profile: Profile,
    kind: NoticeKind,
    facts: dict[str, Any],
) -> Iterator[Notice]:
    """The hub, the stewards of the agencies, and the office."""
    hub = profile.matching_clock.hub
    stewards = [
        (p, Capacity.DATA_STEWARD, profile.agency_code(agency))
        for agency in dict.fromkeys((*((hub,) if hub else ()), *match.told))
        for p in people.stewards(agency)
    ]
    operators = [(p, Capacity.OPERATOR, "") for p in people.operators()]
    for person, capacity, office in stewards + operators:
        yield notice_to(
            person,
            kind,
            capacity,
            about=match.number,
            path=MATCHES if capacity is Capacity.OPERATOR else request_path(match.number),
            office=office,
            **facts,
        )
