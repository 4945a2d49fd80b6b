"""The office's own records: costs, the match log, public-records requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from governance.audit.chain import Entry
from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.decisions import check_permitted
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.papers.records import RecordsRequest, RoutedRequest, route_records_request
from governance.permissions import Action, Actor, decide_action
from governance.register.source import YEARS, Cost, MatchLine
from governance.services.forwarding import forward_request
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note
from governance.services.values import plain
from governance.store import UnitOfWork
from governance.store.streams import PROGRAMME


def record_cost(
    p: Programme, actor: Actor, facts: Mapping[str, Any], *, once: str | None = None
) -> Cost:
    """Record a cost of the programme, for the annual report.

    Args:
        p: The programme.
        actor: Of the operating office.
        facts: Fields of `Cost`.
        once: The form's token: submitted twice, it is recorded once.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The form has mistakes.
    """
    with denials_recorded(p, actor, Action.RECORD_COST.value, PROGRAMME), p.store.begin() as unit:
        check_permitted(decide_action(actor, Action.RECORD_COST, today=p.today))
        cost = facts_of(Cost, plain(facts), "The form")
        mark = _mark("cost", actor, once)
        told = plain(cost)
        note(p, unit, actor, Tag.COST_RECORDED, subject=PROGRAMME, facts=told, once=mark)
        return cost


def record_match(
    p: Programme, actor: Actor, facts: Mapping[str, Any], *, once: str | None = None
) -> MatchLine:
    """Record a line of the match log; a newer line about the same file takes its place.

    Args:
        p: The programme.
        actor: Of the operating office.
        facts: Fields of `MatchLine`.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The form has mistakes.
        NotFoundError: There is no such request.
    """
    number = str(plain(facts).get("request", ""))
    denials = denials_recorded(p, actor, Action.RECORD_MATCH.value, number or PROGRAMME)
    with denials, p.store.begin() as unit:
        check_permitted(decide_action(actor, Action.RECORD_MATCH, today=p.today))
        return keep_match(p, unit, actor, facts, once=once)


def keep_match(
    p: Programme, unit: UnitOfWork, actor: Actor, facts: Mapping[str, Any], *, once: str | None
) -> MatchLine:
    """Note a line of the match log in a running transaction, as `record_match`.

    Raises:
        DocumentError: The line has mistakes.
        NotFoundError: There is no such request.
    """
    line = _dated(facts_of(MatchLine, plain(facts), "The form"), p.clock())
    unit.known_request(line.request)
    mark = _mark(f"match:{line.request}", actor, once)
    note(p, unit, actor, Tag.MATCH_RECORDED, subject=line.request, facts=plain(line), once=mark)
    return line


def _dated(line: MatchLine, now: datetime) -> MatchLine:
    """The line with the day of its destruction.

    Raises:
        DocumentError: Something is told that has not happened yet, or cannot have.
    """
    told = {"confirmed_at": line.confirmed_at, "destroyed_at": line.destroyed_at}
    problems = [f"{name}: this is not past yet" for name, at in told.items() if at and at > now]
    days = ("received", "match_date", "matrix_date", "destroyed_date")
    said = {name: getattr(line, name) for name in days}
    problems += [
        f"{name}: it is of no year that a match can be of"
        for name, day in said.items()
        if day and day.year not in YEARS
    ]
    if problems:
        raise DocumentError.counted("The form has", *problems)
    if line.destroyed_at is None:
        return line
    return line.model_copy(update={"destroyed_date": legal_date(line.destroyed_at)})


def route_request(
    p: Programme, actor: Actor, asked: RecordsRequest, *, once: str | None = None
) -> tuple[RoutedRequest, Entry | None]:
    """Route a public-records request to the originating agencies, with the letter that says so.

    The request is forwarded by mail in the same transaction; where an agency's records office has
    no address, the mail goes to the operating office, which forwards it. What was asked for, and by
    whom, is not kept in the ledger; the letter's digest is.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: The request says nothing, or holds what no letter can.
    """
    action = Action.ROUTE_RECORDS_REQUEST
    with denials_recorded(p, actor, action.value, PROGRAMME), p.store.begin() as unit:
        check_permitted(decide_action(actor, action, today=p.today))
        plain((asked.reference, asked.asks_for, asked.requester, asked.address))
        if not asked.asks_for.strip():
            problem = "asks_for: say what is asked for"
            raise DocumentError.counted("The form has", problem)
        routed = route_records_request(p.profile, asked, p.contracts)
        facts = {
            "reference": asked.reference,
            "agencies": [agency.id for agency in routed.agencies],
            "written_to": [agency.id for agency in routed.written_to],
            "by_hand": [agency.id for agency in routed.by_hand],
            "letter": routed.letter.id,
            "digest": routed.letter.digest,
            "received_on": asked.received_on.isoformat(),
            "answer_by": routed.answer_by.isoformat(),
        }
        mark = _mark(f"records:{asked.reference}", actor, once)
        tag = Tag.RECORDS_REQUEST_ROUTED
        entry = note(p, unit, actor, tag, subject=PROGRAMME, facts=facts, once=mark)
        if entry is not None:
            forward_request(p, unit, asked, routed)
        return routed, entry


def _mark(what: str, actor: Actor, once: str | None) -> str | None:
    return None if once is None else f"{what}:{actor.by}:{once}"
