"""What documents, commands and events of the control plane are made of: strict, frozen facts.

An event is what happened: past tense, with a ledger tag, who did it and when. Replaying the events
of a subject gives its state; nothing else does. A command is what somebody wants; handling one
gives a decision and, when it permits, the events. Nothing is stored here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from governance.audit.tags import Tag
from governance.canonical import canonical_json
from governance.decisions import Decision, Denial
from governance.documents import Problems, read_document
from governance.errors import DocumentError

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Of an agency, a body, a dataset or a column."""
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a document, lower-case hex."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
"""Of a meeting, a motion or a request."""


class Facts(BaseModel):
    """Frozen, no unknown field, no coercion, and no input quoted in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Event(Facts):
    """Something that happened.

    Attributes:
        tag: Of the ledger; each event class fixes its own.
        subject: Internal id of what it is about.
        at: UTC.
        by: Person id, or the name of the process that acted.
    """

    tag: Tag
    subject: Id
    at: AwareDatetime
    by: PersonId


class Command(Facts):
    """Something somebody wants.

    Attributes:
        by: Who wants it.
        at: When: the instant the rules are judged at.
    """

    by: PersonId
    at: AwareDatetime


AnyEvent = TypeVar("AnyEvent", bound=Event)
AnyFacts = TypeVar("AnyFacts", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Handled:
    """What a command led to.

    Attributes:
        decision: Every rule that was checked, and every denial.
        events: What happened; empty unless the decision permits.
    """

    decision: Decision
    events: tuple[Event, ...] = ()


def judge(checked: tuple[str, ...], denials: list[Denial], *events: Event) -> Handled:
    """The events when nothing was denied; none otherwise."""
    decision = Decision(checked, tuple(denials))
    return Handled(decision, events if decision.permitted else ())


def stored_event(
    kinds: TypeAdapter[AnyEvent], stored: str | bytes | Mapping[str, object]
) -> AnyEvent:
    """Read an event as it is stored; strict facts take dates and instants from JSON alone.

    Args:
        kinds: The kinds of event it may be, told apart by their tag.
        stored: The JSON, or its plain values.
    """
    text = json.dumps(stored) if isinstance(stored, Mapping) else stored
    return kinds.validate_json(text)


def parse_facts(kind: type[AnyFacts], document: bytes, where: str) -> AnyFacts:
    """Read facts of one kind from a YAML or JSON document.

    Args:
        kind: Which facts are expected.
        document: UTF-8; dates as ISO 8601, instants with their zone.
        where: Name of the document, for messages.

    Raises:
        DocumentError: It has mistakes; `problems` lists every one with its path, none with what
            stands there.
    """
    return facts_of(kind, read_content(document, where), where)


def read_content(document: bytes, where: str) -> dict[str, Any]:
    """The document's plain values.

    Raises:
        DocumentError: It is no readable YAML or JSON.
    """
    problems = Problems()
    content = read_document(document, problems)
    if content is None:
        raise DocumentError.counted(f"{where} has", *problems.found, where=where)
    return content


def facts_of(kind: type[AnyFacts], content: Mapping[str, Any], where: str) -> AnyFacts:
    """Facts from plain values, as `parse_facts`.

    Raises:
        DocumentError: The values have mistakes.
    """
    problems = Problems()
    try:
        return kind.model_validate_json(canonical_json(content))
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False, include_context=False):
            problems.add(".".join(str(part) for part in found["loc"]), found["msg"])
    except (TypeError, ValueError):
        problems.add("", "it holds something that is no text, number, list or block")
    raise DocumentError.counted(f"{where} has", *problems.found, where=where)
