"""What is due today: commands of the clock, grants to publish anew, people to be told. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from governance.calendar import legal_date
from governance.clocks.directory import Directory
from governance.clocks.match_notices import match_notices
from governance.clocks.model import (
    CommandDue,
    PacketDue,
    ProgrammeState,
    RepublishDue,
    RequestLife,
)
from governance.clocks.other_notices import (
    link_notices,
    meeting_notices,
    plane_notices,
    submission_notices,
)
from governance.clocks.packets import packets_due
from governance.clocks.publication_notices import publication_notices
from governance.clocks.request_notices import request_notices
from governance.mail.notices import Notice
from governance.profile import Profile
from governance.requests.making import submitted
from governance.requests.rules import RequestRules
from governance.requests.state import Version
from governance.requests.states import LIVE, Act, Status

Due = CommandDue | PacketDue | RepublishDue | Notice
REPUBLISH_MARGIN_DAYS: Final = 2
"""The signer publishes a bundle anew earlier; so long before it is stale the office is told."""


def due_today(
    state: ProgrammeState, now: datetime, rules: RequestRules, profile: Profile
) -> list[Due]:
    """What is due at an instant, in the order in which it is done.

    Args:
        state: The programme as it is.
        now: UTC; its legal date is today.
        rules: The programme's, with its deadlines.
        profile: The programme: its agencies and the clock of matching files.

    Returns:
        Commands first, then packets and grants to publish anew, then notices, once a person each.
    """
    today = legal_date(now)
    commands = [c for life in state.requests for c in commands_due(life, rules, today)]
    packets = list(packets_due(state, rules, today))
    republished = list(republish_due(state, rules, today))
    notices = {n.once: n for n in notices_due(state, now, rules, profile)}
    return [*commands, *packets, *republished, *notices.values()]


def commands_due(life: RequestLife, rules: RequestRules, today: date) -> Iterator[CommandDue]:
    """Grants that begin to expire or whose last day has passed."""
    for version in life.request.versions:
        last = submitted(version).ends_on
        if version.status not in LIVE or last is None:
            continue
        number = life.request.number
        if today > last:
            reason = f"The grant's last day was {last}."
            yield CommandDue(number, version.number, Act.END, today, reason)
        elif version.status is Status.GRANTED and last - today <= _days(rules.expiring_days):
            reason = f"The grant ends on {last}."
            yield CommandDue(number, version.number, Act.MARK_EXPIRING, today, reason)


def republish_due(
    state: ProgrammeState, rules: RequestRules, today: date
) -> Iterator[RepublishDue]:
    """Grants in force whose published bundle is soon no longer fresh."""
    margin = _days(min(REPUBLISH_MARGIN_DAYS, rules.bundle_days - 1))
    for life in state.requests:
        number, version = life.request.number, life.request.live
        if version is None or version.granted is None or _over(version, today):
            continue
        told = state.fresh_until.get(number)
        fresh_until = (
            legal_date(version.granted.at) + _days(rules.bundle_days)
            if told is None
            else legal_date(told)
        )
        if today >= fresh_until - margin:
            yield RepublishDue(number, version.number, fresh_until)


def notices_due(
    state: ProgrammeState, now: datetime, rules: RequestRules, profile: Profile
) -> Iterator[Notice]:
    """Everything people should have been told by now; each with the id under which it is once."""
    today = legal_date(now)
    people = Directory(state, today)
    for life in state.requests:
        yield from request_notices(life, people, rules, profile, today)
        yield from link_notices(state, life, people, profile)
    for proposed in state.publications:
        yield from publication_notices(proposed, people, rules, profile, today)
    for body in state.bodies:
        yield from meeting_notices(state, body, people, today)
    yield from submission_notices(state, people, rules, profile, today)
    yield from match_notices(state, people, rules, profile, now)
    yield from plane_notices(state, [*republish_due(state, rules, today)], people, now)


def _over(version: Version, today: date) -> bool:
    last = submitted(version).ends_on
    return last is not None and today > last


def _days(days: int) -> timedelta:
    return timedelta(days=days)
