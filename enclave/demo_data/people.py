"""Made-up people of a made-up Connecticut, the same in every agency's file. No one is real.

Social security numbers come from areas that were never issued (000, 666, 900-999); the rest is
drawn from common words with a fixed seed, so that the same scale gives the same people.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.demo_data.columns import chance, pick, pick_any
from enclave.demo_data.vocabulary import (
    FEMALE_NAMES,
    MALE_NAMES,
    RACES,
    SURNAMES,
    TOWNS,
)

PUPILS: Final = 70_000
STUDENTS: Final = 30_000
OTHER_ADULTS: Final = 110_000

_DAYS_A_YEAR: Final = 365.25
_FIRST_UNISSUED_SSN: Final = 900_000_000
_ZERO_AREA_SHARE: Final = 0.01
_SASID_FIRST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class People:
    """Columns of one population; all of the same length, in the same order.

    Attributes:
        pupils, students: How many, from the start: pupils first, then college students, then
            other adults.
        ssn: Nine digits, as a number; distinct.
        sasid: Ten digits, as a number; distinct.
        birth_days: Days since 1970-01-01.
        grade: 0 for preschool, 1 for kindergarten, then grade + 1; pupils only, else -1.
        hispanic: Whether the reporting group is Hispanic.
    """

    pupils: int
    students: int
    ssn: np.ndarray
    sasid: np.ndarray
    first_name: pa.StringArray
    middle_name: pa.StringArray
    last_name: pa.StringArray
    generation: pa.StringArray
    gender: pa.StringArray
    race: pa.StringArray
    town: pa.StringArray
    birth_days: np.ndarray
    grade: np.ndarray

    def __len__(self) -> int:
        """How many people."""
        return len(self.ssn)


def make_people(scale: float, rng: np.random.Generator) -> People:
    """A population: at scale 1, 70,000 pupils, 30,000 college students and 110,000 others."""
    pupils, students, others = (round(n * scale) for n in (PUPILS, STUDENTS, OTHER_ADULTS))
    count = pupils + students + others
    grade = np.full(count, -1)
    grade[:pupils] = rng.integers(0, 14, pupils)
    female = chance(rng, 0.5, count)
    gender = np.where(female, "F", "M")
    gender[chance(rng, 0.004, count)] = "N"
    first = pc.if_else(
        pa.array(female), pick_any(rng, FEMALE_NAMES, count), pick_any(rng, MALE_NAMES, count)
    )
    return People(
        pupils=pupils,
        students=students,
        ssn=_ssns(count, rng),
        sasid=_SASID_FIRST + rng.permutation(count * 7)[:count],
        first_name=first,
        middle_name=_initials(count, rng),
        last_name=pick_any(rng, SURNAMES, count),
        generation=pick(rng, {"": 0.97, "Jr": 0.02, "III": 0.01}, count),
        gender=pa.array(gender),
        race=pick(rng, RACES, count),
        town=pick(rng, TOWNS, count),
        birth_days=_birth_days(pupils, students, grade, rng),
        grade=grade,
    )


def _ssns(count: int, rng: np.random.Generator) -> np.ndarray:
    """Distinct numbers of areas that were never issued."""
    room = 99_999_999
    drawn = np.unique(rng.integers(1, room, size=count + count // 10 + 100))
    suffix = rng.permutation(drawn)[:count]
    issued_never = _FIRST_UNISSUED_SSN + suffix
    small = np.flatnonzero(chance(rng, _ZERO_AREA_SHARE, count))
    area = np.where(np.arange(len(small)) % 2 == 0, 0, 666)
    # Group and serial from the place in the list: distinct within the area, never all zeros.
    issued_never[small] = area * 1_000_000 + 10_101 + np.arange(len(small))
    return issued_never


def _initials(count: int, rng: np.random.Generator) -> pa.StringArray:
    letters = np.array(list("ABCDEFGHJKLMNPRSTVW"))
    drawn = letters[rng.integers(0, len(letters), count)]
    drawn[chance(rng, 0.2, count)] = ""
    return pa.array(drawn)


def _birth_days(
    pupils: int, students: int, grade: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Pupils by grade (kindergarten in fall 2025: born 2020), students mostly young, others 18+."""
    count = len(grade)
    year = np.empty(count)
    year[:pupils] = 2021 - grade[:pupils]
    year[pupils : pupils + students] = 2007 - np.floor(rng.gamma(1.6, 4.0, students)).clip(0, 45)
    year[pupils + students :] = rng.integers(1957, 2002, count - pupils - students)
    return np.floor((year - 1970) * _DAYS_A_YEAR + rng.integers(0, 365, count)).astype(np.int64)
