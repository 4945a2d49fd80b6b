"""Treatments that tell more than they hide are found in the contract, before a row is read."""

import pytest

from governance.contracts import DatasetContract, IdentifierRole, LogicalType
from governance.contracts.checks import contradictions, treatment_problems
from governance.contracts.model import PersonKey
from tests.lib.builders import build_column, build_contract, build_treatment

PERSON = build_column("number", role=IdentifierRole.DIRECT, treatment="person_id")


def _with(*columns: object, year_column: str | None = None) -> DatasetContract:
    return build_contract(
        [PERSON, *columns],  # type: ignore[list-item]  # columns
        person=PersonKey("person_id", ("number",), "sasid"),
        year_column=year_column,
    )


def _messages(contract: DatasetContract) -> list[str]:
    return [message for _, message in contradictions(contract)]


def test_a_calendar_year_beside_a_shifted_date_tells_the_shift() -> None:
    year = build_column("year", "integer", minimum=2000, maximum=2030, treatment="keep")
    seen = build_column("seen", "date", treatment="date_shift")

    assert any("shifted: seen" in m for m in _messages(_with(year, seen, year_column="year")))
    assert _messages(_with(year, seen)) == []


def test_a_persons_own_number_is_no_entity() -> None:
    officer = build_column(
        "officer",
        role=IdentifierRole.DIRECT,
        treatment=build_treatment("entity_id", domain="officer"),
    )

    assert any(
        "a direct identifier cannot be treated entity_id" in m for m in _messages(_with(officer))
    )


@pytest.mark.parametrize("age", [0, 91, 89.5, True, "ninety"])
def test_the_oldest_age_is_a_whole_number_up_to_ninety(age: float | str) -> None:
    born = build_column("born", "date", treatment=build_treatment("year", oldest_age=age))

    assert any("oldestAge" in m for m in _messages(_with(born)))


def test_the_oldest_age_is_for_dates_and_years() -> None:
    column = build_column("amount", LogicalType.NUMBER.value)
    treatment = build_treatment("top_bottom_code", oldest_age=90)

    (problem,) = treatment_problems(treatment, column, _with(column))

    assert "years of birth in whole numbers" in problem


def test_years_in_bands_cannot_restrict_a_grant() -> None:
    year = build_column("day", "date", treatment=build_treatment("year", width=5))

    assert any("treated year" in m for m in _messages(_with(year, year_column="day")))


@pytest.mark.parametrize("length", [0, -1, 1.5, "two"])
def test_a_prefix_has_a_length(length: float | str) -> None:
    code = build_column("code", treatment=build_treatment("prefix", length=length))

    assert any("length" in m for m in _messages(_with(code)))
