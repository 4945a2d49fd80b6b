"""The files three agencies drop in the demonstration, with what must become of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from enclave.demo_data import colleges, education, labor
from enclave.demo_data.people import People, make_people

SEED: Final = 20261121
_REJECTED_RECORDS: Final = 8_000


@dataclass(frozen=True, slots=True)
class DemoDrop:
    """One file an agency drops.

    Attributes:
        agency, dataset, period, revision: What it is.
        path: Where it was written.
        records: Data records in it.
        failing_rows: Records that must fail the contract.
        rejected: Whether the whole submission must be rejected.
        about: One sentence for the people who watch.
    """

    agency: str
    dataset: str
    period: str
    revision: int
    path: Path
    records: int
    failing_rows: int
    rejected: bool
    about: str

    @property
    def landed_rows(self) -> int:
        """Rows that must land."""
        return 0 if self.rejected else self.records - self.failing_rows


def write_demo_drops(folder: Path, scale: float = 1.0, *, seed: int = SEED) -> list[DemoDrop]:
    """Write the files of the demonstration, in the order they are dropped.

    Args:
        folder: Where; made when it is not there.
        scale: 1 gives some 230,000 rows; the same scale and seed give the same files. Below a
            tenth, classes get so small that the agreements' risk gates may hold a delivery.
        seed: Of the made-up people.

    Returns:
        The three agencies' deliveries, one that must be rejected whole, and the education
        department's corrected delivery.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # One stream for each file, so that a change in one leaves the others as they are.
    seeds = np.random.default_rng(seed).spawn(4)
    people = make_people(scale, seeds[0])
    return [
        *_wages(folder, people, scale, seeds[2]),
        _colleges(folder, people, scale, seeds[3]),
        *_education(folder, people, scale, seeds[1]),
    ]


def _education(
    folder: Path, people: People, scale: float, rng: np.random.Generator
) -> list[DemoDrop]:
    clean = education.clean_enrollment(people, 2025, rng)
    soiled, failing = education.soil_enrollment(clean, scale, rng)
    first, second = (folder / f"SDE_enrollment_2025-26_v{revision}.csv" for revision in (1, 2))
    return [
        DemoDrop(
            "sde", "enrollment", "2025-26", 1, first,
            education.write_enrollment(first, soiled), failing, rejected=False,
            about="Enrollment with the usual dirt: lands, and the bad rows are set aside.",
        ),
        DemoDrop(
            "sde", "enrollment", "2025-26", 2, second,
            education.write_enrollment(second, clean), 0, rejected=False,
            about="The corrected enrollment: takes the place of the first delivery.",
        ),
    ]  # fmt: skip


def _wages(folder: Path, people: People, scale: float, rng: np.random.Generator) -> list[DemoDrop]:
    clean = labor.clean_wages(people, 2026, 2, rng)
    soiled, failing = labor.soil_wages(clean, scale, rng)
    path = folder / "DOL.000.2026Q2.r1.wages"
    good = DemoDrop(
        "dol", "quarterly_wages", "2026Q2", 1, path, labor.write_wages(path, soiled), failing,
        rejected=False, about="Wage records of one quarter: lands, and the bad rows are set aside.",
    )  # fmt: skip
    later = labor.clean_wages(people, 2026, 3, rng)
    rows = max(80, round(_REJECTED_RECORDS * scale))
    spoiled, bad = labor.spoil_wages_whole(later, rows, rng)
    path = folder / "DOL.000.2026Q3.r1.wages"
    refused = DemoDrop(
        "dol", "quarterly_wages", "2026Q3", 1, path, labor.write_wages(path, spoiled), bad,
        rejected=True, about="The next quarter, with wages as text: rejected whole.",
    )  # fmt: skip
    return [good, refused]


def _colleges(folder: Path, people: People, scale: float, rng: np.random.Generator) -> DemoDrop:
    clean = colleges.clean_enrollment(people, 2025, "202510", rng)
    soiled, failing = colleges.soil_enrollment(clean, scale, rng)
    path = folder / "P20_Q0012_CSCU_enrollment_2025FA_v1.jsonl.gz"
    return DemoDrop(
        "cscu", "enrollment", "2025FA", 1, path, colleges.write_enrollment(path, soiled), failing,
        rejected=False, about="College enrollment of one term: lands, bad rows are set aside.",
    )  # fmt: skip
