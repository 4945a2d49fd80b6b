"""What the clocks look at, and what they find due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from governance.board.model import Seat
from governance.board.state import BodyState
from governance.people.model import Person
from governance.register.matches import MatchInputs
from governance.register.proposals import Proposal
from governance.requests.deadlines import waiting_since
from governance.requests.events import RequestEvent
from governance.requests.links import LinkDestructions
from governance.requests.state import DataRequest, replay
from governance.requests.states import Act


@dataclass(frozen=True, slots=True)
class RequestLife:
    """A request and since when each version has its status, UTC."""

    request: DataRequest
    since: Mapping[int, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[RequestEvent]) -> "RequestLife | None":
        """From a request's events; None when there are none.

        Raises:
            LedgerError: They do not follow from each other.
        """
        known = tuple(events)
        request = replay(known)
        return None if request is None else cls(request, waiting_since(known))


@dataclass(frozen=True, slots=True)
class PublicationLife:
    """A proposal that is neither published nor taken back, and its request."""

    proposal: Proposal
    request: DataRequest


@dataclass(frozen=True, slots=True)
class RejectedSubmission:
    """A submission the data plane rejected, from its signed feed."""

    id: str
    agency: str
    dataset: str
    on: date


@dataclass(frozen=True, slots=True)
class ProgrammeState:
    """Everything the clocks look at, as of now.

    Attributes:
        people: Every record, by id.
        board: The body that decides on data requests: who is whose owner.
        bodies: All bodies, for their meetings.
        packets: Meetings whose packet was issued, with the day.
        elsewhere: Other requests that name who left one lately, by that one and the person.
        fresh_until: Of the bundle that is out, by request, UTC.
        feed_at: When the data plane was heard of last, UTC; None: never, or no feed is read.
    """

    requests: tuple[RequestLife, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    board: BodyState | None = None
    bodies: tuple[BodyState, ...] = ()
    packets: Mapping[str, date] = field(default_factory=dict)
    matches: tuple[MatchInputs, ...] = ()
    links: Mapping[str, LinkDestructions] = field(default_factory=dict)
    rejected: tuple[RejectedSubmission, ...] = ()
    publications: tuple[PublicationLife, ...] = ()
    elsewhere: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    fresh_until: Mapping[str, datetime] = field(default_factory=dict)
    feed_at: datetime | None = None

    @property
    def seats(self) -> Mapping[str, Seat]:
        """Of the board that decides on data requests, by agency."""
        return self.board.seats if self.board else {}


@dataclass(frozen=True, slots=True)
class CommandDue:
    """A command that the clock gives."""

    number: str
    version: int
    act: Act
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class PacketDue:
    """A meeting whose packet is to be made."""

    body: str
    meeting: str


@dataclass(frozen=True, slots=True)
class RepublishDue:
    """A grant in force whose bundle is soon stale: the signer publishes it anew, by itself.

    Attributes:
        fresh_until: Last legal date of the bundle that is out.
    """

    number: str
    version: int
    fresh_until: date
