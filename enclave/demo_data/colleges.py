"""The state colleges' enrollment file: JSON Lines, gzip."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.demo_data.columns import chance, digits, pick, spoil, write_json_lines, written_date
from enclave.demo_data.dirt import Dirt
from enclave.demo_data.people import People
from enclave.demo_data.vocabulary import TOWNS

_INSTITUTIONS: Final = {
    "CTST": 0.5,
    "SCSU": 0.13,
    "CCSU": 0.16,
    "ECSU": 0.07,
    "WCSU": 0.08,
    "COSC": 0.06,
}
_NAMES: Final = {
    "CTST": "CT State Community College", "SCSU": "Southern Connecticut State University",
    "CCSU": "Central Connecticut State University", "ECSU": "Eastern Connecticut State University",
    "WCSU": "Western Connecticut State University", "COSC": "Charter Oak State College",
}  # fmt: skip
_PROGRAMS: Final = {
    "24.0101": 0.22, "52.0201": 0.15, "51.3801": 0.12, "11.0101": 0.1, "13.1202": 0.08,
    "42.0101": 0.09, "43.0107": 0.07, "45.1101": 0.05, "26.0101": 0.06, "50.0701": 0.06,
}  # fmt: skip
_NUMBERS: Final = frozenset(
    {
        "Year of Birth",
        "High School Graduation Year",
        "Academic Year",
        "Term Attempted Total Credits",
        "Overall Earned Academic Hours",
        "Term GPA",
    }
)
_HAS_SASID_SINCE_DAYS: Final = 10_227  # born 1998 or later


def clean_enrollment(
    people: People, academic_year: int, term: str, rng: np.random.Generator
) -> dict[str, pa.StringArray]:
    """Columns of the file without a mistake, one row a student."""
    start, count = people.pupils, people.students
    born = people.birth_days[start : start + count]
    born_year = pc.strftime(pa.array(born.astype(np.int32)).cast(pa.date32()), "%Y")
    race = people.race.slice(start, count)
    town = people.town.slice(start, count)
    institution = pick(rng, _INSTITUTIONS, count)
    two_year = pc.equal(institution, "CTST")
    has_sasid = pa.array((born >= _HAS_SASID_SINCE_DAYS) & (chance(rng, 0.7, count)))
    sasid = pa.array(people.sasid[start : start + count]).cast(pa.string())
    full_time = chance(rng, 0.55, count)
    credit = np.where(full_time, rng.integers(12, 19, count), rng.integers(3, 12, count))
    gpa = np.round(4.0 - 4.0 * rng.beta(1.6, 4.5, count), 2)
    zip_code = pc.index_in(town, value_set=pa.array(list(TOWNS))).to_numpy() % 99 + 6001
    return {
        "Student PIDM": pa.array(100_000 + rng.permutation(count * 9)[:count]).cast(pa.string()),
        "SASID": pc.if_else(has_sasid, sasid, pa.scalar(None, pa.string())),
        "SSN": digits(people.ssn[start : start + count], 9),
        "Last Name": people.last_name.slice(start, count),
        "First Name": people.first_name.slice(start, count),
        "Birth Date": written_date(born, "%Y%m%d"),
        "Year of Birth": born_year,
        "Gender": people.gender.slice(start, count),
        "Ethnicity Hispanic": _is(race, "Hispanic/Latino of any race"),
        "Race White": _is(race, "White"),
        "Race Black": _is(race, "Black or African American"),
        "Current City": town,
        "Current Zip Code": digits(zip_code, 5),
        "High School Code": digits(70_001 + rng.integers(0, 180, count), 6),
        "High School Graduation Year": pa.array(born // 365 + 1970 + 18).cast(pa.string()),
        "Academic Year": pa.array(np.full(count, academic_year)).cast(pa.string()),
        "Term Code": pa.array([term]).take(pa.array(np.zeros(count, np.int64))),
        "Institution Code": institution,
        "Institution Name": pc.replace_substring(_named(institution), "\u2019", "'"),
        "Student Type": pick(rng, {"C": 0.62, "N": 0.24, "T": 0.08, "R": 0.05, "H": 0.01}, count),
        "Enrollment Status": pa.array(
            np.where(full_time, "FT", np.where(credit >= 6, "HT", "LH"))  # noqa: PLR2004  half time
        ),
        "Degree Code": pc.if_else(
            two_year, "AA", pick(rng, {"BA": 0.5, "BS": 0.4, "MS": 0.1}, count)
        ),
        "CIP Code": pick(rng, _PROGRAMS, count),
        "Term Attempted Total Credits": pa.array(credit).cast(pa.string()),
        "Overall Earned Academic Hours": pa.array(rng.integers(0, 121, count)).cast(pa.string()),
        "Term GPA": pa.array(gpa).cast(pa.string()),
    }


def _is(race: pa.StringArray, wanted: str) -> pa.StringArray:
    return pc.if_else(pc.equal(race, wanted), "Y", "N")


def _named(institution: pa.StringArray) -> pa.StringArray:
    places = pc.index_in(institution, value_set=pa.array(list(_NAMES)))
    return pa.array(list(_NAMES.values())).take(places)


def write_enrollment(path: Path, columns: Mapping[str, pa.StringArray]) -> int:
    """Write the file; records in it."""
    write_json_lines(path, columns, numbers=_NUMBERS)
    return len(columns["SSN"])


def soil_enrollment(
    clean: Mapping[str, pa.StringArray], scale: float, rng: np.random.Generator
) -> tuple[dict[str, pa.StringArray], int]:
    """What the colleges really sent: the columns with their dirt, and the rows that must fail."""
    columns = dict(clean)
    dirt = Dirt(len(columns["SSN"]), scale, rng)
    for name, text, rows in (
        ("SSN", None, 40),
        ("Birth Date", "20010229", 15),
        ("Institution Code", "XCSU", 15),
        ("Term GPA", "4.7", 30),
        ("CIP Code", "13.12", 10),
    ):
        columns[name] = spoil(columns[name], dirt.failing(rows), text)
    return dirt.repeat(columns, 10), dirt.failing_rows
