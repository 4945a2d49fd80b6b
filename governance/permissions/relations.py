"""How an actor stands to a target: the grounds on which an action may be permitted. Pure.

A ground is worked out from the records each time: the person's record, the request's events, the
body's roster. Nothing here looks at a date; employment is judged by `decide_action`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from governance.board.recusal import GROUND_WORDS, find_recusals
from governance.board.recusal import Ground as RecusalGround
from governance.board.state import BodyState
from governance.people.model import PortalRole
from governance.permissions.model import Actor, Target
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest, Version


class Ground(StrEnum):
    """Why somebody may do something."""

    EVERYBODY = "everybody"
    """Anybody at all, signed in or not."""
    PERSON = "person"
    """Anybody with a record, employed today."""
    ASKS = "asks"
    """A person with the role requestor."""
    OWN_REQUEST = "own_request"
    """Who began the request, or its requestor or authorized representative as named."""
    NAMED = "named"
    """A person the request names."""
    SELF = "self"
    """The person it is about."""
    OPERATOR = "operator"
    """The operating office."""
    AUDITOR = "auditor"
    """The auditor."""
    OWNS_PART = "owns_part"
    """A data owner of the agency whose part it is (where the roster is known: who sits for it)."""
    OWNS_SOME_PART = "owns_some_part"
    """A data owner of an agency whose data is asked for, once submitted."""
    OWNER_SUBMITTED = "owner_submitted"
    """Any data owner, once the request is submitted."""
    DELIVERS_PART = "delivers_part"
    """A data steward of an agency whose data is asked for, once submitted."""
    OWN_AGENCY = "own_agency"
    """A data owner or data steward of that agency."""
    BOARD = "board"
    """Who sits on the board: data owners, and holders of its proxy letters."""
    BOARD_SUBMITTED = "board_submitted"
    """Who sits on the board, once the request is submitted."""
    SEAT_MEMBER = "seat_member"
    """The member in the agency's seat."""
    MAY_SIT = "may_sit"
    """Who may sit in a seat of the body: member, alternate, holder of a proxy letter."""
    SITS_FOR = "sits_for"
    """Who may sit in that agency's seat: member, alternate, holder of its proxy letter."""
    SIGNS_FOR = "signs_for"
    """A signatory of that party."""
    SIGNS_THIS = "signs_this"
    """A signatory of a party to the request's sharing agreement."""
    CLOCK = "clock"
    """The daily clock."""
    SIGNER = "signer"
    """The signer."""


def holds(ground: Ground, actor: Actor, target: Target) -> bool:
    """Whether the actor stands so to the target."""
    if actor.person is None:
        if ground is Ground.CLOCK or ground is Ground.SIGNER:
            return actor.process == ground.value
        return ground is Ground.EVERYBODY
    return _GROUNDS[ground](actor, target)


def contents(version: Version) -> Iterator[RequestContent]:
    """What a version says now and what was submitted of it."""
    yield version.content
    if version.submitted is not None:
        yield version.submitted


def versions_meant(target: Target) -> tuple[Version, ...]:
    """The version meant, or all of them when none is."""
    if target.version is not None:
        return (target.version,)
    return target.request.versions if target.request else ()


def version_meant(target: Target) -> Version | None:
    """The version a command is about: the one named, or the newest."""
    if target.version is not None or target.request is None:
        return target.version
    return target.request.versions[-1] if target.request.versions else None


def acts_for(request: DataRequest) -> frozenset[str]:
    """Who acts for a request; the same persons as `governance.requests.handling` lets act."""
    named = request.latest.submitted or request.latest.content
    return frozenset({request.requestor} | {p.id for p in named.people if p.role != "analyst"})


def named_in(request: DataRequest) -> frozenset[str]:
    """Everybody a request names in any version, and who began it."""
    named = {p.id for v in request.versions for c in contents(v) for p in c.people}
    return frozenset(named | {request.requestor})


def contributing(target: Target) -> frozenset[str]:
    """Agencies whose data was asked for in a submission; none while it is a draft."""
    asked = (v.submitted for v in versions_meant(target))
    return frozenset(agency for c in asked if c is not None for agency in c.agencies)


def sits_for(state: BodyState, agency: str, *, proxies: bool = True) -> frozenset[str]:
    """Who may sit in an agency's seat; whether a letter holds on the day is the body's to judge."""
    seat = state.seats.get(agency)
    if seat is None:
        return frozenset()
    found = {a.person for a in seat.alternates} | ({seat.member} if seat.member else set())
    if proxies:
        found |= {p.holder for p in state.proxies if p.agency == agency and not p.withdrawn_at}
    return frozenset(found)


def recusal_words(state: BodyState, motion_id: str, person: str) -> str:
    """Why the person takes no part in the motion; empty when nothing says so.

    Before the vote is called the motion's own facts speak; from then on `find_recusals`.
    """
    motion = state.motions.get(motion_id)
    if motion is None:
        return ""
    if motion.put_at is not None:
        found = find_recusals(state.facts(motion_id)).get(person)
        return found.words if found else ""
    if person in motion.moved.requestors:
        return GROUND_WORDS[RecusalGround.OWN_REQUEST]
    if any(i.person == person for i in motion.interests):
        return GROUND_WORDS[RecusalGround.DECLARED]
    seats = (state.seats.get(a) for a in motion.moved.requestor_employers)
    if person in {s.member for s in seats if s is not None}:
        return GROUND_WORDS[RecusalGround.OWN_EMPLOYER]
    return ""


def _role(role: PortalRole) -> Callable[[Actor, Target], bool]:
    return lambda actor, _: role in actor.roles


def _nobody(_: Actor, __: Target) -> bool:
    return False


def _own_request(actor: Actor, target: Target) -> bool:
    request = target.request
    return request is not None and actor.by in acts_for(request)


def _named(actor: Actor, target: Target) -> bool:
    return any(
        actor.by in content.requestors
        for version in versions_meant(target)
        for content in contents(version)
    )


def _self(actor: Actor, target: Target) -> bool:
    return target.person is not None and target.person == actor.by


def _owns_part(actor: Actor, target: Target) -> bool:
    agency = target.agency
    if PortalRole.DATA_OWNER not in actor.roles or agency is None or actor.agency != agency:
        return False
    known = target.body is not None and agency in target.body.seats
    return not known or actor.by in sits_for(_body(target), agency, proxies=False)


def _owns_some_part(actor: Actor, target: Target) -> bool:
    return PortalRole.DATA_OWNER in actor.roles and actor.agency in contributing(target)


def _owner_submitted(actor: Actor, target: Target) -> bool:
    owner = PortalRole.DATA_OWNER in actor.roles and actor.agency is not None
    return owner and bool(contributing(target))


def _delivers_part(actor: Actor, target: Target) -> bool:
    return PortalRole.DATA_STEWARD in actor.roles and actor.agency in contributing(target)


def _own_agency(actor: Actor, target: Target) -> bool:
    works = actor.roles & {PortalRole.DATA_OWNER, PortalRole.DATA_STEWARD}
    return bool(works) and target.agency is not None and actor.agency == target.agency


def _board(actor: Actor, target: Target) -> bool:
    owner = PortalRole.DATA_OWNER in actor.roles and actor.agency is not None
    return owner or _may_sit(actor, target)


def _board_submitted(actor: Actor, target: Target) -> bool:
    return bool(contributing(target)) and _board(actor, target)


def _seat_member(actor: Actor, target: Target) -> bool:
    seat = _body(target).seats.get(target.agency or "") if target.body else None
    return seat is not None and seat.member == actor.by


def _may_sit(actor: Actor, target: Target) -> bool:
    state = target.body
    return state is not None and any(actor.by in sits_for(state, a) for a in state.seats)


def _sits_for(actor: Actor, target: Target) -> bool:
    state = target.body
    return state is not None and actor.by in sits_for(state, target.agency or "")


def _signs_for(actor: Actor, target: Target) -> bool:
    person = actor.person
    if person is None or PortalRole.SIGNATORY not in actor.roles:
        return False
    return target.party is not None and target.party in person.parties


def _signs_this(actor: Actor, target: Target) -> bool:
    person = actor.person
    if person is None or PortalRole.SIGNATORY not in actor.roles:
        return False
    sent = (v.agreement for v in versions_meant(target))
    return any(set(person.parties) & set(a.parties) for a in sent if a is not None)


def _body(target: Target) -> BodyState:
    if target.body is None:
        raise TypeError("no body is meant")
    return target.body


_GROUNDS: Mapping[Ground, Callable[[Actor, Target], bool]] = {
    Ground.EVERYBODY: lambda _, __: True,
    Ground.PERSON: lambda _, __: True,
    Ground.ASKS: _role(PortalRole.REQUESTOR),
    Ground.OWN_REQUEST: _own_request,
    Ground.NAMED: _named,
    Ground.SELF: _self,
    Ground.OPERATOR: _role(PortalRole.OPERATOR),
    Ground.AUDITOR: _role(PortalRole.AUDITOR),
    Ground.OWNS_PART: _owns_part,
    Ground.OWNS_SOME_PART: _owns_some_part,
    Ground.OWNER_SUBMITTED: _owner_submitted,
    Ground.DELIVERS_PART: _delivers_part,
    Ground.OWN_AGENCY: _own_agency,
    Ground.BOARD: _board,
    Ground.BOARD_SUBMITTED: _board_submitted,
    Ground.SEAT_MEMBER: _seat_member,
    Ground.MAY_SIT: _may_sit,
    Ground.SITS_FOR: _sits_for,
    Ground.SIGNS_FOR: _signs_for,
    Ground.SIGNS_THIS: _signs_this,
    Ground.CLOCK: _nobody,
    Ground.SIGNER: _nobody,
}
