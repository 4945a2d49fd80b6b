"""Commands on a person's record: each is checked and gives an event, or every reason why not.

Whether the caller may change records at all is `governance.permissions`' to judge, and that an
account belongs to one person only is the store's; here stand the record's own rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from governance.calendar import legal_date
from governance.decisions import Decision, Denial
from governance.facts import Command, Handled, Text, judge
from governance.people.events import PersonChanged, PersonEnded, PersonRegistered
from governance.people.model import Person, PortalRole

_CONFLICT: Final = "C.G.S. §§ 1-85, 1-86"
_LEAVERS: Final = "Governance manual, leavers and newcomers"
_OFFICE: Final = "Governance manual, operating office"
_STEWARDS: Final = "Governance manual, data owners and data stewards"
_SELF_GIVEN: Final = frozenset({PortalRole.REQUESTOR})
"""What a first sign-in gives; every other role the office gives."""
_FOR_AGENCY: Final = frozenset({PortalRole.DATA_OWNER, PortalRole.DATA_STEWARD})


class PersonCommand(Command):
    """Base of the commands."""


class RegisterPerson(PersonCommand):
    """Make a record: by the office, or by the person's own first sign-in (`by` is their id)."""

    person: Person


class ChangePerson(PersonCommand):
    """Put the record as it is from now on."""

    person: Person
    reason: Text


class EndPerson(PersonCommand):
    """Record on which day somebody left: the first legal date without access, today as a rule.

    A day to come is scheduled: access ends when it begins.
    """

    person: Text
    left_on: date
    reason: Text

    @property
    def last_day(self) -> date:
        """The last legal date with access."""
        return self.left_on - timedelta(days=1)


def handle(people: Mapping[str, Person], command: PersonCommand) -> Handled:
    """Judge a command against the records of everybody.

    Args:
        people: Every record as it is, by id.
        command: What is wanted, by whom, when.
    """
    return _HANDLERS[type(command)](people, command)


def _register(people: Mapping[str, Person], command: RegisterPerson) -> Handled:
    rules = ("person.once", "person.roles", "person.dates", "person.self")
    new = command.person
    denials = [*_record_denials(new)]
    if new.id in people:
        reason = f"There is a record of {new.id}."
        denials.append(Denial(rules[0], reason, "Change that record.", _OFFICE))
    if command.by == new.id and set(new.roles) - _SELF_GIVEN:
        reason = "Who signs in for the first time is a requestor and nothing more."
        denials.append(Denial(rules[3], reason, "The office gives other roles.", _CONFLICT))
    event = PersonRegistered(subject=new.id, at=command.at, by=command.by, person=new)
    return judge(rules, denials, event)


def _change(people: Mapping[str, Person], command: ChangePerson) -> Handled:
    rules = ("person.known", "person.roles", "person.dates", "person.self", "person.office")
    new, old = command.person, people.get(command.person.id)
    if old is None:
        return judge(rules, [_unknown(rules[0], new.id)])
    denials = [*_record_denials(new)]
    if command.by == new.id and (gained := _gained(old, new)):
        reason = f"Nobody gives themself what they may do: {', '.join(gained)}."
        denials.append(Denial(rules[3], reason, "Another one of the office does it.", _CONFLICT))
    after = {**people, new.id: new}
    denials += _office_denials(people, after, legal_date(command.at))
    event = PersonChanged(
        subject=new.id, at=command.at, by=command.by, person=new, reason=command.reason
    )
    return judge(rules, denials, event)


def _end(people: Mapping[str, Person], command: EndPerson) -> Handled:
    rules = ("person.known", "person.dates", "person.ended", "person.office")
    old = people.get(command.person)
    if old is None:
        return judge(rules, [_unknown(rules[0], command.person)])
    denials = []
    if command.left_on < old.employed_from:
        reason = "They left before their first day."
        denials.append(Denial(rules[1], reason, "Correct the dates.", _LEAVERS))
    if old.employed_until is not None and old.employed_until <= command.last_day:
        reason = f"By the record, {old.employed_until} is their last day with access already."
        remedy = "Change the record if somebody comes back or stays longer."
        denials.append(Denial(rules[2], reason, remedy, _LEAVERS))
    ended = old.model_copy(update={"employed_until": command.last_day})
    after = {**people, old.id: ended}
    denials += _office_denials(people, after, legal_date(command.at), gone=old.id)
    event = PersonEnded(
        subject=old.id,
        at=command.at,
        by=command.by,
        last_day=command.last_day,
        reason=command.reason,
    )
    return judge(rules, denials, event)


def decide_roles(roles: Iterable[PortalRole]) -> Decision:
    """Whether one person may hold the roles together, whoever gave them."""
    held, denials = set(roles), []
    if PortalRole.AUDITOR in held and len(held) > 1:
        reason = "An auditor reads everything and changes nothing, and so holds no other role."
        remedy = "Take the other roles away, or let somebody else audit."
        denials.append(Denial("person.roles", reason, remedy, _CONFLICT))
    if PortalRole.OPERATOR in held and held & _FOR_AGENCY:
        reason = "Who checks requests for the office does not decide on them for an agency."
        denials.append(Denial("person.roles", reason, "Give one of the two roles.", _CONFLICT))
    return Decision(("person.roles",), tuple(denials))


def _record_denials(person: Person) -> Iterator[Denial]:
    roles = set(person.roles)
    yield from decide_roles(roles).denials
    if roles & _FOR_AGENCY and person.agency is None:
        reason = (
            "A data owner or data steward acts for the agency that employs them; none is named."
        )
        yield Denial("person.roles", reason, "Name the agency.", _STEWARDS)
    if (PortalRole.SIGNATORY in roles) != bool(person.parties):
        reason = "A signatory signs for named parties, and nobody else does."
        yield Denial("person.roles", reason, "Name role and parties together.", _OFFICE)
    if len(set(person.roles)) != len(person.roles):
        reason = "A role is given twice."
        yield Denial("person.roles", reason, "Give it once.", _OFFICE)
    never = person.employed_from - timedelta(days=1)
    if person.employed_until is not None and person.employed_until < never:
        reason = "The last day is before the first."
        yield Denial("person.dates", reason, "Correct the dates.", _LEAVERS)


def _gained(old: Person, new: Person) -> list[str]:
    """What a change gives: roles, parties, an agency, a longer employment."""
    gained = [r.value.replace("_", " ") for r in new.roles if r not in old.roles]
    gained += [f"signing for {p}" for p in new.parties if p not in old.parties]
    if new.agency is not None and new.agency != old.agency:
        gained.append("another agency")
    if new.employment_class != old.employment_class:
        gained.append("another kind of employment")
    if new.employed_from < old.employed_from or _later(new.employed_until, old.employed_until):
        gained.append("a longer employment")
    return gained


def _later(new: date | None, old: date | None) -> bool:
    return old is not None and (new is None or new > old)


def _office_denials(
    before: Mapping[str, Person], after: Mapping[str, Person], today: date, *, gone: str = ""
) -> Iterator[Denial]:
    """Somebody must be left who can give roles: with an account, employed, and for good."""
    had, left = _operators(before.values(), today), _operators(after.values(), today)
    if had and not left - {gone}:
        reason = "No operator would be left."
        yield Denial("person.office", reason, "Name another operator first.", _OFFICE)


def _operators(people: Iterable[Person], today: date) -> set[str]:
    """Operators who work today and whose record knows no end."""
    return {
        p.id
        for p in people
        if PortalRole.OPERATOR in p.roles and p.employed(today) and p.employed_until is None
    }


def _unknown(rule: str, person: str) -> Denial:
    return Denial(rule, f"There is no record of {person}.", "Register them first.", _OFFICE)


_HANDLERS: Final[Mapping[type[PersonCommand], Callable[..., Handled]]] = {
    RegisterPerson: _register,
    ChangePerson: _change,
    EndPerson: _end,
}
