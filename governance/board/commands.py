"""What can be wanted of a body: its roster, its meetings, its motions and votes."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from governance.board.bylaws import MotionKind
from governance.board.model import BoardPerson, Choice, Interest, MotionCondition
from governance.facts import Command, Digest, Id, Name, PersonId, Text


class BodyCommand(Command):
    """Base of the commands."""


class FillSeat(BodyCommand):
    """Name an agency's member."""

    agency: Name
    person: PersonId
    name: Text | None = None


class VacateSeat(BodyCommand):
    """Empty an agency's seat."""

    agency: Name


class NameAlternate(BodyCommand):
    """Name an agency's alternate."""

    agency: Name
    person: PersonId
    person_facts: BoardPerson = BoardPerson()
    until: date | None = None


class FileProxy(BodyCommand):
    """File a dated proxy letter; the member gives it."""

    agency: Name
    holder: PersonId
    holder_facts: BoardPerson = BoardPerson()
    valid_from: date
    valid_until: date


class WithdrawProxy(BodyCommand):
    """Withdraw the letters to a holder."""

    agency: Name
    holder: PersonId


class NoticeMeeting(BodyCommand):
    """Post a meeting's notice; `rescheduled_from` names the adjourned meeting it takes up."""

    meeting: Id
    starts_at: AwareDatetime
    public: bool = True
    rescheduled_from: Id | None = None


class OpenMeeting(BodyCommand):
    """Bring a meeting to session."""

    meeting: Id


class EndMeeting(BodyCommand):
    """Adjourn or close a meeting."""

    meeting: Id
    adjourn: bool
    reason: Text


class Arrive(BodyCommand):
    """Record that somebody entered."""

    meeting: Id
    person: PersonId


class Depart(BodyCommand):
    """Record that somebody left."""

    meeting: Id
    person: PersonId


class MoveMotion(BodyCommand):
    """Move a motion in a meeting in session."""

    meeting: Id
    motion: Id
    kind: MotionKind
    text: Text
    about: Id
    about_digest: Digest | None = None
    requestors: tuple[PersonId, ...] = ()
    requestor_employers: tuple[Name, ...] = ()
    conditions: tuple[MotionCondition, ...] = ()


class DeclareInterest(BodyCommand):
    """Declare an interest in a motion: one's own."""

    motion: Id
    text: Text


class PutMotion(BodyCommand):
    """Call the vote; `interests` are those declared in the motion's request before."""

    motion: Id
    interests: tuple[Interest, ...] = ()


class CastVote(BodyCommand):
    """Vote for a seat: as member, by proxy or as alternate."""

    motion: Id
    agency: Name
    choice: Choice
    rationale: Annotated[str, Field(max_length=4000)] = ""


class CloseVote(BodyCommand):
    """Close the vote and record the outcome."""

    motion: Id
