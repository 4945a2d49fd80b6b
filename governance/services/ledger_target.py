"""What an entry of the ledger is about, as far as it matters to who may read or erase its facts."""

from collections.abc import Mapping
from typing import Any, Final

from governance.audit import Entry, Tag
from governance.permissions import Target
from governance.store import NotFoundError, UnitOfWork
from governance.store import chain_rows as rows

_OF_WHO_ACTED: Final = frozenset({Tag.ACTION_DENIED, Tag.ATTACHMENT_READ, Tag.ERASURE_ASKED})
_OF_A_PERSON: Final = frozenset(
    {Tag.NDA_SIGNED, Tag.TRAINING_RECORDED, Tag.PERSON_LEFT, Tag.INTEREST_DECLARED}
)


def entry_at(unit: UnitOfWork, seq: int) -> Entry:
    """The entry of that number.

    Raises:
        NotFoundError: There is none.
    """
    entry = rows.read_entry(unit, seq)
    if entry is None:
        raise NotFoundError("There is no entry of that number.")
    return entry


def target_of(unit: UnitOfWork, entry: Entry, facts: Mapping[str, Any]) -> Target:
    """What an entry is about: a person's record, a request, the one person it concerns."""
    place = unit.place_of(entry.seq)
    if place == ("person", entry.subject):
        return Target(person=entry.subject)
    return Target(request=unit.request(entry.subject), person=_concerned(entry, facts))


def _concerned(entry: Entry, facts: Mapping[str, Any]) -> str | None:
    """The one person an entry concerns, not all whom its request names; None for the others."""
    if entry.tag == Tag.REMINDER_SENT.value:
        found = facts.get("facts", {}).get("to")
    elif entry.tag in _OF_WHO_ACTED:
        found = facts.get("by")
    else:
        found = facts.get("person") if entry.tag in _OF_A_PERSON else None
    return found if isinstance(found, str) else None
