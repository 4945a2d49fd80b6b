"""Whether an event of a person's record or of the board was its author's to write. Pure.

Asked of the records as they stood before the event, on the legal date of its entry (an entry's time
never goes back; what an event says of its own time might). Who may act is
`governance.permissions`' to say, as in the portal; here stand only the authors that are no
persons: the machine's shell that makes the first operator, and the identity provider.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from governance.board import events as b
from governance.board.state import BodyState
from governance.decisions import Denial
from governance.people import (
    Person,
    PersonChanged,
    PersonEvent,
    PersonRegistered,
    PortalRole,
)
from governance.people.commands import decide_roles
from governance.permissions import Action, Actor, Target, decide_action
from governance.services.founding import FOUNDING
from governance.services.people import SIGN_IN

_RULE: Final = "person.author"
_CLAUSE: Final = "docs/adr/0209-who-wrote-the-roster.md"
_NOTHING_MORE: Final = frozenset({PortalRole.REQUESTOR})

BODY_ACTIONS: Final[Mapping[type[b.BodyEvent], Action]] = {
    b.SeatFilled: Action.FILL_SEAT,
    b.SeatVacated: Action.FILL_SEAT,
    b.AlternateNamed: Action.NAME_ALTERNATE,
    b.ProxyFiled: Action.FILE_PROXY,
    b.ProxyWithdrawn: Action.FILE_PROXY,
    b.MeetingNoticed: Action.RUN_MEETING,
    b.MeetingOpened: Action.RUN_MEETING,
    b.MeetingEnded: Action.RUN_MEETING,
    b.PersonArrived: Action.RUN_MEETING,
    b.PersonDeparted: Action.RUN_MEETING,
    b.MotionMoved: Action.MOVE_MOTION,
    b.InterestDeclared: Action.DECLARE_INTEREST,
    b.MotionPut: Action.PUT_MOTION,
    b.VoteCast: Action.CAST_VOTE,
    b.MotionDecided: Action.PUT_MOTION,
    b.AgencyAdmitted: Action.PUT_MOTION,
}
"""What each event of a body asks of its author."""
_ABOUT_MOTION: Final = (
    b.MotionMoved, b.InterestDeclared, b.MotionPut, b.VoteCast, b.MotionDecided,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Newcomers:
    """What those may give who are no operators.

    Attributes:
        provider_roles: Roles that the identity provider's groups stand for, by the settings.
        restricted_classes: Kinds of employment that open a dataset: the office alone gives them.
    """

    provider_roles: frozenset[PortalRole] = frozenset()
    restricted_classes: frozenset[str] = frozenset()


def judge_person(
    event: PersonEvent, people: Mapping[str, Person], newcomers: Newcomers, *, on: date
) -> tuple[Denial, ...]:
    """Why the event was not its author's to write; nothing when it was.

    Args:
        event: Of a person's record.
        people: Everybody on record before it, by id.
        newcomers: What a requestor and the identity provider may give.
        on: Legal date of its entry.
    """
    if isinstance(event, PersonRegistered | PersonChanged) and event.person.id != event.subject:
        return (_denied("The record is another person's."),)
    denials = [*_roles_together(event)]
    if event.by == FOUNDING:
        denials += _founding(event, people, on)
    elif event.by == SIGN_IN:
        denials += _sign_in(event, people, newcomers)
    elif not _is_named_by_requestor(event, people, newcomers, on):
        actor = Actor(person=people.get(event.by))
        target = Target(person=event.subject)
        denials += decide_action(actor, Action.CHANGE_PEOPLE, target, today=on).denials
    return tuple(denials)


def judge_body(
    event: b.BodyEvent, body: BodyState, author: Person | None, *, on: date
) -> tuple[Denial, ...]:
    """Why the event was not its author's to write; nothing when it was.

    Args:
        event: Of the board.
        body: The board before it.
        author: Whose record it is that the event names, as it stood before it.
        on: Legal date of its entry.
    """
    action = BODY_ACTIONS[type(event)]
    target = Target(
        body=body,
        agency=getattr(event, "agency", None),
        person=getattr(event, "person", None),
        motion=event.subject if isinstance(event, _ABOUT_MOTION) else None,
    )
    denials = decide_action(Actor(person=author), action, target, today=on).denials
    own = _must_be_own(event)
    if own is not None and own != event.by:
        denials = (*denials, _denied("Nobody does that in another's name."))
    return denials


def _must_be_own(event: b.BodyEvent) -> str | None:
    """Whose own act the event says it is; None where somebody else acts on a person."""
    match event:
        case b.VoteCast() | b.InterestDeclared():
            return event.person
        case b.ProxyFiled():
            return event.given_by
        case _:
            return None


def _roles_together(event: PersonEvent) -> tuple[Denial, ...]:
    """Separation of duties holds whoever gave the roles."""
    if isinstance(event, PersonRegistered | PersonChanged):
        return decide_roles(event.person.roles).denials
    return ()


def _founding(event: PersonEvent, people: Mapping[str, Person], on: date) -> Iterator[Denial]:
    """The shell makes an operator, and only while the office has nobody."""
    first = isinstance(event, PersonRegistered) and event.person.roles == (PortalRole.OPERATOR,)
    if not first or event.subject in people:
        yield _denied("Who founds the office registers its first operator and nobody else.")
    if any(PortalRole.OPERATOR in p.roles and _lasts(p, on) for p in people.values()):
        yield _denied("The office had an operator.")


def _sign_in(
    event: PersonEvent, people: Mapping[str, Person], newcomers: Newcomers
) -> Iterator[Denial]:
    """A sign-in makes a requestor, binds a waiting record, or gives what the provider's groups do.

    It never says who employs somebody, for which agency, or for whom they sign.
    """
    if not isinstance(event, PersonRegistered | PersonChanged):
        yield _denied("A sign-in ends no employment.")
        return
    new, old = event.person, people.get(event.subject)
    kept = _NOTHING_MORE if old is None else frozenset(old.roles)
    if not frozenset(new.roles) <= kept | newcomers.provider_roles | _NOTHING_MORE:
        yield _denied("No group of the identity provider gives such a role.")
    if old is None:
        plain = new.agency is None and not new.parties
        if not plain or new.employment_class in newcomers.restricted_classes:
            yield _denied("The office alone says who employs somebody, and for whom they sign.")
        return
    if old.account is not None and new.account != old.account:
        yield _denied("A sign-in takes no record that has an account.")
    given = {"account": new.account, "roles": new.roles}
    if old.model_copy(update=given) != new:
        yield _denied("A sign-in changes nothing but account and roles.")


def _is_named_by_requestor(
    event: PersonEvent, people: Mapping[str, Person], newcomers: Newcomers, on: date
) -> bool:
    """Whether it is a newcomer that somebody who may begin a request named in one."""
    if not isinstance(event, PersonRegistered) or event.subject in people:
        return False
    new, actor = event.person, Actor(person=people.get(event.by))
    return (
        frozenset(new.roles) <= _NOTHING_MORE
        and new.account is None
        and new.agency is None
        and not new.parties
        and new.employment_class not in newcomers.restricted_classes
        and decide_action(actor, Action.BEGIN_REQUEST, today=on).permitted
    )


def _lasts(person: Person, on: date) -> bool:
    return person.employed_until is None or person.employed_until >= on


def _denied(reason: str) -> Denial:
    return Denial(_RULE, reason, "The operating office finds out who wrote it.", _CLAUSE)
