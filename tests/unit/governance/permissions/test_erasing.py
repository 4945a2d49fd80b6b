"""Erasing takes two of the office: who asked, and whom it is about, is not who carries it out."""

import pytest

from governance.permissions import Action, Actor, Target, decide_action
from governance.permissions.cast import CAST, TODAY

OPERATOR, OTHER = CAST["an operator"], CAST["an operator it names"]
CASES = {
    "what another one asked for": (OPERATOR, Target(asked_by=OTHER.by), True),
    "what they asked for themself": (OPERATOR, Target(asked_by=OPERATOR.by), False),
    "another's record": (OPERATOR, Target(asked_by=OTHER.by, person="analyst"), True),
    "their own record": (OPERATOR, Target(asked_by=OTHER.by, person=OPERATOR.by), False),
    "not of the office": (CAST["the owner"], Target(asked_by=OPERATOR.by), False),
    "of the office no more": (CAST["an operator who left"], Target(asked_by=OTHER.by), False),
    "the auditor": (CAST["the auditor"], Target(asked_by=OPERATOR.by), False),
}


@pytest.mark.parametrize("case", CASES)
def test_who_carries_an_erasure_out(case: str) -> None:
    actor, target, may = CASES[case]
    assert decide_action(actor, Action.ERASE_FACTS, target, today=TODAY).permitted is may


@pytest.mark.parametrize("actor", [OPERATOR, OTHER], ids=["about nobody", "about themself"])
def test_anybody_of_the_office_asks_even_about_themself(actor: Actor) -> None:
    target = Target(person=actor.by)
    assert decide_action(actor, Action.ASK_ERASURE, target, today=TODAY).permitted
