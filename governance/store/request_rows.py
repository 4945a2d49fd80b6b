"""The rows under which a data request stands in lists, from its replayed state."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from governance.audit.chain import format_instant
from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.digests import sha256_of
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest, Version
from governance.requests.statements import has_accepted, statements_waiting, version_to_accept
from governance.requests.states import LIVE
from governance.store.sort_keys import sort_key
from governance.store.streams import Loaded


@dataclass(frozen=True, slots=True)
class RequestRows:
    """One row of the list, and what it is found by."""

    row: dict[str, Any]
    agencies: list[dict[str, Any]]
    people: list[dict[str, Any]]
    parties: list[dict[str, Any]]


def request_rows_of(request: DataRequest, loaded: Loaded) -> RequestRows:
    """The rows of a request that stands at `loaded.position`."""
    version, live = request.latest, request.live
    content = _shown(request)
    waiting = version.to_review if version.status.value == "owner_review" else ()
    named = [p.id for p in content.people]
    row = {
        "number": request.number,
        "version": version.number,
        "status": version.status.value,
        "next_role": version.next.value,
        "type": content.type.value,
        "title": content.title,
        "title_key": sort_key(content.title),
        "requestor": request.requestor,
        "organization": content.organization,
        "organization_key": sort_key(content.organization),
        "agencies": ",".join(content.agencies),
        "waiting_agencies": ",".join(waiting),
        "received_on": _first(loaded, Tag.DATA_REQUEST_SUBMITTED),
        "decided_on": _decided_on(request),
        "ends_on": content.ends_on,
        "destruction_on": content.destruction_on,
        "live_version": live.number if live else None,
        "live_status": live.status.value if live else None,
        "live_ends_on": live.submitted.ends_on if live and live.submitted else None,
        "ndas_needed": len(named),
        "ndas_received": sum(has_accepted(request, person) for person in named),
        "begun_at": stored_instant(loaded.events[0]["at"]),
        "updated_at": stored_instant(loaded.events[-1]["at"]),
        "position": loaded.position,
        "search": " ".join(
            (request.number, content.title, content.organization, *content.agencies)
        ).casefold(),
    }
    return RequestRows(row, _agencies(request), _people(request), _parties(request))


def stored_instant(told: str) -> str:
    """An event's instant as the tables keep it."""
    return format_instant(datetime.fromisoformat(told))


def _shown(request: DataRequest) -> RequestContent:
    """What was submitted last; the draft only of a request that never was."""
    submitted = (v.submitted for v in reversed(request.versions))
    return next((c for c in submitted if c is not None), request.latest.content)


def _first(loaded: Loaded, tag: Tag) -> date | None:
    for event in loaded.events:
        if event["tag"] == tag.value:
            return legal_date(datetime.fromisoformat(event["at"]))
    return None


def _decided_on(request: DataRequest) -> date | None:
    decided = [v.decided.decided_on for v in request.versions if v.decided is not None]
    return decided[-1] if decided else None


def _agencies(request: DataRequest) -> list[dict[str, Any]]:
    """Every agency asked for: in a version still open, or in the one in force."""
    asked: set[str] = set()
    submitted: set[str] = set()
    for version in request.versions:
        asked.update(version.content.agencies)
        if version.submitted is not None:
            submitted.update(version.submitted.agencies)
    waiting: set[str] = set()
    for version in request.versions:
        if version.status.value == "owner_review":
            waiting.update(version.to_review)
    return [
        {
            "number": request.number,
            "agency": agency,
            "submitted": agency in submitted,
            "waiting": agency in waiting,
        }
        for agency in sorted(asked | submitted)
    ]


def _people(request: DataRequest) -> list[dict[str, Any]]:
    roles: dict[str, str] = {request.requestor: "author"}
    for version in request.versions:
        for content in (version.submitted, version.content):
            for person in content.people if content else ():
                roles[person.id] = person.role
    waits = statements_waiting(request)
    return [
        {
            "number": request.number,
            "person": person,
            "role": role,
            "statement": waits.get(person, ""),
            "statement_version": version_to_accept(request).number if person in waits else None,
        }
        for person, role in sorted(roles.items())
    ]


def _parties(request: DataRequest) -> list[dict[str, Any]]:
    """Parties of the newest agreement that was sent."""
    sent: Version | None = next(
        (v for v in reversed(request.versions) if v.agreement is not None), None
    )
    if sent is None or sent.agreement is None:
        return []
    open_ = sent.status.value == "agreements_out" or sent.status in LIVE
    return [
        {
            "number": request.number,
            "party_key": sha256_of(party.encode()),
            "party": party,
            "signed": party in sent.signatures or not open_,
        }
        for party in dict.fromkeys(sent.agreement.parties)
    ]
