"""What the programming interface answers with, beside the records themselves."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from governance.audit import Entry, Tag
from governance.board.model import BoardPerson, Proxy, Seat
from governance.board.state import MeetingState, MotionState
from governance.errors import DocumentError
from governance.people import Person, PortalRole
from governance.requests.model import RequestType
from governance.requests.states import Status
from governance.services.request_lists import ListQuery
from governance.store.chain_rows import EntrySort
from governance.store.lists import (
    MeetingRow,
    MeetingSort,
    PeopleSort,
    RequestRow,
    RequestSort,
    Scope,
)
from governance.store.paging import MAX_PER_PAGE

Payload = Annotated[dict[str, JsonValue], Body()]
_SAID = ("version", "based_on", "once")


class Answer(BaseModel):
    """Base: fields are read from the programme's records."""

    model_config = ConfigDict(from_attributes=True)


class DenialAnswer(Answer):
    """One rule's no: the reason, what to do, and the clause."""

    rule: str
    reason: str
    remedy: str
    clause: str


class Problem(BaseModel):
    """RFC 9457 problem details; `denials` when policy says no, `problems` when a form is wrong."""

    type: str
    title: str
    status: int
    detail: str = ""
    remedy: str = ""
    denials: list[DenialAnswer] = []
    problems: list[str] = []
    error_id: str = ""


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in (
        (400, "It cannot be read, or did not come from an open session."),
        (401, "Nobody is signed in."),
        (403, "The rules do not allow it."),
        (404, "There is no such thing."),
        (409, "Somebody changed it since you looked."),
        (413, "It is too large."),
        (415, "That kind of content is not taken."),
        (422, "What was sent has mistakes."),
        (429, "Too many requests."),
        (503, "Busy; try again."),
    )
}


class PageAsked(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")
    page: Annotated[int, Field(ge=1, le=100_000, description="From 1.")] = 1
    per_page: Annotated[int, Field(ge=1, le=MAX_PER_PAGE)] = 25


class RequestsSought(PageAsked):
    """Which requests, in which order."""

    text: Annotated[str, Field(max_length=200, description="Words to look for.")] = ""
    status: list[Status] = []
    agency: Annotated[list[str], Field(max_length=64)] = []
    type: list[RequestType] = []
    sort: RequestSort = "updated_at"
    descending: bool = True

    def query(self, scope: Scope) -> ListQuery:
        """What the service is asked for."""
        return ListQuery(
            text=self.text,
            status=tuple(s.value for s in self.status),
            agency=tuple(self.agency),
            type=tuple(t.value for t in self.type),
            scope=scope,
            sort=self.sort,
            descending=self.descending,
            page=self.page,
            per_page=self.per_page,
        )


class RequestsAsked(RequestsSought):
    """Which requests of whose, in which order."""

    scope: Scope = "all"


class PeopleAsked(PageAsked):
    """Which people, in which order."""

    text: Annotated[str, Field(max_length=200)] = ""
    role: PortalRole | None = None
    agency: Annotated[str | None, Field(max_length=63)] = None
    employed: Annotated[bool | None, Field(description="Employed today, or not.")] = None
    sort: PeopleSort = "name"
    descending: bool = False


class MeetingsAsked(PageAsked):
    """Which meetings of a body, in which order."""

    text: Annotated[str, Field(max_length=200, description="Words to look for.")] = ""
    status: Literal["noticed", "in_session", "adjourned", "closed"] | None = None
    sort: MeetingSort = "starts_at"
    descending: bool = True


class EntriesAsked(PageAsked):
    """Which entries of the ledger, in which order."""

    tag: list[Tag] = []
    subject: Annotated[str | None, Field(max_length=63)] = None
    sort: EntrySort = "seq"
    descending: bool = True


class RequestPage(Answer):
    """One page of requests."""

    items: tuple[RequestRow, ...]
    total: int
    page: int
    per_page: int


class MeetingPage(Answer):
    """One page of meetings."""

    items: tuple[MeetingRow, ...]
    total: int
    page: int
    per_page: int


class PersonPage(Answer):
    """One page of people."""

    items: tuple[Person, ...]
    total: int
    page: int
    per_page: int


class LedgerEntry(BaseModel):
    """A link of the public chain, exactly as it is hashed.

    Attributes:
        at: UTC.
        commitment: Of the facts, which lie apart.
        prev: `hash` of the entry before.
        once: Digest of the idempotency key, or empty.
        hash: SHA-256 of all the others.
    """

    seq: int
    at: str
    tag: str
    subject: str
    commitment: str
    prev: str
    once: str
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The entry as published."""
        return cls.model_validate(entry.to_dict())


class EntryAnswer(BaseModel):
    """An entry of the ledger; `facts` where the asker may read them."""

    entry: LedgerEntry
    facts: dict[str, JsonValue] | None = None
    erased: bool = False


class EntryPage(BaseModel):
    """One page of the ledger's public chain."""

    items: tuple[LedgerEntry, ...]
    total: int
    page: int
    per_page: int


class BegunRequest(BaseModel):
    """A request that was begun."""

    number: str


class SavedDraft(BaseModel):
    """A draft that was kept."""

    revision: int


class VersionAnswer(BaseModel):
    """One version of a request.

    Attributes:
        acts: What the asker may do with it now.
        facts: The version as replayed from the ledger.
    """

    number: int
    status: str
    next_role: str
    acts: tuple[str, ...]
    facts: dict[str, JsonValue]


class RequestAnswer(BaseModel):
    """A request as the asker may see it.

    Attributes:
        position: What a change is based on.
        next: Who acts next and what happens then.
        due: Last day of the step the newest version waits for, when it has one.
        precheck: What the agreements in force say of each variable.
    """

    number: str
    requestor: str
    position: int
    next: str
    due: date | None = None
    versions: tuple[VersionAnswer, ...]
    people: dict[str, JsonValue]
    missing: tuple[DenialAnswer, ...]
    precheck: dict[str, JsonValue]


class BodyStateAnswer(BaseModel):
    """Roster, proxy letters, meetings and motions of a body, by id."""

    seats: Mapping[str, Seat]
    people: Mapping[str, BoardPerson]
    proxies: tuple[Proxy, ...]
    meetings: Mapping[str, MeetingState]
    motions: Mapping[str, MotionState]
    admitted: tuple[str, ...]


class BodyAnswer(BaseModel):
    """A body: its roster, meetings and motions, which are public."""

    body: str
    title: str
    position: int
    state: BodyStateAnswer


class MotionAnswer(BaseModel):
    """A motion and how it stands: the arithmetic, in words."""

    body: str
    motion: MotionState
    outcome: dict[str, JsonValue] | None
    words: str


class VariableAnswer(BaseModel):
    """A variable of a dataset.

    Attributes:
        role: What it tells of a person.
        treatment: What is done to it on landing.
        dimension: Researchers may group and filter by it.
    """

    name: str
    type: str
    description: str
    role: str
    treatment: str | None
    dimension: bool


class DatasetAnswer(BaseModel):
    """A dataset of the catalogue.

    Attributes:
        agreements: Under which it is held, with their last day.
    """

    dataset: str
    agency: str
    title: str
    description: str
    agreements: dict[str, date]
    variables: tuple[VariableAnswer, ...]


class CheckpointAnswer(BaseModel):
    """A signed checkpoint of the chain."""

    chain: str
    size: int
    root: str
    head: str
    at: datetime


class InclusionAnswer(BaseModel):
    """Proof that an entry is in the tree of a checkpoint (RFC 6962 §2.1.1)."""

    entry: LedgerEntry
    checkpoint: CheckpointAnswer
    path: tuple[str, ...]


class ConsistencyAnswer(BaseModel):
    """Proof that a checkpoint's chain begins with an older one (RFC 6962 §2.1.2)."""

    old_size: int
    checkpoint: CheckpointAnswer
    path: tuple[str, ...]


class Said:
    """A command's body, taken apart: its facts, and what is said about the command itself.

    Raises:
        DocumentError: Version, position or token are no such things.
    """

    def __init__(self, payload: Mapping[str, JsonValue]) -> None:
        """Take a body apart."""
        self.facts = {k: v for k, v in payload.items() if k not in _SAID}
        self.version = _number(payload, "version")
        self.based_on = _number(payload, "based_on")
        once = payload.get("once")
        if once is not None and not (isinstance(once, str) and 1 <= len(once) <= 64):  # noqa: PLR2004  as described
            _refuse("once", "1 to 64 characters")
        self.once = once if isinstance(once, str) else None


def _number(payload: Mapping[str, JsonValue], name: str) -> int | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        _refuse(name, "a whole number is expected")
    return value if isinstance(value, int) else None


def _refuse(name: str, words: str) -> None:
    raise DocumentError.counted("The body has", f"{name}: {words}")
