"""Whenever the clock happens to run: nothing early, nothing lost, nothing twice."""

from collections import Counter
from datetime import UTC, date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.clocks import CommandDue, due_today
from governance.mail import Notice, NoticeKind
from governance.requests import commands as c
from governance.requests.states import LIVE, Act, Role, Status
from tests.lib.clocks import build_state, noon
from tests.lib.notices import PROFILE
from tests.lib.requests import RULES, Life

ENDS = date(2026, 12, 31)
GRANTED = date(2026, 2, 3)
"""The first day after the grant: commands are given in the order of time."""
days_of_runs = st.lists(
    st.integers(0, (ENDS - GRANTED).days + 60).map(lambda n: GRANTED + timedelta(days=n)),
    unique=True, max_size=12,
).map(sorted)  # fmt: skip
KINDS = {Act.MARK_EXPIRING: c.MarkExpiring, Act.END: c.End}


@settings(max_examples=60, deadline=None)
@given(days_of_runs)
def test_a_grant_ends_at_the_first_run_after_its_last_day(days: list[date]) -> None:
    life = Life()
    life.to_grant()
    told: Counter[str] = Counter()
    for day in days:
        life.at = noon(day).astimezone(UTC)
        found = due_today(build_state(life), life.at, RULES, PROFILE)
        for command in (d for d in found if isinstance(d, CommandDue)):
            # `do` fails unless the request's own rules accept it
            life.do(
                KINDS[command.act], Role.CLOCK, by="clock", on=command.on, reason=command.reason
            )
        assert life.request is not None
        status = life.request.latest.status
        if day > ENDS:
            assert status is Status.ENDED
        else:
            soon = ENDS - day <= timedelta(days=RULES.expiring_days)
            assert status is (Status.EXPIRING if soon else Status.GRANTED)
            assert status in LIVE
        after = due_today(build_state(life), life.at, RULES, PROFILE)
        assert not [d for d in after if isinstance(d, CommandDue)]
        expiring = [
            n for n in after if isinstance(n, Notice) and n.kind is NoticeKind.GRANT_EXPIRING
        ]
        told.update({n.once for n in expiring})
        assert all(n.by == ENDS and day <= ENDS for n in expiring)
    brackets = set(RULES.deadlines.grant_reminders)
    reached = {
        min(b for b in brackets if (ENDS - day).days <= b)
        for day in days
        if day <= ENDS and (ENDS - day).days <= max(brackets)
    }
    people = len({"p-ruiz", "p-chen"})
    assert len(told) == people * len(reached)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_a_later_day_asks_for_no_command_that_an_earlier_one_took_back(one: int, two: int) -> None:
    """What is due stays due until it is done: a missed day loses nothing."""
    first, second = sorted((one, two))
    life = Life()
    life.to_grant()
    state = build_state(life)
    acts = [
        {
            d.act
            for d in due_today(state, noon(GRANTED + timedelta(days=n)), RULES, PROFILE)
            if isinstance(d, CommandDue)
        }
        for n in (first, second)
    ]
    assert not acts[0] or acts[1]
    assert Act.END not in acts[0] or acts[1] == {Act.END}
