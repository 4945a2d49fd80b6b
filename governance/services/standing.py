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
from governance.requests.model import RequestPerson
from governance.requests.state import DataRequest, PersonChain, Version
from governance.requests.states import LIVE
from governance.services.programme import Programme
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import read_request

RULES = (
    "grant.live",
    "sharing_agreement.signed",
    "sharing_agreement.in_force",
    "person.nda",
    "person.training",
    "person.employment",
)
_MOST = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """One person on one request, today.

    Attributes:
        employed: None: not on record.
        access: Permitted, or every link that is missing with its remedy.
    """

    number: str
    title: str
    person: str
    name: str
    role: str
    nda_signed_on: date | None
    training_valid_until: date | None
    employed: bool | None
    access: Decision


def list_standings(p: Programme, actor: Actor) -> tuple[Standing, ...]:
    """Every person of the requests the actor began or is named in, as far as they may see them.

    Raises:
        AccessDeniedError: The actor has no lists; recorded.
    """
    rows = list_requests(p, actor, ListQuery(scope="mine", per_page=_MOST)).items
    found: list[Standing] = []
    for row in rows:
        request = read_request(p, actor, row.number).request
        version = request.live or request.latest
        content = version.submitted or version.content
        with p.store.read() as unit:
            records = {x.id: unit.person(x.id) for x in content.people}
        found += [_standing(p, request, version, x, records[x.id]) for x in content.people]
    return tuple(found)


def _standing(
    p: Programme,
    request: DataRequest,
    version: Version,
    named: RequestPerson,
    record: Person | None,
) -> Standing:
    chain = request.people.get(named.id, PersonChain())
    denials = (
        *_grant(p, version),
        *_agreement(p, version),
        *_person(p, chain, named, record),
    )
    content = version.submitted or version.content
    employed = None if record is None else record.employed(p.today)
    return Standing(
        number=request.number,
        title=content.title,
        person=named.id,
        name=named.name,
        role=named.role,
        nda_signed_on=chain.nda_signed_on,
        training_valid_until=chain.training_valid_until,
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


def _person(
    p: Programme, chain: PersonChain, named: RequestPerson, record: Person | None
) -> Iterator[Denial]:
    clause, today = p.rules.chain_clause, p.today
    if chain.nda_signed_on is None or chain.nda_signed_on > today:
        reason = "The confidentiality statement is not signed."
        yield Denial("person.nda", reason, f"{named.name} signs it.", clause)
    if chain.training_valid_until is None or chain.training_valid_until < today:
        known = chain.training_valid_until
        reason = f"The training ended on {known}." if known else "No training is recorded."
        remedy = "Take it, and send the certificate to the operating office."
        yield Denial("person.training", reason, remedy, clause)
    if chain.left_on is not None or record is None or not record.employed(today):
        reason = f"{named.name} is not on record as employed by {named.employer}."
        remedy = "The operating office corrects the record, or the request is amended."
        yield Denial("person.employment", reason, remedy, clause)
