"""The state of a data request: nothing but its events replayed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from governance.audit.tags import Tag
from governance.board.model import Interest
from governance.calendar import legal_date
from governance.errors import LedgerError
from governance.requests import events as ev
from governance.requests.confirming import with_people
from governance.requests.model import RequestContent
from governance.requests.states import (
    LIVE,
    OPEN,
    STATUSES,
    TOGETHER,
    TRANSITIONS,
    Act,
    Role,
    Status,
    StatusFacts,
)
from governance.requests.terms import terms_key


@dataclass(frozen=True, slots=True)
class Statement:
    """A confidentiality statement that a person signed.

    Attributes:
        version: Of the request, for which it was given.
        terms: Key of the terms it was given under (`terms_key`); empty when no agreement was out.
        agreement: Digest of the agreement that was out.
        terms_digest: Recorded with that agreement; None where none was.
        digest: Of the statement's text; None when it was signed on paper.
    """

    version: int
    signed_on: date
    terms: str
    agreement: str = ""
    terms_digest: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """A training as recorded.

    Attributes:
        completed_on: The legal date it was completed; the one it was recorded where none was told.
    """

    valid_until: date
    completed_on: date


@dataclass(frozen=True, slots=True)
class PersonChain:
    """A person's own dated facts.

    Attributes:
        statements: Every one signed, in their order; which of them counts for a version is
            `governance.requests.statements`'s to say.
        left_on: The first legal date without access; None while nobody recorded that they left.
        left_told_at: When that was recorded, UTC.
    """

    statements: tuple[Statement, ...] = ()
    training: Training | None = None
    left_on: date | None = None
    left_told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a request.

    Attributes:
        status: Where it stands. A revocation is of the whole request, whichever version it was
            recorded of: then no version stands open.
        submitted: Content as last submitted: what is reviewed, voted on and granted.
        before: What the reviewers saw the time before: the comparison's other side.
        to_review: Agencies that still have to decide.
        reviews: The decision that stands, by agency.
        approved: What each agency approved, in this version or one granted before.
        mend: What a return asked for.
        terms: Key of the terms of the agreement that is out; empty before.
        moved, revoked: The last entry that moved it on, and the revocation: its own, or the
            request's, where that was recorded of another version.
        ended_as: What its own events made it, where another version's revocation ended it.
    """

    number: int
    status: Status
    content: RequestContent
    submitted: RequestContent | None = None
    before: RequestContent | None = None
    to_review: tuple[str, ...] = ()
    carried_over: tuple[str, ...] = ()
    reviews: Mapping[str, ev.PartReviewed] = field(default_factory=dict)
    approved: Mapping[str, RequestContent] = field(default_factory=dict)
    mend: tuple[str, ...] = ()
    decided: ev.Decided | None = None
    conditions_met: Mapping[str, date] = field(default_factory=dict)
    agreement: ev.AgreementSent | None = None
    terms: str = ""
    signatures: Mapping[str, date] = field(default_factory=dict)
    granted: ev.Granted | None = None
    certified: ev.Certified | None = None
    moved: ev.Moved | None = None
    revoked: ev.Moved | None = None
    ended_as: Status | None = None

    @property
    def walked(self) -> Status:
        """Where it stands by its own events alone."""
        return self.ended_as or self.status

    @property
    def facts(self) -> StatusFacts:
        """What the status means and who acts next."""
        return STATUSES[self.status]

    @property
    def next(self) -> Role:
        """Who acts next."""
        return self.facts.next


@dataclass(frozen=True, slots=True)
class DataRequest:
    """A request with all its versions.

    Attributes:
        people: Facts of each person; they hold for every version alike.
        interests: Declared in the request by owners; they too hold for every version.
        events: How many were replayed: the number a change must be based on.
    """

    number: str
    requestor: str
    versions: tuple[Version, ...] = ()
    people: Mapping[str, PersonChain] = field(default_factory=dict)
    interests: tuple[Interest, ...] = ()
    events: int = 0

    @property
    def latest(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    @property
    def live(self) -> Version | None:
        """The version whose grant may be in force, or None."""
        return next((v for v in reversed(self.versions) if v.status in LIVE), None)

    @property
    def revoked(self) -> ev.Moved | None:
        """The revocation, of whichever version; no version is granted after it."""
        return next((v.revoked for v in self.versions if v.revoked is not None), None)

    @property
    def to_destroy(self) -> tuple[Version, ...]:
        """Versions whose data is to be destroyed: the granted ones; if none was, the newest."""
        return _received(self.versions, TOGETHER[Act.CERTIFY_DESTRUCTION])

    def meant_by(self, act: Act) -> Version:
        """The version a command means that names none: of the whole request, one that allows it."""
        stand = _received(self.versions, TOGETHER.get(act, frozenset()))
        return stand[-1] if stand else self.latest

    def is_told_of(self, version: Version) -> bool:
        """Whether people are told what that version waits for.

        What is certified or closed for the whole request is told of one version alone.
        """
        for act in (Act.CERTIFY_DESTRUCTION, Act.CLOSE):
            if version.status in TOGETHER[act]:
                return version is _received(self.versions, TOGETHER[act])[-1]
        return True

    def owned_by(self, content: RequestContent) -> frozenset[str]:
        """Whose own request it is: who began it, and everybody the content names."""
        return frozenset({self.requestor, *content.requestors})

    def version(self, number: int) -> Version | None:
        """That version, or None."""
        return next((v for v in self.versions if v.number == number), None)


_FOLLOWS: frozenset[tuple[Status, str, Status]] = frozenset(
    (t.status, tag, to)
    for t in TRANSITIONS
    if t.act is not Act.AMEND  # writes to the next version, never to this one
    for tag in t.tags
    for to in t.to
)


def _received(versions: tuple[Version, ...], stand: frozenset[Status]) -> tuple[Version, ...]:
    """Of the versions that stand so, those under which data was received; if none, the newest."""
    there = [v for v in versions if v.status in stand]
    return tuple([v for v in there if v.granted is not None] or there[-1:])


def replay(events: Iterable[ev.RequestEvent]) -> DataRequest | None:
    """The state after the events, in their order; None when there are none.

    Raises:
        LedgerError: An event does not follow from the one before it by the table.
    """
    request: DataRequest | None = None
    for event in events:
        request = apply(request, event)
    return request


def apply(request: DataRequest | None, event: ev.RequestEvent) -> DataRequest:
    """The state after one more event.

    Raises:
        LedgerError: The event does not follow from the state by the table.
    """
    if request is None:
        request = DataRequest(event.subject, event.by)
    version = request.version(event.version)
    if version is None:
        first = isinstance(event, ev.Drafted) and event.status is Status.DRAFT
        if not first or event.version != len(request.versions) + 1:
            raise _out_of_order(request, event)
        versions = (*request.versions, _fold(_next_version(request), event))
    else:
        steps = {(s, event.tag, event.status) for s in (version.status, version.walked)}
        if not steps & _FOLLOWS:
            raise _out_of_order(request, event)
        changed = _fold(version, event)
        versions = tuple(changed if v.number == event.version else v for v in request.versions)
    interests = request.interests
    if isinstance(event, ev.InterestDeclared):
        own = Interest(person=event.person, text=event.text, declared_at=event.at)
        interests = (*interests, own)
    return replace(
        request,
        versions=_end_revoked(versions),
        people=_fold_people(request.people, version, event),
        interests=interests,
        events=request.events + 1,
    )


def _end_revoked(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    """A request that was revoked once is revoked in every version that stands open.

    Entries written since say it of each; older ones said it of one alone.
    """
    taken = next((v.revoked for v in versions if v.revoked is not None), None)
    if taken is None:
        return versions
    return tuple(
        replace(v, status=Status.REVOKED, ended_as=v.walked, moved=taken, revoked=taken)
        if v.walked in OPEN
        else v
        for v in versions
    )


def _next_version(request: DataRequest) -> Version:
    """An amendment begins with what the version in force was approved as."""
    number = len(request.versions) + 1
    base = request.live
    if base is None or base.submitted is None:
        return Version(number, Status.DRAFT, RequestContent())
    return Version(
        number,
        Status.DRAFT,
        base.submitted,
        before=base.submitted,
        reviews=base.reviews,
        approved=dict.fromkeys(base.submitted.agencies, base.submitted),
    )


def _out_of_order(request: DataRequest, event: ev.RequestEvent) -> LedgerError:
    return LedgerError(
        f"Event {request.events + 1} of request {request.number} does not follow by the table.",
        request=request.number,
        tag=event.tag.value,
        seq=request.events + 1,
    )


def _fold(version: Version, event: ev.RequestEvent) -> Version:
    moved = replace(version, status=event.status, ended_as=None)
    for fold in (_fold_content, _fold_review, _fold_chain, _fold_end):
        moved = fold(moved, event)
    return moved


def _fold_content(version: Version, event: ev.RequestEvent) -> Version:
    match event:
        case ev.Drafted():
            return replace(version, content=event.content)
        case ev.Submitted():
            seen = version.before if version.submitted is None else version.submitted
            return replace(version, submitted=version.content, before=seen, mend=())
        case ev.FoundComplete() if event.confirmed and version.submitted is not None:
            return replace(
                version,
                content=with_people(version.content, event.confirmed),
                submitted=with_people(version.submitted, event.confirmed),
            )
        case ev.Returned():
            return replace(version, mend=event.mend)
        case _:
            return version


def _fold_review(version: Version, event: ev.RequestEvent) -> Version:
    match event:
        case ev.FoundComplete():
            kept = {a: r for a, r in version.reviews.items() if a in event.carried_over}
            return replace(
                version, to_review=event.review, carried_over=event.carried_over, reviews=kept
            )
        case ev.PartReviewed():
            left = tuple(a for a in version.to_review if a != event.agency)
            approved = {a: c for a, c in version.approved.items() if a != event.agency}
            if event.choice is ev.ReviewChoice.APPROVE and version.submitted is not None:
                approved[event.agency] = version.submitted
            reviews = {**version.reviews, event.agency: event}
            return replace(version, to_review=left, reviews=reviews, approved=approved)
        case ev.InterestDeclared() if event.reopens:
            return replace(
                version,
                to_review=(*version.to_review, *event.reopens),
                reviews={a: r for a, r in version.reviews.items() if a not in event.reopens},
                approved={a: c for a, c in version.approved.items() if a not in event.reopens},
            )
        case ev.Decided():
            return replace(version, decided=event)
        case _:
            return version


def _fold_chain(version: Version, event: ev.RequestEvent) -> Version:
    match event:
        case ev.AgreementSent():
            terms = terms_key(version, event)
            return replace(version, agreement=event, terms=terms, signatures={})
        case ev.AgreementSigned():
            signatures = {**version.signatures, event.party: event.signed_on}
            return replace(version, signatures=signatures)
        case ev.ConditionMet():
            met = {**version.conditions_met, event.condition: event.met_on}
            return replace(version, conditions_met=met)
        case _:
            return version


def _fold_end(version: Version, event: ev.RequestEvent) -> Version:
    match event:
        case ev.Granted():
            return replace(version, granted=event)
        case ev.Certified():
            return replace(version, certified=event)
        case ev.Moved():
            taken = version.revoked
            if event.tag is Tag.DATA_REQUEST_REVOKED and (taken is None or event.on <= taken.on):
                taken = event  # none after the first one puts it off
            return replace(version, moved=event, revoked=taken)
        case _:
            return version


def _fold_people(
    people: Mapping[str, PersonChain], version: Version | None, event: ev.RequestEvent
) -> Mapping[str, PersonChain]:
    match event:
        case ev.NdaSigned():
            known = people.get(event.person, PersonChain()).statements
            signed = _statement(version, event)
            return _with_person(people, event.person, statements=(*known, signed))
        case ev.TrainingRecorded():
            recorded_on = legal_date(event.at)  # nothing is completed later
            completed = min(event.completed_on or recorded_on, recorded_on)
            training = Training(event.valid_until, completed)
            return _with_person(people, event.person, training=training)
        case ev.PersonLeft():
            # Recorded is left: nobody's leaving waits for a day that is still to come.
            left_on = None if event.mistaken else min(event.left_on, legal_date(event.at))
            told_at = None if event.mistaken else event.at
            return _with_person(people, event.person, left_on=left_on, left_told_at=told_at)
        case _:
            return people


def _statement(version: Version | None, event: ev.NdaSigned) -> Statement:
    """What was signed, under the agreement that was out at that moment."""
    sent = version.agreement if version is not None else None
    return Statement(
        version=event.version,
        signed_on=event.signed_on,
        terms=version.terms if version is not None else "",
        agreement=sent.digest if sent is not None else "",
        terms_digest=sent.terms if sent is not None else None,
        digest=event.digest,
    )


def _with_person(
    people: Mapping[str, PersonChain], person: str, **facts: object
) -> Mapping[str, PersonChain]:
    return {**people, person: replace(people.get(person, PersonChain()), **facts)}  # type: ignore[arg-type]  # each names a field
