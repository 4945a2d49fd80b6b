"""The life of a data request as a table: status, command, who may, what it becomes.

The table is the law: a command that is not in it is refused, whoever asks. Each version of a
request walks it by itself, so an amendment is reviewed while the older version's grant goes on.
`docs/reference/request-states.md` is generated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.audit.tags import Tag


class Status(StrEnum):
    """Where a version of a request stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    OWNER_REVIEW = "owner_review"
    BOARD_VOTE = "board_vote"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    AGREEMENTS_OUT = "agreements_out"
    GRANTED = "granted"
    EXPIRING = "expiring"
    ENDED = "ended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    DESTRUCTION_CERTIFIED = "destruction_certified"
    CLOSED = "closed"


class Role(StrEnum):
    """In which role somebody acts."""

    REQUESTOR = "requestor"
    OPERATOR = "operator"
    DATA_OWNER = "data_owner"
    PARTY = "party"
    PERSON = "person"
    SIGNER = "signer"
    CLOCK = "clock"
    NOBODY = "nobody"
    """Nothing is left to do."""


class Act(StrEnum):
    """Commands, by name."""

    SAVE_DRAFT = "save_draft"
    AMEND = "amend"
    """Opens the next version as a draft; this one's grant goes on."""
    SUBMIT = "submit"
    RETURN = "return"
    ACCEPT_COMPLETE = "accept_complete"
    DECLARE_INTEREST = "declare_interest"
    """An owner or alternate: whoever declares is recused from the review and from the vote."""
    REVIEW_PART = "review_part"
    RECORD_VOTE = "record_vote"
    SEND_AGREEMENT = "send_agreement"
    SIGN_AGREEMENT = "sign_agreement"
    SIGN_NDA = "sign_nda"
    RECORD_TRAINING = "record_training"
    MEET_CONDITION = "meet_condition"
    RECORD_LEAVER = "record_leaver"
    GRANT = "grant"
    MARK_EXPIRING = "mark_expiring"
    END = "end"
    REVOKE = "revoke"
    SUPERSEDE = "supersede"
    CERTIFY_DESTRUCTION = "certify_destruction"
    CLOSE = "close"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What a status means.

    Attributes:
        next: Who acts next.
        what: What they do, and what happens then.
        tags: Events that lead here.
    """

    next: Role
    what: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Attributes:
        to: What the status may be afterwards; which one is decided by facts, not by who asks.
        tags: Events that may be written.
    """

    status: Status
    act: Act
    roles: tuple[Role, ...]
    to: tuple[Status, ...]
    tags: tuple[Tag, ...]


STATUSES: Mapping[Status, StatusFacts] = {
    Status.DRAFT: StatusFacts(
        Role.REQUESTOR,
        "fills the form and submits it; the operating office then checks completeness",
        (Tag.DATA_REQUEST_DRAFTED,),
    ),
    Status.SUBMITTED: StatusFacts(
        Role.OPERATOR,
        "checks completeness; then the owners review, or the requestor mends",
        (Tag.DATA_REQUEST_SUBMITTED,),
    ),
    Status.RETURNED: StatusFacts(
        Role.REQUESTOR,
        "mends what is named and submits again; the reviewers see what changed",
        (Tag.DATA_REQUEST_RETURNED,),
    ),
    Status.OWNER_REVIEW: StatusFacts(
        Role.DATA_OWNER,
        "each contributing agency decides on its own part; then the board votes",
        (Tag.DATA_REQUEST_FOUND_COMPLETE,),
    ),
    Status.BOARD_VOTE: StatusFacts(
        Role.OPERATOR,
        "puts it on the agenda of a noticed public meeting and records the board's vote",
        (Tag.DATA_REQUEST_PART_REVIEWED, Tag.DATA_REQUEST_FOUND_COMPLETE),
    ),
    Status.APPROVED: StatusFacts(
        Role.OPERATOR,
        "sends the sharing agreement out for signature",
        (Tag.DATA_REQUEST_APPROVED,),
    ),
    Status.APPROVED_WITH_CONDITIONS: StatusFacts(
        Role.OPERATOR,
        "sends the sharing agreement out for signature; conditions are met before access",
        (Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS,),
    ),
    Status.DENIED: StatusFacts(
        Role.NOBODY,
        "the reasons stand in the record; a new request may be made",
        (Tag.DATA_REQUEST_DENIED,),
    ),
    Status.WITHDRAWN: StatusFacts(
        Role.NOBODY, "the requestor took it back", (Tag.DATA_REQUEST_WITHDRAWN,)
    ),
    Status.AGREEMENTS_OUT: StatusFacts(
        Role.PARTY,
        "signs; persons sign their NDA and train; then the signer publishes the grant",
        (Tag.SHARING_AGREEMENT_SENT,),
    ),
    Status.GRANTED: StatusFacts(
        Role.REQUESTOR,
        "uses the data until the end date; access is worked out at each query",
        (Tag.DATA_REQUEST_GRANTED,),
    ),
    Status.EXPIRING: StatusFacts(
        Role.REQUESTOR,
        "asks for a continuation, or lets the grant end",
        (Tag.DATA_REQUEST_EXPIRING,),
    ),
    Status.ENDED: StatusFacts(
        Role.REQUESTOR,
        "destroys what it holds and certifies it",
        (Tag.DATA_REQUEST_ENDED,),
    ),
    Status.REVOKED: StatusFacts(
        Role.REQUESTOR,
        "destroys what it holds and certifies it; access ended with the revocation",
        (Tag.DATA_REQUEST_REVOKED,),
    ),
    Status.SUPERSEDED: StatusFacts(
        Role.NOBODY,
        "a newer version's grant took its place",
        (Tag.DATA_REQUEST_SUPERSEDED,),
    ),
    Status.DESTRUCTION_CERTIFIED: StatusFacts(
        Role.OPERATOR,
        "checks the certificate and closes the request",
        (Tag.DESTRUCTION_CERTIFIED,),
    ),
    Status.CLOSED: StatusFacts(Role.NOBODY, "nothing is left to do", (Tag.DATA_REQUEST_CLOSED,)),
}

_S, _R, _A = Status, Role, Act
_EDITABLE = (_S.DRAFT, _S.RETURNED)
_UNDECIDED = (_S.DRAFT, _S.SUBMITTED, _S.RETURNED, _S.OWNER_REVIEW, _S.BOARD_VOTE)
_YES = (_S.APPROVED, _S.APPROVED_WITH_CONDITIONS)
_LIVE = (_S.GRANTED, _S.EXPIRING)
_OVER = (_S.ENDED, _S.REVOKED)
_SIGNING = (_S.AGREEMENTS_OUT, *_LIVE)


def _stays(
    statuses: tuple[Status, ...], act: Act, roles: tuple[Role, ...], tag: Tag
) -> tuple[Transition, ...]:
    return tuple(Transition(s, act, roles, (s,), (tag,)) for s in statuses)


def _goes(
    statuses: tuple[Status, ...], act: Act, roles: tuple[Role, ...], to: Status, tag: Tag
) -> tuple[Transition, ...]:
    return tuple(Transition(s, act, roles, (to,), (tag,)) for s in statuses)


TRANSITIONS: tuple[Transition, ...] = (
    *_stays(_EDITABLE, _A.SAVE_DRAFT, (_R.REQUESTOR,), Tag.DATA_REQUEST_DRAFTED),
    *_goes(_EDITABLE, _A.SUBMIT, (_R.REQUESTOR,), _S.SUBMITTED, Tag.DATA_REQUEST_SUBMITTED),
    *_goes(
        (_S.SUBMITTED, _S.OWNER_REVIEW, _S.BOARD_VOTE),
        _A.RETURN,
        (_R.OPERATOR,),
        _S.RETURNED,
        Tag.DATA_REQUEST_RETURNED,
    ),
    Transition(
        _S.SUBMITTED,
        _A.ACCEPT_COMPLETE,
        (_R.OPERATOR,),
        (_S.OWNER_REVIEW, _S.BOARD_VOTE),
        (Tag.DATA_REQUEST_FOUND_COMPLETE,),
    ),
    Transition(
        _S.OWNER_REVIEW,
        _A.REVIEW_PART,
        (_R.DATA_OWNER,),
        (_S.OWNER_REVIEW, _S.BOARD_VOTE, _S.RETURNED, _S.DENIED),
        (Tag.DATA_REQUEST_PART_REVIEWED, Tag.DATA_REQUEST_RETURNED, Tag.DATA_REQUEST_DENIED),
    ),
    Transition(
        _S.BOARD_VOTE,
        _A.RECORD_VOTE,
        (_R.OPERATOR,),
        (*_YES, _S.DENIED),
        (
            Tag.DATA_REQUEST_APPROVED,
            Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS,
            Tag.DATA_REQUEST_DENIED,
        ),
    ),
    *_goes(_YES, _A.SEND_AGREEMENT, (_R.OPERATOR,), _S.AGREEMENTS_OUT, Tag.SHARING_AGREEMENT_SENT),
    *_stays(
        (_S.SUBMITTED, _S.OWNER_REVIEW),
        _A.DECLARE_INTEREST,
        (_R.DATA_OWNER,),
        Tag.INTEREST_DECLARED,
    ),
    Transition(
        _S.BOARD_VOTE,
        _A.DECLARE_INTEREST,
        (_R.DATA_OWNER,),
        (_S.BOARD_VOTE, _S.OWNER_REVIEW),
        (Tag.INTEREST_DECLARED,),
    ),
    *_stays((_S.AGREEMENTS_OUT,), _A.SIGN_AGREEMENT, (_R.PARTY,), Tag.SHARING_AGREEMENT_SIGNED),
    *_stays(_SIGNING, _A.SIGN_NDA, (_R.PERSON,), Tag.NDA_SIGNED),
    *_stays(_SIGNING, _A.RECORD_TRAINING, (_R.OPERATOR,), Tag.TRAINING_RECORDED),
    *_stays(_SIGNING, _A.MEET_CONDITION, (_R.OPERATOR,), Tag.CONDITION_MET),
    *_stays(_SIGNING, _A.RECORD_LEAVER, (_R.REQUESTOR, _R.OPERATOR), Tag.PERSON_LEFT),
    *_goes((_S.AGREEMENTS_OUT,), _A.GRANT, (_R.SIGNER,), _S.GRANTED, Tag.DATA_REQUEST_GRANTED),
    *_stays(_LIVE, _A.GRANT, (_R.SIGNER,), Tag.DATA_REQUEST_GRANTED),
    *_goes((_S.GRANTED,), _A.MARK_EXPIRING, (_R.CLOCK,), _S.EXPIRING, Tag.DATA_REQUEST_EXPIRING),
    *_goes(_LIVE, _A.END, (_R.CLOCK,), _S.ENDED, Tag.DATA_REQUEST_ENDED),
    *_goes(_SIGNING, _A.REVOKE, (_R.OPERATOR, _R.DATA_OWNER), _S.REVOKED, Tag.DATA_REQUEST_REVOKED),
    *_stays(_LIVE, _A.AMEND, (_R.REQUESTOR,), Tag.DATA_REQUEST_DRAFTED),
    *_goes(_LIVE, _A.SUPERSEDE, (_R.SIGNER,), _S.SUPERSEDED, Tag.DATA_REQUEST_SUPERSEDED),
    *_goes(
        _OVER,
        _A.CERTIFY_DESTRUCTION,
        (_R.REQUESTOR,),
        _S.DESTRUCTION_CERTIFIED,
        Tag.DESTRUCTION_CERTIFIED,
    ),
    *_goes(
        (_S.DESTRUCTION_CERTIFIED,), _A.CLOSE, (_R.OPERATOR,), _S.CLOSED, Tag.DATA_REQUEST_CLOSED
    ),
    *_goes(
        (*_UNDECIDED, *_YES, _S.AGREEMENTS_OUT),
        _A.WITHDRAW,
        (_R.REQUESTOR,),
        _S.WITHDRAWN,
        Tag.DATA_REQUEST_WITHDRAWN,
    ),
)
"""Every command that may ever be given, by status."""

_TABLE: Mapping[tuple[Status, Act], Transition] = {(t.status, t.act): t for t in TRANSITIONS}
LIVE = frozenset(_LIVE)
"""Statuses under which a grant may be in force."""
OPEN = frozenset({*_UNDECIDED, *_YES, *_SIGNING})
"""Statuses from which a version may still come to a grant, or has one: a revocation ends them."""
TOGETHER: Mapping[Act, frozenset[Status]] = {
    Act.REVOKE: frozenset(_SIGNING),
    Act.CERTIFY_DESTRUCTION: frozenset(_OVER),
    Act.CLOSE: frozenset({_S.DESTRUCTION_CERTIFIED}),
}
"""Commands that are of the whole request: each is recorded of every version that stands so."""


def transition(status: Status, act: Act) -> Transition | None:
    """That row of the table, or None when the command is not allowed there."""
    return _TABLE.get((status, act))


def allowed(status: Status, role: Role) -> tuple[Act, ...]:
    """What somebody in the role may do there."""
    return tuple(t.act for t in TRANSITIONS if t.status is status and role in t.roles)
