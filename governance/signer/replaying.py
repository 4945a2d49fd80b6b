"""Requests, board and people, replayed from the verified ledger; each event judged anew.

The portal judged who may write an event when it was written. Here it is judged again, by the same
one module (`governance.permissions`), on the records as they stood at that entry: an event that was
not its author's to write is no link of a chain, however well it is hashed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from pydantic import ValidationError

from governance.audit.tags import Tag
from governance.board import events as board_events
from governance.board.bylaws import BodyRules
from governance.board.state import BodyState
from governance.board.state import apply as apply_body
from governance.calendar import legal_date
from governance.decisions import Denial
from governance.errors import LedgerError
from governance.grants.model import LedgerReference
from governance.people import Person, PersonEvent
from governance.people import events as people_events
from governance.permissions import Actor, Target, decide_action
from governance.requests import events as ev
from governance.requests.chain import Outside
from governance.requests.state import DataRequest, Version
from governance.requests.state import apply as apply_request
from governance.requests.states import Act
from governance.signer.reading import ANY_BODY, Told, VerifiedLedger

CHAIN: Final = "governance"
"""Name of the chain that grants refer to."""
_RULE: Final = "chain.authority"
_CLAUSE: Final = "docs/reference/permissions.md"


@dataclass(frozen=True, slots=True)
class Dated:
    """A parsed event and the entry it is."""

    event: ev.RequestEvent
    reference: LedgerReference


@dataclass(frozen=True)
class Replayed:
    """One request, replayed.

    Attributes:
        events: With their entries.
        unauthorized: Events that were not their author's to write, by version.
    """

    request: DataRequest
    events: tuple[Dated, ...]
    unauthorized: Mapping[int, tuple[Denial, ...]]

    def first_granted_on(self, version: int) -> date | None:
        """Legal date of the version's first grant."""
        for dated in self.events:
            if isinstance(dated.event, ev.Granted) and dated.event.version == version:
                return legal_date(dated.event.at)
        return None


class Records:
    """People, board and requests of a verified ledger."""

    def __init__(self, ledger: VerifiedLedger, board: BodyRules) -> None:
        """Replay the board's roster and the people.

        Raises:
            LedgerError: Their events do not follow from each other, or were erased.
        """
        self._ledger = ledger
        self._board = board
        self._body_events = self._parse_body()
        self.body = _replay_body(board, self._body_events)
        self._people = dict(self._parse_people())

    def people(self) -> dict[str, Person]:
        """Everybody on record, by id."""
        found = {name: self.person(name) for name in self._people}
        return {name: person for name, person in found.items() if person is not None}

    def person(self, person_id: str, before: int | None = None) -> Person | None:
        """A person's record, as it stood before an entry or as it stands."""
        events = self._people.get(person_id, ())
        return people_events.replay(e for seq, e in events if before is None or seq < before)

    def replay(self, number: str) -> Replayed:
        """A request, every event of it judged.

        Raises:
            LedgerError: Its events do not follow from each other, or were erased.
        """
        if ("request", number) in self._ledger.erased:
            raise LedgerError(f"Facts of request {number} were erased; it cannot be judged.")
        request: DataRequest | None = None
        events: list[Dated] = []
        found: dict[int, list[Denial]] = {}
        roster = _Roster(self._board, self._body_events)
        for told in self._ledger.records.get(("request", number), ()):
            event = _parsed(told, ev.parse_event)
            if event.subject != number:
                raise LedgerError(
                    "An event stands in another request's record.", seq=told.entry.seq
                )
            denials = self._judge(event, request, roster.before(told.entry.seq), told.entry.seq)
            found.setdefault(event.version, []).extend(denials)
            request = apply_request(request, event)
            events.append(Dated(event, _reference(told)))
        if request is None:
            raise LedgerError(f"There is no request {number}.")
        unauthorized = {version: tuple(denials) for version, denials in found.items()}
        return Replayed(request, tuple(events), unauthorized)

    def outside(self, replayed: Replayed, version: Version) -> Outside:
        """What the request itself does not record: vote, entries, employment."""
        motion = version.decided.motion if version.decided else None
        has_vote = motion is not None and motion in self.body.motions
        facts = self.body.facts(motion) if has_vote and motion is not None else None
        content = version.submitted
        named = content.people if content is not None else ()
        people = {p.id: self.person(p.id) for p in named}
        return Outside(
            motion=facts,
            owner_entries=_owner_entries(replayed, version),
            board_entry=None if motion is None else self._vote_entry(motion),
            employed={
                name: (person.employed_from, person.employed_until)
                for name, person in people.items()
                if person is not None
            },
        )

    def _vote_entry(self, motion: str) -> LedgerReference | None:
        for told, event in reversed(self._body_events):
            if isinstance(event, board_events.MotionDecided) and event.subject == motion:
                return _reference(told)
        return None

    def votes_by_others(self, motion: str) -> tuple[Denial, ...]:
        """Votes that somebody else wrote than the person they name."""
        return tuple(
            _unauthorized(told, event.by)
            for told, event in self._body_events
            if isinstance(event, board_events.VoteCast)
            and event.subject == motion
            and event.by != event.person
        )

    def _parse_body(self) -> list[tuple[Told, board_events.BodyEvent]]:
        if ANY_BODY in self._ledger.erased or ("body", self._board.body) in self._ledger.erased:
            raise LedgerError("Facts of the board were erased; its votes cannot be judged.")
        told = self._ledger.records.get(("body", self._board.body), ())
        return [(x, _parsed(x, board_events.parse_event)) for x in told]

    def _parse_people(self) -> Iterator[tuple[str, Sequence[tuple[int, PersonEvent]]]]:
        for name, events in self._ledger.of_kind("person"):
            if ("person", name) in self._ledger.erased:
                continue  # nobody any more, as far as a grant goes
            parsed = [(told.entry.seq, _parsed(told, people_events.parse_event)) for told in events]
            if all(event.subject == name for _, event in parsed):
                yield name, parsed

    def _judge(
        self, event: ev.RequestEvent, request: DataRequest | None, body: BodyState, seq: int
    ) -> Iterator[Denial]:
        """Whether the event was its author's to write, on the records as they stood."""
        act = _ACTS.get(event.tag)
        if act is None or request is None:
            return
        version = request.version(event.version)
        if version is None:
            return
        actor = Actor(person=self.person(event.by, before=seq))
        target = Target(
            request=request,
            version=version,
            body=body,
            agency=getattr(event, "agency", None),
            person=getattr(event, "person", None),
            party=getattr(event, "party", None),
        )
        decision = decide_action(actor, act, target, today=legal_date(event.at))
        for denial in decision.denials:
            reason = f"Entry {seq} ({event.tag.value}) was not for {event.by} to write: "
            remedy = "The operating office finds out who wrote it; the act is done anew."
            yield Denial(_RULE, reason + denial.reason, remedy, denial.clause)


_ACTS: Final[Mapping[Tag, Act]] = {
    Tag.DATA_REQUEST_SUBMITTED: Act.SUBMIT,
    Tag.DATA_REQUEST_FOUND_COMPLETE: Act.ACCEPT_COMPLETE,
    Tag.DATA_REQUEST_PART_REVIEWED: Act.REVIEW_PART,
    Tag.DATA_REQUEST_APPROVED: Act.RECORD_VOTE,
    Tag.DATA_REQUEST_APPROVED_WITH_CONDITIONS: Act.RECORD_VOTE,
    Tag.SHARING_AGREEMENT_SENT: Act.SEND_AGREEMENT,
    Tag.SHARING_AGREEMENT_SIGNED: Act.SIGN_AGREEMENT,
    Tag.NDA_SIGNED: Act.SIGN_NDA,
    Tag.TRAINING_RECORDED: Act.RECORD_TRAINING,
    Tag.CONDITION_MET: Act.MEET_CONDITION,
}
"""Events that lead to a grant, and the act each was. What takes a grant back needs no proof."""


class _Roster:
    """The board as it stood before an entry; asked in the order of the chain."""

    def __init__(
        self, rules: BodyRules, events: Sequence[tuple[Told, board_events.BodyEvent]]
    ) -> None:
        self._state = BodyState(rules)
        self._rest = iter(events)
        self._next = next(self._rest, None)

    def before(self, seq: int) -> BodyState:
        while self._next is not None and self._next[0].entry.seq < seq:
            self._state = apply_body(self._state, self._next[1])
            self._next = next(self._rest, None)
        return self._state


def _replay_body(
    rules: BodyRules, events: Sequence[tuple[Told, board_events.BodyEvent]]
) -> BodyState:
    state = BodyState(rules)
    for _, event in events:
        state = apply_body(state, event)
    return state


def _owner_entries(replayed: Replayed, version: Version) -> dict[str, LedgerReference]:
    """The entry of each standing review, which may be an earlier version's."""
    return {
        agency: dated.reference
        for agency, review in version.reviews.items()
        for dated in replayed.events
        if dated.event == review
    }


def _reference(told: Told) -> LedgerReference:
    return LedgerReference(chain=CHAIN, seq=told.entry.seq, hash=told.entry.hash)


def _unauthorized(told: Told, by: str) -> Denial:
    reason = f"Entry {told.entry.seq} ({told.entry.tag}) was not for {by} to write."
    return Denial(_RULE, reason, "The board votes again.", _CLAUSE)


_Event = TypeVar("_Event")


def _parsed(told: Told, parse: Callable[[Mapping[str, object]], _Event]) -> _Event:
    try:
        return parse(told.facts)
    except ValidationError:
        message = "An entry's facts are no event this version knows."
        raise LedgerError(message, seq=told.entry.seq) from None
