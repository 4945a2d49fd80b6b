"""People of the programme: their records and the events that made them. Pure."""

from governance.people.events import (
    PersonChanged,
    PersonEnded,
    PersonEvent,
    PersonRegistered,
    parse_event,
    replay,
)
from governance.people.model import Person, PortalRole

__all__ = [
    "Person",
    "PersonChanged",
    "PersonEnded",
    "PersonEvent",
    "PersonRegistered",
    "PortalRole",
    "parse_event",
    "replay",
]
