"""Whether a record is over: only then may all its facts be erased.

A person's record is what the signer judges their acts by (`governance.signer.authority`): while a
grant, a seat or another person's record rests on what they did, it stays.
"""

from collections.abc import Iterator
from typing import Final

from governance.audit.tags import Tag
from governance.board.bylaws import MotionKind
from governance.board.state import MotionState
from governance.decisions import Decision, Denial
from governance.requests.states import Status
from governance.services.programme import Programme
from governance.store import UnitOfWork
from governance.store import chain_rows as rows

_RULE: Final = "record.over"
_OVER: Final = frozenset({Status.DENIED, Status.WITHDRAWN, Status.SUPERSEDED, Status.CLOSED})
"""Statuses of a request's version after which nothing is left to do."""


def judge_over(p: Programme, unit: UnitOfWork, kind: str, subject: str) -> Decision:
    """Whether nobody acts on a record any more, and nothing rests on it."""
    if kind == "request":
        found = list(_open_request(p, unit, subject))
    elif kind == "person":
        found = [*_employed(p, unit, subject), *_relied_on(p, unit, subject)]
    else:
        found = [_denied(p, "What a body or the office did is public record.", "It stays.")]
    return Decision((_RULE,), tuple(found))


def _open_request(p: Programme, unit: UnitOfWork, number: str) -> Iterator[Denial]:
    if _is_open(unit, number):
        yield _denied(p, f"Request {number} is not over.", "Close or withdraw it first.")


def _employed(p: Programme, unit: UnitOfWork, name: str) -> Iterator[Denial]:
    person = unit.person(name)
    if person is not None and person.employed(p.today):
        yield _denied(p, "The person is employed today.", "End the employment first.")


def _relied_on(p: Programme, unit: UnitOfWork, name: str) -> Iterator[Denial]:
    written = rows.read_written_by(unit, name)
    if any(w.kind == "person" and w.record != name for w in written):
        reason = "Records of other persons rest on what the person wrote for the office."
        yield _denied(p, reason, "It stays; change name and address in it instead.")
    if any(w.kind == "body" and w.subject == w.record for w in written):
        reason = "Seats of a body rest on what the person wrote."
        yield _denied(p, reason, "It stays; change name and address in it instead.")
    told = {w.record for w in written if w.kind == "request"}
    told |= {w.subject for w in written if w.tag == Tag.LINK_DESTRUCTION_CONFIRMED.value}
    for number in sorted(told):
        if _is_open(unit, number):
            reason = f"Request {number} is not over, and rests on what the person did in it."
            yield _denied(p, reason, "Erase the record when it is over.")
    acts = {w.subject for w in written if w.kind == "body"}
    for motion in _open_motions(p, unit) if acts else ():
        if acts & {motion.id, motion.moved.meeting}:
            reason = f"Request {motion.moved.about} is not over, and rests on a vote of theirs."
            yield _denied(p, reason, "Erase the record when it is over.")


def _open_motions(p: Programme, unit: UnitOfWork) -> Iterator[MotionState]:
    for motion in unit.body(p.board)[0].motions.values():
        about_request = motion.moved.kind is MotionKind.DATA_REQUEST
        if about_request and _is_open(unit, motion.moved.about):
            yield motion


def _is_open(unit: UnitOfWork, number: str) -> bool:
    request = unit.request(number)
    return request is not None and any(v.status not in _OVER for v in request.versions)


def _denied(p: Programme, reason: str, remedy: str) -> Denial:
    return Denial(_RULE, reason, remedy, p.rules.destruction_clause)
