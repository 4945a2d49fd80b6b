"""Who is to be told what about a request, by what it is today. Pure.

Each notice carries the anchor that makes it this one: the day its step began to wait, the reminder
that was reached, the week it is overdue. Asked again, the same notices are found with the same ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from governance.calendar import legal_date
from governance.clocks.directory import Directory
from governance.clocks.model import RequestLife
from governance.mail.notices import Capacity, Notice, NoticeKind, notice_to
from governance.mail.paths import NDA, request_path
from governance.people.model import Person
from governance.profile import Profile
from governance.requests.deadlines import bracket, due_on
from governance.requests.making import submitted
from governance.requests.model import RequestContent
from governance.requests.rules import RequestRules
from governance.requests.state import PersonChain, Version
from governance.requests.statements import acceptance, training_until
from governance.requests.states import LIVE, Status

_K, _C, _S = NoticeKind, Capacity, Status
_OFFICE_STEPS: Final = frozenset(
    {
        _S.SUBMITTED,
        _S.BOARD_VOTE,
        _S.APPROVED,
        _S.APPROVED_WITH_CONDITIONS,
        _S.DESTRUCTION_CERTIFIED,
    }
)
_SIGNING: Final = frozenset({_S.AGREEMENTS_OUT}) | LIVE
_OVER: Final = (_S.ENDED, _S.REVOKED)
_DAY: Final = timedelta(days=1)
_To = Iterable[tuple[Person, Capacity, str]]
"""Whom, as what, and for which office."""


@dataclass(frozen=True, slots=True)
class Case:
    """One version of a request on one day, with everything its notices need."""

    life: RequestLife
    version: Version
    people: Directory
    rules: RequestRules
    profile: Profile
    today: date

    @property
    def content(self) -> RequestContent:
        """As submitted."""
        return submitted(self.version)

    @property
    def since(self) -> date:
        """The legal date since which the version has its status."""
        return legal_date(self.life.since[self.version.number])

    @property
    def due(self) -> date | None:
        """Last day of the step that waits."""
        return due_on(self.version, self.life.since[self.version.number], self.rules)

    def tell(self, kind: NoticeKind, to: _To, anchor: object, **facts: object) -> Iterator[Notice]:
        """A notice of that kind to each of them."""
        number = self.life.request.number
        common: dict[str, object] = {
            "about": number,
            "title": self.content.title,
            "version": self.version.number,
            "status": self.version.status,
            "path": request_path(number, kind),
            "anchor": str(anchor),
        }
        for person, capacity, office in to:
            yield notice_to(person, kind, capacity, **(common | facts), office=office)

    def is_news(self, day: date) -> bool:
        """Whether what happened that day is still worth a mail."""
        return timedelta() <= self.today - day <= timedelta(days=self.rules.deadlines.news_days)

    # ---- whom -------------------------------------------------------------------------------

    def requestors(self) -> list[tuple[Person, Capacity, str]]:
        """Who acts for the request."""
        return [(p, _C.REQUESTOR, "") for p in self.people.requestors(self.life.request)]

    def operators(self) -> list[tuple[Person, Capacity, str]]:
        """The operating office."""
        return [(p, _C.OPERATOR, "") for p in self.people.operators()]

    def everybody_named(self) -> list[tuple[Person, Capacity, str]]:
        """Who acts for the request, and everybody else it names."""
        acting = self.requestors()
        ids = {p.id for p, _, _ in acting}
        others = [p for p in self.people.named(self.content) if p.id not in ids]
        return acting + [(p, _C.NAMED_PERSON, "") for p in others]

    def owners(self) -> list[tuple[Person, Capacity, str]]:
        """The data owners of every contributing agency."""
        return [
            (p, _C.DATA_OWNER, self.profile.agency_code(a))
            for a in self.content.agencies
            for p in self.people.owners(a)
        ]

    def waiting_deciders(self) -> list[tuple[Person, Capacity, str]]:
        """Who decides for each agency that has yet to."""
        return [
            (p, _C.DATA_OWNER, self.profile.agency_code(a))
            for a in self.version.to_review
            for p in self.people.deciders(a, self.life.request, self.content)
        ]

    def waiting_signatories(self) -> list[tuple[Person, Capacity, str]]:
        """Who signs for each party that has yet to."""
        sent = self.version.agreement
        unsigned = [p for p in sent.parties if p not in self.version.signatures] if sent else []
        return [
            (person, _C.SIGNATORY, self.profile.party_name(party))
            for party in unsigned
            for person in self.people.signatories(party)
        ]


def request_notices(
    life: RequestLife, people: Directory, rules: RequestRules, profile: Profile, today: date
) -> Iterator[Notice]:
    """Every notice about a request that people should have by today."""
    for version in filter(life.request.is_told_of, life.request.versions):
        case = Case(life, version, people, rules, profile, today)
        yield from _steps(case)
        yield from _news(case)
        if version.status in _SIGNING:
            yield from _persons(case)
        if version.status in LIVE:
            yield from _expiring(case)
            yield from _leavers(case)
        if version.status in _OVER:
            yield from _destruction(case)


def _steps(case: Case) -> Iterator[Notice]:
    """The step that waits, and once a week that it is overdue."""
    status, due = case.version.status, case.due
    to: list[tuple[Person, Capacity, str]] = []
    kind, facts = _K.ACTION_WAITING, {}
    if status in _OFFICE_STEPS:
        to = case.operators()
    elif status is _S.OWNER_REVIEW:
        to = case.waiting_deciders()
    elif status is _S.RETURNED:
        to, kind, facts = case.requestors(), _K.RETURNED, {"count": len(case.version.mend)}
    elif status is _S.AGREEMENTS_OUT:
        to, kind = case.waiting_signatories(), _K.AGREEMENT_TO_SIGN
    yield from case.tell(kind, to, case.since, by=due, **facts)
    if due is not None and case.today > due and status not in _OVER:
        late = (case.today - due).days
        week = (late - 1) // case.rules.deadlines.overdue_every_days
        # the office hears of everything that is overdue, whoever's step it is
        told = to if status in _OFFICE_STEPS else [*to, *case.operators()]
        anchor = f"{case.since}/{week}"
        yield from case.tell(_K.OVERDUE, told, anchor, by=due, days=late, **facts)


def _news(case: Case) -> Iterator[Notice]:
    """What happened lately: decided, granted, ended, revoked."""
    version, content = case.version, case.content
    decided, granted, moved = version.decided, version.granted, version.moved
    if decided is not None and case.is_news(legal_date(decided.at)):
        facts = {"status": decided.status, "on": decided.decided_on}
        yield from case.tell(_K.DECIDED, case.requestors(), legal_date(decided.at), **facts)
    if granted is not None and version.status is _S.GRANTED and case.is_news(case.since):
        to = case.everybody_named()
        yield from case.tell(_K.GRANT_PUBLISHED, to, case.since, on=content.ends_on)
    if moved is None or not case.is_news(legal_date(moved.at)):
        return
    if version.status is _S.ENDED:
        to = case.everybody_named()
        yield from case.tell(_K.GRANT_ENDED, to, moved.on, on=moved.on, by=case.due)
    if version.status is _S.REVOKED:
        to = [*case.everybody_named(), *case.owners()]
        yield from case.tell(_K.GRANT_REVOKED, to, moved.on, on=moved.on)


def _persons(case: Case) -> Iterator[Notice]:
    """What a named person lacks, or will lack soon, to have access."""
    for person in case.people.named(case.content):
        request = case.life.request
        if request.people.get(person.id, PersonChain()).left_on is not None:
            continue
        to = [(person, _C.NAMED_PERSON, "")]
        yield from _statement(case, person.id, to)
        valid = training_until(request, person.id, case.rules)
        if valid is None or valid < case.today:
            yield from case.tell(_K.TRAINING_MISSING, to, valid or "")
            continue
        left = (valid - case.today).days
        reached = bracket(left, case.rules.deadlines.training_reminders)
        if reached is not None:
            anchor = f"{valid}/{reached}"
            yield from case.tell(_K.TRAINING_EXPIRING, to, anchor, days=left, on=valid, by=valid)


def _statement(case: Case, person: str, to: _To) -> Iterator[Notice]:
    """The statement that is missing; anew for each version whose terms changed."""
    standing = acceptance(case.life.request, case.version, person)
    page = f"{NDA.format(number=case.life.request.number)}?version={case.version.number}"
    if standing.again:
        yield from case.tell(_K.NDA_AGAIN, to, case.version.terms, path=page)
    elif standing.accepted is None:
        yield from case.tell(_K.NDA_MISSING, to, "", path=page)


def _expiring(case: Case) -> Iterator[Notice]:
    last = case.content.ends_on
    if last is None or last < case.today:
        return
    left = (last - case.today).days
    reached = bracket(left, case.rules.deadlines.grant_reminders)
    if reached is not None:
        facts: Mapping[str, object] = {"days": left, "on": last, "by": last}
        yield from case.tell(_K.GRANT_EXPIRING, case.requestors(), f"{last}/{reached}", **facts)


def _leavers(case: Case) -> Iterator[Notice]:
    """Somebody named left: by the request's own record, or by that of the person."""
    to = [*case.requestors(), *case.operators()]
    recorded = {i: c.left_on for i, c in case.life.request.people.items() if c.left_on is not None}
    for person_id, day in sorted(recorded.items()):
        if not case.is_news(day):
            continue
        others = case.people.named_elsewhere(person_id, case.life.request.number)
        told = case.requestors() if others else to
        yield from case.tell(_K.LEAVER, told, f"{person_id}/{day}", on=day)
        if others:
            office, anchor = case.operators(), f"{person_id}/{day}"
            yield from case.tell(_K.LEAVER_ELSEWHERE, office, anchor, on=day, others=others)
    for person in case.people.left(case.content):
        if person.id not in recorded and person.employed_until is not None:
            anchor, left_on = f"{person.id}/{person.employed_until}", person.employed_until + _DAY
            yield from case.tell(_K.LEAVER, to, anchor, on=left_on)


def _destruction(case: Case) -> Iterator[Notice]:
    due = case.due
    if due is None:
        return
    left = (due - case.today).days
    if left >= 0:
        reached = bracket(left, case.rules.deadlines.destruction_reminders)
        if reached is not None:
            anchor = f"{due}/{reached}"
            facts: Mapping[str, object] = {"days": left, "by": due}
            yield from case.tell(_K.DESTRUCTION_DUE, case.requestors(), anchor, **facts)
        return
    week = (-left - 1) // case.rules.deadlines.overdue_every_days
    to = [*case.requestors(), *case.operators()]
    yield from case.tell(_K.DESTRUCTION_OVERDUE, to, f"{due}/{week}", days=-left, by=due)
