"""What a batch of the data plane's event feed may hold: tags, facts and their shapes, no more.

Row-free by an allow-list: a fact that `PUBLISHED` does not name for its tag, or that is not of the
shape it names, is left out by the writer and refuses the batch at the reader. Shapes are narrow on
purpose (a reporting period begins with a year or a month and a year), because a period or a name
comes from whoever dropped the file. Queries are counted by project and legal date: who asked what
is nobody's to read here.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from governance.audit.tags import Tag
from governance.canonical import Json, names_a_key_twice
from governance.errors import LedgerError
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


class Shape(StrEnum):
    """What a published fact may look like."""

    COUNT = "count"
    """A whole number from 0."""
    SHARE = "share"
    """A percentage from 0 to 100."""
    NAME = "name"
    """Of an agency, a dataset, a table, a state: lower-case letters, digits and underscores."""
    ID = "id"
    """Of a submission, a project, an agreement or its version."""
    DIGEST = "digest"
    """SHA-256 of a document the programme wrote; never of a file an agency sent."""
    DATE = "date"
    PERIOD = "period"
    """A reporting period: a year, with at most a quarter, a term, a month, or a second year."""
    CLAUSE = "clause"
    """Of an agreement, in the agreement's words."""
    CODES = "codes"
    """Codes of findings and how many records fail by each."""


_PATTERNS: Final = {
    Shape.NAME: re.compile(r"[a-z][a-z0-9_]{0,62}"),
    Shape.ID: re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"),
    Shape.DIGEST: re.compile(r"[0-9a-f]{64}"),
    Shape.DATE: re.compile(r"\d{4}-\d{2}-\d{2}"),
    Shape.PERIOD: re.compile(
        r"(?:[A-Z]{0,2}(?:19|20)\d{2}(?:[-_.]?(?:[QHSTMW]?\d{1,2}|(?:19|20)\d{2}))?"
        r"|\d{2}[-_.](?:19|20)\d{2})"
    ),
    Shape.CLAUSE: re.compile(r"[^\x00-\x1f]{1,300}"),
}
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,40}(?:\.[a-z][a-z0-9_]{0,40}){1,2}")

_SUBMISSION: Final = {
    "agency": Shape.NAME,
    "dataset": Shape.NAME,
    "period": Shape.PERIOD,
    "revision": Shape.COUNT,
    "attempt": Shape.COUNT,
}
_CUSTODY: Final = {
    **_SUBMISSION,
    "bytes": Shape.COUNT,
    "agreement": Shape.ID,
    "agreement_version": Shape.ID,
}
_DESTROYED: Final = {
    **_SUBMISSION,
    "certificate_sha256": Shape.DIGEST,
    "due_on": Shape.DATE,
    "clause": Shape.CLAUSE,
}

PUBLISHED: Final[Mapping[Tag, Mapping[str, Shape]]] = {
    Tag.DEPLOYMENT_INITIALIZED: {},
    Tag.SUBMISSION_RECEIVED: _CUSTODY,
    Tag.SUBMISSION_REFUSED: _CUSTODY,
    Tag.SUBMISSION_DUPLICATE_IGNORED: _CUSTODY,
    Tag.SUBMISSION_REJECTED: {
        **_SUBMISSION,
        "rows_read": Shape.COUNT,
        "rows_failed": Shape.COUNT,
        "clause": Shape.CLAUSE,
    },
    Tag.SUBMISSION_HELD: {**_SUBMISSION, "k": Shape.COUNT},
    Tag.SUBMISSION_SUPERSEDED: {**_SUBMISSION, "superseded_by": Shape.ID},
    Tag.SUBMISSION_FAILED: {**_SUBMISSION, "step": Shape.NAME},
    Tag.ROWS_QUARANTINED: {**_SUBMISSION, "rows": Shape.COUNT, "clause": Shape.CLAUSE},
    Tag.TABLE_COMMITTED: {
        **_SUBMISSION,
        "table": Shape.NAME,
        "version": Shape.COUNT,
        "rows": Shape.COUNT,
    },
    Tag.RECEIPT_ISSUED: {
        **_SUBMISSION,
        "state": Shape.NAME,
        "rows_read": Shape.COUNT,
        "rows_landed": Shape.COUNT,
        "rows_quarantined": Shape.COUNT,
        "errors": Shape.COUNT,
        "warnings": Shape.COUNT,
        "codes": Shape.CODES,
    },
    Tag.QUARANTINE_EXPORTED: {**_SUBMISSION, "rows": Shape.COUNT},
    Tag.RAW_FILE_DESTROYED: _DESTROYED,
    Tag.QUARANTINE_DESTROYED: _DESTROYED,
    Tag.TABLE_DESTROYED: {
        "agency": Shape.NAME,
        "dataset": Shape.NAME,
        "table": Shape.NAME,
        "certificate_sha256": Shape.DIGEST,
        "clause": Shape.CLAUSE,
    },
    Tag.KEY_DESTROYED: {},
    Tag.AGREEMENT_EXPIRED: {"ends_on": Shape.DATE, "clause": Shape.CLAUSE},
    Tag.GRANT_EXPIRED: {"version": Shape.COUNT, "granted_until": Shape.DATE},
    Tag.MATCH_COMPLETED: {
        "project": Shape.ID,
        "agencies": Shape.COUNT,
        "offered_rows": Shape.COUNT,
        "matched_people": Shape.COUNT,
        "unmatched_rows": Shape.COUNT,
        "matched_on": Shape.DATE,
        "matrix_sha256": Shape.DIGEST,
    },
    Tag.MATCH_INPUT_DESTROYED: {
        "project": Shape.ID,
        "agency": Shape.NAME,
        "certificate_sha256": Shape.DIGEST,
        "due_on": Shape.DATE,
        "clause": Shape.CLAUSE,
    },
    Tag.OUTPUT_RELEASED: {
        "project": Shape.ID,
        "cells": Shape.COUNT,
        "suppressed": Shape.COUNT,
        "receipt_sha256": Shape.DIGEST,
    },
}
"""Tags of the enclave's ledger that are published, and which facts of each."""

COUNTED: Final[Mapping[Tag, str]] = {
    Tag.QUERY_ANSWERED: "answered",
    Tag.QUERY_DENIED: "denied",
    Tag.QUERY_FAILED: "failed",
    Tag.QUERY_STOPPED: "stopped",
}
"""Tags of which only the number is told, by project and legal date."""

Published = str | int | float | Mapping[str, int]
"""A fact as published."""


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
    facts: Mapping[str, str | int | float | Mapping[str, int]] = Field(default_factory=dict)
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


def is_of_shape(shape: Shape, value: object) -> bool:
    """Whether a fact may be published under that shape."""
    match shape:
        case Shape.COUNT:
            return type(value) is int and value >= 0
        case Shape.SHARE:
            return type(value) in {int, float} and 0 <= value <= 100  # type: ignore[operator]  # noqa: PLR2004  percent
        case Shape.CODES:
            return isinstance(value, Mapping) and all(
                isinstance(code, str) and _CODE.fullmatch(code) and type(n) is int and n >= 0
                for code, n in value.items()
            )
        case _:
            return isinstance(value, str) and _PATTERNS[shape].fullmatch(value) is not None


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
            told[name] = value  # type: ignore[assignment]  # its shape was checked
        else:
            withheld.append(name)
    return told, tuple(sorted(withheld))
