"""People: register, change, end, find, and what a sign-in makes of them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from governance.calendar import legal_date
from governance.decisions import check_permitted
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.people import (
    Person,
    PersonChanged,
    PersonEnded,
    PersonEvent,
    PersonRegistered,
    PortalRole,
)
from governance.people.commands import (
    ChangePerson,
    EndPerson,
    PersonCommand,
    RegisterPerson,
    handle,
)
from governance.permissions import Action, Actor, Target, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store.lists import PeopleFilter, find_person, list_people_rows, people_under
from governance.store.paging import MAX_PER_PAGE, Page

SIGN_IN: Final = "sign-in"
"""Who acts when an identity provider says something new about a person."""
_NEW: Final = "programme"


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which people, in which order.

    Attributes:
        text: Words, anywhere in id, name, address or employer.
        employed: Only those employed today, or not employed today; None: all.
    """

    text: str = ""
    role: PortalRole | None = None
    agency: str | None = None
    employed: bool | None = None
    sort: str = "name"
    descending: bool = False
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, slots=True)
class SignInClaims:
    """What the identity provider says of who signs in.

    Attributes:
        email_verified: Only then a record that waits for its first sign-in is found by address.
        roles: Portal roles the provider's groups stand for; None: the provider says nothing.
    """

    name: str
    email: str
    email_verified: bool = False
    roles: tuple[PortalRole, ...] | None = None


def register_person(
    p: Programme, actor: Actor, facts: Mapping[str, Any], *, once: str | None = None
) -> Person:
    """Make a person's record.

    Args:
        p: The programme.
        actor: Of the operating office.
        facts: Fields of `Person`; without `id` a random one is chosen.
        once: The form's token: submitted twice, it happens once.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The form has mistakes, or id or account are taken.
    """
    given = {"id": new_person_id(), **plain(facts)}
    with denials_recorded(p, actor, Action.CHANGE_PEOPLE.value, _NEW), p.store.begin() as unit:
        target = Target(person=given["id"] if isinstance(given["id"], str) else None)
        check_permitted(decide_action(actor, Action.CHANGE_PEOPLE, target, today=p.today))
        mark = None if once is None else f"register:{actor.by}:{once}"
        if mark is not None and (seq := unit.find_once(mark)) is not None:
            return _load(unit, unit.subject_of(seq))[0]
        person = facts_of(Person, given, "The form")
        _judge(unit, RegisterPerson(by=actor.by, at=p.clock(), person=person))
        return _register(p, unit, person, actor.by, mark)


def change_person(
    p: Programme,
    actor: Actor,
    person_id: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    based_on: int | None = None,
) -> Person:
    """Change a person's record: name, employer, roles, parties, account, dates.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The form has mistakes, or the account is taken.
        NotFoundError: There is no such person.
        StaleError: Somebody changed it since.
    """
    denials = denials_recorded(p, actor, Action.CHANGE_PEOPLE.value, person_id)
    with denials, p.store.begin() as unit:
        unit.check_current("person", person_id, based_on)
        old = _may_change(p, unit, actor, person_id)
        given = {**old.model_dump(mode="json"), **plain(changes), "id": person_id}
        person = facts_of(Person, given, "The form")
        _check_free(unit, person)
        facts = {"by": actor.by, "at": p.clock().isoformat(), "person": plain(person)}
        command = facts_of(ChangePerson, {**facts, "reason": reason}, "The form")
        _judge(unit, command, old)
        told = plain(person)
        _append(p, unit, actor.by, PersonChanged, person_id, person=told, reason=reason)
        return person


def end_person(
    p: Programme,
    actor: Actor,
    person_id: str,
    *,
    left_on: date,
    reason: str,
    based_on: int | None = None,
) -> Person:
    """Record that somebody left: from that day on they have no access to any request's data.

    Args:
        p: The programme.
        actor: Of the operating office.
        person_id: Who left.
        left_on: The first legal date without access. Today or before: access ends at once. A day
            to come is scheduled: access ends when it begins.
        reason: It stands in the record.
        based_on: Position of the record when the form was opened.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The reason is missing.
        NotFoundError: There is no such person.
        StaleError: Somebody changed the record since.
    """
    denials = denials_recorded(p, actor, Action.CHANGE_PEOPLE.value, person_id)
    with denials, p.store.begin() as unit:
        unit.check_current("person", person_id, based_on)
        old = _may_change(p, unit, actor, person_id)
        facts = {"by": actor.by, "at": p.clock().isoformat(), "person": person_id}
        told = {"left_on": left_on.isoformat(), "reason": reason}
        command = facts_of(EndPerson, {**facts, **told}, "The form")
        _judge(unit, command, old)
        last = command.last_day.isoformat()
        _append(p, unit, actor.by, PersonEnded, person_id, last_day=last, reason=reason)
        return _load(unit, person_id)[0]


def read_person(p: Programme, actor: Actor, person_id: str) -> tuple[Person, int]:
    """A person's record, and the position a change is based on.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        NotFoundError: There is no such person.
    """
    with denials_recorded(p, actor, Action.READ_PEOPLE.value, person_id):
        target = Target(person=person_id)
        check_permitted(decide_action(actor, Action.READ_PEOPLE, target, today=p.today))
        with p.store.read() as unit:
            return _load(unit, person_id)


def list_people(p: Programme, actor: Actor, query: PeopleQuery | None = None) -> Page[Person]:
    """One page of people.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    asked = query or PeopleQuery()
    wanted = PeopleFilter(
        text=asked.text,
        role=asked.role.value if asked.role else None,
        agency=asked.agency,
        employed_on=p.today if asked.employed is True else None,
        not_employed_on=p.today if asked.employed is False else None,
        sort=asked.sort,
        descending=asked.descending,
        page=asked.page,
        per_page=asked.per_page,
    )
    with denials_recorded(p, actor, Action.READ_PEOPLE.value, _NEW):
        check_permitted(decide_action(actor, Action.READ_PEOPLE, Target(), today=p.today))
        with p.store.read() as unit:
            return list_people_rows(unit, wanted)


def find_by_account(p: Programme, account: str) -> Person | None:
    """Whose sign-in that is, or None; for the portal, before anybody is an actor."""
    with p.store.read() as unit:
        return find_person(unit, account=account)


def find_by_id(p: Programme, person_id: str) -> Person | None:
    """The record of a session's person, or None; for the portal, before anybody is an actor."""
    with p.store.read() as unit:
        return find_person(unit, id=person_id)


def sign_in(p: Programme, account: str, claims: SignInClaims) -> Person:
    """Who signed in: found by account, else by a verified address, else a new requestor.

    Args:
        p: The programme.
        account: Issuer and subject, joined; verified by the caller.
        claims: What the provider says besides.

    Raises:
        DocumentError: Name or address are unusable.
    """
    found = find_by_account(p, account)
    if found is not None and not _roles_differ(found, claims):
        return found
    with p.store.begin() as unit:
        person = find_person(unit, account=account) or _waiting(unit, claims)
        if person is None:
            return _register(p, unit, _newcomer(p, account, claims), SIGN_IN, None)
        roles = claims.roles if _roles_differ(person, claims) else person.roles
        changed = person.model_copy(update={"account": account, "roles": roles})
        if changed != person:
            told, reason = plain(changed), "As the identity provider says."
            _append(p, unit, SIGN_IN, PersonChanged, person.id, person=told, reason=reason)
        return changed


def new_person_id() -> str:
    """A random id: the public chain names people by it."""
    return f"p-{secrets.token_hex(6)}"


def _newcomer(p: Programme, account: str, claims: SignInClaims) -> Person:
    facts = {
        "id": new_person_id(),
        "name": claims.name,
        "email": claims.email,
        "account": account,
        "employer": "Not stated",
        "employment_class": "other",
        "roles": [r.value for r in claims.roles or (PortalRole.REQUESTOR,)],
        "employed_from": p.today.isoformat(),
    }
    return facts_of(Person, plain(facts), "The sign-in")


def _waiting(unit: UnitOfWork, claims: SignInClaims) -> Person | None:
    """A record the office made that waits for its first sign-in, by its verified address."""
    if not claims.email_verified:
        return None
    return find_waiting(unit, claims.email)


def find_waiting(unit: UnitOfWork, email: str) -> Person | None:
    """The one record without an account that has the address; else one that requestors typed.

    Requestors may have named the same newcomer several times: the first record becomes theirs, and
    the others are settled at the completeness check of their requests.
    """
    same = [x for x in people_under(unit, email) if x.account is None]
    kept = [x for x in same if not x.is_only_named]
    if kept:
        return kept[0] if len(kept) == 1 else None
    named = [x for x in same if x.employed_until is None]
    return min(named, key=lambda x: (x.employed_from, x.id), default=None)


def _roles_differ(person: Person, claims: SignInClaims) -> bool:
    return (
        claims.roles is not None and bool(claims.roles) and (set(claims.roles) != set(person.roles))
    )


def _register(p: Programme, unit: UnitOfWork, person: Person, by: str, mark: str | None) -> Person:
    if unit.load("person", person.id).position:
        problem = "id: it is taken; choose another"
        raise DocumentError.counted("The form has", problem)
    _check_free(unit, person)
    event = PersonRegistered(subject=person.id, at=p.clock(), by=by, person=person)
    unit.append("person", person.id, (event,), based_on=0, actor=by, once=mark)
    return person


def _append(
    p: Programme,
    unit: UnitOfWork,
    by: str,
    kind: type[PersonEvent],
    person_id: str,
    **facts: object,
) -> None:
    given = {**facts, "subject": person_id, "at": p.clock().isoformat(), "by": by}
    event = facts_of(kind, given, "The form")
    position = unit.load("person", person_id).position
    unit.append("person", person_id, (event,), based_on=position, actor=by)


def _judge(unit: UnitOfWork, command: PersonCommand, *about: Person) -> None:
    """Raise unless the rules of people's records permit it: roles that go together, an office.

    Raises:
        AccessDeniedError: They do not.
    """
    employed = PeopleFilter(
        role=PortalRole.OPERATOR.value, employed_on=legal_date(command.at), per_page=MAX_PER_PAGE
    )
    office = list_people_rows(unit, employed).items
    check_permitted(handle({x.id: x for x in (*office, *about)}, command).decision)


def _may_change(p: Programme, unit: UnitOfWork, actor: Actor, person_id: str) -> Person:
    target = Target(person=person_id)
    check_permitted(decide_action(actor, Action.CHANGE_PEOPLE, target, today=p.today))
    return _load(unit, person_id)[0]


def _load(unit: UnitOfWork, person_id: str) -> tuple[Person, int]:
    person = unit.person(person_id)
    if person is None:
        raise NotFoundError("There is no such person.")
    return person, unit.load("person", person_id).position


def _check_free(unit: UnitOfWork, person: Person) -> None:
    if person.account is None:
        return
    holder = find_person(unit, account=person.account)
    if holder is not None and holder.id != person.id:
        problem = "account: it is another person's"
        raise DocumentError.counted("The form has", problem)
