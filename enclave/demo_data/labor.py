"""The Department of Labor's wage file: fixed width, with a header and a counted trailer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.demo_data.columns import chance, cut, digits, pick, spoil, write_fixed_width
from enclave.demo_data.dirt import Dirt
from enclave.demo_data.people import People
from enclave.demo_data.vocabulary import PAY_LEVEL, SECTORS, TOWNS

WIDTHS: Final = {
    "Year": 4, "Quarter": 1, "SSN": 9, "Last Name": 20, "First Initial": 1,
    "Employer Account Number": 10, "NAICS Code": 5, "Employer Town": 20, "Wage": 11,
}  # fmt: skip
_EMPLOYERS: Final = 4_000
_MEDIAN_QUARTER_USD: Final = 13_500.0
_PUPIL_PAY: Final = 0.15
_WORKING_AGE_GRADE: Final = 11
"""Grade 10 and above, counted from preschool as 0."""


def clean_wages(
    people: People, year: int, quarter: int, rng: np.random.Generator
) -> dict[str, pa.StringArray]:
    """Columns of the file without a mistake: one row per person, employer and quarter."""
    worker = _workers(people, rng)
    jobs, employer = _jobs(worker, rng)
    count = len(jobs)
    sector = pick(rng, SECTORS, _EMPLOYERS)
    employer_town = pick(rng, TOWNS, _EMPLOYERS)
    account = 1_000_000_000 + rng.permutation(_EMPLOYERS * 50)[:_EMPLOYERS]
    places = pa.array(employer)
    # Letters outside ASCII and curly quotes do not survive the department's mainframe.
    last_name = pc.replace_substring_regex(
        pc.utf8_upper(people.last_name.take(pa.array(jobs))), "[^A-Z' -]", ""
    )
    first_name = pc.utf8_upper(people.first_name.take(pa.array(jobs)))
    initial = pc.utf8_slice_codeunits(first_name, 0, 1)
    return {
        "Year": _same(str(year), count),
        "Quarter": _same(str(quarter), count),
        "SSN": digits(people.ssn[jobs], 9),
        "Last Name": last_name,
        "First Initial": initial,
        "Employer Account Number": digits(account[employer], 10),
        "NAICS Code": sector.take(places),
        "Employer Town": pc.utf8_upper(employer_town.take(places)),
        "Wage": _wages(people, jobs, sector.take(places), rng),
    }


def _same(text: str, count: int) -> pa.StringArray:
    return pa.array([text]).take(pa.array(np.zeros(count, np.int64)))


def _workers(people: People, rng: np.random.Generator) -> np.ndarray:
    """Who had a job in the quarter."""
    share = np.full(len(people), 0.85)
    share[: people.pupils] = np.where(people.grade[: people.pupils] > _WORKING_AGE_GRADE, 0.3, 0.0)
    share[people.pupils : people.pupils + people.students] = 0.62
    return np.flatnonzero(rng.random(len(people)) < share)


def _jobs(worker: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Person and employer of each job; large employers have many, some people have two."""
    weight = 1.0 / np.arange(3, _EMPLOYERS + 3)
    weight /= weight.sum()
    first = rng.choice(_EMPLOYERS, size=len(worker), p=weight)
    both = np.flatnonzero(chance(rng, 0.12, len(worker)))
    second = (first[both] + rng.integers(1, _EMPLOYERS, len(both))) % _EMPLOYERS
    return np.concatenate([worker, worker[both]]), np.concatenate([first, second])


def _wages(
    people: People, jobs: np.ndarray, sector: pa.StringArray, rng: np.random.Generator
) -> pa.StringArray:
    """Lognormal about the sector's level; pupils earn little; some records state zero."""
    level = np.array([PAY_LEVEL.get(code, 1.0) for code in SECTORS])
    pay = level[pc.index_in(sector, value_set=pa.array(list(SECTORS))).to_numpy()]
    pay = pay * np.where(jobs < people.pupils, _PUPIL_PAY, 1.0)
    wage = _MEDIAN_QUARTER_USD * pay * rng.lognormal(0.0, 0.65, len(jobs))
    wage[chance(rng, 0.03, len(jobs))] = 0.0
    cents = np.round(wage * 100).astype(np.int64)
    return pc.binary_join_element_wise(
        pa.array(cents // 100).cast(pa.string()), digits(cents % 100, 2), "."
    )


def write_wages(path: Path, columns: Mapping[str, pa.StringArray]) -> int:
    """Write the file; wage records in it."""
    count = len(columns["SSN"])
    written = [(pa.array(["W"]).take(pa.array(np.zeros(count, np.int64))), 1)]
    written += [(columns[name], width) for name, width in WIDTHS.items()]
    write_fixed_width(path, written, header="HDOLUIWAGE", footer=f"T{count:09d}")
    return count


def soil_wages(
    clean: Mapping[str, pa.StringArray], scale: float, rng: np.random.Generator
) -> tuple[dict[str, pa.StringArray], int]:
    """What the department really sent: the columns with their dirt, and the rows that must fail."""
    columns = dict(clean)
    dirt = Dirt(len(columns["SSN"]), scale, rng)
    for name, text, rows in (
        ("SSN", None, 30),
        ("Employer Account Number", None, 40),
        ("NAICS Code", "00", 60),
        ("Wage", "-125.00", 50),
        ("Quarter", "5", 10),
    ):
        columns[name] = spoil(columns[name], dirt.failing(rows), text)
    columns["SSN"] = cut(columns["SSN"], dirt.failing(50), 8)
    return dirt.repeat(columns, 40), dirt.failing_rows


def spoil_wages_whole(
    clean: Mapping[str, pa.StringArray], rows: int, rng: np.random.Generator
) -> tuple[dict[str, pa.StringArray], int]:
    """A file that must be rejected: one record in eight states its wage like `$1250.00`."""
    columns = {name: column.slice(0, rows) for name, column in clean.items()}
    dirt = Dirt(rows, 1.0, rng)
    columns["Wage"] = spoil(columns["Wage"], dirt.failing(rows // 8), "$1250.00")
    return columns, dirt.failing_rows
