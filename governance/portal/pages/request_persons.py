"""The persons of a request: whose terms they accepted, and what their access lacks today."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from governance.papers.words import day_words
from governance.permissions import Action, decide_action
from governance.portal.visits import Visit
from governance.requests.model import RequestPerson
from governance.requests.state import PersonChain
from governance.requests.statements import acceptance, training_until, version_to_accept
from governance.services.requests import RequestView
from governance.services.standing import employment_lacks
from governance.services.statements import list_own_waiting
from governance.store.statement_lists import StatementWaiting


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person of the newest version.

    Attributes:
        accepted: Which version's terms they accepted, and when.
        lacks: What their access lacks today.
    """

    name: str
    employer: str
    role: str
    accepted: str
    lacks: tuple[str, ...]


def person_lines(visit: Visit, view: RequestView) -> list[PersonLine]:
    """Each person of the newest version, with what their access still lacks today."""
    content = view.latest.submitted or view.latest.content
    return [
        PersonLine(
            person.name,
            person.employer,
            person.role.replace("_", " "),
            _accepted(view, person.id),
            tuple(_lacks(visit, view, person)) if view.latest.agreement is not None else (),
        )
        for person in content.people
    ]


def own_statements(visit: Visit) -> tuple[StatementWaiting, ...]:
    """The statements the person at the browser has yet to sign; none for who is not signed in."""
    asked = Action.LIST_OWN_REQUESTS
    if not decide_action(visit.actor, asked, today=visit.today).permitted:
        return ()
    return list_own_waiting(visit.programme, visit.actor)


def _accepted(view: RequestView, person: str) -> str:
    """In words: the version a person signed for, and whether that covers the newest."""
    statements = view.request.people.get(person, PersonChain()).statements
    if not statements:
        return "not signed"
    standing = acceptance(view.request, version_to_accept(view.request), person)
    given = standing.accepted or statements[-1]
    words = f"version {given.version}, on {day_words(given.signed_on)}"
    needed = version_to_accept(view.request).number
    if standing.again:
        return f"{words}; not the changed terms of version {needed}"
    return words if given.version == needed else f"{words}; it holds for version {needed} too"


_EMPLOYMENT: Final = {
    "person.employment": "they left, or are not on record as employed today",
    "person.employer": "on record with another employer than the one approved",
    "person.employment_class": "on record with another kind of employment than the one approved",
}


def _lacks(visit: Visit, view: RequestView, person: RequestPerson) -> Iterator[str]:
    request = view.request
    standing = acceptance(request, view.latest, person.id)
    if standing.again:
        yield "sign again: the terms changed"
    elif standing.accepted is None:
        yield "the confidentiality statement is not signed"
    until = training_until(request, person.id, visit.programme.rules)
    if until is None:
        yield "no training is recorded"
    elif until < visit.today:
        yield "the training is out of date"
    for denial in employment_lacks(visit.programme, request, person):
        yield _EMPLOYMENT[denial.rule]
    if request.live is None:
        yield "no grant is in force"
