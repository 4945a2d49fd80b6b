"""What the public outputs are made from: replayed states, and the programme's own records.

Nothing here is public yet: `governance.register.rows` decides what is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from governance.agreements.model import Agreement
from governance.board.state import BodyState
from governance.calendar import legal_date
from governance.contracts.model import DatasetContract
from governance.facts import Facts, Id, Text
from governance.profile import Profile
from governance.requests.events import RequestEvent, Submitted
from governance.requests.state import DataRequest, apply
from governance.requests.states import Status

PublicationKind = Literal[
    "article", "report", "brief", "presentation", "thesis", "dashboard", "dataset", "other"
]
WebAddress = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=1000)]


class Publication(Facts):
    """An output of a project that was published.

    Attributes:
        publication: Id under which it was proposed; None in entries made before that was asked.
        recorded_at: When its entry was made, UTC.
    """

    request: Id
    title: Text
    address: WebAddress | None = None
    published_on: date
    publication: Id | None = None
    kind: PublicationKind | None = None
    recorded_at: AwareDatetime | None = None


class Cost(Facts):
    """A cost of the programme.

    Attributes:
        cents: US cents.
    """

    year: Annotated[int, Field(ge=1900, le=9999)]
    heading: Text
    cents: Annotated[int, Field(ge=0)]
    note: Annotated[str, Field(max_length=4000)] = ""


YEARS: Final = range(1900, 3000)
"""Years a match can be of; clocks are counted from its days, and calendars end."""


def _in_utc(instant: datetime) -> datetime:
    if instant.year not in YEARS:
        raise ValueError("it is of no year that a match can be of")
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""Typed with any zone, kept in UTC."""


class MatchLine(Facts):
    """One line of the match log, in the programme's columns.

    Attributes:
        fields: Names of the columns sent for matching.
        match_date: When the hub matched; `matrix_date`: when it returned the matrix.
        confirmed_at: When the stewards confirmed the match, UTC: the clock runs from it.
        destroyed_at: When the file was destroyed, UTC; lines of old have only the date.
    """

    received: date
    sender: Text
    receiver: Text
    file_name: Text
    request: Id
    fields: tuple[Text, ...] = ()
    match_date: date | None = None
    matrix_date: date | None = None
    authorized_representative: Text | None = None
    destroyed_date: date | None = None
    confirmed_at: Instant | None = None
    destroyed_at: Instant | None = None

    @model_validator(mode="after")
    def _check_in_order(self) -> Self:
        confirmed, destroyed = self.confirmed_at, self.destroyed_at
        if confirmed and self.matrix_date and legal_date(confirmed) < self.matrix_date:
            raise ValueError("the stewards confirm a match after its matrix, not before")
        if confirmed and destroyed and destroyed < confirmed:
            raise ValueError("a file is destroyed after the confirmation, not before")
        if destroyed and self.destroyed_date not in {None, legal_date(destroyed)}:
            raise ValueError("the day and the instant of the destruction differ")
        return self


@dataclass(frozen=True, slots=True)
class Step:
    """A version came to a status.

    Attributes:
        at: UTC.
    """

    at: datetime
    version: int
    status: Status


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request with the dates its state does not keep.

    Attributes:
        received_on: Legal date of the first submission; None: never submitted, so not public.
        steps: Every change of a version's status, oldest first.
    """

    request: DataRequest
    received_on: date | None = None
    steps: tuple[Step, ...] = ()


def record_of(events: Iterable[RequestEvent]) -> RequestRecord | None:
    """The record that a request's events give; None when there are none.

    Raises:
        LedgerError: An event does not follow from the one before it.
    """
    request: DataRequest | None = None
    received_on: date | None = None
    steps: list[Step] = []
    stood: dict[int, Status] = {}
    for event in events:
        request = apply(request, event)
        if received_on is None and isinstance(event, Submitted):
            received_on = legal_date(event.at)
        if stood.get(event.version) is not event.status:
            stood[event.version] = event.status
            steps.append(Step(event.at, event.version, event.status))
    return None if request is None else RequestRecord(request, received_on, tuple(steps))


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """Everything the public outputs are made from.

    Attributes:
        as_of: UTC; what is printed as the moment of the outputs.
        base_url: Of the portal, without a slash at the end.
        bodies: By name.
        contracts: By `agency/dataset`.
        agreements: By id.
        withheld_names: Names of further persons that no public text may carry, beside those the
            requests name.
    """

    profile: Profile
    as_of: datetime
    base_url: str
    requests: Sequence[RequestRecord] = ()
    bodies: Mapping[str, BodyState] = field(default_factory=dict)
    publications: Sequence[Publication] = ()
    costs: Sequence[Cost] = ()
    matches: Sequence[MatchLine] = ()
    contracts: Mapping[str, DatasetContract] = field(default_factory=dict)
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    withheld_names: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The legal date of the outputs."""
        return legal_date(self.as_of)

    def published(self, number: str) -> tuple[Publication, ...]:
        """A request's publications, oldest first."""
        found = [p for p in self.publications if p.request == number]
        return tuple(sorted(found, key=lambda p: (p.published_on, p.title)))
