"""The State Department of Education's enrollment file: a spreadsheet's CSV with the usual dirt."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.demo_data.columns import chance, cut, digits, pick, spoil, write_csv, written_date
from enclave.demo_data.dirt import Dirt
from enclave.demo_data.people import People
from enclave.demo_data.vocabulary import LANGUAGES, TOWNS

_GRADES = ("PK", "K", *(f"{grade:02d}" for grade in range(1, 13)))
_LEVELS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3)
"""School of a grade: elementary, middle, high."""
_LEVEL_NAMES = ("", "Elementary School", "Middle School", "High School")


def clean_enrollment(
    people: People, fall_of_year: int, rng: np.random.Generator
) -> dict[str, pa.StringArray]:
    """Columns of the file without a mistake, one row a pupil."""
    count = people.pupils
    grade = people.grade[:count]
    town = people.town.slice(0, count)
    town_number = pc.index_in(town, value_set=pa.array(list(TOWNS))).to_numpy()
    level = np.array(_LEVELS)[grade]
    level_name = pa.array(_LEVEL_NAMES).take(pa.array(level))
    membership = np.where(chance(rng, 0.9, count), 180, rng.integers(20, 180, count))
    attended = np.floor(membership * (1 - rng.beta(1.2, 16, count))).astype(np.int64)
    district = digits((town_number + 1) * 10_000 + 11, 7)
    return {
        "StudentID": pa.array(people.sasid[:count]).cast(pa.string()),
        "FirstName": people.first_name.slice(0, count),
        "MiddleName": people.middle_name.slice(0, count),
        "LastName": people.last_name.slice(0, count),
        "GenerationCode": people.generation.slice(0, count),
        "Birthdate": written_date(people.birth_days[:count], "%m/%d/%Y"),
        "ReportingDistrictCode": district,
        "ReportingDistrictName": pc.binary_join_element_wise(town, "School District", " "),
        "SchoolCode": digits((town_number + 1) * 10_000 + level * 100 + 11, 7),
        "SchoolName": pc.binary_join_element_wise(town, level_name, " "),
        "FallOfYear": pa.array([str(fall_of_year)]).take(pa.array(np.zeros(count, np.int64))),
        "Collection": pa.array(["JUN"]).take(pa.array(np.zeros(count, np.int64))),
        "GradeLevelCode": pa.array(_GRADES).take(pa.array(grade)),
        "RaceEthnicity": people.race.slice(0, count),
        "Gender": people.gender.slice(0, count),
        "EnglishLearnerStatus": _flag(rng, 0.1, count),
        "DisabilityStatus": _flag(rng, 0.17, count),
        "FreeReducedLunchFlag": _flag(rng, 0.42, count),
        "LanguageName": pick(rng, LANGUAGES, count),
        "ResidentTown": town,
        "HomelessnessStatusFlag": _flag(rng, 0.012, count),
        "AttendanceDays": pa.array(attended).cast(pa.string()),
        "MembershipDays": pa.array(membership).cast(pa.string()),
    }


def _flag(rng: np.random.Generator, share: float, count: int) -> pa.StringArray:
    return pa.array(np.where(chance(rng, share, count), "1", "0"))


def write_enrollment(path: Path, columns: Mapping[str, pa.StringArray]) -> int:
    """Write the file; records in it."""
    write_csv(path, columns)
    return len(columns["StudentID"])


def soil_enrollment(
    clean: Mapping[str, pa.StringArray], scale: float, rng: np.random.Generator
) -> tuple[dict[str, pa.StringArray], int]:
    """What the department really sent: the columns with their dirt, and the rows that must fail."""
    columns = dict(clean)
    dirt = Dirt(len(columns["StudentID"]), scale, rng)
    for name, text, rows in (
        ("Birthdate", "02/30/2012", 35),
        ("Birthdate", "2012-09-14", 25),
        ("StudentID", None, 40),
        ("GradeLevelCode", "13", 35),
        ("RaceEthnicity", "Caucasian", 25),
        ("AttendanceDays", "n/a", 20),
        ("AttendanceDays", "199", 50),
    ):
        columns[name] = spoil(columns[name], dirt.failing(rows), text)
    columns["StudentID"] = cut(columns["StudentID"], dirt.failing(45), 8)
    # Dirt that is none: blanks around a value, a line break in a cell, a formula-like name.
    for name, text, rows in (
        ("SchoolName", "Union\nHigh School", 15),
        ("SchoolName", "=Academy of the Arts", 5),
        ("ReportingDistrictName", "Regional “Six Towns” School District", 40),
    ):
        columns[name] = spoil(columns[name], dirt.harmless(rows), text)
    padded = pc.binary_join_element_wise(" ", columns["ResidentTown"], " ", "")
    blank = np.zeros(len(padded), dtype=bool)
    blank[dirt.harmless(200)] = True
    columns["ResidentTown"] = pc.if_else(pa.array(blank), padded, columns["ResidentTown"])
    return dirt.repeat(columns, 30), dirt.failing_rows
