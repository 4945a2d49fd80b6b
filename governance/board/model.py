"""The facts of a vote: seats, people, meeting, attendance, proxies, interests, motion, votes."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, model_validator

from governance.board.bylaws import BodyRules, Bylaws, MotionKind
from governance.facts import Digest, Facts, Id, Name, PersonId, Text, facts_of, read_content


class Alternate(Facts):
    """Whom an agency named to sit when its member does not.

    Attributes:
        named_at: UTC; like a proxy it must be on file before the meeting starts.
        until: Last day, inclusive; None: until withdrawn.
    """

    person: PersonId
    named_at: AwareDatetime
    until: date | None = None


class Seat(Facts):
    """One agency's seat; without a member it is vacant and no part of the quorum's denominator."""

    agency: Name
    member: PersonId | None
    alternates: tuple[Alternate, ...] = ()


class BoardPerson(Facts):
    """Name and employer of somebody who is neither member nor alternate of their own agency."""

    name: Text | None = None
    employer: Name | None = None


class Proxy(Facts):
    """A dated proxy letter: named person, named period.

    Attributes:
        agency: Whose seat.
        given_by: The member.
        holder: Who sits instead.
        valid_from, valid_until: Legal dates, inclusive.
        filed_at: UTC; must be before the meeting starts.
        withdrawn_at: UTC, or None.
    """

    agency: Name
    given_by: PersonId
    holder: PersonId
    valid_from: date
    valid_until: date
    filed_at: AwareDatetime
    withdrawn_at: AwareDatetime | None = None


class Interest(Facts):
    """An interest somebody declared in the motion's subject."""

    person: PersonId
    text: Text
    declared_at: AwareDatetime


class Attendance(Facts):
    """One stay in the room; a person who comes back has another."""

    person: PersonId
    arrived_at: AwareDatetime
    left_at: AwareDatetime | None = None


class Meeting(Facts):
    """One meeting of a body.

    Attributes:
        noticed_at: When the notice was posted, UTC; None: never.
        starts_at: The noticed beginning, UTC.
        opened_at, ended_at: When it was in session, UTC.
        rescheduled_from: The adjourned meeting whose business it takes up.
    """

    id: Id
    starts_at: AwareDatetime
    noticed_at: AwareDatetime | None
    public: bool
    opened_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    rescheduled_from: Id | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.ended_at and (self.opened_at is None or self.ended_at < self.opened_at):
            raise ValueError("the meeting ended before it was opened")
        return self


class MotionCondition(Facts):
    """A condition that the approval carries.

    Attributes:
        blocks_access: Nobody may query before it is met.
    """

    id: Id
    text: Text
    blocks_access: bool = True


class Motion(Facts):
    """What is put to the vote.

    Attributes:
        subject: The request's number, or the agency to admit.
        subject_digest: Of the content voted on: an approval is of this and nothing else.
        requestors: Persons whose own request it is.
        requestor_employers: Agencies that employ a requestor: their members are recused. An agency
            whose data is asked for is no requestor by that.
        moved_at, put_at: UTC; presence and quorum are judged at `put_at`, when the vote is called.
        closed_at: When the vote was closed; None: with the session's end.
    """

    id: Id
    kind: MotionKind
    text: Text
    subject: Id
    subject_digest: Digest | None = None
    requestors: tuple[PersonId, ...] = ()
    requestor_employers: tuple[Name, ...] = ()
    conditions: tuple[MotionCondition, ...] = ()
    moved_by: PersonId
    moved_at: AwareDatetime
    put_at: AwareDatetime
    closed_at: AwareDatetime | None = None


class Choice(StrEnum):
    """How a seat voted."""

    IN_FAVOR = "in_favor"
    AGAINST = "against"
    ABSTAIN = "abstain"


class Vote(Facts):
    """One seat's vote; the first one of whoever sits in the seat stands."""

    agency: Name
    person: PersonId
    choice: Choice
    rationale: Annotated[str, Field(max_length=4000)] = ""
    cast_at: AwareDatetime


class MotionFacts(Facts):
    """Everything an outcome is computed from, and nothing else is."""

    rules: BodyRules
    seats: Annotated[tuple[Seat, ...], Field(min_length=1)]
    people: Mapping[PersonId, BoardPerson] = Field(default_factory=dict)
    meeting: Meeting
    attendance: tuple[Attendance, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    interests: tuple[Interest, ...] = ()
    motion: Motion
    votes: tuple[Vote, ...] = ()

    def name(self, person: str) -> str:
        """What a person is called in the roll call: by name, where the record had one."""
        known = self.people.get(person)
        return known.name if known is not None and known.name else person

    @model_validator(mode="after")
    def _check_seats_differ(self) -> Self:
        agencies = [seat.agency for seat in self.seats]
        members = [seat.member for seat in self.seats if seat.member is not None]
        if len(set(agencies)) != len(agencies):
            raise ValueError("an agency has two seats")
        if len(set(members)) != len(members):
            raise ValueError("a person holds two seats")
        return self


def parse_motion(document: bytes, where: str, bylaws: Bylaws) -> MotionFacts:
    """Read a motion's facts; `body: NAME` in place of `rules` takes the rules of those bylaws.

    Raises:
        DocumentError: The document has mistakes, or the bylaws know no such body.
    """
    return facts_of(MotionFacts, with_rules(read_content(document, where), bylaws), where)


def with_rules(content: Mapping[str, Any], bylaws: Bylaws) -> Mapping[str, Any]:
    """A motion's plain values with the rules of the body they name.

    Raises:
        DocumentError: The bylaws know no such body.
    """
    name = content.get("body")
    if not isinstance(name, str) or "rules" in content:
        return content
    rules = bylaws.body(name).model_dump(mode="json")
    return {k: v for k, v in content.items() if k != "body"} | {"rules": rules}
