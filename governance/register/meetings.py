"""Meetings as iCalendar (RFC 5545), times in UTC.

UTC needs no time-zone component, and every calendar shows it in the reader's own zone; the legal
time stands in the description. A meeting keeps its UID when it changes, and `SEQUENCE` grows.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from governance.board.state import BodyState, MeetingState
from governance.papers.words import instant_words
from governance.register.source import RegisterSource

LINE_OCTETS = 75
_BREAKS = re.compile(r"\r\n|\r|\n|\x0b|\x0c|\x85|\u2028|\u2029")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event.

    Attributes:
        stamped_at: When what is said of it was last changed, UTC.
        sequence: Grows with each change.
    """

    uid: str
    begins_at: datetime
    ends_at: datetime
    stamped_at: datetime
    summary: str
    description: str
    location: str
    link: str
    status: str = "CONFIRMED"
    sequence: int = 0


def meeting_calendar(source: RegisterSource) -> bytes:
    """Every noticed public meeting, by its beginning."""
    events = [
        _event(body, held, source)
        for _, body in sorted(source.bodies.items())
        for held in body.meetings.values()
        if held.meeting.public and held.meeting.noticed_at is not None
    ]
    events.sort(key=lambda e: (e.begins_at, e.uid))
    return write_calendar(f"{source.profile.name}: meetings", events)


def write_calendar(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """A calendar, UTF-8, lines ended by CR LF and folded at 75 octets."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//data-enclave//governance//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(name)}",
        *(line for event in events for line in _lines(event)),
        "END:VCALENDAR",
    ]
    return "".join(fold(line) + "\r\n" for line in lines).encode()


def escape(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11); every kind of line break becomes one escaped break."""
    kept = _CONTROL.sub("", _BREAKS.sub("\n", text))
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """The line in pieces of at most 75 octets, none of which splits a letter (3.1)."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LINE_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += octets
    return "\r\n".join([*pieces, piece])


def _lines(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape(event.uid)}"
    yield f"DTSTAMP:{_utc(event.stamped_at)}"
    yield f"DTSTART:{_utc(event.begins_at)}"
    yield f"DTEND:{_utc(event.ends_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"STATUS:{event.status}"
    yield f"SUMMARY:{escape(event.summary)}"
    yield f"DESCRIPTION:{escape(event.description)}"
    yield f"LOCATION:{escape(event.location)}"
    yield f"URL:{event.link}"
    yield "CLASS:PUBLIC"
    yield "TRANSP:OPAQUE"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _event(body: BodyState, held: MeetingState, source: RegisterSource) -> CalendarEvent:
    meeting, profile = held.meeting, source.profile
    known = [x for x in (meeting.noticed_at, meeting.opened_at, meeting.ended_at) if x is not None]
    planned = meeting.starts_at + timedelta(minutes=profile.meeting_minutes)
    ended = meeting.ended_at
    said = [f"Public meeting, {instant_words(meeting.starts_at)}."]
    if meeting.rescheduled_from:
        said.append(f"In place of {meeting.rescheduled_from}, which was adjourned.")
    if held.adjourned:
        said.append("It was adjourned, its business unfinished.")
    return CalendarEvent(
        uid=f"{meeting.id}@{profile.tag_authority}",
        begins_at=meeting.starts_at,
        ends_at=ended if ended and ended > meeting.starts_at else planned,
        stamped_at=max(known),
        summary=f"{body.rules.title} ({meeting.id})",
        description="\n".join(said),
        location=profile.meeting_place,
        link=f"{source.base_url}/boards/{body.rules.body}/meetings/{meeting.id}",
        sequence=len(known) - 1,
    )
