"""What signing an agreement and signing a statement share: the version meant, names, events."""

import unicodedata

from governance.errors import DocumentError
from governance.permissions import Actor
from governance.requests.events import RequestEvent, parse_event
from governance.requests.state import Version
from governance.services.people import find_by_id
from governance.services.programme import Programme
from governance.services.requests import RequestView
from governance.store import NotFoundError


def meant_version(view: RequestView, version: int | None) -> Version:
    """The version named, or the newest.

    Raises:
        NotFoundError: There is none of that number.
    """
    meant = view.latest if version is None else view.request.version(version)
    if meant is None:
        raise NotFoundError("The request has no such version.")
    return meant


def check_own_name(actor: Actor, typed: str) -> None:
    """Raise unless the name typed is the actor's own, whatever its capitals and spaces.

    Raises:
        DocumentError: It is another.
    """
    own = actor.person.name if actor.person else ""
    if not own or _folded(typed) != _folded(own):
        problem = "name: type your own name as it stands on your account"
        raise DocumentError.counted("The form has", problem)


def signer_name(p: Programme, typed: str, by: str) -> str:
    """The name under a signature: as typed, else as on record."""
    person = None if typed else find_by_id(p, by)
    return typed or (person.name if person else by)


def request_events(p: Programme, number: str) -> tuple[RequestEvent, ...]:
    """Every event of a request, in order."""
    with p.store.read() as unit:
        return tuple(parse_event(e) for e in unit.load("request", number).events)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
