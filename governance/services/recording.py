"""Events that are no change of a record: denials, reads, attachments, reminders, costs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import Field, JsonValue

from governance.audit.chain import Entry
from governance.audit.tags import Tag
from governance.decisions import AccessDeniedError, Denial, refusal_of
from governance.facts import Event
from governance.permissions import Actor
from governance.services.programme import Programme
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store.streams import PROGRAMME
from governance.store.subjects import is_id


class Noted(Event):
    """Something that happened in the programme; row-free facts, by name."""

    facts: Mapping[str, JsonValue] = Field(default_factory=dict)


def note(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    tag: Tag,
    *,
    subject: str,
    facts: Mapping[str, Any],
    once: str | None = None,
) -> Entry | None:
    """Append such an event in a running transaction.

    Args:
        p: The programme.
        unit: The transaction.
        actor: Whose act it is.
        tag: What happened.
        subject: Internal id of what it is about.
        facts: Names, counts and ids.
        once: Idempotency key: a second one with the same key writes nothing.

    Returns:
        The entry, or None when it was there already.
    """
    if once is not None and unit.find_once(once) is not None:
        return None
    event = Noted(tag=tag, subject=subject, at=p.clock(), by=actor.by, facts=plain(facts))
    made = unit.append("programme", PROGRAMME, (event,), based_on=None, actor=actor.by, once=once)
    return made[0]


def record(
    p: Programme,
    actor: Actor,
    tag: Tag,
    *,
    subject: str,
    facts: Mapping[str, Any],
    once: str | None = None,
) -> Entry | None:
    """As `note`, in a transaction of its own."""
    with p.store.begin() as unit:
        return note(p, unit, actor, tag, subject=subject, facts=facts, once=once)


@contextmanager
def denials_recorded(p: Programme, actor: Actor, action: str, subject: str) -> Iterator[None]:
    """Whatever is refused inside is an entry before the refusal is told.

    Raises:
        NotFoundError: `subject` can be no number or id of anything.
    """
    if not is_id(subject):
        raise NotFoundError("There is nothing of that number or name.")
    try:
        yield
    except AccessDeniedError as error:
        denials = error.decision.denials
        facts = {
            "action": action,
            "rules": list(dict.fromkeys(d.rule for d in denials)),
            "clauses": list(dict.fromkeys(d.clause for d in denials)),
        }
        record(p, actor, Tag.ACTION_DENIED, subject=subject, facts=facts)
        raise


def refuse(p: Programme, actor: Actor, action: str, subject: str, denial: Denial) -> None:
    """Record one rule's no, then tell it.

    Raises:
        AccessDeniedError: Always.
    """
    with denials_recorded(p, actor, action, subject):
        raise refusal_of(denial)
