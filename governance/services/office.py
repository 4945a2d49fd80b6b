"""What waits, for whom and until when: the operating office's desk, worked out from the record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from governance.calendar import legal_date
from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.profile import Profile
from governance.register.source import RequestRecord
from governance.requests.deadlines import due_on
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, Version
from governance.requests.statements import acceptance, training_until
from governance.requests.states import LIVE, Status
from governance.services.leavers import leavers_to_look_at
from governance.services.programme import Programme
from governance.services.public_records import public_records
from governance.services.recording import denials_recorded
from governance.store.streams import PROGRAMME


class Queue(StrEnum):
    """What the office waits for or is waited for; in the order of a request's life."""

    COMPLETENESS = "completeness"
    MENDING = "mending"
    REVIEW = "review"
    VOTE = "vote"
    AGREEMENT = "agreement"
    SIGNATURES = "signatures"
    CONDITIONS = "conditions"
    DESTRUCTION = "destruction"
    CERTIFICATE = "certificate"
    LEAVERS = "leavers"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One step that somebody has to take.

    Attributes:
        who: Acts next, in words.
        what: They do.
        since: When the version got its status, UTC.
        until: Last day, inclusive; None when none is set.
        page: Where it is done, under the request's address; empty: the request itself.
        person: Whose record it is about; then it is done there.
    """

    queue: Queue
    number: str
    version: int
    title: str
    who: str
    what: str
    since: datetime
    until: date | None
    overdue: bool
    page: str = ""
    person: str = ""

    @property
    def address(self) -> str:
        """Where it is done, whole; empty: no page of its own."""
        if self.person:
            return f"/people/{self.person}/end?request={self.number}"
        version = f"?version={self.version}" if self.version > 1 else ""
        return f"/requests/{self.number}/{self.page}{version}" if self.page else ""

    @property
    def since_on(self) -> date:
        """The legal date since when it waits."""
        return legal_date(self.since)


_AGREED: Final = (Status.AGREEMENTS_OUT, *LIVE)
_OFFICE: Final = "The operating office"


def list_waiting(p: Programme, actor: Actor) -> tuple[Waiting, ...]:
    """Every step that waits, the earliest last day first.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.LIST_ALL_REQUESTS.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.LIST_ALL_REQUESTS, today=p.today))
    today = p.today
    found: list[Waiting] = []
    records = public_records(p).source.requests
    for record in records:
        for version in filter(record.request.is_told_of, record.request.versions):
            found.extend(_steps(record, version, p.profile, p.rules, today))
    found += [
        Waiting(
            Queue.LEAVERS, x.number, x.version, x.title, _OFFICE,
            f"ends the employment of {x.name}, who left; or saves the record with the reason why "
            f"they stay: {', '.join(x.others)} name them too",
            x.since, None, overdue=False, person=x.person,
        )
        for x in leavers_to_look_at(p, [record.request for record in records])
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda w: (w.until or date.max, w.since, w.number)))


def _steps(
    record: RequestRecord, version: Version, profile: Profile, rules: RequestRules, today: date
) -> Iterator[Waiting]:
    since = [s.at for s in record.steps if s.version == version.number][-1]
    until = due_on(version, since, rules)
    title = (version.submitted or version.content).title
    for queue, who, what, page in _waits(record.request, version, profile, rules, today=today):
        yield Waiting(
            queue, record.request.number, version.number, title, who, what, since, until,
            until is not None and until < today, page,
        )  # fmt: skip


_Wait = tuple[Queue, str, str, str]


def _waits(
    request: DataRequest, version: Version, profile: Profile, rules: RequestRules, *, today: date
) -> Iterator[_Wait]:
    """Queue, who acts, what they do, and the page."""
    match version.status:
        case Status.SUBMITTED:
            yield Queue.COMPLETENESS, _OFFICE, "checks the form for completeness", "complete"
        case Status.RETURNED:
            yield Queue.MENDING, "The requestor", "mends what the return names", ""
        case Status.OWNER_REVIEW:
            agencies = ", ".join(profile.agency_name(a) for a in version.to_review)
            yield Queue.REVIEW, agencies, "decides on its own part", ""
        case Status.BOARD_VOTE:
            what = "puts it before the board and records the vote"
            yield Queue.VOTE, _OFFICE, what, "record-vote"
        case Status.APPROVED | Status.APPROVED_WITH_CONDITIONS:
            yield Queue.AGREEMENT, _OFFICE, "sends the sharing agreement out", "send"
        case Status.AGREEMENTS_OUT:
            yield from _signatures(request, version, rules, today)
        case Status.ENDED | Status.REVOKED:
            what = "destroys what it holds and certifies it"
            yield Queue.DESTRUCTION, "The requestor", what, ""
        case Status.DESTRUCTION_CERTIFIED:
            yield Queue.CERTIFICATE, _OFFICE, "checks the certificate and closes", "close"
    if version.status in _AGREED:
        yield from _conditions(version)


def _signatures(
    request: DataRequest, version: Version, rules: RequestRules, today: date
) -> Iterator[_Wait]:
    sent = version.agreement
    unsigned = [x for x in sent.parties if x not in version.signatures] if sent else []
    if unsigned:
        yield Queue.SIGNATURES, ", ".join(unsigned), "signs the sharing agreement", "agreement"
    people = (version.submitted or version.content).people
    gone = {p for p, chain in request.people.items() if chain.left_on is not None}
    here = [x for x in people if x.id not in gone]
    standings = {x.name: acceptance(request, version, x.id) for x in here}
    unread = [n for n, s in standings.items() if s.accepted is None and not s.again]
    again = [n for n, s in standings.items() if s.again]
    if unread:
        what = "signs the confidentiality statement"
        yield Queue.SIGNATURES, ", ".join(unread), what, ""
    if again:
        what = "signs the confidentiality statement again: the terms changed"
        yield Queue.SIGNATURES, ", ".join(again), what, ""
    trained = {x.name: training_until(request, x.id, rules) for x in here}
    untrained = [name for name, until in trained.items() if until is None or until < today]
    if untrained:
        what = f"records the training of {', '.join(untrained)}"
        yield Queue.SIGNATURES, _OFFICE, what, "training"


def _conditions(version: Version) -> Iterator[_Wait]:
    for condition, text in version.decided.conditions.items() if version.decided else ():
        if condition not in version.conditions_met:
            what = f"records that a condition is met: {text}"
            yield Queue.CONDITIONS, _OFFICE, what, "condition"
