"""The public register: one row a request, with everything the public may know of it.

Published: number, title, organization, agencies, datasets, purpose, status and who acts next,
dates, the vote seat by seat, conditions, publications. Not published: persons' names, ids and
addresses; drafts; what a return asked for; owners' reasons; members' reasons; declared interests.
A request is public from its first submission.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from governance.board.model import Choice
from governance.board.seating import Capacity
from governance.board.voting import MotionOutcome, decide_motion
from governance.canonical import Json
from governance.papers.words import ROLE_WORDS, STATUS_WORDS
from governance.register.source import Publication, RegisterSource, RequestRecord, Step
from governance.register.withholding import Withholder
from governance.requests.model import RequestContent
from governance.requests.state import Version
from governance.requests.states import Role, Status

OWNER_REJECTED = "owner.rejected"
REFUSALS: Mapping[str, str] = {
    OWNER_REJECTED: "A data owner rejected its agency's part",
    "motion.jurisdiction": "The body does not decide such motions",
    "meeting.notice": "The meeting was not noticed in time",
    "meeting.public": "The meeting was not public",
    "meeting.session": "The vote was not called in session",
    "meeting.quorum": "No quorum",
    "motion.approval": "Not enough votes in favor",
}
"""Why a request was denied, by rule; never anybody's words."""
_CHOICES = {Choice.IN_FAVOR: "in favor", Choice.AGAINST: "against", Choice.ABSTAIN: "abstained"}
_DENIED_OR_OVER = (Status.DENIED, Status.WITHDRAWN)
_UNCHECKED = frozenset({Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.WITHDRAWN})
"""The office may not have read yet whom a version names."""


@dataclass(frozen=True, slots=True)
class SeatVote:
    """One seat's line of a roll call; no person."""

    seat: str
    represented: str
    vote: str


@dataclass(frozen=True, slots=True)
class PublicVote:
    """A vote as published: the arithmetic and each seat (C.G.S. § 1-225(a))."""

    body: str
    meeting: str
    motion: str
    voted_on: date
    passed: bool
    in_favor: int
    against: int
    abstained: int
    recused: int
    represented: int
    filled_seats: int
    quorum_needed: int
    roll_call: tuple[SeatVote, ...]

    @property
    def words(self) -> str:
        """In one sentence."""
        verdict = "passed" if self.passed else "failed"
        return (
            f"{verdict}: {self.in_favor} in favor, {self.against} against, {self.abstained} "
            f"abstained, {self.recused} recused; {self.represented} of {self.filled_seats} seats "
            f"represented, quorum {self.quorum_needed}"
        )


@dataclass(frozen=True, slots=True)
class PublicVersion:
    """One submitted version."""

    number: int
    status: Status
    decided_on: date | None


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One request as the public sees it.

    Attributes:
        agencies: Ids; `agency_codes` as people write them.
        datasets: Ids and titles.
        next_role, next_words: Who acts next, and what they do.
        decision: `approved`, `approved with conditions`, `denied` or None.
        refused: Rules by which it was denied, keys of `REFUSALS`.
        updated_at: UTC; of the last public change.
    """

    number: str
    version: int
    title: str
    type: str
    organization: str
    agencies: tuple[str, ...]
    agency_codes: tuple[str, ...]
    datasets: tuple[tuple[str, str], ...]
    purpose: str
    status: Status
    next_role: Role
    next_words: str
    received_on: date
    decision: str | None
    decided_on: date | None
    vote: PublicVote | None
    refused: tuple[str, ...]
    conditions: tuple[str, ...]
    ends_on: date | None
    versions: tuple[PublicVersion, ...]
    publications: tuple[Publication, ...]
    updated_at: datetime

    @property
    def status_words(self) -> str:
        """The status for people."""
        return STATUS_WORDS[self.status]

    @property
    def next_who(self) -> str:
        """Who acts next, for people."""
        return ROLE_WORDS[self.next_role]

    def to_dict(self) -> dict[str, Json]:
        """For JSON; dates ISO 8601."""
        vote = self.vote
        return {
            "number": self.number,
            "version": self.version,
            "title": self.title,
            "type": self.type,
            "organization": self.organization,
            "agencies": list(self.agency_codes),
            "datasets": [{"id": i, "title": t} for i, t in self.datasets],
            "purpose": self.purpose,
            "status": self.status.value,
            "next": {"who": self.next_who, "what": self.next_words},
            "received_on": self.received_on.isoformat(),
            "decision": self.decision,
            "decided_on": _iso(self.decided_on),
            "vote": None if vote is None else _vote_dict(vote),
            "refused_because": [REFUSALS[r] for r in self.refused],
            "conditions": list(self.conditions),
            "ends_on": _iso(self.ends_on),
            "versions": [
                {"number": v.number, "status": v.status.value, "decided_on": _iso(v.decided_on)}
                for v in self.versions
            ],
            "publications": [
                {
                    "title": p.title,
                    "kind": p.kind,
                    "address": p.address,
                    "published_on": p.published_on.isoformat(),
                }
                for p in self.publications
            ],
            "updated_at": self.updated_at.isoformat(),
        }


def register_rows(source: RegisterSource) -> tuple[RegisterRow, ...]:
    """Every public request, the newest number first."""
    withholders = Withholders(source)
    rows = (public_row(r, source, withholders.of(r)) for r in source.requests)
    return tuple(sorted((r for r in rows if r), key=lambda r: r.number, reverse=True))


def register_row(source: RegisterSource, number: str) -> RegisterRow | None:
    """One request; None when there is none, or none that is public."""
    record = next((r for r in source.requests if r.request.number == number), None)
    return None if record is None else public_row(record, source, Withholders(source).of(record))


class Withholders:
    """Whose names are taken out of which text.

    Out of every text: persons the source adds, and those of requests that passed the completeness
    check, for the office has read who they are. Out of a request's own texts: everybody it names as
    well. Whom a requestor only names is withheld nowhere else, or anybody could choose which words
    of others' requests the public may not read.

    Attributes:
        general: For texts that are no request's.
        names: That `general` takes out.
    """

    def __init__(self, source: RegisterSource) -> None:
        """Gather the names; texts are cleared later."""
        checked = (v for r in source.requests for v in r.request.versions if _was_checked(v))
        self.names = frozenset(source.withheld_names) | {n for v in checked for n in _names(v)}
        self.general = Withholder(self.names)
        self._records = {r.request.number: r for r in source.requests}

    def of(self, record: RequestRecord) -> Withholder:
        """For the texts of one request."""
        own = {name for version in record.request.versions for name in _names(version)}
        further = own - self.names
        return Withholder(further, beside=self.general) if further else self.general

    def of_number(self, number: str) -> Withholder:
        """The same, by number; `general` where there is no such request."""
        record = self._records.get(number)
        return self.general if record is None else self.of(record)


def _was_checked(version: Version) -> bool:
    return version.submitted is not None and version.walked not in _UNCHECKED


def _names(version: Version) -> Iterator[str]:
    for content in (version.content, version.submitted, version.before):
        if content is not None:
            yield from (person.name for person in content.people)


def submitted_versions(record: RequestRecord) -> tuple[Version, ...]:
    """Versions the public may know of: those that were submitted, as submitted."""
    return tuple(v for v in record.request.versions if v.submitted is not None)


def public_row(
    record: RequestRecord, source: RegisterSource, withholder: Withholder
) -> RegisterRow | None:
    """One request as the public sees it; None before its first submission."""
    versions = submitted_versions(record)
    if record.received_on is None or not versions:
        return None
    version = versions[-1]
    content = version.submitted or version.content
    decided, vote = version.decided, public_vote(version, record.request.number, source)
    profile = source.profile
    return RegisterRow(
        number=record.request.number,
        version=version.number,
        title=withholder.text(content.title),
        type=content.type.value,
        organization=withholder.text(content.organization),
        agencies=content.agencies,
        agency_codes=tuple(profile.agency_code(a) for a in content.agencies),
        datasets=tuple(_datasets(content, source)),
        purpose=withholder.text(content.purpose),
        status=version.status,
        next_role=version.next,
        next_words=version.facts.what,
        received_on=record.received_on,
        decision=_decision(version),
        decided_on=decided.decided_on if decided else None,
        vote=vote,
        refused=refusal_rules(version, record.request.number, source),
        conditions=tuple(withholder.text(c) for c in _conditions(version)),
        ends_on=version.agreement.ends_on if version.agreement else content.ends_on,
        versions=tuple(
            PublicVersion(v.number, v.status, v.decided.decided_on if v.decided else None)
            for v in versions
        ),
        publications=clear_publications(source.published(record.request.number), withholder),
        updated_at=max(_updated(record, versions), *_published_at(record, source)),
    )


def clear_publications(
    publications: Iterable[Publication], withholder: Withholder
) -> tuple[Publication, ...]:
    """The publications, their titles without persons."""
    return tuple(p.model_copy(update={"title": withholder.text(p.title)}) for p in publications)


def _datasets(content: RequestContent, source: RegisterSource) -> Iterator[tuple[str, str]]:
    for part in sorted(content.datasets, key=lambda d: d.dataset):
        contract = source.contracts.get(part.dataset)
        yield part.dataset, contract.title if contract else part.dataset


def _decision(version: Version) -> str | None:
    if version.decided is None:
        return None
    return version.decided.tag.value.split(":", 1)[1].replace("_", " ")


def _conditions(version: Version) -> Iterator[str]:
    """Of the decision: the board's, and the owners', which it took over."""
    if version.decided is not None and version.status not in _DENIED_OR_OVER:
        yield from version.decided.conditions.values()


def _updated(record: RequestRecord, versions: tuple[Version, ...]) -> datetime:
    numbers = {v.number for v in versions}
    return max(step.at for step in public_steps(record) if step.version in numbers)


def _published_at(record: RequestRecord, source: RegisterSource) -> Iterator[datetime]:
    for publication in source.published(record.request.number):
        if publication.recorded_at is not None:
            yield publication.recorded_at
    yield datetime.min.replace(tzinfo=UTC)


def public_steps(record: RequestRecord) -> tuple[Step, ...]:
    """Changes of status the public may know of: from each version's first submission on."""
    out: list[Step] = []
    begun: set[int] = set()
    for step in record.steps:
        if step.status is Status.SUBMITTED:
            begun.add(step.version)
        if step.version in begun and step.status is not Status.DRAFT:
            out.append(step)
    return tuple(out)


def motion_outcome(version: Version, number: str, source: RegisterSource) -> MotionOutcome | None:
    """The vote that decided a version, computed anew from the body's own events."""
    if version.decided is None or version.decided.motion is None:
        return None
    for body in source.bodies.values():
        motion = body.motions.get(version.decided.motion)
        if motion is not None and motion.moved.about == number and motion.put_at is not None:
            return decide_motion(body.facts(motion.id))
    return None


def public_vote(version: Version, number: str, source: RegisterSource) -> PublicVote | None:
    """The vote as published; None before it."""
    outcome = motion_outcome(version, number, source)
    return None if outcome is None else publish_vote(outcome, source)


def publish_vote(outcome: MotionOutcome, source: RegisterSource) -> PublicVote:
    """A vote without persons and their reasons."""
    decided_on = outcome.to_dict()["decided_on"]
    return PublicVote(
        body=outcome.facts.rules.title,
        meeting=outcome.facts.meeting.id,
        motion=outcome.facts.motion.id,
        voted_on=date.fromisoformat(str(decided_on)),
        passed=outcome.passed,
        in_favor=outcome.in_favor,
        against=outcome.against,
        abstained=outcome.abstained,
        recused=sum(bool(s.recused) for s in outcome.seats),
        represented=outcome.represented,
        filled_seats=outcome.filled_seats,
        quorum_needed=outcome.quorum_needed,
        roll_call=tuple(
            SeatVote(
                source.profile.agency_code(s.agency),
                _capacity(s.capacity, recused=bool(s.recused)),
                _CHOICES[s.choice] if s.choice else "no vote" if s.person else "not counted",
            )
            for s in outcome.seats
        ),
    )


def _capacity(capacity: Capacity, *, recused: bool) -> str:
    words = {
        Capacity.MEMBER: "member",
        Capacity.PROXY: "by proxy",
        Capacity.ALTERNATE: "alternate",
        Capacity.EMPTY: "not represented",
        Capacity.VACANT: "vacant",
    }[capacity]
    return f"{words}; member recused" if recused else words


def refusal_rules(version: Version, number: str, source: RegisterSource) -> tuple[str, ...]:
    """By which rules a version was denied; empty when it was not."""
    if version.status is not Status.DENIED or version.decided is None:
        return ()
    outcome = motion_outcome(version, number, source)
    if outcome is None:
        return (OWNER_REJECTED,)
    return tuple(dict.fromkeys(d.rule for d in outcome.decision.denials if d.rule in REFUSALS))


def _vote_dict(vote: PublicVote) -> dict[str, Json]:
    return {
        "body": vote.body,
        "meeting": vote.meeting,
        "motion": vote.motion,
        "voted_on": vote.voted_on.isoformat(),
        "passed": vote.passed,
        "in_favor": vote.in_favor,
        "against": vote.against,
        "abstained": vote.abstained,
        "recused": vote.recused,
        "represented": vote.represented,
        "filled_seats": vote.filled_seats,
        "quorum_needed": vote.quorum_needed,
        "roll_call": [
            {"seat": s.seat, "represented": s.represented, "vote": s.vote} for s in vote.roll_call
        ],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
