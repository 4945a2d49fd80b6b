"""A small graduation file with canaries in every column that could name a person."""

import csv
from collections.abc import Iterator
from pathlib import Path

CANARY = "Zzyxqcanary"
"""In names, in a school code and in a gender: in the file, and never anywhere Airflow writes."""

FIRST_STUDENT_ID = 8_350_271_946
HEADER = (
    *("StudentID", "LastName", "FirstName", "Birthdate", "SchoolCode", "GraduationDate"),
    *("RaceEthnicity", "Gender", "ResidentTown"),
)


def write_graduates(path: Path, *, rows: int, failing: int) -> Path:
    """Write `rows` graduates, the first `failing` of which the contract refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(rows):
            fails = number < failing
            writer.writerow(
                (
                    str(FIRST_STUDENT_ID + number),
                    f"{CANARY}{number}",
                    f"Q{CANARY}",
                    f"03/{1 + number % 28:02}/{2004 + number % 2}",
                    f"S{CANARY}" if fails else f"01000{11 + number % 2}",
                    "06/15/2023",
                    "White" if number % 4 < 2 else "Asian",
                    f"G{CANARY}" if fails else "FM"[number % 2],
                    "Hartford",
                )
            )
    return path


def canaries(rows: int) -> Iterator[bytes]:
    """Every value that must not be found: names, bad cells, the students' identifiers."""
    yield CANARY.encode()
    yield CANARY.lower().encode()
    for number in range(rows):
        yield str(FIRST_STUDENT_ID + number).encode()


def find_canaries(folder: Path, rows: int) -> list[str]:
    """Files under `folder` that hold a canary, whatever kind of file they are."""
    wanted = tuple(canaries(rows))
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        and any(canary in content for content in [path.read_bytes()] for canary in wanted)
    ]
