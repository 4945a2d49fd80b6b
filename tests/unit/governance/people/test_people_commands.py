"""Rules of people's records: which roles go together, and that the office never empties."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from governance.facts import Handled
from governance.people import PersonChanged, PersonEnded, PersonRegistered, replay
from governance.people.commands import ChangePerson, EndPerson, PersonCommand, RegisterPerson
from governance.people.commands import handle as handle_person
from governance.people.model import Person, PortalRole

AT = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
R = PortalRole


def build_person(name: str = "p-ruiz", *roles: PortalRole, **changes: Any) -> Person:
    facts: dict[str, Any] = {
        "id": name,
        "name": "Dana Ruiz",
        "email": f"{name}@example.org",
        "employer": "Example University",
        "employment_class": "university",
        "roles": roles or (R.REQUESTOR,),
        "employed_from": date(2020, 1, 1),
    }
    return Person(**(facts | changes))


OFFICE = build_person("p-office", R.OPERATOR)
SECOND = build_person("p-second", R.OPERATOR)
RUIZ = build_person()
PEOPLE = {p.id: p for p in (OFFICE, SECOND, RUIZ)}


def give(
    kind: type[PersonCommand], people: dict[str, Person] | None = None, **facts: Any
) -> Handled:
    given: dict[str, Any] = {"by": "p-office", "at": AT} | facts
    return handle_person(PEOPLE if people is None else people, kind(**given))


def rules(handled: Handled) -> list[str]:
    assert bool(handled.events) is handled.decision.permitted
    return [d.rule for d in handled.decision.denials]


def test_a_life_of_a_record() -> None:
    made = give(RegisterPerson, {}, person=RUIZ)
    now = RUIZ.model_copy(update={"employer": "Other Institute"})
    changed = give(ChangePerson, person=now, reason="New employer.")
    ended = give(EndPerson, person="p-ruiz", left_on=date(2026, 4, 1), reason="Left.")
    kinds: list[Any] = [*made.events, *changed.events, *ended.events]
    assert [type(e) for e in kinds] == [PersonRegistered, PersonChanged, PersonEnded]
    record = replay(kinds)
    assert record is not None
    assert (record.employer, record.employed_until) == ("Other Institute", date(2026, 3, 31))
    assert record.employed(date(2026, 3, 31))
    assert not record.employed(date(2026, 4, 1))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (build_person("p-new"), []),
        (build_person("p-new", R.REQUESTOR, R.OPERATOR), []),
        (build_person("p-new", R.DATA_OWNER, agency="sde"), []),
        (build_person("p-new", R.SIGNATORY, parties=("SDE",)), []),
        (build_person("p-new", R.AUDITOR), []),
        (build_person("p-new", R.AUDITOR, R.REQUESTOR), ["person.roles"]),
        (build_person("p-new", R.OPERATOR, R.DATA_OWNER, agency="sde"), ["person.roles"]),
        (build_person("p-new", R.DATA_STEWARD), ["person.roles"]),
        (build_person("p-new", R.SIGNATORY), ["person.roles"]),
        (build_person("p-new", parties=("SDE",)), ["person.roles"]),
        (build_person("p-new", R.REQUESTOR, R.REQUESTOR), ["person.roles"]),
        (build_person("p-new", employed_until=date(2019, 1, 1)), ["person.dates"]),
        (RUIZ, ["person.once"]),
    ],
)
def test_registering(person: Person, expected: list[str]) -> None:
    assert rules(give(RegisterPerson, person=person)) == expected


@pytest.mark.parametrize("role", [r for r in R if r is not R.REQUESTOR])
def test_a_first_sign_in_gives_no_role_but_requestor(role: PortalRole) -> None:
    facts: dict[str, Any] = {"agency": "sde"}
    if role is R.SIGNATORY:
        facts["parties"] = ("SDE",)
    person = build_person("p-new", role, **facts)
    assert rules(give(RegisterPerson, by="p-new", person=person)) == ["person.self"]
    assert rules(give(RegisterPerson, by="p-new", person=build_person("p-new"))) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"roles": (R.OPERATOR, R.REQUESTOR)}, ["person.self"]),
        ({"parties": ("SDE",), "roles": (R.OPERATOR, R.SIGNATORY)}, ["person.self"]),
        ({"agency": "sde"}, ["person.self"]),
        ({"employment_class": "state_official"}, ["person.self"]),
        ({"employed_from": date(2019, 1, 1)}, ["person.self"]),
        ({"name": "Another Name"}, []),
    ],
)
def test_nobody_gives_themself_what_they_may_do(
    changes: dict[str, Any], expected: list[str]
) -> None:
    new = OFFICE.model_copy(update=changes)
    assert rules(give(ChangePerson, person=new, reason="Because.")) == expected
    assert rules(give(ChangePerson, by="p-second", person=new, reason="Because.")) == []


def test_a_shorter_own_employment_may_be_recorded_but_not_a_longer_one() -> None:
    until = OFFICE.model_copy(update={"employed_until": date(2026, 6, 30)})
    people = PEOPLE | {"p-office": until}
    longer = until.model_copy(update={"employed_until": None})
    assert rules(give(ChangePerson, people, person=longer, reason="Stays.")) == ["person.self"]
    assert rules(give(ChangePerson, person=until, reason="Goes.")) == []


def test_one_operator_is_always_left() -> None:
    alone = {p.id: p for p in (OFFICE, RUIZ)}
    plain = OFFICE.model_copy(update={"roles": (R.REQUESTOR,)})
    leaving = OFFICE.model_copy(update={"employed_until": date(2026, 12, 31)})
    for by in ("p-office", "p-ruiz"):
        for new in (plain, leaving):
            denied = give(ChangePerson, alone, by=by, person=new, reason="Because.")
            assert "person.office" in rules(denied)
    gone: dict[str, Any] = {"person": "p-office", "left_on": date(2027, 1, 1), "reason": "Left."}
    assert rules(give(EndPerson, alone, **gone)) == ["person.office"]
    assert rules(give(EndPerson, **gone)) == []
    temporary = PEOPLE | {
        "p-second": SECOND.model_copy(update={"employed_until": date(2027, 1, 1)})
    }
    assert rules(give(EndPerson, temporary, **gone)) == ["person.office"]


def test_a_record_that_is_not_there() -> None:
    stranger = build_person("p-nobody")
    assert rules(give(ChangePerson, person=stranger, reason="Because.")) == ["person.known"]
    gone: dict[str, Any] = {"person": "p-nobody", "left_on": AT.date(), "reason": "Left."}
    assert rules(give(EndPerson, **gone)) == ["person.known"]


def test_an_end_is_after_the_beginning_and_only_ever_earlier() -> None:
    def end(day: date, people: dict[str, Person] | None = None) -> list[str]:
        return rules(give(EndPerson, people, person="p-ruiz", left_on=day, reason="Left."))

    assert end(date(2019, 12, 31)) == ["person.dates"]
    ended = PEOPLE | {"p-ruiz": RUIZ.model_copy(update={"employed_until": date(2026, 3, 1)})}
    assert end(date(2026, 3, 2), ended) == ["person.ended"]
    assert end(date(2026, 4, 1), ended) == ["person.ended"]
    assert end(date(2026, 3, 1), ended) == []
    assert end(RUIZ.employed_from) == [], "they left on the day they were to begin"
