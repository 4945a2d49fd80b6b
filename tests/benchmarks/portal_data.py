"""A programme as large as the measure asks: 5,000 requests, 100,000 events, through the store.

`python -m tests.benchmarks.portal_data HOME` makes it; the chain and the lists verify.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from governance.audit.tags import Tag
from governance.board import events as board
from governance.facts import Event
from governance.people import Person, PersonRegistered, PortalRole
from governance.requests import events as ev
from governance.requests.making import content_digest
from governance.requests.model import RequestContent, RequestedDataset, RequestPerson
from governance.requests.states import Status
from governance.services import Programme, open_programme
from governance.settings import load_settings
from governance.store import UnitOfWork

REQUESTS, EVENTS, PEOPLE = 5_000, 100_000, 400
OFFICE = "p-office"
_BEGIN = datetime(2021, 1, 4, 14, 0, tzinfo=UTC)
_BATCH = 100
_DATASETS = (
    ("sde/enrollment", ("fall_of_year", "grade_level_code", "attendance_days")),
    ("dol/quarterly_wages", ("wage_year", "wage_usd")),
    ("cscu/enrollment", ("academic_year", "student_type")),
    ("uconn/completions", ("academic_year", "degree_code")),
    ("oec/child_care_subsidy", ("report_year", "space_type")),
    ("dcf/placements", ("episode_start_date", "placement_category")),
    ("dss/tanf_adults", ("reporting_year", "gender")),
)
_WORDS = (
    "attendance", "earnings", "college", "apprentices", "kindergarten", "transfer", "housing",
    "completion", "credentials", "graduates", "wages", "child care", "readiness", "training",
)  # fmt: skip
_FATES = (
    Status.GRANTED, Status.GRANTED, Status.GRANTED, Status.ENDED, Status.CLOSED,
    Status.OWNER_REVIEW, Status.BOARD_VOTE, Status.SUBMITTED, Status.DENIED, Status.DRAFT,
)  # fmt: skip
_LIVED = (Status.GRANTED, Status.ENDED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made."""

    requests: int
    events: int
    seconds: float


def make_data(
    home: Path, *, requests: int = REQUESTS, events: int = EVENTS, people: int = PEOPLE
) -> Made:
    """Fill the programme of an empty home.

    Args:
        home: Of the control plane; the database may be PostgreSQL by the environment.
        requests: How many.
        events: How many there are in the end, whatever they are of.
        people: How many records.
    """
    started = time.perf_counter()
    programme = open_programme(load_settings(home))
    try:
        programme.store.migrate()
        written = _people(programme, people) + _board(programme)
        lived = sum(_FATES[n % len(_FATES)] in _LIVED for n in range(requests))
        fixed = sum(len([*_life(n, 0)]) for n in range(requests))
        extra = divmod(max(0, events - written - fixed), max(1, lived))
        written += _requests(programme, requests, extra, people)
    finally:
        programme.close()
    return Made(requests, written, time.perf_counter() - started)


def _people(programme: Programme, count: int) -> int:
    with programme.store.begin() as unit:
        for n in range(count):
            role = (PortalRole.OPERATOR, PortalRole.AUDITOR)[n] if n < 2 else PortalRole.REQUESTOR
            person = Person(
                id=person_id(n),
                name=f"Person {n:04d} {_WORDS[n % len(_WORDS)].title()}",
                email=f"person-{n}@example.org",
                employer=f"Example Institute {n % 40}",
                employment_class="university",
                roles=(role,),
                employed_from=date(2020, 1, 1),
            )
            event = PersonRegistered(subject=person.id, at=_BEGIN, by=OFFICE, person=person)
            unit.append("person", person.id, (event,), based_on=0, actor=OFFICE)
    return count


def _board(programme: Programme) -> int:
    """Seats, and a meeting a month."""
    made: list[Event] = []
    for agency in programme.profile.participating:
        member, body = f"p-{agency.id.replace('_', '-')}", programme.board.body
        made.append(
            board.SeatFilled(
                subject=body, at=_BEGIN, by=OFFICE, name=None, agency=agency.id, person=member
            )
        )
    for n in range(60):
        at = _BEGIN + timedelta(days=30 * n + 20)
        meeting = f"DGB-{n:03d}"
        starts = at + timedelta(days=10)
        made += [
            board.MeetingNoticed(
                subject=meeting, at=at, by=OFFICE, starts_at=starts, public=True,
                rescheduled_from=None,
            ),
            board.MeetingOpened(subject=meeting, at=starts, by=OFFICE),
            board.MeetingEnded(
                subject=meeting, at=starts, by=OFFICE, tag=Tag.MEETING_CLOSED, reason="Done."
            ),
        ]  # fmt: skip
    with programme.store.begin() as unit:
        body = programme.board.body
        unit.append("body", body, made, based_on=0, actor=OFFICE)
    return len(made)


def _requests(programme: Programme, count: int, extra: tuple[int, int], people: int) -> int:
    """`extra`: further grants of each live request, and how many get one more."""
    numbers, written, lived = iter(range(count)), 0, 0
    while batch := [*islice(numbers, _BATCH)]:
        with programme.store.begin() as unit:
            for n in batch:
                more = 0
                if _FATES[n % len(_FATES)] in _LIVED:
                    more, lived = extra[0] + (lived < extra[1]), lived + 1
                written += _append(unit, n, more, people)
    return written


def _append(unit: UnitOfWork, n: int, more: int, people: int) -> int:
    number, events = f"Q{n + 1:04d}", [*_life(n, more, people)]
    unit.next_number("request")
    for part in (events[:3], events[3:]):
        if part:
            unit.append("request", number, part, based_on=None, actor=part[0].by)
    return len(events)


def _life(n: int, more: int, people: int = PEOPLE) -> Iterator[ev.RequestEvent]:
    """A request's events up to the status it has; the first three are the requestor's."""
    fate, at = _FATES[n % len(_FATES)], _BEGIN + timedelta(hours=8 * n)
    content, requestor = _content(n, people), person_id(2 + n % max(1, people - 2))
    base = {"subject": f"Q{n + 1:04d}", "version": 1}

    def by(who: str, status: Status, /, **facts: Any) -> dict[str, Any]:
        nonlocal at
        at += timedelta(hours=3)
        return {**base, "by": who, "at": at, "status": status, **facts}

    draft = content.model_copy(update={"datasets": content.datasets[:1]})
    yield ev.Drafted(**by(requestor, Status.DRAFT, content=draft))
    yield ev.Drafted(**by(requestor, Status.DRAFT, content=content))
    if fate is Status.DRAFT:
        return
    digest = content_digest(content)
    yield ev.Submitted(**by(requestor, Status.SUBMITTED, content_digest=digest))
    if fate is Status.SUBMITTED:
        return
    yield ev.FoundComplete(**by(OFFICE, Status.OWNER_REVIEW, review=content.agencies))
    if fate is Status.OWNER_REVIEW:
        return
    for agency in content.agencies:
        status = Status.BOARD_VOTE if agency == content.agencies[-1] else Status.OWNER_REVIEW
        review = {"agency": agency, "choice": ev.ReviewChoice.APPROVE, "reason": "As agreed."}
        yield ev.PartReviewed(**by(OFFICE, status, **review))
    if fate is Status.BOARD_VOTE:
        return
    denied = fate is Status.DENIED
    tag = Tag.DATA_REQUEST_DENIED if denied else Tag.DATA_REQUEST_APPROVED
    decided = {"tag": tag, "motion": f"M-{n}", "decided_on": at.date(), "reasons": ()}
    yield ev.Decided(**by(OFFICE, Status.DENIED if denied else Status.APPROVED, **decided))
    if denied:
        return
    parties = (*(a.upper() for a in content.agencies), content.organization)
    days = {"effective_on": at.date(), "ends_on": date(2030, 1, 1)}
    sent = {"agreement": f"DSA-{n}", "digest": digest, "parties": parties, **days}
    out = Status.AGREEMENTS_OUT
    yield ev.AgreementSent(**by(OFFICE, out, **sent))
    for party in parties:
        signed = {"party": party, "signed_on": at.date(), "digest": digest}
        yield ev.AgreementSigned(**by(OFFICE, out, **signed))
    for person in content.people:
        yield ev.NdaSigned(**by(OFFICE, out, person=person.id, signed_on=at.date()))
        until = at.date() + timedelta(days=3650)
        yield ev.TrainingRecorded(**by(OFFICE, out, person=person.id, valid_until=until))
    for bundle in range(1, 2 + more):
        granted = {"bundle_version": bundle, "bundle_digest": digest}
        yield ev.Granted(**by(OFFICE, Status.GRANTED, **granted))
    if fate is Status.GRANTED:
        return
    moved = {"tag": Tag.DATA_REQUEST_ENDED, "on": at.date(), "reason": "Its last day passed."}
    yield ev.Moved(**by(OFFICE, Status.ENDED, **moved))
    if fate is Status.CLOSED:
        left = {"digest": digest, "survives": "nothing"}
        yield ev.Certified(**by(OFFICE, Status.DESTRUCTION_CERTIFIED, **left))
        closed = {"tag": Tag.DATA_REQUEST_CLOSED, "on": at.date(), "reason": "Checked."}
        yield ev.Moved(**by(OFFICE, Status.CLOSED, **closed))


def _content(n: int, people: int) -> RequestContent:
    chosen = (_DATASETS[n % len(_DATASETS)], _DATASETS[(n * 3 + 1) % len(_DATASETS)])
    datasets = dict(chosen)
    if len(datasets) == 1:
        name, variables = _DATASETS[(n + 1) % len(_DATASETS)]
        datasets[name] = variables
    words = [_WORDS[(n * k) % len(_WORDS)] for k in (1, 3, 5)]
    named = [person_id(2 + (n + k) % max(1, people - 2)) for k in range(2)]
    return RequestContent(
        title=f"Study {n + 1}: {words[0]}, {words[1]} and {words[2]}",
        purpose=f"Whether {words[0]} goes with {words[1]}.",
        purposes=dict.fromkeys(datasets, "evaluation"),
        legal_basis="34 CFR 99.35",
        ferpa_basis="audit_or_evaluation",
        learning_agenda="Question 2.",
        datasets=tuple(RequestedDataset(dataset=d, variables=v) for d, v in datasets.items()),
        people=tuple(
            RequestPerson(
                id=person, name=person, employer=f"Example Institute {n % 40}",
                employment_class="university", role="requestor" if k == 0 else "analyst",
            )
            for k, person in enumerate(dict.fromkeys(named))
        ),
        organization=f"Example Institute {n % 40}",
        secure_environment="The enclave.",
        analysis_plan="Means by group.",
        dissemination_plan="A report.",
        ends_on=date(2027, 1, 1) + timedelta(days=n % 700),
        destruction_on=date(2029, 6, 30),
    )  # fmt: skip


def person_id(n: int) -> str:
    """Of the nth person; the first is an operator, the second the auditor."""
    return f"p-{n:04d}"


if __name__ == "__main__":
    print(make_data(Path(sys.argv[1])))
