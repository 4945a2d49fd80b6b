"""The Atom feed of the register (RFC 4287): one entry for each change of a status or publication.

Ids are tag URIs (RFC 4151) of the profile's authority and year, so they never change, even when
the portal moves.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from governance.calendar import LEGAL_ZONE
from governance.papers.words import STATUS_WORDS
from governance.register.rows import RegisterRow, public_steps, register_rows
from governance.register.source import Publication, RegisterSource, Step
from governance.requests.states import STATUSES

NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed."""

    id: str
    title: str
    updated: datetime
    link: str
    summary: str
    category: str


def register_feed(source: RegisterSource, most: int = 100) -> bytes:
    """The newest changes of the register, newest first.

    Args:
        source: Everything on record.
        most: Entries at most.
    """
    rows = {row.number: row for row in register_rows(source)}
    entries = [
        _entry(rows[record.request.number], step, source)
        for record in source.requests
        if record.request.number in rows
        for step in public_steps(record)
    ]
    entries += [_publication(row, p, source) for row in rows.values() for p in row.publications]
    entries.sort(key=lambda e: (e.updated, e.id), reverse=True)
    profile = source.profile
    began = datetime(int(profile.tag_since), 1, 1, tzinfo=UTC)
    return write_feed(
        feed_id=f"{_tag(source)}:register",
        title=f"{profile.name}: register of data requests",
        author=profile.office.name,
        page=f"{source.base_url}/register",
        itself=f"{source.base_url}/register.atom",
        entries=entries[:most],
        updated=entries[0].updated if entries else began,
    )


def write_feed(
    *,
    feed_id: str,
    title: str,
    author: str,
    page: str,
    itself: str,
    entries: Iterable[Entry],
    updated: datetime,
) -> bytes:
    """An Atom document, UTF-8."""
    ET.register_namespace("", NAMESPACE)
    feed = ET.Element(_name("feed"))
    _add(feed, "id", feed_id)
    _add(feed, "title", title)
    _add(feed, "updated", instant(updated))
    _add(ET.SubElement(feed, _name("author")), "name", author)
    ET.SubElement(feed, _name("link"), {"rel": "self", "href": clean(itself)})
    ET.SubElement(feed, _name("link"), {"rel": "alternate", "href": clean(page)})
    for entry in entries:
        element = ET.SubElement(feed, _name("entry"))
        _add(element, "id", entry.id)
        _add(element, "title", entry.title)
        _add(element, "updated", instant(entry.updated))
        _add(element, "summary", entry.summary)
        ET.SubElement(element, _name("link"), {"rel": "alternate", "href": clean(entry.link)})
        ET.SubElement(element, _name("category"), {"term": clean(entry.category)})
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def clean(text: str) -> str:
    """The text as XML 1.0 can hold it: U+FFFD for what it cannot, line feeds for breaks."""
    return _NOT_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def instant(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(row: RegisterRow, step: Step, source: RegisterSource) -> Entry:
    version = "" if step.version == 1 else f", version {step.version}"
    stamp = step.at.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
    next_ = STATUSES[step.status]
    return Entry(
        id=f"{_tag(source)}:request/{row.number}/{step.version}/{step.status.value}/{stamp}",
        title=f"{row.number}{version}: {STATUS_WORDS[step.status].lower()}",
        updated=step.at,
        link=f"{source.base_url}/register/{row.number}",
        summary=f"{row.title}. Data of {', '.join(row.agency_codes)}. What happens next: "
        f"{next_.what}.",
        category=step.status.value,
    )


def _publication(row: RegisterRow, published: Publication, source: RegisterSource) -> Entry:
    """An entry for an output; its id is the proposal's, or its place and day where it had none."""
    day = published.published_on
    began = datetime(day.year, day.month, day.day, tzinfo=LEGAL_ZONE)
    own = published.publication or f"{day:%Y%m%d}/{quote(published.title[:60], safe='')}"
    return Entry(
        id=f"{_tag(source)}:request/{row.number}/publication/{own}",
        title=f"{row.number}: published: {published.title}",
        updated=published.recorded_at or began,
        link=f"{source.base_url}/register/{row.number}",
        summary=f"{published.title}. An output of: {row.title}. Data of "
        f"{', '.join(row.agency_codes)}. Published on {day}.",
        category="publication",
    )


def _tag(source: RegisterSource) -> str:
    return f"tag:{source.profile.tag_authority},{source.profile.tag_since}"


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, _name(tag)).text = clean(text)
