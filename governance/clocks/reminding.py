"""Put notices into the outbox: each once, ever, with its ledger entry in the same transaction.

`reminder:sent` is the memory: its idempotency key is the notice's own id. A run that breaks off
leaves whole notices behind, never half of one; the next run writes the rest.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from governance.audit.tags import Tag
from governance.digests import sha256_of
from governance.mail.compose import compose
from governance.mail.notices import Notice
from governance.permissions import CLOCK, Actor
from governance.services.outbox import enqueue_mail
from governance.services.programme import Programme
from governance.services.recording import note
from governance.store import UnitOfWork
from governance.store import tables as t

_ASKED_AT_ONCE: Final = 500
_AT_ONCE: Final = 100
"""Notices in one transaction: others write to the ledger between two of them."""


def remind(p: Programme, notices: Iterable[Notice], *, actor: Actor = CLOCK) -> list[Notice]:
    """Write the notices that were not written before.

    Returns:
        Those written now.
    """
    with p.store.read() as unit:
        fresh = _unwritten(unit, list(notices))
    written = []
    for start in range(0, len(fresh), _AT_ONCE):
        with p.store.begin() as unit:
            some = fresh[start : start + _AT_ONCE]
            written += [n for n in some if write_notice(p, unit, n, actor=actor)]
    return written


def write_notice(p: Programme, unit: UnitOfWork, notice: Notice, *, actor: Actor) -> bool:
    """Write one notice in a running transaction; False when it was written before."""
    facts = {
        "kind": notice.kind.value,
        "to": notice.to,
        "capacity": notice.capacity.value,
        "version": notice.version,
    }
    once = _key(notice)
    entry = note(p, unit, actor, Tag.REMINDER_SENT, subject=notice.about, facts=facts, once=once)
    if entry is None:
        return False
    message = compose(notice, p.profile, base_url=p.settings.base_url, at=p.clock())
    return enqueue_mail(p, unit, message, once=once)


def _unwritten(unit: UnitOfWork, notices: list[Notice]) -> list[Notice]:
    """Those without an entry yet; asked for many at a time."""
    marks = {sha256_of(_key(n).encode()): n for n in notices}
    asked, once = list(marks), t.ledger_entries.c.once
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        some = asked[start : start + _ASKED_AT_ONCE]
        for mark in unit.connection.scalars(select(once).where(once.in_(some))):
            marks.pop(mark, None)
    return list(marks.values())


def _key(notice: Notice) -> str:
    return f"reminder:{notice.once}"
