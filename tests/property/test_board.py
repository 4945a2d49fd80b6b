"""Invariants of the vote, over boards, meetings and letters of every kind."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.board.bylaws import BodyRules
from governance.board.explain import explain
from governance.board.model import Attendance, Choice, MotionFacts, Seat, Vote
from governance.board.recusal import find_recusals
from governance.board.seating import Capacity, present_at
from governance.board.voting import decide_motion
from tests.lib.board import (
    BOARD,
    EXECUTIVE,
    PUT,
    START,
    build_alternate,
    build_facts,
    build_interest,
    build_meeting,
    build_motion,
    build_proxy,
    minutes,
)

pytestmark = pytest.mark.property

AGENCIES = ("ccic", "cscu", "dcf", "dol", "oec", "sde")
MEMBERS = tuple(f"p-{a}" for a in AGENCIES)
OTHERS = ("p-deputy", "p-holder", "p-second")
PERSONS = MEMBERS + OTHERS
DAY = START.date()

_instants = st.sampled_from([START - timedelta(days=1), START, PUT, minutes(45), minutes(500)])


@st.composite
def proxies(draw: st.DrawFn) -> tuple[Any, ...]:
    letters = []
    for _ in range(draw(st.integers(0, 3))):
        agency = draw(st.sampled_from(AGENCIES))
        first = draw(st.integers(-3, 3))
        letters.append(
            build_proxy(
                agency,
                draw(st.sampled_from(PERSONS)),
                given_by=draw(st.sampled_from([f"p-{agency}", "p-sde"])),
                filed_at=draw(st.sampled_from([START - timedelta(days=2), START, minutes(50)])),
                valid_from=DAY + timedelta(days=first),
                valid_until=DAY + timedelta(days=first + draw(st.integers(0, 3))),
            )
        )
    return tuple(letters)


@st.composite
def facts_of(draw: st.DrawFn, *, rules: BodyRules | None = None) -> MotionFacts:
    votes = draw(st.text("ynas-v", min_size=len(AGENCIES), max_size=len(AGENCIES)))
    body = rules or draw(st.sampled_from([BOARD, EXECUTIVE]))
    body = body.model_copy(update={"seats_per_person": draw(st.integers(1, 2))})
    kind = draw(st.sampled_from(body.decides))
    facts = build_facts(
        votes,
        agencies=AGENCIES,
        rules=body,
        others=tuple(draw(st.sets(st.sampled_from(OTHERS)))),
        motion=build_motion(
            kind=kind,
            requestors=tuple(draw(st.sets(st.sampled_from(PERSONS), max_size=1))),
            requestor_employers=tuple(draw(st.sets(st.sampled_from(AGENCIES), max_size=1))),
        ),
        meeting=build_meeting(
            public=draw(st.sampled_from([True, True, False])),
            noticed_at=START - timedelta(days=draw(st.integers(5, 10))),
        ),
        proxies=draw(proxies()),
        interests=tuple(
            build_interest(p, declared_at=draw(_instants))
            for p in draw(st.sets(st.sampled_from(PERSONS), max_size=2))
        ),
        more_votes=tuple(
            Vote(
                agency=draw(st.sampled_from(AGENCIES)),
                person=draw(st.sampled_from(OTHERS)),
                choice=draw(st.sampled_from(list(Choice))),
                rationale="Said.",
                cast_at=minutes(46),
            )
            for _ in range(draw(st.integers(0, 3)))
        ),
    )
    seats = tuple(
        s.model_copy(update={"alternates": (build_alternate(draw(st.sampled_from(OTHERS))),)})
        if draw(st.booleans())
        else s
        for s in facts.seats
    )
    return facts.model_copy(update={"seats": seats})


@given(facts_of())
def test_nothing_passes_without_a_quorum(facts: MotionFacts) -> None:
    outcome = decide_motion(facts)
    filled = [s for s in facts.seats if s.member is not None]
    if outcome.passed:
        assert 3 * outcome.represented >= 2 * len(filled) > 0
        assert facts.meeting.public
        assert facts.meeting.noticed_at is not None
        assert facts.meeting.starts_at - facts.meeting.noticed_at >= timedelta(days=7)


@given(facts_of(rules=BOARD))
def test_nothing_passes_with_a_present_member_not_in_favor(facts: MotionFacts) -> None:
    outcome = decide_motion(facts)
    present = present_at(facts, PUT) - find_recusals(facts).keys()
    for seat in outcome.seats:
        if seat.member in present:
            assert seat.person == seat.member
            if outcome.passed:
                assert seat.choice is Choice.IN_FAVOR


@given(facts_of(rules=EXECUTIVE))
def test_of_the_executive_board_every_filled_seat_agrees(facts: MotionFacts) -> None:
    outcome = decide_motion(facts)
    if outcome.passed:
        assert all(
            s.choice is Choice.IN_FAVOR for s in outcome.seats if s.capacity is not Capacity.VACANT
        )


def recused(facts: MotionFacts, person: str) -> MotionFacts:
    return facts.model_copy(
        update={"interests": (*facts.interests, build_interest(person, declared_at=START))}
    )


def absent(facts: MotionFacts, person: str) -> MotionFacts:
    """Not in the room, and no letter: a letter of somebody recused is void."""
    return facts.model_copy(
        update={
            "attendance": tuple(a for a in facts.attendance if a.person != person),
            "proxies": tuple(p for p in facts.proxies if p.given_by != person),
        }
    )


def shape(facts: MotionFacts) -> object:
    outcome = decide_motion(facts)
    seats = [(s.agency, s.capacity, s.person, s.choice) for s in outcome.seats]
    return outcome.passed, outcome.represented, outcome.quorum_needed, seats


@given(facts_of(), st.sampled_from(PERSONS))
def test_a_recusal_has_exactly_the_effect_of_absence(facts: MotionFacts, person: str) -> None:
    assert shape(recused(facts, person)) == shape(absent(facts, person))


@given(facts_of(), st.sampled_from(PERSONS))
def test_a_recusal_never_creates_a_quorum(facts: MotionFacts, person: str) -> None:
    before, after = decide_motion(facts), decide_motion(recused(facts, person))
    assert after.quorum_needed == before.quorum_needed
    assert after.represented <= before.represented
    assert before.quorate or not after.quorate


@given(facts_of())
def test_letters_filed_late_or_out_of_date_have_no_effect(facts: MotionFacts) -> None:
    in_effect = tuple(
        p for p in facts.proxies if p.filed_at < START and p.valid_from <= DAY <= p.valid_until
    )
    assert shape(facts) == shape(facts.model_copy(update={"proxies": in_effect}))


@given(facts_of(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(facts: MotionFacts, rnd: Any) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(rnd.sample(items, len(items)))

    again = facts.model_copy(
        update={
            field: shuffled(getattr(facts, field))
            for field in ("seats", "attendance", "proxies", "interests", "votes")
        }
    )
    assert shape(facts) == shape(again)


@given(facts_of(), st.sampled_from(AGENCIES))
def test_one_more_yes_of_an_absent_member_never_hurts_a_quorum(
    facts: MotionFacts, agency: str
) -> None:
    person = f"p-{agency}"
    came = facts.model_copy(
        update={"attendance": (*facts.attendance, Attendance(person=person, arrived_at=START))}
    )
    before, after = decide_motion(facts), decide_motion(came)
    filled = any(s.agency == agency and s.member for s in facts.seats)
    if filled and person not in find_recusals(facts):
        assert after.quorate or not before.quorate


@given(facts_of())
def test_facts_survive_a_document_and_give_the_same_words(facts: MotionFacts) -> None:
    again = MotionFacts.model_validate_json(facts.model_dump_json())
    assert again == facts
    assert explain(decide_motion(again)) == explain(decide_motion(facts))
    assert Seat.model_validate_json(facts.seats[0].model_dump_json()) == facts.seats[0]
