"""Read everything the clocks look at, in one consistent look at the control plane's database."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select

from governance.audit.chain import format_instant
from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.clocks.model import (
    ProgrammeState,
    PublicationLife,
    RejectedSubmission,
    RequestLife,
)
from governance.people.model import Person
from governance.register.matches import MatchInputs, asked_agencies, group_matches
from governance.requests.events import parse_event
from governance.requests.leaving import named_elsewhere
from governance.requests.links import LinkDestructions
from governance.requests.states import Status
from governance.services.programme import Programme
from governance.services.publications import PUBLICATION_TAGS, read_proposals
from governance.services.transparency import read_matches
from governance.store import UnitOfWork
from governance.store import tables as t

_AT_REST: Final = tuple(
    s.value for s in (Status.DRAFT, Status.DENIED, Status.WITHDRAWN, Status.CLOSED)
)


def gather(p: Programme, *, changed_since: datetime | None = None) -> ProgrammeState:
    """The programme as it is now; only requests changed since an instant when one is given."""
    with p.store.read() as unit:
        bodies = {rules.body: unit.body(rules)[0] for rules in p.bylaws.bodies}
        lives = tuple(_lives(p, unit, changed_since))
        return ProgrammeState(
            requests=lives,
            elsewhere=dict(_elsewhere(p, unit, lives)),
            people=_people(unit),
            board=bodies[p.board.body],
            bodies=tuple(bodies.values()),
            packets=dict(_packets(unit)),
            matches=tuple(_matches(p, unit)),
            links=_links(unit),
            rejected=tuple(_rejected(p, unit)),
            publications=tuple(_publications(unit)),
            fresh_until=_fresh_until(unit),
            feed_at=_feed_at(unit),
        )


def any_changed(p: Programme, since: datetime) -> bool:
    """Whether any request or publication changed since: cheap enough to ask all the time."""
    rows, entries = t.request_rows, t.ledger_entries
    published = select(func.max(entries.c.at)).where(entries.c.tag.in_(PUBLICATION_TAGS))
    with p.store.read() as unit:
        newest = unit.connection.scalar(select(func.max(rows.c.updated_at)))
        told = unit.connection.scalar(published)
    return max(newest or "", told or "") >= format_instant(since)


def _lives(p: Programme, unit: UnitOfWork, changed_since: datetime | None) -> Iterator[RequestLife]:
    """Requests in motion: a first version at rest, older than news, asks nothing of anybody."""
    rows = t.request_rows
    news = format_instant(p.clock() - timedelta(days=p.rules.deadlines.news_days + 1))
    moving = or_(
        rows.c.status.not_in(_AT_REST),
        rows.c.version > 1,
        and_(rows.c.status != Status.DRAFT.value, rows.c.updated_at >= news),
    )
    if changed_since is not None:
        moving = and_(moving, rows.c.updated_at >= format_instant(changed_since))
    numbers = unit.connection.scalars(select(rows.c.number).where(moving).order_by(rows.c.number))
    for number in numbers.all():
        life = RequestLife.of(parse_event(e) for e in unit.load("request", number).events)
        if life is not None:
            yield life


def _elsewhere(
    p: Programme, unit: UnitOfWork, lives: Iterable[RequestLife]
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Of who left a request lately: every other one that names them, whether it changed or not."""
    news, named = p.today - timedelta(days=p.rules.deadlines.news_days), t.request_people
    for request in (life.request for life in lives):
        for person, chain in request.people.items():
            if chain.left_on is None or chain.left_on < news:
                continue
            found = unit.connection.scalars(
                select(named.c.number).where(named.c.person == person).order_by(named.c.number)
            )
            others = [unit.known_request(number) for number in found.all()]
            yield (request.number, person), named_elsewhere(person, request.number, others)


def _people(unit: UnitOfWork) -> dict[str, Person]:
    records = unit.connection.scalars(select(t.people_rows.c.record)).all()
    return {p.id: p for p in map(Person.model_validate_json, records)}


def _packets(unit: UnitOfWork) -> Iterator[tuple[str, date]]:
    entries = t.ledger_entries
    rows = unit.connection.execute(
        select(entries.c.subject, entries.c.at).where(entries.c.tag == Tag.PACKET_ISSUED.value)
    )
    for row in rows.all():
        yield row.subject, legal_date(datetime.fromisoformat(row.at))


def _noted(unit: UnitOfWork, tag: Tag) -> Iterator[tuple[str, dict[str, Any]]]:
    """Subject and facts of the programme's own events of a kind, oldest first, none erased."""
    entries, payloads = t.ledger_entries, t.ledger_payloads
    rows = unit.connection.execute(
        select(entries.c.subject, payloads.c.facts)
        .join(payloads, payloads.c.seq == entries.c.seq)
        .where(entries.c.tag == tag.value)
        .order_by(entries.c.seq)
    )
    for row in rows.all():
        told = json.loads(row.facts)
        yield row.subject, told.get("facts", {}) | {"at": told.get("at")}


def _matches(p: Programme, unit: UnitOfWork) -> Iterator[MatchInputs]:
    """Matches of the match log, which has a line a file; the newest line about a file stands.

    A match is what one request matched on one day. Its clock runs while one of its files exists.
    """
    lines = read_matches(unit)
    asked = {n: asked_agencies(unit.request(n)) for n in {line.request for line in lines}}
    for inputs, _ in group_matches(lines, asked, p.profile):
        yield inputs


def _links(unit: UnitOfWork) -> dict[str, LinkDestructions]:
    found: dict[str, dict[str, date]] = {}
    for number, facts in _noted(unit, Tag.LINK_DESTRUCTION_CONFIRMED):
        on = legal_date(datetime.fromisoformat(str(facts["at"])))
        found.setdefault(number, {})[str(facts.get("agency"))] = on
    return {number: LinkDestructions(number, on) for number, on in found.items()}


def _publications(unit: UnitOfWork) -> Iterator[PublicationLife]:
    """Those that somebody has yet to look at, publish or record."""
    for proposal in read_proposals(unit).values():
        request = unit.request(proposal.facts.request) if proposal.is_open else None
        if request is not None:
            yield PublicationLife(proposal, request)


def _rejected(p: Programme, unit: UnitOfWork) -> Iterator[RejectedSubmission]:
    """From the data plane's feed, as far as it was verified."""
    rows, since = t.feed_events, p.clock() - timedelta(days=p.rules.deadlines.news_days + 1)
    found = unit.connection.execute(
        select(rows.c.subject, rows.c.agency, rows.c.dataset, rows.c.at)
        .where(rows.c.tag == Tag.SUBMISSION_REJECTED.value, rows.c.at >= format_instant(since))
        .order_by(rows.c.seq)
    )
    for row in found.all():
        if row.agency and row.dataset:
            on = legal_date(datetime.fromisoformat(row.at))
            name = row.subject.partition("/")[2] or row.subject
            yield RejectedSubmission(name, row.agency, row.dataset, on)


def _fresh_until(unit: UnitOfWork) -> dict[str, datetime]:
    """By request, of the newest bundle the signer recorded."""
    found: dict[str, datetime] = {}
    for _, facts in _noted(unit, Tag.GRANT_PUBLISHED):
        number, until = facts.get("request"), facts.get("expires_at")
        if isinstance(number, str) and isinstance(until, str):
            found[number] = datetime.fromisoformat(until)
    return found


def _feed_at(unit: UnitOfWork) -> datetime | None:
    at = unit.connection.scalar(select(func.max(t.feed_batches.c.at)))
    return None if at is None else datetime.fromisoformat(at)
