"""What can have happened to a data request; each event says its version and the status after."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from governance.audit.tags import Tag
from governance.facts import Digest, Event, Id, Name, PersonId, Text, stored_event
from governance.requests.model import RequestContent, RequestPerson
from governance.requests.states import Status


class ReviewChoice(StrEnum):
    """An owner's decision on its agency's part."""

    APPROVE = "approve"
    ASK_CHANGES = "ask_changes"
    REJECT = "reject"


class RequestEvent(Event):
    """Base of the events of a request.

    Attributes:
        subject: The request's number.
        version: 1 for the first; an amendment is the next.
        status: Of that version afterwards.
    """

    version: Annotated[int, Field(ge=1)]
    status: Status


class Drafted(RequestEvent):
    """A draft was saved."""

    tag: Literal[Tag.DATA_REQUEST_DRAFTED] = Tag.DATA_REQUEST_DRAFTED
    content: RequestContent


class Submitted(RequestEvent):
    """The content was submitted."""

    tag: Literal[Tag.DATA_REQUEST_SUBMITTED] = Tag.DATA_REQUEST_SUBMITTED
    content_digest: Digest


class Returned(RequestEvent):
    """Sent back to the requestor.

    Attributes:
        sent_by: The office, or an agency.
    """

    tag: Literal[Tag.DATA_REQUEST_RETURNED] = Tag.DATA_REQUEST_RETURNED
    sent_by: Name
    mend: Annotated[tuple[Text, ...], Field(min_length=1)]


class FoundComplete(RequestEvent):
    """Complete; which agencies review, and whose earlier approval stands: nothing changed.

    Attributes:
        confirmed: Persons the office found on record, by the id under which they were submitted.
    """

    tag: Literal[Tag.DATA_REQUEST_FOUND_COMPLETE] = Tag.DATA_REQUEST_FOUND_COMPLETE
    review: tuple[Name, ...]
    carried_over: tuple[Name, ...] = ()
    confirmed: Mapping[PersonId, RequestPerson] = Field(default_factory=dict)


class PartReviewed(RequestEvent):
    """An owner, or the alternate of a recused one, decided on its agency's part."""

    tag: Literal[Tag.DATA_REQUEST_PART_REVIEWED] = Tag.DATA_REQUEST_PART_REVIEWED
    agency: Name
    choice: ReviewChoice
    reason: Text
    conditions: tuple[Text, ...] = ()
    as_alternate: bool = False


class InterestDeclared(RequestEvent):
    """A data owner or alternate declared an interest in the request, and is recused from it.

    Attributes:
        reopens: Agencies whose decision was that person's: they decide anew, through another.
    """

    tag: Literal[Tag.INTEREST_DECLARED] = Tag.INTEREST_DECLARED
    person: PersonId
    text: Text
    reopens: tuple[Name, ...] = ()


class Decided(RequestEvent):
    """The board voted, or an owner rejected its part.

    Attributes:
        motion: Its id; the outcome is computed from the board's own events.
        agency: The owner that rejected its part, when it never came to a vote.
        conditions: Id to text; each holds access back until it is met.
    """

    tag: Literal[
        Tag.DATA_REQUEST_APPROVED,
        Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS,
        Tag.DATA_REQUEST_DENIED,
    ]
    motion: Id | None = None
    agency: Name | None = None
    decided_on: date
    reasons: tuple[Text, ...] = ()
    conditions: Mapping[str, Text] = Field(default_factory=dict)


class AgreementSent(RequestEvent):
    """The sharing agreement went out for signature.

    Attributes:
        terms: Digest of what of it binds a person (`governance.requests.terms`); None in entries
            made before it was recorded.
    """

    tag: Literal[Tag.SHARING_AGREEMENT_SENT] = Tag.SHARING_AGREEMENT_SENT
    agreement: Id
    digest: Digest
    parties: Annotated[tuple[Text, ...], Field(min_length=2)]
    effective_on: date
    ends_on: date
    terms: Digest | None = None


class AgreementSigned(RequestEvent):
    """A party signed exactly the document with that digest.

    Attributes:
        name: As typed by who signed.
        uploaded: SHA-256 of the signed PDF that is on file; None for a typed signature.
    """

    tag: Literal[Tag.SHARING_AGREEMENT_SIGNED] = Tag.SHARING_AGREEMENT_SIGNED
    party: Text
    signed_on: date
    digest: Digest
    name: Annotated[str, Field(max_length=4000)] = ""
    uploaded: Digest | None = None


class NdaSigned(RequestEvent):
    """A person signed the confidentiality statement.

    Attributes:
        digest: Of the statement that was signed; None when it was signed on paper.
        name: As typed.
    """

    tag: Literal[Tag.NDA_SIGNED] = Tag.NDA_SIGNED
    person: PersonId
    signed_on: date
    digest: Digest | None = None
    name: Annotated[str, Field(max_length=4000)] = ""


class TrainingRecorded(RequestEvent):
    """A person's training was recorded.

    Attributes:
        completed_on: When it was completed; None: on the day of the entry at the latest.
    """

    tag: Literal[Tag.TRAINING_RECORDED] = Tag.TRAINING_RECORDED
    person: PersonId
    valid_until: date
    completed_on: date | None = None


class ConditionMet(RequestEvent):
    """A condition was met."""

    tag: Literal[Tag.CONDITION_MET] = Tag.CONDITION_MET
    condition: Text
    met_on: date


class PersonLeft(RequestEvent):
    """A person left, or it was a mistake to say so.

    Attributes:
        left_on: From this legal date on they have no access; at the latest from the entry's own.
        mistaken: They did not leave: what was recorded before is taken back.
    """

    tag: Literal[Tag.PERSON_LEFT] = Tag.PERSON_LEFT
    person: PersonId
    left_on: date
    mistaken: bool = False


class Granted(RequestEvent):
    """A bundle was published."""

    tag: Literal[Tag.DATA_REQUEST_GRANTED] = Tag.DATA_REQUEST_GRANTED
    bundle_version: Annotated[int, Field(ge=1)]
    bundle_digest: Digest


class Moved(RequestEvent):
    """The clock or a person moved it on; the tag says how."""

    tag: Literal[
        Tag.DATA_REQUEST_EXPIRING,
        Tag.DATA_REQUEST_ENDED,
        Tag.DATA_REQUEST_REVOKED,
        Tag.DATA_REQUEST_SUPERSEDED,
        Tag.DATA_REQUEST_CLOSED,
        Tag.DATA_REQUEST_WITHDRAWN,
    ]
    on: date
    reason: Text


class Certified(RequestEvent):
    """Destruction was certified.

    Attributes:
        survives: What is left, where and until when; “nothing” when nothing is.
    """

    tag: Literal[Tag.DESTRUCTION_CERTIFIED] = Tag.DESTRUCTION_CERTIFIED
    digest: Digest
    survives: Text


AnyRequestEvent = Annotated[
    Drafted
    | Submitted
    | Returned
    | FoundComplete
    | PartReviewed
    | InterestDeclared
    | Decided
    | AgreementSent
    | AgreementSigned
    | NdaSigned
    | TrainingRecorded
    | ConditionMet
    | PersonLeft
    | Granted
    | Moved
    | Certified,
    Field(discriminator="tag"),
]
_EVENTS: TypeAdapter[RequestEvent] = TypeAdapter(AnyRequestEvent)


def parse_event(stored: str | bytes | Mapping[str, object]) -> RequestEvent:
    """Read a stored event."""
    return stored_event(_EVENTS, stored)
