"""The first operator, whom nobody can register: made once, while the office has nobody."""

from collections.abc import Mapping
from typing import Any, Final

from governance.decisions import Denial, refusal_of
from governance.facts import facts_of
from governance.people import Person, PersonRegistered, PortalRole
from governance.services.people import new_person_id
from governance.services.programme import Programme
from governance.services.values import plain
from governance.store.lists import PeopleFilter, list_people_rows

FOUNDING: Final = "founding"
"""Who acts when a programme gets its first operator: whoever has a shell on its machine."""
_RULE: Final = "person.first"
_CLAUSE: Final = "Governance manual, operating office"


def register_first_operator(p: Programme, facts: Mapping[str, Any]) -> Person:
    """Make the record of the first operator; every other record is made by an operator.

    Args:
        p: The programme.
        facts: Fields of `Person`; the role is the operator's.

    Raises:
        AccessDeniedError: The office has an operator, today or to come.
        DocumentError: The form has mistakes.
    """
    given = {"id": new_person_id(), **plain(facts), "roles": [PortalRole.OPERATOR.value]}
    person = facts_of(Person, given, "The form")
    with p.store.begin() as unit:
        there = list_people_rows(
            unit, PeopleFilter(role=PortalRole.OPERATOR.value, employed_on=p.today)
        ).items
        if there:
            reason = "The office has an operator."
            remedy = "An operator registers the others."
            raise refusal_of(Denial(_RULE, reason, remedy, _CLAUSE))
        event = PersonRegistered(subject=person.id, at=p.clock(), by=FOUNDING, person=person)
        unit.append("person", person.id, (event,), based_on=0, actor=FOUNDING)
    return person
