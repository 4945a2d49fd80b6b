"""The match log as the operating office works on it: its lines, how each stands, acts about one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from governance.decisions import check_permitted
from governance.digests import sha256_of
from governance.permissions import Action, Actor, decide_action
from governance.register.matches import Standing, asked_agencies, clock_of, group_matches
from governance.register.matches import standing_of as match_standing
from governance.register.source import MatchLine
from governance.services.programme import Programme
from governance.services.public_records import public_records
from governance.services.recording import denials_recorded
from governance.services.records import keep_match
from governance.services.transparency import read_matches
from governance.store import NotFoundError
from governance.store.streams import PROGRAMME

LineAct = Literal["confirmed_at", "destroyed_at"]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A line of the match log.

    Attributes:
        id: Of the line: the same for every newer line about the same file.
        agency: Whose data the sender's is; None: nobody the profile knows.
        standing: Of the match: what its request matched on that day.
        due_at: When its files are to be gone, UTC; None: nothing starts the clock.
        hours: Whether the clock counts hours.
    """

    id: str
    line: MatchLine
    agency: str | None
    standing: Standing
    due_at: datetime | None
    hours: bool


def line_id(line: MatchLine) -> str:
    """The id of the file's line."""
    return sha256_of(f"{line.request}\x1f{line.sender}\x1f{line.file_name}".encode())[:16]


def list_match_lines(p: Programme, actor: Actor) -> tuple[MatchRow, ...]:
    """Every line of the match log, as the office keeps it.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.RECORD_MATCH.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.RECORD_MATCH, today=p.today))
    return tuple(_rows(p))


def _rows(p: Programme) -> Iterator[MatchRow]:
    source, clock, now = public_records(p).source, p.profile.matching_clock, p.clock()
    named = {line.request for line in source.matches}
    asked = {
        record.request.number: asked_agencies(record.request)
        for record in source.requests
        if record.request.number in named
    }
    for inputs, lines in group_matches(source.matches, asked, p.profile):
        running, standing = clock_of(inputs, clock), match_standing(inputs, clock, now)
        for line in lines:
            yield MatchRow(
                line_id(line), line, p.profile.agency_of(line.sender), standing,
                running.ends_at if running else None, bool(running and running.counts_hours),
            )  # fmt: skip


def act_on_line(
    p: Programme,
    actor: Actor,
    line: str,
    act: LineAct,
    *,
    at: datetime | None = None,
    once: str | None = None,
) -> MatchLine:
    """Record that the stewards confirmed a line's match, or that its file is destroyed.

    A newer line takes the place of the one on record. What is recorded already stays as it is.

    Args:
        p: The programme.
        actor: Of the operating office.
        line: Id of the line.
        act: Which of the two happened.
        at: When; None: now.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: It has not happened yet, or not in that order.
        NotFoundError: There is no such line.
    """
    with denials_recorded(p, actor, Action.RECORD_MATCH.value, PROGRAMME), p.store.begin() as unit:
        check_permitted(decide_action(actor, Action.RECORD_MATCH, today=p.today))
        found = next((x for x in read_matches(unit) if line_id(x) == line), None)
        if found is None:
            raise NotFoundError("There is no such line in the match log.")
        known = found.confirmed_at if act == "confirmed_at" else found.destroyed_date
        if known is not None:
            return found
        facts = found.model_dump(mode="json") | {act: (at or p.clock()).isoformat()}
        return keep_match(p, unit, actor, facts, once=once)
