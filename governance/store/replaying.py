"""From stored facts to records; whatever cannot be read is a fault of the ledger, never quoted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from governance.board import events as board_events
from governance.board.state import BodyState
from governance.board.state import apply as apply_body
from governance.errors import LedgerError
from governance.facts import Event
from governance.people import Person
from governance.people import events as people_events
from governance.requests import events as request_events
from governance.requests.state import DataRequest
from governance.requests.state import replay as replay_request

_PARSERS: Mapping[str, Any] = {
    "request": request_events.parse_event,
    "person": people_events.parse_event,
    "body": board_events.parse_event,
}


def request_of(facts: Iterable[Mapping[str, Any]]) -> DataRequest | None:
    """The request after these events.

    Raises:
        LedgerError: One cannot be read, or does not follow.
    """
    return replay_request(_events("request", facts))


def person_of(facts: Iterable[Mapping[str, Any]]) -> Person | None:
    """The person's record after these events.

    Raises:
        LedgerError: One cannot be read.
    """
    return people_events.replay(_events("person", facts))


def body_after(state: BodyState, facts: Iterable[Mapping[str, Any]]) -> BodyState:
    """The body after these further events.

    Raises:
        LedgerError: One cannot be read, or does not follow.
    """
    for event in _events("body", facts):
        state = apply_body(state, event)
    return state


def _events(kind: str, facts: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    parse = _PARSERS[kind]
    for number, told in enumerate(facts, 1):
        yield _parse(parse, told, kind, number)


def _parse(parse: Any, told: Mapping[str, Any], kind: str, number: int) -> Event:  # noqa: ANN401  a function
    try:
        event: Event = parse(told)
    except (ValidationError, TypeError, ValueError):
        message = f"Event {number} of a {kind}'s record cannot be read; verify the ledger."
        raise LedgerError(message, seq=number) from None
    return event
