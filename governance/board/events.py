"""What can have happened in a body: its roster, its meetings, its motions and votes."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from governance.audit.tags import Tag
from governance.board.bylaws import MotionKind
from governance.board.model import BoardPerson, Choice, Interest, MotionCondition
from governance.facts import Digest, Event, Id, Name, PersonId, Text, stored_event


class BodyEvent(Event):
    """Base; `subject` is the body, the meeting or the motion it is about."""


class SeatFilled(BodyEvent):
    """An agency named its member (in place of an earlier one)."""

    tag: Literal[Tag.SEAT_FILLED] = Tag.SEAT_FILLED
    agency: Name
    person: PersonId
    name: Text | None = None


class SeatVacated(BodyEvent):
    """The seat has no member from now on."""

    tag: Literal[Tag.SEAT_VACATED] = Tag.SEAT_VACATED
    agency: Name


class AlternateNamed(BodyEvent):
    """The agency named its alternate."""

    tag: Literal[Tag.ALTERNATE_NAMED] = Tag.ALTERNATE_NAMED
    agency: Name
    person: PersonId
    person_facts: BoardPerson = BoardPerson()
    until: date | None = None


class ProxyFiled(BodyEvent):
    """A proxy letter came on file; filed at the event's own instant, nobody's word."""

    tag: Literal[Tag.PROXY_FILED] = Tag.PROXY_FILED
    agency: Name
    given_by: PersonId
    holder: PersonId
    holder_facts: BoardPerson = BoardPerson()
    valid_from: date
    valid_until: date


class ProxyWithdrawn(BodyEvent):
    """The member withdrew every letter to that holder."""

    tag: Literal[Tag.PROXY_WITHDRAWN] = Tag.PROXY_WITHDRAWN
    agency: Name
    holder: PersonId


class MeetingNoticed(BodyEvent):
    """A notice was posted at the event's instant."""

    tag: Literal[Tag.MEETING_NOTICED] = Tag.MEETING_NOTICED
    starts_at: AwareDatetime
    public: bool
    rescheduled_from: Id | None = None


class MeetingOpened(BodyEvent):
    """The meeting came to session."""

    tag: Literal[Tag.MEETING_OPENED] = Tag.MEETING_OPENED


class MeetingEnded(BodyEvent):
    """The meeting was adjourned or closed."""

    tag: Literal[Tag.MEETING_ADJOURNED, Tag.MEETING_CLOSED]
    reason: Text


class PersonArrived(BodyEvent):
    """Somebody entered."""

    tag: Literal[Tag.PERSON_ARRIVED] = Tag.PERSON_ARRIVED
    person: PersonId


class PersonDeparted(BodyEvent):
    """Somebody left."""

    tag: Literal[Tag.PERSON_DEPARTED] = Tag.PERSON_DEPARTED
    person: PersonId


class MotionMoved(BodyEvent):
    """A motion was moved in a meeting."""

    tag: Literal[Tag.MOTION_MOVED] = Tag.MOTION_MOVED
    meeting: Id
    kind: MotionKind
    text: Text
    about: Id
    about_digest: Digest | None = None
    requestors: tuple[PersonId, ...] = ()
    requestor_employers: tuple[Name, ...] = ()
    conditions: tuple[MotionCondition, ...] = ()


class InterestDeclared(BodyEvent):
    """Somebody declared an interest in a motion."""

    tag: Literal[Tag.INTEREST_DECLARED] = Tag.INTEREST_DECLARED
    person: PersonId
    text: Text


class MotionPut(BodyEvent):
    """The vote was called.

    Attributes:
        interests: Declared in the motion's request before.
    """

    tag: Literal[Tag.MOTION_PUT] = Tag.MOTION_PUT
    interests: tuple[Interest, ...] = ()


class VoteCast(BodyEvent):
    """A seat voted; locked from then on."""

    tag: Literal[Tag.VOTE_CAST] = Tag.VOTE_CAST
    agency: Name
    person: PersonId
    choice: Choice
    rationale: Annotated[str, Field(max_length=4000)] = ""


class MotionDecided(BodyEvent):
    """The vote was closed; the tag says how it ended, the facts recompute it."""

    tag: Literal[Tag.MOTION_PASSED, Tag.MOTION_FAILED]
    in_favor: int
    represented: int
    quorum_needed: int
    approval_needed: int
    reasons: tuple[Text, ...] = ()


class AgencyAdmitted(BodyEvent):
    """The body admitted an agency; its seat is vacant until it names a member."""

    tag: Literal[Tag.AGENCY_ADMITTED] = Tag.AGENCY_ADMITTED
    agency: Name


AnyBodyEvent = Annotated[
    SeatFilled
    | SeatVacated
    | AlternateNamed
    | ProxyFiled
    | ProxyWithdrawn
    | MeetingNoticed
    | MeetingOpened
    | MeetingEnded
    | PersonArrived
    | PersonDeparted
    | MotionMoved
    | InterestDeclared
    | MotionPut
    | VoteCast
    | MotionDecided
    | AgencyAdmitted,
    Field(discriminator="tag"),
]
_EVENTS: TypeAdapter[BodyEvent] = TypeAdapter(AnyBodyEvent)


def parse_event(stored: str | bytes | Mapping[str, object]) -> BodyEvent:
    """Read a stored event."""
    return stored_event(_EVENTS, stored)
