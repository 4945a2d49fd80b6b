"""A batch of the data plane's event feed: numbered, linked to the one before, row-free.

What may be in it is `governance.event_feed.published`'s to say: the writer leaves the rest out, and
here at the reader it refuses the batch. Queries are counted by project and legal date: who asked
what is nobody's to read here.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from governance.audit.tags import Tag
from governance.canonical import Json, names_a_key_twice
from governance.errors import LedgerError
from governance.event_feed.published import PUBLISHED, Published, is_of_shape
from governance.facts import Digest, Facts, Name

FEED_TYPE: Final = "application/vnd.data-enclave.events+json"
FEED_FOLDER: Final = "feed/enclave"
CURRENT_KEY: Final = f"{FEED_FOLDER}/current.json"
"""The newest batch again, whole and signed: shows a reader how far the feed goes."""
MAX_EVENTS: Final = 500
"""Ledger entries covered by one batch, at most."""
_DIGITS: Final = 12

Subject = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z_]{0,30}(/[A-Za-z0-9][A-Za-z0-9._-]{0,62}){0,2}$")
]
ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class FeedEvent(Facts):
    """One entry of the enclave's ledger, as far as it is published.

    Attributes:
        seq, hash: The entry it is made of; an auditor finds it by them.
        at: UTC, of the entry.
        facts: By name; only those `PUBLISHED` lists.
        withheld: Names of published facts that were not of their shape, or were erased.
    """

    seq: Annotated[int, Field(ge=1)]
    hash: Digest
    at: AwareDatetime
    tag: Tag
    subject: Subject
    facts: Mapping[str, Published] = Field(default_factory=dict)
    withheld: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _check_listed(self) -> Self:
        shapes = PUBLISHED.get(self.tag)
        if shapes is None:
            raise ValueError("the tag is not published")
        if not all(k in shapes and is_of_shape(shapes[k], v) for k, v in self.facts.items()):
            raise ValueError("a fact is not published, or not of its shape")
        if not set(self.withheld) <= set(shapes):
            raise ValueError("a withheld fact is none of those that are published")
        return self


class QueryCount(Facts):
    """Queries of one project on one legal date, as far as this batch covers it.

    Attributes:
        stopped: Running ones that were stopped because the grant was taken back or narrowed.
    """

    project: ProjectId
    on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    answered: Annotated[int, Field(ge=0)] = 0
    denied: Annotated[int, Field(ge=0)] = 0
    failed: Annotated[int, Field(ge=0)] = 0
    stopped: Annotated[int, Field(ge=0)] = 0


class EventBatch(Facts):
    """One signed batch.

    Attributes:
        number: 1, 2, 3, … without gaps.
        previous: SHA-256 of the payload of the batch before; 64 zeros for the first.
        after, through: Entries `after + 1` to `through` of the enclave's ledger are covered; none
            when they are equal (a sign of life).
        ledger_head: Hash of entry `through`.
        at: UTC, when the batch was made.
        queries: Counts by project and legal date, of the entries covered.
    """

    format: Literal["data-enclave/events/1"] = "data-enclave/events/1"
    feed: Literal["enclave"] = "enclave"
    number: Annotated[int, Field(ge=1)]
    previous: Digest
    after: Annotated[int, Field(ge=0)]
    through: Annotated[int, Field(ge=0)]
    ledger_head: Digest
    at: AwareDatetime
    events: Annotated[tuple[FeedEvent, ...], Field(max_length=MAX_EVENTS)] = ()
    queries: tuple[QueryCount, ...] = ()

    @model_validator(mode="after")
    def _check_covered(self) -> Self:
        seqs = [event.seq for event in self.events]
        if self.through < self.after or seqs != sorted(set(seqs)):
            raise ValueError("the entries are out of order")
        if seqs and not self.after < seqs[0] <= seqs[-1] <= self.through:
            raise ValueError("an event is not among the entries covered")
        if len({(q.project, q.on) for q in self.queries}) != len(self.queries):
            raise ValueError("a project is counted twice for one date")
        return self


def batch_key(number: int) -> str:
    """Where a batch lies in the policy zone."""
    return f"{FEED_FOLDER}/{number:0{_DIGITS}d}.json"


def parse_batch(payload: bytes) -> EventBatch:
    """Read a batch; not a verification.

    Raises:
        LedgerError: It is none, or holds what this version does not publish.
    """
    try:
        batch = EventBatch.model_validate_json(payload)
    except ValidationError:
        raise LedgerError("The document is no batch of events this version knows.") from None
    if names_a_key_twice(payload):
        raise LedgerError("A field of the batch is named twice.")
    return batch


def publishable(
    tag: Tag, facts: Mapping[str, Json] | None
) -> tuple[dict[str, Published], tuple[str, ...]] | None:
    """What may be published of an entry's facts, and which published facts are withheld.

    Args:
        tag: Of the entry.
        facts: None when they were erased.

    Returns:
        None when the tag is not published at all.
    """
    shapes = PUBLISHED.get(tag)
    if shapes is None:
        return None
    if facts is None:
        return {}, tuple(sorted(shapes))
    told: dict[str, Published] = {}
    withheld = []
    for name, shape in shapes.items():
        value = facts.get(name)
        if value is None:
            continue
        if is_of_shape(shape, value):
            told[name] = tuple(value) if isinstance(value, list) else value  # type: ignore[assignment,arg-type]  # its shape was checked
        else:
            withheld.append(name)
    return told, tuple(sorted(withheld))
