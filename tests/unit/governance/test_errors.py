"""Errors that list mistakes say how many there are."""

import pytest

from governance.errors import ContractError, DocumentError


@pytest.mark.parametrize(
    ("problems", "first_line"),
    [
        (("name: Field required",), "The form has 1 mistake:"),
        (("name: Field required", "on: Enter a date."), "The form has 2 mistakes:"),
    ],
)
def test_the_number_of_mistakes_is_told_in_plain_english(
    problems: tuple[str, ...], first_line: str
) -> None:
    error = DocumentError.counted("The form has", *problems)
    assert str(error).splitlines()[0] == first_line
    assert error.problems == problems


def test_the_error_keeps_its_kind_and_its_facts() -> None:
    error = ContractError.counted("The contract a has", "id: Field required", where="a")
    assert type(error) is ContractError
    assert error.facts == {"problems": 1, "where": "a"}
