"""What can have happened to a person's record; the subject is the person's id."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from governance.audit.tags import Tag
from governance.facts import Event, Text, stored_event
from governance.people.model import Person


class PersonEvent(Event):
    """Base of the events of a person."""


class PersonRegistered(PersonEvent):
    """The office, or a person's first sign-in, made a record."""

    tag: Literal[Tag.PERSON_REGISTERED] = Tag.PERSON_REGISTERED
    person: Person


class PersonChanged(PersonEvent):
    """Employer, roles, parties or account changed: the record as it is from now on."""

    tag: Literal[Tag.PERSON_CHANGED] = Tag.PERSON_CHANGED
    person: Person
    reason: Text


class PersonEnded(PersonEvent):
    """Employment ended.

    Attributes:
        last_day: The last legal date with access: the one before they left.
    """

    tag: Literal[Tag.PERSON_ENDED] = Tag.PERSON_ENDED
    last_day: date
    reason: Text


AnyPersonEvent = Annotated[
    PersonRegistered | PersonChanged | PersonEnded, Field(discriminator="tag")
]
_EVENTS: TypeAdapter[PersonEvent] = TypeAdapter(AnyPersonEvent)


def parse_event(stored: str | bytes | Mapping[str, object]) -> PersonEvent:
    """Read a stored event."""
    return stored_event(_EVENTS, stored)


def apply(person: Person | None, event: PersonEvent) -> Person | None:
    """The record after one more event; None when there is none to end."""
    match event:
        case PersonRegistered() | PersonChanged():
            return event.person
        case PersonEnded() if person is not None:
            return person.model_copy(update={"employed_until": event.last_day})
        case _:
            return person


def replay(events: Iterable[PersonEvent]) -> Person | None:
    """The record after the events; None when there are none."""
    person: Person | None = None
    for event in events:
        person = apply(person, event)
    return person
