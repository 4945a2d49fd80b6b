"""Every value a landed column can have, as the treatment itself makes them."""

import pyarrow as pa
import pytest

from enclave.deidentify.categories import categories
from enclave.deidentify.generalize import age_band
from enclave.deidentify.geography import town_to_region
from enclave.deidentify.reference import TOWNS
from governance.contracts.model import Column, Treatment
from tests.lib.builders import build_column, build_treatment


def _of(column: Column) -> tuple[str | int | bool, ...] | None:
    assert isinstance(column.treatment, Treatment)
    return categories(column, column.treatment)


def test_bands_are_those_the_treatment_makes() -> None:
    column = build_column("age", "integer", treatment=build_treatment("age_band", width=10, top=85))

    made = dict.fromkeys(age_band(pa.array(range(131)), 10, 85).to_pylist())

    assert _of(column) == tuple(made)


@pytest.mark.parametrize("to", ["planning_region", "county"])
def test_regions_are_those_the_treatment_makes(to: str) -> None:
    column = build_column("town", treatment=build_treatment("town_to_region", to=to))

    made = town_to_region(pa.array([row["town"] for row in TOWNS.rows]), to).to_pylist()

    assert _of(column) == tuple(sorted(set(made)))


def test_what_is_kept_has_the_values_the_contract_names() -> None:
    keep = build_treatment("keep")

    assert _of(build_column("yes", "boolean", treatment=keep)) == (False, True)
    assert _of(build_column("sex", codes=("F", "M"), treatment=keep)) == ("F", "M")
    assert _of(build_column("n", "integer", codes=("1", "9"), treatment=keep)) == (1, 9)
    quarter = build_column("q", "integer", minimum=1, maximum=4, treatment=keep)
    assert _of(quarter) == (1, 2, 3, 4)


def test_of_others_only_the_data_knows_the_values() -> None:
    keep = build_treatment("keep")

    assert _of(build_column("note", treatment=keep)) is None
    assert _of(build_column("y", "integer", minimum=2000, maximum=2030, treatment=keep)) is None
    assert _of(build_column("day", "date", treatment=build_treatment("year"))) is None
    prefix = build_treatment("prefix", length=1)
    assert _of(build_column("degree", codes=("AA", "BA"), treatment=prefix)) is None
