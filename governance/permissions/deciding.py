"""The answer to every "may X do Y on Z now".

In this order: the action is known and, for a command, the request's status knows it; the person is
employed today; one of the action's grounds holds; nothing bars it. Whether the command itself is in
order (complete, within its term, signed by all) is judged by `requests.handle` and `board.handle`.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from governance.decisions import Decision, Denial
from governance.people.model import PortalRole
from governance.permissions.model import NOTHING, Action, Actor, Target
from governance.permissions.relations import (
    Ground,
    contributing,
    holds,
    named_in,
    recusal_words,
    version_meant,
)
from governance.permissions.rights import (
    ACTING_ROLES,
    FOUR_EYES_ACTIONS,
    FOUR_EYES_ACTS,
    GROUNDS,
    NOT_ABOUT_ONESELF,
    NOT_ASKED_BY_ONESELF,
    PUBLIC_ACTIONS,
    READING,
    RECUSED,
    ground_of,
)
from governance.permissions.words import who_words
from governance.requests.states import STATUSES, Act, Role, Transition, transition

_PAGE: Final = "docs/reference/permissions.md"
_STATES: Final = "docs/reference/request-states.md"
_LEAVERS: Final = "Governance manual, leavers and newcomers"
_CONFLICT: Final = "C.G.S. §§ 1-85, 1-86"
_RULES: Final = ("action.known", "person.employed", "action.role", "action.four_eyes")


def decide_action(
    actor: Actor, action: Action | Act, target: Target = NOTHING, *, today: date
) -> Decision:
    """Whether the actor may do that to the target today.

    Args:
        actor: Who asks.
        action: An action, or a command on a request by its name.
        target: What it is about. A command that is for an agency, a person or a party names it:
            without that it is refused.
        today: The legal date.

    Returns:
        What was checked, and every denial with reason, remedy and clause.
    """
    if action in PUBLIC_ACTIONS:
        return Decision(("action.public",))
    return Decision(_RULES, tuple(_denials(actor, action, target, today)))


def acting_role(actor: Actor, act: Act, target: Target) -> Role | None:
    """In which role the actor may give a command there; None when in none.

    Employment and four eyes are `decide_action`'s to judge.
    """
    if target.request is None:
        begins = act is Act.SAVE_DRAFT and holds(Ground.ASKS, actor, target)
        return Role.REQUESTOR if begins else None
    row = _row(act, target)
    return next((r for r in row.roles if _has_role(actor, act, r, target)), None) if row else None


def acts_open_to(actor: Actor, target: Target, *, today: date) -> tuple[Act, ...]:
    """The commands the actor may give there today, in the table's order.

    Where a command is for an agency, a person or a party and the target names none, the actor's
    own is meant.
    """
    return tuple(
        act
        for act in Act
        if any(
            decide_action(actor, act, t, today=today).permitted for t in _own(actor, act, target)
        )
    )


def _own(actor: Actor, act: Act, target: Target) -> Iterator[Target]:
    person, version = actor.person, version_meant(target)
    if act is Act.REVIEW_PART and target.agency is None:
        waiting = version.to_review if version else ()
        if actor.agency in waiting:
            yield _with(target, agency=actor.agency)
    elif act is Act.SIGN_NDA and target.person is None:
        yield _with(target, person=person.id if person else None)
    elif act is Act.SIGN_AGREEMENT and target.party is None:
        sent = version.agreement if version else None
        unsigned = set(sent.parties) - set(version.signatures) if sent and version else set()
        for party in person.parties if person else ():
            if party in unsigned:
                yield _with(target, party=party)
    else:
        yield target


def _with(target: Target, **changes: str | None) -> Target:
    names = ("request", "version", "body", "motion", "agency", "person", "party", "asked_by")
    return Target(**({name: getattr(target, name) for name in names} | changes))


def _denials(actor: Actor, action: Action | Act, target: Target, today: date) -> Iterator[Denial]:
    unknown = [*_unknown(action, target)]
    if unknown:
        yield from unknown
        return
    if actor.person is not None and not actor.person.employed(today):
        reason = "By your record you are not employed today; access ends with employment."
        remedy = "If that is wrong, the operating office corrects the record."
        yield Denial("person.employed", reason, remedy, _LEAVERS)
        return
    if not _entitled(actor, action, target):
        words = action.value.replace("_", " ")
        reason = f"{_who(actor)} you may not {words} here."
        yield Denial(
            "action.role", reason, f"Who may: {who_words(_grounds(action, target))}.", _PAGE
        )
        return
    yield from _barred(actor, action, target)


def _unknown(action: Action | Act, target: Target) -> Iterator[Denial]:
    if isinstance(action, Action):
        if action not in GROUNDS:
            reason = f"No rule permits anybody to {action.value}."
            yield Denial("action.known", reason, "Ask the operating office.", _PAGE)
        return
    if target.request is None:
        if action is not Act.SAVE_DRAFT:
            reason = "There is no such request."
            yield Denial("action.known", reason, "Look at the list of requests.", _PAGE)
        return
    version = version_meant(target)
    if version is None or version not in target.request.versions:
        reason = "The request has no such version."
        yield Denial("action.known", reason, "Look at the request's versions.", _PAGE)
    elif transition(version.status, action) is None:
        facts = STATUSES[version.status]
        reason = f"A request that is {version.status.value} knows no {action.value}."
        yield Denial(
            "request.transition", reason, f"Next: the {facts.next.value} {facts.what}.", _STATES
        )


def _row(act: Act, target: Target) -> Transition | None:
    version = version_meant(target)
    return transition(version.status, act) if version else None


def _has_role(actor: Actor, act: Act, role: Role, target: Target) -> bool:
    if actor.person is not None and not actor.roles & ACTING_ROLES:
        return False
    if role is Role.PERSON:  # nobody signs for another, and only whom the request names
        return holds(Ground.SELF, actor, target) and holds(Ground.NAMED, actor, target)
    if act is Act.REVIEW_PART and target.agency not in contributing(target):
        return False
    ground = ground_of(role, act)
    return ground is not None and holds(ground, actor, target)


def _entitled(actor: Actor, action: Action | Act, target: Target) -> bool:
    if isinstance(action, Act):
        return acting_role(actor, action, target) is not None
    if actor.person is not None and action not in READING and not actor.roles & ACTING_ROLES:
        return False
    if action is Action.SEE_PUBLICATION and target.agency not in contributing(target):
        return False
    grounds: Iterable[Ground] = GROUNDS[action]
    if action is Action.READ_LEDGER_FACTS and target.person is not None:
        # what is about one person concerns that person, not others whom the request names
        grounds = [g for g in grounds if g not in (Ground.OWN_REQUEST, Ground.NAMED)]
    return any(holds(g, actor, target) for g in grounds)


def _grounds(action: Action | Act, target: Target) -> tuple[Ground, ...]:
    if isinstance(action, Action):
        return GROUNDS[action]
    if target.request is None:
        return (Ground.ASKS,)
    row = _row(action, target)
    found = (ground_of(r, action) for r in row.roles) if row else ()
    return tuple(g for g in found if g is not None)


def _barred(actor: Actor, action: Action | Act, target: Target) -> Iterator[Denial]:
    own = target.request is not None and actor.by in named_in(target.request)
    if own and (action in FOUR_EYES_ACTS or action in FOUR_EYES_ACTIONS):
        reason = "The request is your own, or names you."
        remedy = "Somebody else with the same role does it."
        yield Denial("action.four_eyes", reason, remedy, _CONFLICT)
    if action in NOT_ASKED_BY_ONESELF and target.asked_by == actor.by:
        reason = "You asked for it yourself."
        yield Denial("action.four_eyes", reason, "Another one of the office does it.", _CONFLICT)
    if action in NOT_ABOUT_ONESELF and target.person == actor.by:
        reason = "It is about yourself."
        yield Denial("action.four_eyes", reason, "Another one of the office does it.", _CONFLICT)
    if action in RECUSED and target.body is not None and target.motion is not None:
        words = recusal_words(target.body, target.motion, actor.by)
        if words:
            reason = f"You are recused from this motion: {words}."
            yield Denial("action.recused", reason, "Leave it to the others.", _CONFLICT)


def _who(actor: Actor) -> str:
    if actor.person is None:
        return f"As the {actor.process}" if actor.process else "Without signing in"
    roles = " and ".join(r.value.replace("_", " ") for r in PortalRole if r in actor.roles)
    return f"As {roles}"
