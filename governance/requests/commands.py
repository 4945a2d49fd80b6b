"""Commands on a data request: each is checked and gives events, or every reason why not.

Order: the request and version exist; the table knows the command for the status; the role may give
it; then the command's own rules. Nothing is changed here: the caller appends the events and the
ledger entry in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, ClassVar, Final

from pydantic import Field

from governance.board.model import Interest, MotionFacts, Seat
from governance.decisions import Decision
from governance.facts import Command, Digest, Id, Name, PersonId, Text
from governance.requests.confirming import Candidates
from governance.requests.events import ReviewChoice
from governance.requests.model import RequestContent
from governance.requests.rules import RequestRules
from governance.requests.states import Act, Role

NOTHING_CHECKED: Final = Decision(())


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules look at besides the request.

    Attributes:
        seats: Of the data governing board: who is whose data owner, and the alternates.
        interests: Declared elsewhere than in the request itself, which keeps its own.
        named: Persons whom a requestor named and whose address is on record otherwise too.
        agreed: What the pre-check says of what was submitted, when it is asked for.
    """

    rules: RequestRules
    seats: Mapping[str, Seat] = field(default_factory=dict)
    interests: tuple[Interest, ...] = ()
    named: Candidates = field(default_factory=dict)
    agreed: Decision = NOTHING_CHECKED


class RequestCommand(Command):
    """Base of the commands.

    Attributes:
        role: In which role; whether the person has it is the caller's to know.
        request: The request's number.
        version: Which version.
    """

    act: ClassVar[Act]
    role: Role
    request: Id
    version: Annotated[int, Field(ge=1)] = 1


class SaveDraft(RequestCommand):
    """Save the form as it is; the first one begins the request."""

    act = Act.SAVE_DRAFT
    content: RequestContent


class Amend(RequestCommand):
    """Open the next version of a granted request."""

    act = Act.AMEND
    content: RequestContent


class Submit(RequestCommand):
    """Hand the form in."""

    act = Act.SUBMIT


class Return(RequestCommand):
    """Send it back with what to mend."""

    act = Act.RETURN
    mend: Annotated[tuple[Text, ...], Field(min_length=1)]


class AcceptComplete(RequestCommand):
    """Pass the completeness check.

    Attributes:
        same: Of each person whose address is on record, under which id: their own if it is
            somebody else all the same.
    """

    act = Act.ACCEPT_COMPLETE
    same: Mapping[PersonId, PersonId] = Field(default_factory=dict)


class DeclareInterest(RequestCommand):
    """Declare an interest in the request: one's own."""

    act = Act.DECLARE_INTEREST
    text: Text


class ReviewPart(RequestCommand):
    """Decide on an agency's own part."""

    act = Act.REVIEW_PART
    agency: Name
    choice: ReviewChoice
    reason: Text
    conditions: tuple[Text, ...] = ()


class RecordVote(RequestCommand):
    """Record the board's vote: computed anew from the meeting's facts."""

    act = Act.RECORD_VOTE
    motion: MotionFacts


class SendAgreement(RequestCommand):
    """Send the sharing agreement out for signature.

    Attributes:
        terms: Digest of what of it binds a person.
    """

    act = Act.SEND_AGREEMENT
    agreement: Id
    digest: Digest
    parties: Annotated[tuple[Text, ...], Field(min_length=2)]
    effective_on: date
    ends_on: date
    terms: Digest | None = None


class SignAgreement(RequestCommand):
    """Sign for a party the document with that digest: by typed name, or by a signed PDF on file."""

    act = Act.SIGN_AGREEMENT
    party: Text
    digest: Digest
    signed_on: date
    name: Annotated[str, Field(max_length=4000)] = ""
    uploaded: Digest | None = None


class SignNda(RequestCommand):
    """Sign the confidentiality statement."""

    act = Act.SIGN_NDA
    person: PersonId
    signed_on: date
    digest: Digest | None = None
    name: Annotated[str, Field(max_length=4000)] = ""


class RecordTraining(RequestCommand):
    """Record a person's training."""

    act = Act.RECORD_TRAINING
    person: PersonId
    valid_until: date
    completed_on: date | None = None


class MeetCondition(RequestCommand):
    """Record that a condition was met."""

    act = Act.MEET_CONDITION
    condition: Text
    met_on: date


class RecordLeaver(RequestCommand):
    """Record that a person left, today or before; or that this was recorded by mistake.

    Attributes:
        left_on: The first legal date without access.
    """

    act = Act.RECORD_LEAVER
    person: PersonId
    left_on: date
    mistaken: bool = False


class Grant(RequestCommand):
    """Record that the signer published a bundle."""

    act = Act.GRANT
    bundle_version: Annotated[int, Field(ge=1)]
    bundle_digest: Digest


class Moving(RequestCommand):
    """Base of commands that only move a version on, with date and reason."""

    on: date
    reason: Text


class MarkExpiring(Moving):
    """The grant ends soon."""

    act = Act.MARK_EXPIRING


class End(Moving):
    """The grant's last day has passed."""

    act = Act.END


class Revoke(Moving):
    """Take the permission back."""

    act = Act.REVOKE


class Supersede(Moving):
    """A newer version was granted."""

    act = Act.SUPERSEDE


class Close(Moving):
    """Nothing is left to do."""

    act = Act.CLOSE


class Withdraw(Moving):
    """Take the request back."""

    act = Act.WITHDRAW


class CertifyDestruction(RequestCommand):
    """Certify destruction, and say what survives, where and until when."""

    act = Act.CERTIFY_DESTRUCTION
    digest: Digest
    survives: Text
