"""Who has access today on the requests a person is concerned with, and what is missing.

Nothing is stored of it: each line is worked out from the request's events and people's records.
The grant bundle, judged by the data plane at each query, decides; this says the same in advance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from governance.decisions import Decision, Denial
from governance.people import Person
from governance.permissions import Actor
from governance.requests.chain import employed_days, other_statement
from governance.requests.model import RequestPerson
from governance.requests.persons import PersonFacts, employment_denials, say_statement_missing
from governance.requests.state import DataRequest, PersonChain, Version
from governance.requests.statements import acceptance, training_until, version_to_accept
from governance.requests.states import LIVE
from governance.services.programme import Programme
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import read_request
from governance.store.paging import MOST_ROWS

RULES = (
    "grant.live",
    "sharing_agreement.signed",
    "sharing_agreement.in_force",
    "person.nda",
    "person.training",
    "person.employment",
    "person.employer",
    "person.employment_class",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One person on one request, today.

    Attributes:
        nda_signed_on: Of the statement that counts under the terms in force.
        nda_again: Whether they signed, and the newest terms that went out are others.
        employed: None: not on record.
        access: Permitted, or every link that is missing with its remedy.
    """

    number: str
    title: str
    person: str
    name: str
    role: str
    nda_signed_on: date | None
    nda_again: bool
    training_valid_until: date | None
    employed: bool | None
    access: Decision


def list_standings(p: Programme, actor: Actor) -> tuple[Standing, ...]:
    """Every person of the requests the actor began or is named in, as far as they may see them.

    Raises:
        AccessDeniedError: The actor has no lists; recorded.
    """
    rows = list_requests(p, actor, ListQuery(scope="mine", per_page=MOST_ROWS)).items
    found: list[Standing] = []
    for row in rows:
        request = read_request(p, actor, row.number).request
        version = request.live or request.latest
        content = version.submitted or version.content
        with p.store.read() as unit:
            records = {x.id: unit.person(x.id) for x in content.people}
        found += [_standing(p, request, version, x, records[x.id]) for x in content.people]
    return tuple(found)


def employment_lacks(
    p: Programme, request: DataRequest, named: RequestPerson
) -> tuple[Denial, ...]:
    """What a person's employment lacks today for the access of a request."""
    with p.store.read() as unit:
        record = unit.person(named.id)
    chain = request.people.get(named.id, PersonChain())
    return tuple(_employment(p, chain, named, record))


def _standing(
    p: Programme,
    request: DataRequest,
    version: Version,
    named: RequestPerson,
    record: Person | None,
) -> Standing:
    chain = request.people.get(named.id, PersonChain())
    statement = acceptance(request, version, named.id)
    trained = training_until(request, named.id, p.rules)
    denials = (
        *_grant(p, version),
        *_agreement(p, version),
        *_statement(p, request, version, named),
        *_training(p, trained),
        *_employment(p, chain, named, record),
    )
    content = version.submitted or version.content
    employed = None if record is None else record.employed(p.today)
    return Standing(
        number=request.number,
        title=content.title,
        person=named.id,
        name=named.name,
        role=named.role,
        nda_signed_on=statement.signed_on,
        nda_again=acceptance(request, version_to_accept(request), named.id).again,
        training_valid_until=trained,
        employed=employed and chain.left_on is None,
        access=Decision(RULES, denials),
    )


def _grant(p: Programme, version: Version) -> Iterator[Denial]:
    if version.status in LIVE:
        return
    status = version.status.value.replace("_", " ")
    reason = f"There is no grant in force: the request is {status}."
    who = version.next.value.replace("_", " ")
    remedy = (
        "Ask for a new request." if who == "nobody" else f"Next: the {who} {version.facts.what}."
    )
    yield Denial("grant.live", reason, remedy, p.rules.chain_clause)


def _agreement(p: Programme, version: Version) -> Iterator[Denial]:
    sent = version.agreement
    if sent is None:
        return  # what is missing before it goes out, the status says
    missing = [party for party in sent.parties if party not in version.signatures]
    if missing:
        reason = f"{sent.agreement} is not signed by: {', '.join(missing)}."
        yield Denial(
            "sharing_agreement.signed", reason, "Each of them signs.", p.rules.chain_clause
        )
    if not sent.effective_on <= p.today <= sent.ends_on:
        reason = f"{sent.agreement} is in force from {sent.effective_on} to {sent.ends_on}."
        remedy = "Ask the operating office for a continuation."
        yield Denial("sharing_agreement.in_force", reason, remedy, p.rules.chain_clause)


def _statement(
    p: Programme, request: DataRequest, version: Version, named: RequestPerson
) -> Iterator[Denial]:
    if version.agreement is None:
        remedy = f"{named.name} signs it once the sharing agreement is out."
        reason = "The confidentiality statement is not signed."
        yield Denial("person.nda", reason, remedy, p.rules.chain_clause)
        return
    standing = acceptance(request, version, named.id)
    if standing.signed_on is None or standing.signed_on > p.today:
        other = other_statement(standing, version)
        yield say_statement_missing(request.number, named.name, other, p.rules.chain_clause)


def _training(p: Programme, until: date | None) -> Iterator[Denial]:
    if until is None or until < p.today:
        reason = f"The training ended on {until}." if until else "No training is recorded."
        remedy = "Take it, and send the certificate to the operating office."
        yield Denial("person.training", reason, remedy, p.rules.chain_clause)


def _employment(
    p: Programme, chain: PersonChain, named: RequestPerson, record: Person | None
) -> Iterator[Denial]:
    facts = PersonFacts(id=named.id)
    if record is not None:
        begins, ends = employed_days(chain, record.employed_from, record.employed_until)
        facts = PersonFacts(
            id=named.id,
            employed_from=begins,
            employed_until=ends,
            employment_class=record.employment_class,
            employer=p.profile.employer(record.employer, record.agency),
        )
    yield from employment_denials(facts, named, clause=p.rules.chain_clause, today=p.today)
