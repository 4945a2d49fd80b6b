"""By when the next step of a request is due, and since when it waits. Pure.

The periods are the programme's (`RequestRules.deadlines`); the manuals publish none, so the
shipped ones are placeholders to be set by the office. Only the destruction date is the request's.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from governance.calendar import add_business_days, legal_date
from governance.requests.events import RequestEvent
from governance.requests.rules import Deadlines, RequestRules
from governance.requests.state import Version
from governance.requests.states import Status

_BUSINESS: Final = frozenset(
    {
        Status.SUBMITTED,
        Status.OWNER_REVIEW,
        Status.APPROVED,
        Status.APPROVED_WITH_CONDITIONS,
        Status.DESTRUCTION_CERTIFIED,
    }
)
"""Steps of offices, counted in business days; the others count every day."""


def waiting_since(events: Iterable[RequestEvent]) -> dict[int, datetime]:
    """Since when each version has the status it has, UTC."""
    found: dict[int, tuple[Status, datetime]] = {}
    for event in events:
        before = found.get(event.version)
        if before is None or before[0] is not event.status:
            found[event.version] = (event.status, event.at)
    return {version: at for version, (_, at) in found.items()}


def due_on(version: Version, since: datetime, rules: RequestRules) -> date | None:
    """Last day, inclusive, of the step that the version waits for; None when it has none.

    Args:
        version: As it is.
        since: When it got its status, UTC.
        rules: The programme's.
    """
    if version.status in (Status.ENDED, Status.REVOKED):
        return destruction_due(version, rules)
    days = _days(rules.deadlines).get(version.status)
    if days is None:
        return None
    start = legal_date(since)
    if version.status in _BUSINESS:
        return add_business_days(start, days)
    return start + timedelta(days=days)


def destruction_due(version: Version, rules: RequestRules) -> date | None:
    """By when the recipient destroys what it holds: as approved, sooner after a revocation."""
    content = version.submitted or version.content
    days = [content.destruction_on] if content.destruction_on else []
    if version.revoked is not None:
        after = timedelta(days=rules.deadlines.destruction_after_revocation_days)
        days.append(version.revoked.on + after)
    return min(days, default=None)


def bracket(days_left: int, brackets: Iterable[int]) -> int | None:
    """The reminder that applies: the tightest one reached; None while none is.

    A day without a run skips none of them but those that a tighter one replaces.
    """
    return min((b for b in brackets if days_left <= b), default=None)


def _days(deadlines: Deadlines) -> Mapping[Status, int]:
    return {
        Status.SUBMITTED: deadlines.completeness_business_days,
        Status.RETURNED: deadlines.mending_days,
        Status.OWNER_REVIEW: deadlines.review_business_days,
        Status.BOARD_VOTE: deadlines.vote_days,
        Status.APPROVED: deadlines.agreement_business_days,
        Status.APPROVED_WITH_CONDITIONS: deadlines.agreement_business_days,
        Status.AGREEMENTS_OUT: deadlines.signature_days,
        Status.DESTRUCTION_CERTIFIED: deadlines.certificate_business_days,
    }
