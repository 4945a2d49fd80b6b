"""Who left when: one meaning in a request and in a person's record, around the day's boundary."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from governance.calendar import legal_date
from governance.people.commands import EndPerson
from governance.people.commands import handle as handle_person
from governance.people.events import apply as apply_person
from governance.requests import commands as c
from governance.requests.chain import employed_days
from governance.requests.events import PersonLeft
from governance.requests.leaving import named_elsewhere
from governance.requests.persons import PersonFacts, employment_denials
from governance.requests.state import PersonChain
from governance.requests.states import Role, Status
from tests.lib.programme import people_of_the_programme
from tests.lib.requests import NUMBER, OKAFOR, Life

D18, D19, D20, D21 = (date(2026, 3, day) for day in range(18, 22))
BEFORE_MIDNIGHT = datetime(2026, 3, 20, 3, 59, 59, tzinfo=UTC)
"""The last second of March 19 in Eastern daylight time."""
MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=1)
BEGAN = date(2020, 1, 1)
BEGUN = date(2026, 2, 2)
"""Legal date on which a built request is begun, and granted."""
ROWS = [
    # recorded at, left on; taken as an end at once, a scheduled one; days with access
    (BEFORE_MIDNIGHT, D18, "at once", ()),
    (BEFORE_MIDNIGHT, D19, "at once", (D18,)),
    (BEFORE_MIDNIGHT, D20, "scheduled", (D18, D19)),
    (BEFORE_MIDNIGHT, D21, "scheduled", (D18, D19, D20)),
    (MIDNIGHT, D19, "at once", (D18,)),
    (MIDNIGHT, D20, "at once", (D18, D19)),
    (MIDNIGHT, D21, "scheduled", (D18, D19, D20)),
]


def with_access(begins: date | None, ends: date | None) -> tuple[date, ...]:
    facts = PersonFacts(id="p-okafor", employed_from=begins, employed_until=ends)
    days = (D18, D19, D20, D21)
    denials = partial(employment_denials, person=OKAFOR, clause="§")
    return tuple(d for d in days if not [*denials(facts, today=d)])


@pytest.mark.parametrize(("at", "left_on", "taken", "days"), ROWS)
def test_the_day_somebody_left_on_is_the_first_without_access(
    at: datetime, left_on: date, taken: str, days: tuple[date, ...]
) -> None:
    # In the person's record: at once, or scheduled.
    people = people_of_the_programme()
    command = EndPerson(by="p-office", at=at, person="p-okafor", left_on=left_on, reason="Left.")
    (event,) = handle_person(people, command).events
    record = apply_person(people["p-okafor"], event)  # type: ignore[arg-type]  # of a person
    assert record is not None
    assert with_access(record.employed_from, record.employed_until) == days
    assert (legal_date(at) in days) is (taken == "scheduled")

    # In a request: what has happened only.
    life = Life()
    life.to_grant()
    life.at = at - timedelta(hours=1)
    told: dict[str, Any] = {"person": "p-okafor", "left_on": left_on}
    if taken == "scheduled":
        refused = life.refuse(c.RecordLeaver, Role.REQUESTOR, **told)
        assert [d.rule for d in refused.denials] == ["person.left_on"]
        return
    chain = life.do(c.RecordLeaver, Role.REQUESTOR, **told).people["p-okafor"]
    assert with_access(*employed_days(chain, BEGAN, None)) == days
    assert with_access(*employed_days(chain, BEGAN, D18 - timedelta(days=1))) == ()


def test_a_day_to_come_that_an_older_ledger_recorded_ended_access_with_the_entry() -> None:
    life = Life()
    life.to_grant()
    event = PersonLeft(
        subject=NUMBER, at=BEFORE_MIDNIGHT, by="p-ruiz", version=1, status=Status.GRANTED,
        person="p-okafor", left_on=date(2030, 1, 1),
    )  # fmt: skip
    assert life.take([event]).people["p-okafor"].left_on == D19


def test_who_was_recorded_by_mistake_is_given_back_by_the_office_alone() -> None:
    life = Life()
    life.to_grant()
    today = BEGUN
    back: dict[str, Any] = {"person": "p-okafor", "left_on": today, "mistaken": True}
    nothing = life.refuse(c.RecordLeaver, Role.OPERATOR, **back)
    assert [d.rule for d in nothing.denials] == ["person.left"]
    life.do(c.RecordLeaver, Role.REQUESTOR, person="p-okafor", left_on=today)
    for role, by in ((Role.REQUESTOR, "p-ruiz"), (Role.OPERATOR, "p-chen")):
        refused = life.refuse(c.RecordLeaver, role, by=by, **back)
        assert [d.rule for d in refused.denials] == ["person.left"]
    request = life.do(c.RecordLeaver, Role.OPERATOR, **back)
    assert request.people["p-okafor"] == PersonChain()


def test_other_requests_name_a_leaver_while_they_are_open() -> None:
    def at(stage: str, number: str) -> Any:
        life = Life()
        life.submit() if stage == "submitted" else life.to_grant()
        if stage == "left":
            life.do(c.RecordLeaver, Role.OPERATOR, person="p-okafor", left_on=BEGUN)
        if stage == "revoked":
            life.do(c.Revoke, Role.OPERATOR, on=BEGUN, reason="Over.")
        assert life.request is not None
        return replace(life.request, number=number)

    stages = ("granted", "submitted", "left", "revoked")
    requests = [at(stage, f"Q{n}") for n, stage in enumerate(stages, 1)]
    assert named_elsewhere("p-okafor", "Q3", requests) == ("Q1", "Q2")
    assert named_elsewhere("p-okafor", "Q1", requests) == ("Q2",)
    assert named_elsewhere("p-nobody", "Q3", requests) == ()
