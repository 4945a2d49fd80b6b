"""Requests, board and people, replayed in the order of the verified chain; each event judged anew.

The portal judged who may write an event when it was written. Here it is judged again, by the same
one module (`governance.permissions`), on the records as they stood at that entry: an event that was
not its author's to write is no link of a chain, however well it is hashed.

- Of a request: the version it leads on is not granted.
- Of the board's roster, meetings and motions: no motion it may have carried leads to a grant.
- Of a person's record: it is not believed, unless it ends an employment earlier; whoever acts on
  what it says acts without the right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from pydantic import ValidationError

from governance.audit.chain import Entry
from governance.audit.tags import Tag
from governance.board import events as board_events
from governance.board.bylaws import BodyRules
from governance.board.state import BodyState
from governance.board.state import apply as apply_body
from governance.calendar import legal_date
from governance.decisions import Denial
from governance.errors import LedgerError
from governance.grants.model import LedgerReference
from governance.people import Person
from governance.people import events as people_events
from governance.permissions import Action, Actor, Target, acting_role, decide_action
from governance.profile import Profile
from governance.requests import events as ev
from governance.requests.chain import Outside
from governance.requests.leaving import may_take_back
from governance.requests.making import content_digest
from governance.requests.state import DataRequest, Version
from governance.requests.state import apply as apply_request
from governance.requests.states import Act
from governance.signer.authority import Newcomers, judge_body, judge_person
from governance.signer.doubts import BoardDoubts
from governance.signer.reading import ANY_BODY, Told

CHAIN: Final = "governance"
"""Name of the chain that grants refer to."""
_RULE: Final = "chain.authority"
_ANEW: Final = "The operating office finds out who wrote it; the act is done anew."
_VOTE_AGAIN: Final = (
    "The operating office finds out who wrote it, and mends it; the board votes again."
)
_NOT_TAKEN_BACK: Final = Denial(
    "person.left",
    "That somebody left is taken back by one of the operating office whom the request does not "
    "name.",
    _ANEW,
    "Governance manual, leavers and newcomers",
)
_NOT_OWN_INTEREST: Final = Denial(
    "interest.own",
    "An interest is declared by whoever has it.",
    _ANEW,
    "C.G.S. § 1-86",
)
_PUBLISHED: Final = frozenset({Tag.GRANT_PUBLISHED.value, Tag.PEOPLE_PUBLISHED.value})


@dataclass
class Life:
    """One request so far.

    Attributes:
        request: Replayed; None before its first event.
        reviews: Every owner's decision with its entry.
        first_granted_on: Legal date of each version's first grant.
        links_destroyed: Agencies that confirmed that their link to their persons is destroyed.
        unauthorized: Events that were not their author's to write, by version.
        broken: Why it cannot be judged, or empty.
    """

    number: str
    request: DataRequest | None = None
    reviews: list[tuple[ev.PartReviewed, LedgerReference]] = field(default_factory=list)
    first_granted_on: dict[int, date] = field(default_factory=dict)
    links_destroyed: set[str] = field(default_factory=set)
    unauthorized: dict[int, list[Denial]] = field(default_factory=dict)
    broken: str = ""

    def replayed(self) -> DataRequest:
        """The request.

        Raises:
            LedgerError: It cannot be judged.
        """
        if self.broken or self.request is None:
            raise LedgerError(self.broken or f"There is no request {self.number}.")
        return self.request


class Records:
    """People, board and requests; takes the chain's events in their order, once each."""

    def __init__(self, board: BodyRules, newcomers: Newcomers, profile: Profile) -> None:
        """Start before the first entry."""
        self._board = board
        self._profile = profile
        self._body = BodyState(board)
        self._body_broken = ""
        self._vote_entries: dict[str, LedgerReference] = {}
        self._newcomers = newcomers
        self._doubts = BoardDoubts()
        self._persons: dict[str, Person] = {}
        self.not_believed: dict[str, tuple[Denial, ...]] = {}
        """Why the last event of a person's record is not believed, by person."""
        self.lives: dict[str, Life] = {}
        self.published: set[tuple[str, int]] = set()
        self.touched: set[str] = set()
        """Requests that an event since `settled` may have changed."""
        self.erasures = 0
        """Erasures that were told: what is held here may have to be forgotten."""

    def settled(self) -> None:
        """Everything that was touched was looked at."""
        self.touched.clear()

    def take(self, told: Told) -> None:
        """The next event."""
        kind, subject = told.record
        self.erasures += told.entry.tag == Tag.PAYLOAD_ERASED
        match kind:
            case "request":
                self._take_request(told, subject)
            case "person":
                self._take_person(told, subject)
            case "body" if subject == self._board.body:
                self._take_body(told)
            case "programme" if told.entry.tag == Tag.LINK_DESTRUCTION_CONFIRMED:
                self._take_link(told)
            case "programme" if told.entry.tag in _PUBLISHED:
                noted = told.facts
                self.published.add((str(noted["subject"]), int(noted["facts"]["version"])))
            case _:
                pass

    def forget(self, records: Iterable[tuple[str, str]]) -> None:
        """Facts of these records were erased: they cannot be judged any more."""
        for record in records:
            kind, subject = record
            is_motion = kind == "motion" and subject in self._body.motions
            if is_motion or record in {ANY_BODY, ("body", self._board.body)}:
                self._body_broken = "Facts of the board were erased; its votes cannot be judged."
                self.touched.update(self.lives)
            elif kind == "request":
                why = f"Facts of request {subject} were erased; it cannot be judged."
                self._life(subject).broken = why
            elif kind == "person":
                self._persons.pop(subject, None)
                self._touch_person(subject)

    def people(self) -> Mapping[str, Person]:
        """Everybody on record, by id."""
        return self._persons

    def life(self, number: str) -> Life:
        """A request's."""
        return self.lives[number]

    def outside(self, life: Life, version: Version) -> Outside:
        """What the request itself does not record: vote, entries, employment.

        Raises:
            LedgerError: Facts of the board were erased.
        """
        if self._body_broken:
            raise LedgerError(self._body_broken)
        motion = version.decided.motion if version.decided else None
        found = None if motion is None else self._body.motions.get(motion)
        put = found is not None and found.put_at is not None
        content = version.submitted
        named = content.requestors if content is not None else ()
        known = {name: self._persons[name] for name in named if name in self._persons}
        return Outside(
            motion=self._body.facts(motion) if motion is not None and put else None,
            owner_entries={
                agency: reference
                for agency, review in version.reviews.items()
                for known, reference in life.reviews
                if known == review
            },
            board_entry=None if motion is None else self._vote_entries.get(motion),
            employed={n: (x.employed_from, x.employed_until) for n, x in known.items()},
            employment_classes={n: x.employment_class for n, x in known.items()},
            employers={n: self._profile.employer(x.employer, x.agency) for n, x in known.items()},
            links_destroyed=frozenset(life.links_destroyed),
        )

    def doubts(self, motion: str) -> tuple[Denial, ...]:
        """What of the motion, its meeting and its roster was not its author's to write."""
        return self._doubts.of_motion(motion)

    def _life(self, number: str) -> Life:
        self.touched.add(number)
        return self.lives.setdefault(number, Life(number))

    def _touch_person(self, person_id: str) -> None:
        """Their record changed: so may every grant that names them."""
        for number, life in self.lives.items():
            if life.request is not None and any(
                person_id in version.submitted.requestors
                for version in life.request.versions
                if version.submitted is not None
            ):
                self.touched.add(number)

    def _take_person(self, told: Told, name: str) -> None:
        event = _parsed(told, people_events.parse_event)
        if event is None or event.subject != name:
            self._persons.pop(name, None)  # nobody, as far as a grant goes
            return
        before = self._persons.get(name)
        on = legal_date(told.entry.at)
        denials = judge_person(event, self._persons, self._newcomers, on=on)
        if denials:
            self.not_believed[name] = tuple(_foreign(told.entry, event.by, denials, _ANEW))
        else:
            self.not_believed.pop(name, None)
        after = people_events.apply(before, event)
        if after is not None and (not denials or _ends_earlier(before, event)):
            self._persons[name] = after
        self._touch_person(name)

    def _take_body(self, told: Told) -> None:
        event = _parsed(told, board_events.parse_event)
        if event is None:
            self._body_broken = f"Entry {told.entry.seq} is no event of the board."
            return
        # Its entry's time never goes back; that a letter was filed in time is not its own word.
        event = event.model_copy(update={"at": told.entry.at})
        author, on = self._persons.get(event.by), legal_date(told.entry.at)
        denials = judge_body(event, self._body, author, on=on)
        try:
            self._body = apply_body(self._body, event)
        except LedgerError as error:
            self._body_broken = error.message
            return
        foreign = (*_foreign(told.entry, event.by, denials, _VOTE_AGAIN),)
        if foreign:
            foreign += self.not_believed.get(event.by, ())
            self.touched.update(self.lives)
        self._doubts.take(event, foreign, self._body)
        if isinstance(event, board_events.MotionDecided):
            self._vote_entries[event.subject] = _reference(told)

    def _take_link(self, told: Told) -> None:
        """An agency's confirmation counts when it was written by one of its own."""
        noted, life = told.facts, self._life(str(told.facts.get("subject")))
        facts = noted.get("facts")
        agency = str(facts.get("agency")) if isinstance(facts, Mapping) else ""
        actor = Actor(person=self._persons.get(str(noted.get("by"))))
        target = Target(request=life.request, agency=agency)
        action, on = Action.CONFIRM_LINK_DESTRUCTION, legal_date(told.entry.at)
        if decide_action(actor, action, target, today=on).permitted:
            life.links_destroyed.add(agency)

    def _take_request(self, told: Told, number: str) -> None:
        life = self._life(number)
        if life.broken:
            return
        event = _parsed(told, ev.parse_event)
        if event is None or event.subject != number:
            life.broken = f"Entry {told.entry.seq} is no event of request {number}."
            return
        event = event.model_copy(update={"at": told.entry.at})  # not when it says it was
        since = 1 if isinstance(event, _OF_PERSONS) else event.version
        life.unauthorized.setdefault(since, []).extend(self._judge(event, life.request, told.entry))
        try:
            life.request = apply_request(life.request, event)
        except LedgerError as error:
            life.broken = error.message
            return
        life.broken = _other_content(life.request, event)
        if isinstance(event, ev.PartReviewed):
            life.reviews.append((event, _reference(told)))
        if isinstance(event, ev.Granted):
            life.first_granted_on.setdefault(event.version, legal_date(event.at))

    def _judge(
        self, event: ev.RequestEvent, request: DataRequest | None, entry: Entry
    ) -> Iterator[Denial]:
        """Whether the event was its author's to write, on the records as they stand before it."""
        gives_back = isinstance(event, ev.PersonLeft) and _gives_back(event, request)
        act = Act.RECORD_LEAVER if gives_back else _ACTS.get(event.tag)
        version = None if request is None else request.version(event.version)
        if act is None or request is None or version is None:
            return
        target = Target(
            request=request,
            version=version,
            body=self._body,
            agency=getattr(event, "agency", None),
            person=getattr(event, "person", None),
            party=getattr(event, "party", None),
        )
        actor = Actor(person=self._persons.get(event.by))
        decision = decide_action(actor, act, target, today=legal_date(entry.at))
        denials = decision.denials
        role = acting_role(actor, act, target)
        if gives_back and not may_take_back(request, version, event.by, role):
            denials += (_NOT_TAKEN_BACK,)
        if isinstance(event, ev.InterestDeclared) and event.person != event.by:
            denials += (_NOT_OWN_INTEREST,)
        if denials:
            yield from _foreign(entry, event.by, denials, _ANEW)
            yield from self.not_believed.get(event.by, ())


def _gives_back(event: ev.PersonLeft, request: DataRequest | None) -> bool:
    """Whether it takes back that somebody left, or says that it was later."""
    chain = None if request is None else request.people.get(event.person)
    known = None if chain is None else chain.left_on
    return event.mistaken or (known is not None and event.left_on > known)


def _ends_earlier(before: Person | None, event: people_events.PersonEvent) -> bool:
    """What takes access away needs no proof of authority."""
    if before is None or not isinstance(event, people_events.PersonEnded):
        return False
    return before.employed_until is None or event.last_day < before.employed_until


def _foreign(entry: Entry, by: str, denials: Iterable[Denial], remedy: str) -> Iterator[Denial]:
    """The denials, as what speaks against whatever follows from the entry."""
    for denial in denials:
        reason = f"Entry {entry.seq} ({entry.tag}) was not for {by} to write: {denial.reason}"
        yield Denial(_RULE, f"{reason} [{denial.rule}]", remedy, denial.clause)


_ACTS: Final[Mapping[Tag, Act]] = {
    Tag.DATA_REQUEST_SUBMITTED: Act.SUBMIT,
    Tag.DATA_REQUEST_FOUND_COMPLETE: Act.ACCEPT_COMPLETE,
    Tag.INTEREST_DECLARED: Act.DECLARE_INTEREST,
    Tag.DATA_REQUEST_PART_REVIEWED: Act.REVIEW_PART,
    Tag.DATA_REQUEST_APPROVED: Act.RECORD_VOTE,
    Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS: Act.RECORD_VOTE,
    Tag.SHARING_AGREEMENT_SENT: Act.SEND_AGREEMENT,
    Tag.SHARING_AGREEMENT_SIGNED: Act.SIGN_AGREEMENT,
    Tag.NDA_SIGNED: Act.SIGN_NDA,
    Tag.TRAINING_RECORDED: Act.RECORD_TRAINING,
    Tag.CONDITION_MET: Act.MEET_CONDITION,
}
"""Events that lead to a grant, and the act each was. What takes access away needs no proof; to take
back that somebody left gives access again, and is judged as well."""
_OF_PERSONS: Final = (ev.PersonLeft, ev.TrainingRecorded)
"""Events whose facts hold for every version of a request, whichever they name."""


def _other_content(request: DataRequest, event: ev.RequestEvent) -> str:
    """Why the content a submission brought is not the one it names, or empty."""
    version = request.version(event.version)
    if not isinstance(event, ev.Submitted) or version is None or version.submitted is None:
        return ""
    if content_digest(version.submitted) == event.content_digest:
        return ""
    return f"The draft of request {request.number} is not what was submitted, or was erased."


def _reference(told: Told) -> LedgerReference:
    return LedgerReference(chain=CHAIN, seq=told.entry.seq, hash=told.entry.hash)


_Event = TypeVar("_Event")


def _parsed(told: Told, parse: Callable[[Mapping[str, object]], _Event]) -> _Event | None:
    """The event, or None when this version knows no such event."""
    try:
        return parse(told.facts)
    except ValidationError:
        return None
