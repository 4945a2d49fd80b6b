"""Who asks (an actor), what for (an action), and what it is about (a target)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from governance.board.state import BodyState
from governance.people.model import Person, PortalRole
from governance.requests.state import DataRequest, Version


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        person: Their record as of now; None for the public and for processes.
        process: A process of the programme with an identity of its own, or empty.
    """

    person: Person | None = None
    process: Literal["", "clock", "signer"] = ""

    @property
    def by(self) -> str:
        """What the ledger names: the person's id, the process, or `public`."""
        return self.person.id if self.person else self.process or "public"

    @property
    def roles(self) -> frozenset[PortalRole]:
        """Roles of the person's record."""
        return frozenset(self.person.roles) if self.person else frozenset()

    @property
    def agency(self) -> str | None:
        """The participating agency that employs the person."""
        return self.person.agency if self.person else None


PUBLIC = Actor()
CLOCK = Actor(process="clock")
SIGNER = Actor(process="signer")


class Action(StrEnum):
    """Everything that can be asked of the control plane, beside the commands on a request.

    A command on a request is asked about by its own `governance.requests.states.Act`.
    """

    READ_REGISTER = "read_register"
    """The public register, notices, minutes, annual report, catalogue."""
    BEGIN_REQUEST = "begin_request"
    READ_REQUEST = "read_request"
    READ_ATTACHMENT = "read_attachment"
    ADD_ATTACHMENT = "add_attachment"
    LIST_OWN_REQUESTS = "list_own_requests"
    LIST_AGENCY_DATA = "list_agency_data"
    """An agency's own data: who uses it, submissions and their health, decisions waiting."""
    LIST_ALL_REQUESTS = "list_all_requests"
    READ_PACKET = "read_packet"
    FILL_SEAT = "fill_seat"
    """Also vacating a seat."""
    NAME_ALTERNATE = "name_alternate"
    FILE_PROXY = "file_proxy"
    """Also withdrawing one."""
    RUN_MEETING = "run_meeting"
    """Notice, open, arrivals and departures, end."""
    MOVE_MOTION = "move_motion"
    PUT_MOTION = "put_motion"
    """Also closing the vote."""
    DECLARE_INTEREST = "declare_interest"
    CAST_VOTE = "cast_vote"
    READ_PEOPLE = "read_people"
    CHANGE_PEOPLE = "change_people"
    READ_LEDGER = "read_ledger"
    """The public chain and its proofs."""
    READ_LEDGER_FACTS = "read_ledger_facts"
    """The facts behind an entry."""
    READ_CONFIGURATION = "read_configuration"
    MANAGE_WEBHOOKS = "manage_webhooks"
    ROUTE_RECORDS_REQUEST = "route_records_request"
    RECORD_COST = "record_cost"
    RECORD_MATCH = "record_match"
    """A line of the match log."""
    CONFIRM_LINK_DESTRUCTION = "confirm_link_destruction"
    """An agency's own link from source id to synthetic id is destroyed."""
    READ_PUBLICATIONS = "read_publications"
    """What a project published, and what it means to publish, which is confidential until then."""
    PROPOSE_PUBLICATION = "propose_publication"
    """Also taking the proposal back."""
    SEE_PUBLICATION = "see_publication"
    """Note for a contributing agency that it saw the output."""
    RECORD_PUBLICATION = "record_publication"
    """Every contributing agency saw the output, and it appeared."""
    ASK_ERASURE = "ask_erasure"
    """Ask that facts be erased, see what was asked, lay it aside."""
    ERASE_FACTS = "erase_facts"
    """Carry out an erasure that somebody else asked for."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an action is about; what does not apply is left out.

    Attributes:
        request, version: A data request and the version meant.
        body: Replayed.
        motion: Id of a motion of that body.
        agency: Whose seat, part, data.
        person: Id of whom it is about.
        party: For whom is signed.
        asked_by: Who asked for what is to be carried out.
    """

    request: DataRequest | None = None
    version: Version | None = None
    body: BodyState | None = None
    motion: str | None = None
    agency: str | None = None
    person: str | None = None
    party: str | None = None
    asked_by: str | None = None


NOTHING = Target()
