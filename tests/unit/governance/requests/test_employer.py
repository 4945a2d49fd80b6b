"""Whether a record still shows the employer a person was approved with."""

from datetime import date

import pytest

from governance.profile import load_profile
from governance.requests.compile import compile_grant
from governance.requests.persons import PersonFacts, employment_denials
from tests.lib.requests import (
    RULES,
    TODAY,
    build_agreements,
    build_approved,
    build_contracts,
    build_request_person,
)

PROFILE = load_profile()
DOL = "Department of Labor"
SAME = [  # as approved: employer, agency; on record: employer, agency
    ("Example University", None, "Example University", None),
    ("Example  university", None, " Example University ", None),
    (DOL, None, DOL, None),
    (DOL, None, DOL, "dol"),
    (DOL, "dol", DOL, None),
    (DOL, "dol", "DOL", "dol"),
    ("dol", None, "department of labor", "dol"),
    ("State of Connecticut", "dol", "State of Connecticut", "dol"),
]
ANOTHER = [
    ("Example University", None, "Other University", None),
    (DOL, None, "Acme Analytics LLC", None),
    (DOL, "dol", "Acme Analytics LLC", None),
    (DOL, "dol", "Acme Analytics LLC", "dol"),
    (DOL, "dol", "Department of Correction", "doc"),
    (DOL, "dol", DOL, "doc"),
    ("State of Connecticut", "dol", "State of Connecticut", "dcf"),
    ("State of Connecticut", "dol", "State of Connecticut", None),
    ("Acme Analytics LLC", None, "Acme Analytics LLC", "dcf"),
    ("Not stated", None, "Example University", None),
]


@pytest.mark.parametrize(
    ("row", "same"), [*((row, True) for row in SAME), *((row, False) for row in ANOTHER)]
)
def test_an_employer_is_the_same_by_name_and_agency_or_another(
    row: tuple[str, str | None, str, str | None], *, same: bool
) -> None:
    employer, agency, recorded, recorded_agency = row
    person = build_request_person(employer=employer, agency=agency)
    known = PROFILE.employer(recorded, recorded_agency)
    facts = PersonFacts(id=person.id, employed_from=date(2020, 1, 1), employer=known)
    found = list(employment_denials(facts, person, clause="§1", today=TODAY))
    assert [d.rule for d in found] == ([] if same else ["person.employer"])


def test_who_is_with_another_employer_by_now_is_left_out_and_told_the_remedy() -> None:
    other = PROFILE.employer("Acme Analytics LLC", None)
    approved = build_approved()
    people = tuple(
        p.model_copy(update={"employer": other}) if p.id == "p-chen" else p for p in approved.people
    )
    changed = approved.model_copy(update={"people": people})
    made = compile_grant(changed, build_contracts(), build_agreements(), RULES)
    assert made.bundle is not None
    assert [p.id for p in made.bundle.people] == ["p-ruiz", "p-okafor"]
    (left,) = made.bundle.left_out
    (link,) = left.missing
    assert (left.id, link.rule) == ("p-chen", "person.employer")
    assert link.reason == (
        "Lin Chen was approved as employed by Department of Labor and is on record with "
        "another employer."
    )
    assert link.remedy.startswith("Amend the request")
    assert "Acme" not in made.bundle.model_dump_json()
