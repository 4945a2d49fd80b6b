"""People a requestor names: found by their address, or put on record until they first sign in."""

from governance.decisions import check_permitted
from governance.facts import facts_of
from governance.people import Person, PersonRegistered
from governance.permissions import Action, Actor, decide_action
from governance.requests.model import RequestPerson
from governance.services.people import new_person_id
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.store import UnitOfWork
from governance.store.lists import PeopleFilter, list_people_rows


def name_person(
    p: Programme,
    actor: Actor,
    *,
    name: str,
    email: str,
    employer: str,
    employment_class: str,
    role: str,
    once: str | None = None,
) -> RequestPerson:
    """A person for a request's form.

    Whoever is on record under the address is taken as the office keeps them: a requestor does not
    say who employs somebody else. Anybody else gets a record without a sign-in; it becomes theirs
    when they first sign in with that address, verified. A kind of employment that opens a dataset
    is not taken from a requestor: such a newcomer is `other` until the office says more.

    Raises:
        AccessDeniedError: The actor may not begin requests; recorded.
        DocumentError: Name or address are unusable.
    """
    with denials_recorded(p, actor, Action.BEGIN_REQUEST.value, "programme"):
        check_permitted(decide_action(actor, Action.BEGIN_REQUEST, today=p.today))
        with p.store.begin() as unit:
            person = _known(unit, email)
            opens = {c for r in p.rules.restricted for c in r.employment_classes}
            if person is None:
                facts = {
                    "id": new_person_id(),
                    "name": name.strip(),
                    "email": email.strip(),
                    "employer": employer.strip(),
                    "employment_class": "other" if employment_class in opens else employment_class,
                    "employed_from": p.today.isoformat(),
                }
                person = facts_of(Person, facts, "The form")
                event = PersonRegistered(
                    subject=person.id, at=p.clock(), by=actor.by, person=person
                )
                mark = None if once is None else f"name:{actor.by}:{once}"
                unit.append("person", person.id, (event,), based_on=0, actor=actor.by, once=mark)
    given = {
        "id": person.id,
        "name": person.name,
        "employer": person.employer,
        "agency": person.agency,
        "employment_class": person.employment_class,
        "role": role,
    }
    return facts_of(RequestPerson, given, "The form")


def _known(unit: UnitOfWork, email: str) -> Person | None:
    wanted = email.strip().casefold()
    found = list_people_rows(unit, PeopleFilter(text=wanted, per_page=50)).items if wanted else ()
    same = [person for person in found if person.email.casefold() == wanted]
    return same[0] if len(same) == 1 else None
