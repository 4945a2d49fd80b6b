"""What may be published of the enclave's ledger: an allow-list of facts for each tag, with shapes.

Shapes are narrow on purpose (a reporting period is a year with little around it), because a period
or a name comes from whoever dropped the file. A tag that is not here is not published; a fact that
is not here, or not of its shape, is not either.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from governance.audit.tags import Tag

Published = str | int | float | bool | tuple[str, ...] | Mapping[str, int]
"""A fact as published."""


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
    CODE = "code"
    """Of a finding or an error; the guides explain them."""
    CODE_LIST = "code_list"
    CODES = "codes"
    """Codes of findings and how many records fail by each."""
    FLAG = "flag"


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
    Shape.CODE: re.compile(r"[a-z][a-z0-9_]{0,40}(?:\.[a-z][a-z0-9_]{0,40}){1,2}"),
}
_ALL_PCT: Final = 100

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
    Tag.SUBMISSION_REFUSED: {**_CUSTODY, "reasons": Shape.CODE_LIST},
    Tag.SUBMISSION_DUPLICATE_IGNORED: {**_CUSTODY, "duplicate_of": Shape.ID},
    Tag.SUBMISSION_REJECTED: {
        **_SUBMISSION,
        "rows_read": Shape.COUNT,
        "rows_failed": Shape.COUNT,
        "clause": Shape.CLAUSE,
    },
    Tag.SUBMISSION_HELD: {
        **_SUBMISSION,
        "k": Shape.COUNT,
        "people": Shape.COUNT,
        "unique_pct": Shape.SHARE,
        "clause": Shape.CLAUSE,
    },
    Tag.SUBMISSION_SUPERSEDED: {**_SUBMISSION, "superseded_by": Shape.ID},
    Tag.SUBMISSION_FAILED: {
        **_SUBMISSION,
        "step": Shape.NAME,
        "code": Shape.CODE,
        "for_good": Shape.FLAG,
    },
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


def is_of_shape(shape: Shape, value: object) -> bool:
    """Whether a fact may be published under that shape."""
    return _JUDGES[shape](value)


def _is_text(shape: Shape) -> Callable[[object], bool]:
    pattern = _PATTERNS[shape]
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and 0 <= value <= _ALL_PCT


def _is_code_list(value: object) -> bool:
    return isinstance(value, list | tuple) and all(is_of_shape(Shape.CODE, v) for v in value)


def _is_codes(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        is_of_shape(Shape.CODE, code) and _is_count(rows) for code, rows in value.items()
    )


_JUDGES: Final[Mapping[Shape, Callable[[object], bool]]] = {
    **{shape: _is_text(shape) for shape in _PATTERNS},
    Shape.COUNT: _is_count,
    Shape.SHARE: _is_share,
    Shape.CODE_LIST: _is_code_list,
    Shape.CODES: _is_codes,
    Shape.FLAG: lambda value: isinstance(value, bool),
}
