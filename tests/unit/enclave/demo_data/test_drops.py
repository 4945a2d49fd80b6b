"""The made-up files are lifelike, consistent, repeatable, and what the contracts expect."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

import schemas
from enclave.demo_data import DemoDrop, write_demo_drops
from enclave.demo_data.labor import WIDTHS
from enclave.demo_data.people import make_people
from governance.agreements import load_agreements
from governance.contracts import load_contracts
from governance.digests import sha256_of

SCHEMAS = Path(next(iter(schemas.__path__)))
SCALE = 0.02
NEVER_ISSUED = re.compile(r"000|666|9\d\d")


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DemoDrop]:
    written = write_demo_drops(tmp_path_factory.mktemp("drops"), SCALE)
    return {f"{d.agency}/{d.period}/{d.revision}": d for d in written}


def test_three_agencies_one_refused_one_corrected(drops: dict[str, DemoDrop]) -> None:
    assert list(drops) == [
        "dol/2026Q2/1",
        "dol/2026Q3/1",
        "cscu/2025FA/1",
        "sde/2025-26/1",
        "sde/2025-26/2",
    ]
    assert [d.rejected for d in drops.values()] == [False, True, False, False, False]
    assert drops["sde/2025-26/2"].failing_rows == 0


def test_at_full_scale_there_are_enough_rows() -> None:
    people = make_people(1.0, np.random.default_rng(1))

    # Each pupil and student is a row; each worker at least one.
    assert people.pupils + people.students + 110_000 * 0.8 > 180_000
    assert len(np.unique(people.ssn)) == len(people) == 210_000
    assert len(np.unique(people.sasid)) == len(people)


def test_the_same_seed_makes_the_same_files(drops: dict[str, DemoDrop], tmp_path: Path) -> None:
    again = write_demo_drops(tmp_path, SCALE)
    other = write_demo_drops(tmp_path / "other", SCALE, seed=1)

    digests = [sha256_of(d.path.read_bytes()) for d in drops.values()]
    assert [sha256_of(d.path.read_bytes()) for d in again] == digests
    assert sha256_of(other[0].path.read_bytes()) != digests[0]


def test_names_and_shares_are_what_the_agreements_say(drops: dict[str, DemoDrop]) -> None:
    terms = {
        f"{a.agency}/{t.dataset}": t
        for a in load_agreements(SCHEMAS / "agreements").values()
        for t in a.datasets
    }
    for drop in drops.values():
        term = terms[f"{drop.agency}/{drop.dataset}"]
        found = re.fullmatch(term.file_name_pattern, drop.path.name)
        assert found is not None
        assert found["period"] == drop.period
        assert int(found["revision"]) == drop.revision
        share = 100 * drop.failing_rows / drop.records
        assert (share > term.reject_threshold_pct) == drop.rejected


def test_education_file_is_a_spreadsheets(drops: dict[str, DemoDrop]) -> None:
    drop = drops["sde/2025-26/1"]
    data = drop.path.read_bytes()
    header = data.split(b"\r\n", 1)[0].decode("utf-8-sig")

    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == drop.records + 1
    contract = load_contracts(SCHEMAS / "datasets")["sde/enrollment"]
    assert header.split(",") == [c.source_name for c in contract.columns]
    assert "\nHigh School" in data.decode("utf-8-sig")


def test_wage_file_has_the_contracts_places(drops: dict[str, DemoDrop]) -> None:
    drop = drops["dol/2026Q2/1"]
    lines = drop.path.read_text(encoding="ascii").splitlines()
    contract = load_contracts(SCHEMAS / "datasets")["dol/quarterly_wages"]

    assert lines[0] == "HDOLUIWAGE"
    assert lines[-1] == f"T{drop.records:09d}"
    assert len(lines) == drop.records + 2
    assert {len(line) for line in lines[1:-1]} == {1 + sum(WIDTHS.values())}
    place = 1
    for column, (name, width) in zip(contract.columns, WIDTHS.items(), strict=True):
        assert (column.source_name, column.start, column.width) == (name, place, width)
        place += width


def test_college_file_names_the_contracts_columns(drops: dict[str, DemoDrop]) -> None:
    drop = drops["cscu/2025FA/1"]
    with gzip.open(drop.path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    contract = load_contracts(SCHEMAS / "datasets")["cscu/enrollment"]

    assert len(rows) == drop.records
    assert {tuple(row) for row in rows} == {tuple(c.source_name for c in contract.columns)}
    assert isinstance(rows[0]["Year of Birth"], int)


def test_people_are_the_same_in_every_file(drops: dict[str, DemoDrop]) -> None:
    """Some college students have wages, under the same number and the same name."""
    with gzip.open(drops["cscu/2025FA/1"].path, "rt", encoding="utf-8") as stream:
        students = {row["SSN"]: row["Last Name"] for row in map(json.loads, stream)}
    lines = drops["dol/2026Q2/1"].path.read_text(encoding="ascii").splitlines()[1:-1]
    workers = {line[6:15].strip(): line[15:35].strip() for line in lines}
    both = {ssn for ssn in students if ssn in workers}

    assert len(both) > 0.4 * len(students)
    plain = {ssn for ssn in both if students[ssn].isascii()}
    assert all(students[ssn].upper() == workers[ssn] for ssn in plain)
    assert all(NEVER_ISSUED.match(ssn) for ssn in workers if len(ssn) == 9)
    assert all(NEVER_ISSUED.match(ssn) for ssn in students if ssn)
