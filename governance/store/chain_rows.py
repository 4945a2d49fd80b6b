"""The chain as rows: streaming for its verification, single entries and hashes for its proofs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Select, func, select, update

from governance.audit.chain import Entry, LedgerProblem, ProblemKind, Row, commit_stored
from governance.audit.tags import Tag
from governance.digests import sha256_of
from governance.store import tables as t
from governance.store.paging import Page, bounded
from governance.store.streams import POSITION_FACT, STREAM_FACT, stream_name
from governance.store.subjects import is_number, is_text
from governance.store.unit import UnitOfWork

_BATCH: Final = 5000
_E, _P, _S = t.ledger_entries, t.ledger_payloads, t.stream_events


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's head row.

    Attributes:
        exported: Entries that lie in the public copy.
        checkpointed: Entries the newest checkpoint covers.
    """

    seq: int
    hash: str
    exported: int
    checkpointed: int


def read_head(unit: UnitOfWork) -> Head:
    """How far the chain goes."""
    head = t.ledger_head
    row = unit.connection.execute(select(head)).one()
    return Head(row.seq, row.hash, row.exported, row.checkpointed)


def note_exported(unit: UnitOfWork, exported: int, checkpointed: int) -> None:
    """Note how far the public copy goes; never back."""
    head = t.ledger_head
    for column, value in ((head.c.exported, exported), (head.c.checkpointed, checkpointed)):
        unit.connection.execute(update(head).where(column < value).values({column: value}))


def stream_rows(unit: UnitOfWork, after: int = 0) -> Iterator[Row]:
    """Every entry as stored, in the order of its number, not held in memory."""
    columns = (
        _E.c.seq,
        _E.c.at,
        _E.c.tag,
        _E.c.subject,
        _E.c.commitment,
        _E.c.prev,
        _E.c.once,
        _E.c.hash,
    )
    query = select(*columns).where(_E.c.seq > after).order_by(_E.c.seq)
    with unit.connection.execute(_streamed(query)) as result:
        for several in result.partitions():
            yield from several


def entry_of(row: Row | Any) -> Entry:  # noqa: ANN401  a result row
    """A stored row as an entry; its hash is not verified."""
    names = ("seq", "at", "tag", "subject", "commitment", "prev", "once", "hash")
    return Entry.from_dict(dict(zip(names, row, strict=True)))


EntrySort = Literal["seq", "at", "tag", "subject"]


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries, in which order.

    Attributes:
        tags: Any of them; none: all.
        subject: The whole number or id of what they are about.
    """

    tags: tuple[str, ...] = ()
    subject: str | None = None
    sort: EntrySort = "seq"
    descending: bool = True
    page: int = 1
    per_page: int = 25


def read_entries(unit: UnitOfWork, wanted: EntryFilter) -> Page[Entry]:
    """The entries that fit the filter; each order has an index."""
    conditions: list[ColumnElement[bool]] = []
    tags, subject = wanted.tags, wanted.subject
    if tags:
        conditions.append(_E.c.tag.in_(tags))
    if subject is not None:
        conditions.append(_E.c.subject.in_([subject] if is_text(subject) else []))
    page, per_page = bounded(wanted.page, wanted.per_page)
    total = _count(unit, (tags, subject), conditions)
    # Entries are numbered in the order of their time.
    by = [_E.c[wanted.sort]] if wanted.sort in {"tag", "subject"} else []
    order = (c.desc() if wanted.descending else c.asc() for c in (*by, _E.c.seq))
    rows = unit.connection.execute(
        select(_E).where(*conditions).order_by(*order).limit(per_page).offset((page - 1) * per_page)
    )
    return Page(tuple(entry_of(row) for row in rows), total, page, per_page)


_Counted = tuple[int, int]
"""Through which entry was counted, and how many there were."""
_COUNTS: WeakKeyDictionary[Engine, dict[tuple[tuple[str, ...], str | None], _Counted]] = (
    WeakKeyDictionary()
)
_MOST_COUNTS: Final = 1_000


def _count(
    unit: UnitOfWork,
    asked: tuple[tuple[str, ...], str | None],
    conditions: Sequence[ColumnElement[bool]],
) -> int:
    """How many entries fit: the chain only grows, so only what came since is counted again."""
    last = unit.connection.scalar(select(func.max(_E.c.seq))) or 0
    if not conditions:
        return last
    known = _COUNTS.setdefault(unit.connection.engine, {})
    through, before = known.get(asked, (0, 0))
    if through > last:  # another database lies there now
        through, before = 0, 0
    newer = select(func.count(_E.c.seq)).where(*conditions, _E.c.seq > through)
    total = before + (unit.connection.scalar(newer) or 0)
    if len(known) >= _MOST_COUNTS:
        known.clear()
    known[asked] = (last, total)
    return total


def read_tags(unit: UnitOfWork) -> list[str]:
    """Tags that stand in the chain, in order; one step of the index each, not one an entry."""
    step = select(func.min(_E.c.tag).label("tag")).cte("tags", recursive=True)
    following = select(func.min(_E.c.tag)).where(_E.c.tag > step.c.tag).scalar_subquery()
    every = step.union_all(select(following).where(step.c.tag.is_not(None)))
    found = unit.connection.scalars(select(every.c.tag)).all()
    return sorted(tag for tag in found if tag is not None)


def read_entry(unit: UnitOfWork, seq: int) -> Entry | None:
    """One entry."""
    if not is_number(seq):
        return None
    row = unit.connection.execute(select(_E).where(_E.c.seq == seq)).one_or_none()
    return None if row is None else entry_of(row)


def attachment_entries(unit: UnitOfWork, number: str) -> list[int]:
    """Entries that say that a document was filed with a request, as far as their facts are kept."""
    a = t.attachments
    return list(unit.connection.scalars(select(a.c.seq).where(a.c.number == number)))


def noted_entries(unit: UnitOfWork, subject: str, tags: Sequence[str]) -> list[int]:
    """The programme's own entries about a subject, by tag, as far as their facts are kept."""
    entries, payloads = t.ledger_entries, t.ledger_payloads
    query = (
        select(entries.c.seq)
        .join(payloads, payloads.c.seq == entries.c.seq)
        .where(entries.c.subject == subject, entries.c.tag.in_(tags))
    )
    return list(unit.connection.scalars(query.order_by(entries.c.seq)))


@dataclass(frozen=True, slots=True)
class Written:
    """An event somebody wrote: the record it is of, what happened, and what it is about."""

    kind: str
    record: str
    tag: str
    subject: str


def read_written_by(unit: UnitOfWork, person: str) -> list[Written]:
    """What a person wrote, each kind of it once; reads every fact, so only for what is rare."""
    mark = _P.c.facts.contains(f'"by":"{person}"', autoescape=True)
    query = (
        select(_S.c.kind, _S.c.subject, _E.c.tag, _E.c.subject)
        .join(_P, _P.c.seq == _S.c.seq)
        .join(_E, _E.c.seq == _S.c.seq)
        .where(mark)
        .distinct()
    )
    return [Written(*row) for row in unit.connection.execute(query)]


def read_payload(unit: UnitOfWork, seq: int) -> tuple[str, str] | None:
    """Salt and facts of an entry as stored, or None when they were erased."""
    row = unit.connection.execute(
        select(_P.c.salt, _P.c.facts).where(_P.c.seq == seq)
    ).one_or_none()
    return None if row is None else (row.salt, row.facts)


def read_hashes(unit: UnitOfWork, after: int, through: int) -> Iterator[bytes]:
    """Raw hashes of the entries `after + 1` to `through`."""
    query = select(_E.c.hash).where(_E.c.seq > after, _E.c.seq <= through).order_by(_E.c.seq)
    with unit.connection.execute(_streamed(query)) as result:
        for own in result.scalars():
            yield bytes.fromhex(own)


def stream_with_payloads(
    unit: UnitOfWork, after: int, through: int
) -> Iterator[tuple[Entry, str | None, str | None]]:
    """Entries with salt and facts, for the public copy."""
    query = (
        select(_E, _P.c.salt, _P.c.facts)
        .outerjoin(_P, _P.c.seq == _E.c.seq)
        .where(_E.c.seq > after, _E.c.seq <= through)
        .order_by(_E.c.seq)
    )
    with unit.connection.execute(_streamed(query)) as result:
        for row in result:
            yield entry_of(tuple(row)[:8]), row.salt, row.facts


def _streamed(query: Select[Any]) -> Select[Any]:
    return query.execution_options(yield_per=_BATCH)


@dataclass
class PayloadReport:
    """What comparing the facts with the chain found."""

    payloads: int = 0
    erased: int = 0
    problems: tuple[LedgerProblem, ...] = ()


def verify_payloads(unit: UnitOfWork) -> PayloadReport:
    """Compare all facts, and every event's place, with what the chain committed to."""
    query = (
        select(
            _E.c.seq,
            _E.c.tag,
            _E.c.subject,
            _E.c.commitment,
            _E.c.once,
            _P.c.salt,
            _P.c.facts,
            _S.c.kind,
            _S.c.subject,
            _S.c.position,
        )
        .select_from(_E)
        .outerjoin(_P, _P.c.seq == _E.c.seq)
        .outerjoin(_S, _S.c.seq == _E.c.seq)
        .order_by(_E.c.seq)
    )
    report, problems = PayloadReport(), list[LedgerProblem]()
    missing: dict[str, int] = {}
    still_there: dict[int, int] = {}
    with unit.connection.execute(_streamed(query)) as result:
        for row in result:
            seq, tag, _, _, once, _, facts, *_ = row
            if facts is None:
                missing[sha256_of(f"erase:{seq}".encode())] = seq
            else:
                report.payloads += 1
                problems += _judge(tuple(row))
            if tag != Tag.PAYLOAD_ERASED.value:
                continue
            if missing.pop(once, None) is not None:
                report.erased += 1
            elif facts is not None and (erased := _erased(once, facts)):
                still_there[erased] = seq
    for seq in missing.values():
        text = "its facts are gone, and no entry says why"
        problems.append(LedgerProblem(ProblemKind.PAYLOAD_REMOVED, seq, text))
    for seq, said in still_there.items():
        text = f"entry {said} says that its facts were erased, and they are there"
        problems.append(LedgerProblem(ProblemKind.NOT_ERASED, seq, text))
    report.problems = tuple(problems)
    return report


def _erased(once: str, facts: str) -> int:
    """Whose facts are gone by the word of an entry; 0 when mark and facts do not agree."""
    try:
        seq = json.loads(facts)["facts"]["seq"]
    except (ValueError, KeyError, TypeError):
        return 0
    return seq if once == sha256_of(f"erase:{seq}".encode()) else 0


def _judge(row: tuple[Any, ...]) -> Iterator[LedgerProblem]:
    seq, tag, subject, commitment, _, salt, facts, kind, record, position = row
    try:
        own = commit_stored(facts.encode(), bytes.fromhex(salt))
    except ValueError:
        own = ""
    if own != commitment:
        text = "the facts are not those it committed to"
        yield LedgerProblem(ProblemKind.PAYLOAD_ALTERED, seq, text)
        return
    try:
        told = json.loads(facts)
    except ValueError:
        told = {}
    place = (told.get(STREAM_FACT), told.get(POSITION_FACT))
    if kind is None or place != (stream_name(kind, record), position):
        text = "it does not stand in the record, or at the place, that it committed to"
        yield LedgerProblem(ProblemKind.MISFILED, seq, text)
    elif (told.get("tag"), told.get("subject")) != (tag, subject):
        text = "it is about something else than the facts it committed to"
        yield LedgerProblem(ProblemKind.MISFILED, seq, text)
