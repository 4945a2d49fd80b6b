"""Loads what a route is about: the request, body or person that its path names."""

from dataclasses import replace

from governance.permissions import Target
from governance.portal.numbers import whole_number
from governance.portal.visits import Visit
from governance.requests.state import Version
from governance.store import NotFoundError
from governance.store.subjects import is_id


def asked_version(visit: Visit) -> int | None:
    """Number of the version that the address names; None when it names none."""
    return whole_number(visit.request.query_params.get("version", ""))


def about_request(visit: Visit) -> Target:
    """The request of the path, in the version that the query names, else its newest.

    Agency and party are what the form names, else the actor's own; the person is who it names.

    Raises:
        NotFoundError: There is no such request or version.
    """
    number, p = visit.wanted["number"], visit.programme
    if not is_id(number):
        raise NotFoundError("There is no request of that number.")
    with p.store.read() as unit:
        request, body = unit.known_request(number), unit.body(p.board)[0]
    named = visit.request.query_params.get("version")
    version = request.version(asked_version(visit) or 0) if named else request.latest
    if version is None:
        raise NotFoundError("The request has no such version.")
    return Target(
        request=request,
        version=version,
        body=body,
        agency=_sent(visit, "agency") or visit.actor.agency,
        person=_sent(visit, "person"),
        party=_sent(visit, "party") or _own_party(visit, version),
    )


def about_whole_request(visit: Visit) -> Target:
    """The request of the path with all its versions: who is in any of them counts."""
    return replace(about_request(visit), version=None)


def about_own_statement(visit: Visit) -> Target:
    """The request of the path, and the actor as one of its persons."""
    return replace(about_request(visit), person=visit.actor.by)


def _sent(visit: Visit, name: str) -> str | None:
    value = visit.form.get(name)
    return value if isinstance(value, str) and value else None


def _own_party(visit: Visit, version: Version) -> str | None:
    """A party the actor signs for, one whose signature is missing before the others."""
    person, sent = visit.actor.person, version.agreement
    if person is None or sent is None:
        return None
    own = [party for party in person.parties if party in sent.parties]
    unsigned = [party for party in own if party not in version.signatures]
    return next(iter(unsigned or own), None)


def about_body(visit: Visit) -> Target:
    """The body of the path.

    Raises:
        NotFoundError: The bylaws know no such body.
    """
    p = visit.programme
    rules = next((b for b in p.bylaws.bodies if b.body == visit.wanted["body"]), None)
    if rules is None:
        raise NotFoundError("The bylaws know no such body.")
    with p.store.read() as unit:
        body = unit.body(rules)[0]
    return Target(
        body=body,
        motion=visit.wanted.get("motion"),
        agency=_sent(visit, "agency") or visit.actor.agency,
        person=_sent(visit, "person"),
    )


def about_person(visit: Visit) -> Target:
    """The person of the path; whether there is one, the service says."""
    return Target(person=visit.wanted["person"])
