"""Drafts: what somebody types before it is saved as an event. No record; the newest text only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from governance.canonical import canonical_json
from governance.store import tables as t
from governance.store.errors import StaleError
from governance.store.streams import say_instant
from governance.store.subjects import is_number
from governance.store.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, as it was typed.

    Attributes:
        revision: 1, 2, 3, …: what the next autosave is based on.
        saved_at: UTC, as `governance.audit.format_instant` writes it.
    """

    content: Mapping[str, Any]
    revision: int
    by: str
    saved_at: str


def read_draft(unit: UnitOfWork, number: str, version: int) -> Draft | None:
    """The draft of a version, or None when nothing was typed since."""
    d = t.drafts
    row = unit.connection.execute(
        select(d).where(d.c.number == number, d.c.version == version)
    ).one_or_none()
    if row is None:
        return None
    return Draft(json.loads(row.content), row.revision, row.by, row.saved_at)


def write_draft(
    unit: UnitOfWork, number: str, version: int, draft: Draft, *, based_on: int | None
) -> int:
    """Keep what was typed.

    Args:
        unit: The transaction.
        number: Of the request.
        version: Of the request.
        draft: Its `revision` is ignored.
        based_on: Revision it was typed on; 0 for the first; None: whatever lies there.

    Returns:
        The new revision.

    Raises:
        StaleError: Somebody else, or another window, saved meanwhile.
    """
    d = t.drafts
    if based_on is not None and not is_number(based_on):
        raise _stale(unit, number, version)
    values = {
        "content": canonical_json(draft.content).decode(),
        "by": draft.by,
        "saved_at": draft.saved_at,
    }
    chosen = [d.c.number == number, d.c.version == version]
    if based_on is not None:
        chosen.append(d.c.revision == based_on)
    revision: int | None = unit.connection.scalar(
        update(d).where(*chosen).values(revision=d.c.revision + 1, **values).returning(d.c.revision)
    )
    if revision is not None:
        return revision
    if based_on not in (None, 0):
        raise _stale(unit, number, version)
    try:
        with unit.connection.begin_nested():
            unit.connection.execute(
                insert(d).values(number=number, version=version, revision=1, **values)
            )
    except IntegrityError:
        raise _stale(unit, number, version) from None
    return 1


def forget_drafts(unit: UnitOfWork, number: str) -> None:
    """Remove every draft of a request."""
    unit.connection.execute(delete(t.drafts).where(t.drafts.c.number == number))


def _stale(unit: UnitOfWork, number: str, version: int) -> StaleError:
    found = read_draft(unit, number, version)
    if found is None:
        return StaleError((), position=0)
    since = f"the draft was saved by {found.by} {say_instant(found.saved_at)}"
    return StaleError((since,), position=found.revision)
