"""Who left: what may be recorded of it in a request, and who may take it back. Pure.

One meaning everywhere: somebody *left on* a legal date, and that date is the first without access;
the last day with access is the one before. What is recorded in a request has happened: access ends
at once, and no day to come is taken. An end that is planned is the office's to schedule, in the
person's own record.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from governance.calendar import legal_date
from governance.decisions import Decision, Denial
from governance.requests import commands as c
from governance.requests.making import submitted
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, PersonChain, Version
from governance.requests.states import OPEN, Role

RULES = ("person.left_on", "person.left")


def decide_left_on(left_on: date, today: date, rules: RequestRules) -> Decision:
    """Whether somebody can have left on that day."""
    if left_on <= today:
        return Decision(RULES[:1])
    reason = f"{left_on} is still to come, and access would end today."
    remedy = (
        "Record it on that day. The operating office schedules the end of an employment in the "
        "person's record."
    )
    return Decision(RULES[:1], (Denial(RULES[0], reason, remedy, rules.chain_clause),))


def leaver_denials(
    request: DataRequest, version: Version, command: c.RecordLeaver, rules: RequestRules
) -> Iterator[Denial]:
    """What speaks against recording that somebody left, or taking that back."""
    yield from decide_left_on(command.left_on, legal_date(command.at), rules).denials
    known = request.people.get(command.person, PersonChain()).left_on
    if command.mistaken and known is None:
        reason = "It is not on record that the person left."
        yield Denial(RULES[1], reason, "Nothing is to be taken back.", rules.chain_clause)
    gives_back = known is not None and (command.mistaken or command.left_on > known)
    if gives_back and not may_take_back(request, version, command.by, command.role):
        reason = "It is on record that the person left; that would give access back."
        remedy = (
            "If it is wrong, one of the operating office whom the request does not name mends it."
        )
        yield Denial(RULES[1], reason, remedy, rules.chain_clause)


def named_elsewhere(person: str, number: str, requests: Iterable[DataRequest]) -> tuple[str, ...]:
    """Numbers of other requests, open or in force, that name the person as one who has not left."""
    return tuple(
        other.number
        for other in requests
        if other.number != number
        and other.people.get(person, PersonChain()).left_on is None
        and any(v.status in OPEN and person in submitted(v).requestors for v in other.versions)
    )


def may_take_back(request: DataRequest, version: Version, by: str, role: Role | None) -> bool:
    """Whether somebody may take back that a person left: it gives them access again.

    The operating office may correct a mistake, but nobody in a request they are named in.
    """
    named = {request.requestor, *submitted(version).requestors}
    return role is Role.OPERATOR and by not in named
