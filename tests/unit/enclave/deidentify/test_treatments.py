import csv
import math
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from enclave.deidentify.dates import person_shifts, shift_dates
from enclave.deidentify.generalize import band_labels
from enclave.deidentify.geography import town_to_region, zip3
from enclave.deidentify.reference import (
    FIRST_NAMES,
    PLAIN_WORDS,
    TOWNS,
    VILLAGES,
    ZIP3_RESTRICTED,
    ReferenceTable,
)
from enclave.deidentify.treatments import entity_pseudonyms, treat
from enclave.errors import EvidenceError
from tests.lib.builders import build_treatment
from tests.lib.shared_data import folder

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, "00-04"),
        (4, "00-04"),
        (5, "05-09"),
        (64, "60-64"),
        (89, "85-89"),
        (90, "90+"),
        (104, "90+"),
        (130, "90+"),
        (131, None),
        (999, None),
        (-1, None),
        (None, None),
    ],
)
def test_age_band(age: int | None, expected: str | None) -> None:
    ages = pa.array([age], pa.int64())
    assert treat(ages, build_treatment("age_band")).to_pylist() == [expected]


def test_age_band_of_other_widths() -> None:
    ages = pa.array([17, 18, 84, 85, 95], pa.int64())
    banded = treat(ages, build_treatment("age_band", width=10, top=85))
    assert banded.to_pylist() == ["10-19", "10-19", "80-84", "85+", "85+"]


def test_no_age_over_89_is_told_whatever_the_options() -> None:
    assert treat(pa.array([92]), build_treatment("age_band", top=110)).to_pylist() == ["90+"]
    assert band_labels(25, 110) == ["00-24", "25-49", "50-74", "75-89", "90+"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("06103", "061"),
        ("06103-1234", "061"),
        ("061031234", "061"),
        (" 06103 ", "061"),
        ("6103", "061"),
        ("03601", "000"),
        ("89301", "000"),
        ("00801", "000"),
        ("00099", "000"),
        ("0610", "006"),
        ("061", None),
        ("ABCDE", None),
        ("", None),
        (None, None),
    ],
)
def test_zip3(given: str | None, expected: str | None) -> None:
    assert zip3(pa.array([given], pa.string())).to_pylist() == [expected]


def test_the_restricted_areas_are_those_of_the_census() -> None:
    listed = {row["zip3"]: row["people"] for row in ZIP3_RESTRICTED.rows}
    small = {"036", "059", "102", "202", "203", "204", "205", "369", "556", "692", "753", "772"}
    small |= {"821", "823", "878", "879", "884", "893"}
    assert small <= set(listed)
    path = folder("reference") / "zip3_population.csv"
    with path.open(newline="") as stream:
        people = {row["zip3"]: int(row["pop_2010"]) for row in csv.DictReader(stream)}
    told = {f"{area:03d}" for area in range(1000)} - set(listed)
    assert told == {area for area, count in people.items() if count > 20_000}


@pytest.mark.parametrize(
    ("town", "region", "county"),
    [
        ("Hartford", "Capitol Planning Region", "Hartford County"),
        ("WEST  HARTFORD", "Capitol Planning Region", "Hartford County"),
        ("town of Ashford, CT", "Northeastern Connecticut Planning Region", "Windham County"),
        ("Storrs", "Capitol Planning Region", "Tolland County"),
        ("mystic", "Southeastern Connecticut Planning Region", "New London County"),
        ("Canaan", "Northwest Hills Planning Region", "Litchfield County"),
        ("Springfield", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_town_to_region(town: str | None, region: str | None, county: str | None) -> None:
    towns = pa.array([town], pa.string())
    assert town_to_region(towns, "planning_region").to_pylist() == [region]
    assert town_to_region(towns, "county").to_pylist() == [county]


def test_every_town_has_a_region() -> None:
    assert len(TOWNS.rows) == 169
    assert len({row["planning_region"] for row in TOWNS.rows}) == 9
    assert len({row["county"] for row in TOWNS.rows}) == 8
    towns = {row["town"] for row in TOWNS.rows}
    assert {row["town"] for row in VILLAGES.rows} <= towns
    assert not {row["village"] for row in VILLAGES.rows} & towns


def test_year() -> None:
    days = pa.array([date(1931, 5, 1), None, date(2001, 12, 31)])
    assert treat(days, build_treatment("year")).to_pylist() == [1931, None, 2001]
    assert treat(days, build_treatment("year", bottom=1936)).to_pylist() == [1936, None, 2001]
    times = pa.array([datetime(2001, 12, 31, 23)], pa.timestamp("us"))  # noqa: DTZ001
    assert treat(times, build_treatment("year")).to_pylist() == [2001]


def test_top_and_bottom_code() -> None:
    values = pa.array([-5, 0, 10, 99, None], pa.int64())
    coded = treat(values, build_treatment("top_bottom_code", bottom=0, top=50))
    assert coded.to_pylist() == [0, 0, 10, 50, None]
    assert coded.type == pa.int64()
    floats = pa.array([math.nan, math.inf, -math.inf, 1.5])
    coded = treat(floats, build_treatment("top_bottom_code", bottom=0, top=50))
    assert coded.to_pylist() == [None, 50.0, 0.0, 1.5]


@pytest.mark.parametrize(
    ("value", "multiple", "expected"),
    [
        (149, 100, 100),
        (150, 100, 200),
        (-150, 100, -200),
        (151, 100, 200),
        (7, 5, 5),
        (8, 5, 10),
        (-7, 5, -5),
        (0, 5, 0),
        (2**53 + 1, 2, 2**53 + 2),
        (None, 5, None),
    ],
)
def test_round_integers(value: int | None, multiple: int, expected: int | None) -> None:
    rounded = treat(pa.array([value], pa.int64()), build_treatment("round", to=multiple))
    assert rounded.to_pylist() == [expected]
    assert rounded.type == pa.int64()


def test_round_numbers() -> None:
    rounded = treat(pa.array([1.24, 1.25, -1.25, None]), build_treatment("round", to=0.5))
    assert rounded.to_pylist() == [1.0, 1.5, -1.5, None]


@pytest.mark.parametrize("value", ["CT", 7, 1.5, True])
def test_constant(value: str | float | bool) -> None:
    treated = treat(pa.array(["a", None]), build_treatment("constant", value=value))
    assert treated.to_pylist() == [value, value]


def test_keep() -> None:
    values = pa.array(["a", None])
    assert treat(values, build_treatment("keep")) is values


def test_shifts_are_bounded_never_zero_and_the_same_for_one_person() -> None:
    people = np.random.default_rng(0).integers(0, 256, (5000, 16)).astype(np.uint8)
    shifts = person_shifts(KEY, people, 3)
    assert set(shifts.tolist()) == {-3, -2, -1, 1, 2, 3}
    assert (person_shifts(KEY, people, 3) == shifts).all()
    assert (person_shifts(bytes(32), people, 3) != shifts).any()


def test_shifted_dates_keep_their_distance() -> None:
    shifts = np.array([-2, 5, 1], dtype=np.int32)
    first = shift_dates(pa.array([date(2020, 1, 1), None, date(1969, 12, 31)]), shifts)
    assert first.to_pylist() == [date(2019, 12, 30), None, date(1970, 1, 1)]
    times = pa.array([datetime(2020, 3, 1, 9)] * 3, pa.timestamp("us"))  # noqa: DTZ001
    assert shift_dates(times, shifts).to_pylist()[0] == date(2020, 2, 28)


def test_entity_pseudonyms() -> None:
    made = entity_pseudonyms(pa.array(["A", None, "B", "A"]), KEY).to_pylist()
    assert made[0] == made[3] != made[2]
    assert made[1] is None
    assert len(made[0]) == 16


@pytest.mark.parametrize("odd", [None, "", " 0000007 ", "a\u00e9"])
@pytest.mark.parametrize("repeats", [1, 4])
def test_entities_have_one_pseudonym_however_the_column_is_read(
    odd: str | None, repeats: int
) -> None:
    codes = [f"{n:07d}" for n in range(3000 // repeats) for _ in range(repeats)]
    plain = entity_pseudonyms(pa.array(codes), KEY).to_pylist()
    mixed = entity_pseudonyms(pa.array([*codes, odd]), KEY).to_pylist()
    assert mixed[:-1] == plain
    assert len(set(plain)) == len(set(codes))
    assert plain[7 * repeats] == entity_pseudonyms(pa.array(["0000007"]), KEY).to_pylist()[0]
    assert (mixed[-1] is None) == (not odd)
    assert (mixed[-1] == plain[7 * repeats]) == (odd == " 0000007 ")


def test_towns_are_those_of_the_reference() -> None:
    path = folder("reference") / "ct_towns.csv"
    with path.open(newline="") as stream:
        known = {
            row["town"]: (row["county"], row["cog"].replace(" COG", " Planning Region"))
            for row in csv.DictReader(stream)
        }
    assert {row["town"]: (row["county"], row["planning_region"]) for row in TOWNS.rows} == known


@pytest.mark.parametrize(
    "table", [TOWNS, VILLAGES, ZIP3_RESTRICTED, FIRST_NAMES, PLAIN_WORDS], ids=lambda t: t.name
)
def test_every_reference_table_names_publisher_and_date(table: ReferenceTable) -> None:
    head = [line for line in table.text.splitlines() if line.startswith("#")]
    assert any("Publisher: " in line for line in head)
    assert any("Date: " in line for line in head)
    assert len(table.rows) == len({next(iter(row.values())) for row in table.rows})


@pytest.mark.parametrize(
    ("born", "told"),
    [(1900, 1936), (1935, 1936), (1936, 1936), (1937, 1937), (2001, 2001)],
)
def test_whoever_is_ninety_or_older_has_one_year_of_birth(born: int, told: int) -> None:
    """45 CFR 164.514(b)(2)(i)(C): who turns 90 in the year of the submission is told as older."""
    days = pa.array([date(born, 12, 31)])
    oldest = build_treatment("year", oldest_age=90)

    assert treat(days, oldest, 2026).to_pylist() == [told]
    assert treat(days, oldest, 2030).to_pylist() == [max(told, 1940)]


def test_the_oldest_age_bounds_years_in_whole_numbers_too() -> None:
    years = pa.array([1900, 1936, None, 1999])

    coded = treat(years, build_treatment("top_bottom_code", oldest_age=90), 2026)
    rounded = treat(years, build_treatment("round", to=5, oldest_age=90), 2026)

    assert coded.to_pylist() == [1936, 1936, None, 1999]
    assert rounded.to_pylist() == [1935, 1935, None, 2000]


def test_a_lower_bound_of_the_contract_holds_beside_the_oldest_age() -> None:
    days = pa.array([date(1941, 5, 5)])

    treated = treat(days, build_treatment("year", bottom=1950, oldest_age=90), 2026)

    assert treated.to_pylist() == [1950]


def test_an_age_is_reckoned_from_no_day_but_the_submissions() -> None:
    with pytest.raises(EvidenceError):
        treat(pa.array([date(1941, 5, 5)]), build_treatment("year", oldest_age=90))


def test_a_band_of_years_is_told_as_its_first() -> None:
    days = pa.array([date(2019, 12, 31), date(2020, 1, 1), None, date(1996, 7, 4)])

    assert treat(days, build_treatment("year", width=5)).to_pylist() == [2015, 2020, None, 1995]


def test_a_prefix_is_the_family_of_a_code() -> None:
    codes = pa.array(["11.0701", "51", "", None])

    assert treat(codes, build_treatment("prefix", length=2)).to_pylist() == ["11", "51", "", None]
