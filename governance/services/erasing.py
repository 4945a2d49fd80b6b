"""Erasing facts of the ledger: one of the office asks, another one carries it out.

What is asked, the reason and words about it are an entry of their own, confidential; the entries
that say that facts were erased are public, and name the reason by its code alone. The entries and
their commitments stay.

Facts go only where nothing follows from them (a draft that was saved over, a denial), or with the
whole record, once it is over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import StringConstraints

from governance.audit import Entry, Tag
from governance.audit.erasures import ErasureReason
from governance.decisions import Decision, Denial, check_permitted
from governance.errors import ObjectStoreError
from governance.facts import Facts, facts_of
from governance.permissions import Action, Actor, Target, decide_action
from governance.services.ledger_copy import forget_outside
from governance.services.ledger_target import entry_at, target_of
from governance.services.over import judge_over
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note
from governance.services.values import plain
from governance.store import Kind, NotFoundError, UnitOfWork
from governance.store import chain_rows as rows
from governance.store.drafts import forget_drafts
from governance.store.paging import MAX_PER_PAGE
from governance.store.streams import PROGRAMME


class Erasable(StrEnum):
    """What may be erased; what a body or the office did is public record."""

    ENTRY = "entry"
    """The facts of one entry."""
    REQUEST = "request"
    """A whole request that is over, with drafts and documents."""
    PERSON = "person"
    """A whole person's record on which nothing rests."""


_BESIDE_REQUEST: Final = (
    Tag.PUBLICATION_PROPOSED.value,
    Tag.PUBLICATION_SEEN.value,
    Tag.PUBLICATION_WITHDRAWN.value,
    Tag.REMINDER_SENT.value,
)
"""Of the programme's own entries about a request, those whose facts tell of it; what was published
stays public."""
_RECORDS: Final[Mapping[Erasable, Kind]] = {
    Erasable.REQUEST: "request",
    Erasable.PERSON: "person",
}
_STAYING: Final = frozenset({Tag.PAYLOAD_ERASED, Tag.ERASURE_CLOSED})
_FOLDERS: Final = ("attachments", "papers", "signed")


class Outcome(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


OUTCOME_WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.WAITING: "Waits for another one of the office",
    Outcome.CONFIRMED: "Erased",
    Outcome.DROPPED: "Dropped",
}
"""For people."""


@dataclass(frozen=True, slots=True)
class AskedErasure:
    """An erasure that somebody asked for.

    Attributes:
        seq: The entry that asks.
        by: Who asked: somebody else carries it out.
        what: The entry's number, or the record's.
        words: Whatever was said about the reason; confidential.
    """

    seq: int
    at: datetime
    by: str
    kind: Erasable
    what: str
    reason: ErasureReason
    words: str
    outcome: Outcome = Outcome.WAITING


class WantedErasure(Facts):
    """What is to go, and why.

    Attributes:
        what: The entry's number, or the record's.
        reason: Public.
        words: More about it; confidential.
    """

    kind: Erasable
    what: Annotated[str, StringConstraints(min_length=1, max_length=63, strip_whitespace=True)]
    reason: ErasureReason
    words: Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True)] = ""


class _TriedError(Exception):
    """It could be done, and is not."""


def ask_to_erase(
    p: Programme, actor: Actor, facts: Mapping[str, Any], *, once: str | None = None
) -> AskedErasure:
    """Ask for an erasure; nothing is erased until another one of the office confirms it.

    Args:
        p: The programme.
        actor: Of the operating office; it may be about themself.
        facts: Fields of `WantedErasure`.
        once: The form's token: submitted twice, it happens once.

    Raises:
        AccessDeniedError: The actor may not, the record is not over, or something follows from the
            facts, or they are gone already; recorded.
        NotFoundError: There is no such entry or record.
        DocumentError: The form has mistakes.
    """
    mark = None if once is None else f"erasure:{actor.by}:{once}"
    with denials_recorded(p, actor, Action.ASK_ERASURE.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.ASK_ERASURE, today=p.today))
        wanted = facts_of(WantedErasure, plain(facts), "The form")
        with p.store.read() as unit:
            known = None if mark is None else unit.find_once(mark)
            if known is not None:
                return _asked(unit, known)
        _check_possible(p, actor, wanted)
    with p.store.begin() as unit:
        subject = wanted.what
        if wanted.kind is Erasable.ENTRY:
            subject = entry_at(unit, _entries_meant(unit, wanted)[0]).subject
        told = wanted.model_dump(mode="json")
        said = note(p, unit, actor, Tag.ERASURE_ASKED, subject=subject, facts=told, once=mark)
        if said is None:  # the same form, a moment ago
            said = entry_at(unit, unit.find_once(mark or "") or 0)
        return _asked(unit, said.seq)


def confirm_erasure(p: Programme, actor: Actor, asked: int) -> int:
    """Carry out what somebody else asked for; the chain says by whom, and why by its code.

    After a crash the same call removes the documents that are left.

    Returns:
        How many entries' facts were erased.

    Raises:
        AccessDeniedError: The actor may not, asked for it, is whom it is about; or something
            follows from the facts, it was dropped, or they are gone; recorded.
        NotFoundError: Nobody asked for it.
    """
    action = Action.ERASE_FACTS
    with denials_recorded(p, actor, action.value, PROGRAMME), p.store.begin() as unit:
        wanted = _asked(unit, asked)
        about = Target(
            asked_by=wanted.by, person=wanted.what if wanted.kind is Erasable.PERSON else None
        )
        check_permitted(decide_action(actor, action, about, today=p.today))
        if wanted.outcome is Outcome.DROPPED:
            _refuse(p, "It was dropped.", "Ask for it again.")
        seqs: Sequence[int] = ()
        if wanted.outcome is Outcome.WAITING:
            seqs = _entries_meant(unit, wanted)
            _judge_each(p, unit, actor, seqs)
            _erase(p, unit, actor, wanted, seqs)
            _close(p, unit, actor, wanted, len(seqs))
    _clear_up(p, wanted)
    p.store.database.empty_log()
    with suppress(ObjectStoreError):  # the next export of the ledger's copy does it
        forget_outside(p, seqs)
    return len(seqs)


def drop_erasure(p: Programme, actor: Actor, asked: int) -> None:
    """Lay an erasure aside that was asked for; safe to repeat.

    Raises:
        AccessDeniedError: The actor may not, or it was carried out; recorded.
        NotFoundError: Nobody asked for it.
    """
    with denials_recorded(p, actor, Action.ASK_ERASURE.value, PROGRAMME), p.store.begin() as unit:
        check_permitted(decide_action(actor, Action.ASK_ERASURE, today=p.today))
        wanted = _asked(unit, asked)
        if wanted.outcome is Outcome.CONFIRMED:
            _refuse(p, "Those facts were erased.", "Nothing brings them back.")
        _close(p, unit, actor, wanted, None)


def list_erasures(p: Programme, actor: Actor) -> tuple[AskedErasure, ...]:
    """What was asked for, the newest first; what was asked in words that are gone is left out.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.ASK_ERASURE.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.ASK_ERASURE, today=p.today))
    with p.store.read() as unit:
        return tuple(
            _asked(unit, entry.seq)
            for entry in _asking(unit)
            if rows.read_payload(unit, entry.seq) is not None
        )


def _asking(unit: UnitOfWork) -> Iterator[Entry]:
    page, pages = 0, 1
    while page < pages:
        wanted = rows.EntryFilter((Tag.ERASURE_ASKED.value,), page=page + 1, per_page=MAX_PER_PAGE)
        found = rows.read_entries(unit, wanted)
        yield from found.items
        page, pages = found.page, found.pages


def _asked(unit: UnitOfWork, seq: int) -> AskedErasure:
    entry, stored = entry_at(unit, seq), rows.read_payload(unit, seq)
    if entry.tag != Tag.ERASURE_ASKED or stored is None:
        raise NotFoundError("Nobody asked for an erasure under that number.")
    event = json.loads(stored[1])
    facts = event["facts"]
    return AskedErasure(
        seq=seq,
        at=entry.at,
        by=event["by"],
        kind=Erasable(facts["kind"]),
        what=facts["what"],
        reason=ErasureReason(facts["reason"]),
        words=facts["words"],
        outcome=_outcome(unit, seq),
    )


def _outcome(unit: UnitOfWork, seq: int) -> Outcome:
    closed = unit.find_once(_closing(seq))
    stored = None if closed is None else rows.read_payload(unit, closed)
    if stored is None:
        return Outcome.WAITING if closed is None else Outcome.CONFIRMED
    return Outcome(json.loads(stored[1])["facts"]["outcome"])


def _closing(seq: int) -> str:
    return f"erasure:closed:{seq}"


def _close(
    p: Programme, unit: UnitOfWork, actor: Actor, asked: AskedErasure, entries: int | None
) -> None:
    """That it was carried out on so many entries; None: dropped."""
    outcome = Outcome.DROPPED if entries is None else Outcome.CONFIRMED
    facts = {"asked": asked.seq, "outcome": outcome.value, "entries": entries or 0}
    subject, once = entry_at(unit, asked.seq).subject, _closing(asked.seq)
    note(p, unit, actor, Tag.ERASURE_CLOSED, subject=subject, facts=facts, once=once)


def _entries_meant(unit: UnitOfWork, wanted: WantedErasure | AskedErasure) -> Sequence[int]:
    """Entries whose facts are meant; at least one.

    Raises:
        NotFoundError: There is none.
    """
    kind, what = wanted.kind, wanted.what
    if kind is Erasable.ENTRY:
        number = int(what) if what.isascii() and what.isdecimal() else 0
        return (entry_at(unit, number).seq,)
    found = [r.seq for r in unit.load(_RECORDS[kind], what).references]
    if kind is Erasable.REQUEST:
        found += rows.attachment_entries(unit, what)
        found += rows.noted_entries(unit, what, _BESIDE_REQUEST)
    if not found:
        raise NotFoundError("There is no such record, or its facts are gone.")
    return found


def _check_there(p: Programme, unit: UnitOfWork, entry: Entry) -> None:
    if entry.tag in _STAYING:
        _refuse(p, "What says that facts were erased stays.", "Leave it.")
    if rows.read_payload(unit, entry.seq) is None:
        _refuse(p, "Those facts were erased before.", "Nothing is left to do.")


def _refuse(p: Programme, reason: str, remedy: str) -> None:
    """Raise the denial.

    Raises:
        AccessDeniedError: Always.
    """
    denial = Denial("erasure.open", reason, remedy, p.rules.destruction_clause)
    check_permitted(Decision(("erasure.open",), (denial,)))


def _judge_each(p: Programme, unit: UnitOfWork, actor: Actor, seqs: Sequence[int]) -> None:
    for seq in seqs:
        stored = rows.read_payload(unit, seq)
        facts: Mapping[str, Any] = {} if stored is None else json.loads(stored[1])
        target = target_of(unit, entry_at(unit, seq), facts)
        check_permitted(decide_action(actor, Action.ERASE_FACTS, target, today=p.today))


def _erase(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    wanted: WantedErasure | AskedErasure,
    seqs: Sequence[int],
) -> None:
    """Say that the facts go, and remove them, unless something follows from them."""
    asked = wanted.seq if isinstance(wanted, AskedErasure) else 0
    for entry in [entry_at(unit, seq) for seq in seqs]:
        _check_there(p, unit, entry)
        told = {"seq": entry.seq, "reason": wanted.reason.value, "asked": asked}
        note(p, unit, actor, Tag.PAYLOAD_ERASED, subject=entry.subject, facts=told,
             once=f"erase:{entry.seq}")  # fmt: skip
    whole = None
    if wanted.kind is not Erasable.ENTRY:
        whole = (_RECORDS[wanted.kind], wanted.what)
        check_permitted(judge_over(p, unit, *whole))
    others = [place for place in unit.forget(seqs) if place != whole]
    check_permitted(_unneeded(p, others))


def _check_possible(p: Programme, actor: Actor, wanted: WantedErasure) -> None:
    """Raise what carrying it out would raise: it is tried, and nothing of it stays."""
    with suppress(_TriedError), p.store.begin() as unit:
        _erase(p, unit, actor, wanted, _entries_meant(unit, wanted))
        raise _TriedError


def _unneeded(p: Programme, others: Sequence[tuple[Kind, str]]) -> Decision:
    rule = "record.follows"
    denials = [
        Denial(
            rule,
            f"What the {kind} {subject} is follows from those facts.",
            "Erase the whole record when it is over, or leave them.",
            p.rules.destruction_clause,
        )
        for kind, subject in others
    ]
    return Decision((rule,), tuple(denials))


def _clear_up(p: Programme, erased: AskedErasure) -> None:
    """Drafts and documents of a request whose facts are gone."""
    if erased.kind is not Erasable.REQUEST:
        return
    with p.store.aside() as unit:
        forget_drafts(unit, erased.what)
    for key in _documents_of(p, erased.what):
        p.documents.delete(key)


def _documents_of(p: Programme, number: str) -> Iterator[str]:
    """Keys of everything on file of a request: filed, drafted and signed."""
    for folder in _FOLDERS:
        yield from [info.key for info in p.documents.list(f"{folder}/{number}/")]
