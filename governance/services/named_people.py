"""People a requestor names: typed by them, kept as typed, settled at the completeness check.

Naming somebody tells nothing of who is on record: it never looks. Each person named gets a record
of their own, without a sign-in, that says who named them. It becomes theirs when they first sign in
with that address, verified; or the office finds at the completeness check that they are on record
already, and the request names them as the office keeps them (`governance.requests.confirming`).
"""

from datetime import timedelta

from governance.audit.chain import format_instant
from governance.decisions import check_permitted
from governance.facts import PersonId, facts_of
from governance.people import Person, PersonChanged, PersonRegistered
from governance.permissions import Action, Actor, decide_action
from governance.requests.confirming import Candidates
from governance.requests.model import RequestContent, RequestPerson
from governance.services.people import new_person_id
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store.drafts import Draft, write_draft
from governance.store.lists import people_under


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
    """A person for a request's form: exactly as typed, whoever is on record.

    Who types their own address is meant themself. A kind of employment that opens a dataset is not
    taken from a requestor: such a person is `other` until the office says more.

    Raises:
        AccessDeniedError: The actor may not begin requests; recorded.
        DocumentError: Name or address are unusable.
    """
    with denials_recorded(p, actor, Action.BEGIN_REQUEST.value, "programme"):
        check_permitted(decide_action(actor, Action.BEGIN_REQUEST, today=p.today))
        own = actor.person
        if own is not None and own.email.casefold() == email.strip().casefold():
            return _as_recorded(own, role)
        opens = {c for r in p.rules.restricted for c in r.employment_classes}
        facts = {
            "id": new_person_id(),
            "name": name.strip(),
            "email": email.strip(),
            "employer": employer.strip(),
            "employment_class": "other" if employment_class in opens else employment_class,
            "employed_from": p.today.isoformat(),
            "named_by": actor.by,
        }
        person = facts_of(Person, facts, "The form")
        mark = None if once is None else f"name:{actor.by}:{once}"
        with p.store.begin() as unit:
            if mark is not None and (seq := unit.find_once(mark)) is not None:
                return _as_recorded(_loaded(unit, unit.subject_of(seq)), role)
            event = PersonRegistered(subject=person.id, at=p.clock(), by=actor.by, person=person)
            unit.append("person", person.id, (event,), based_on=0, actor=actor.by, once=mark)
    return _as_recorded(person, role)


def read_named(
    p: Programme, actor: Actor, number: str, *, version: int | None = None
) -> Candidates:
    """Whom of a submitted request's persons the office has to settle, with who it may be.

    Raises:
        AccessDeniedError: The actor may not read people's records; recorded.
        NotFoundError: There is no such request.
    """
    with denials_recorded(p, actor, Action.READ_PEOPLE.value, number), p.store.read() as unit:
        check_permitted(decide_action(actor, Action.READ_PEOPLE, today=p.today))
        request = unit.request(number)
        if request is None:
            raise NotFoundError("There is no request of that number.")
        meant = request.latest if version is None else request.version(version)
        found = candidates(unit, None if meant is None else meant.submitted)
        others = {i: tuple(x for x in known if x.id != i) for i, known in found.items()}
        return {i: known for i, known in others.items() if known}


def candidates(unit: UnitOfWork, content: RequestContent | None) -> Candidates:
    """Persons of a content whom a requestor named: who else has the address, and their record."""
    found = {}
    for named in content.people if content is not None else ():
        person = unit.person(named.id)
        if person is not None and person.is_only_named:
            known = [x for x in people_under(unit, person.email) if not x.is_only_named]
            found[named.id] = tuple(_as_recorded(x, named.role) for x in (*known, person))
    return found


def settle_named(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    number: str,
    version: int,
    *,
    before: RequestContent,
) -> None:
    """After the completeness check: who was only named is on record now, or stands under another.

    Args:
        p: The programme.
        unit: The transaction of the check.
        actor: Who checked.
        number: The request.
        version: Of it.
        before: What was submitted.
    """
    request = unit.request(number)
    after = request.version(version) if request is not None else None
    if after is None:
        return
    kept = {person.id for person in after.content.people}
    if kept != {person.id for person in before.people}:
        saved = Draft(plain(after.content), 0, actor.by, format_instant(p.clock()))
        write_draft(unit, number, version, saved, based_on=None)
    for named in before.people:
        person = unit.person(named.id)
        if person is not None and person.is_only_named:
            _settle(p, unit, actor, person, number, here=named.id in kept)


def _settle(
    p: Programme, unit: UnitOfWork, actor: Actor, person: Person, number: str, *, here: bool
) -> None:
    """On record as named; or, where they are on record otherwise, a record that nobody uses."""
    changes: dict[str, object] = {"named_by": None}
    reason = f"Found complete in {number}: on record as named."
    if not here:
        changes = {"employed_until": person.employed_from - timedelta(days=1)}
        reason = f"Found complete in {number}: on record otherwise."
    changed = person.model_copy(update=changes)
    event = PersonChanged(
        subject=person.id, at=p.clock(), by=actor.by, person=changed, reason=reason
    )
    position = unit.load("person", person.id).position
    unit.append("person", person.id, (event,), based_on=position, actor=actor.by)


def _loaded(unit: UnitOfWork, person_id: PersonId) -> Person:
    person = unit.person(person_id)
    if person is None:
        raise NotFoundError("There is no such person.")
    return person


def _as_recorded(person: Person, role: str) -> RequestPerson:
    facts = {
        "id": person.id,
        "name": person.name,
        "employer": person.employer,
        "agency": person.agency,
        "employment_class": person.employment_class,
        "role": role,
    }
    return facts_of(RequestPerson, facts, "The form")
