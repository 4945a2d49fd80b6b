"""The contracts that come with the product, run on the files they were written for.

Real input where it is beside the project, the made-up files of the demonstration always: how many
records there are, how many fail, and why. Counts and names of checks only.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import schemas
from enclave.deidentify import build_plan
from enclave.demo_data import DemoDrop, write_demo_drops
from enclave.errors import UnreadableSubmissionError
from enclave.intake import open_submission
from enclave.validate import KeySpill, RowValidator
from governance.agreements import load_agreements
from governance.contracts import DatasetContract, load_contracts
from tests.lib import shared_data

SCHEMAS = Path(next(iter(schemas.__path__)))

HMIS_ROWS = {
    "hmis_affiliation": 0,
    "hmis_assessment": 0,
    "hmis_assessment_questions": 0,
    "hmis_assessment_results": 0,
    "hmis_client": 4034,
    "hmis_current_living_situation": 0,
    "hmis_disabilities": 74172,
    "hmis_employment_education": 12334,
    "hmis_enrollment": 6390,
    "hmis_enrollment_coc": 4830,
    "hmis_event": 0,
    "hmis_exit": 5965,
    "hmis_export": 1,
    "hmis_funder": 8,
    "hmis_health_and_dv": 12362,
    "hmis_income_benefits": 15949,
    "hmis_inventory": 12,
    "hmis_organization": 1,
    "hmis_project": 8,
    "hmis_project_coc": 8,
    "hmis_services": 6023,
    "hmis_user": 2,
}


@cache
def contracts() -> dict[str, DatasetContract]:
    return load_contracts(SCHEMAS / "datasets")


@dataclass(frozen=True)
class Checked:
    """What became of a file's records."""

    records: int
    failing: int
    reasons: dict[str, int]
    other: dict[str, int]


def check(dataset: str, path: Path, spill: Path) -> Checked:
    contract = contracts()[dataset]
    failing: set[int] = set()
    reasons: Counter[str] = Counter()
    with (
        KeySpill() as seen,
        path.open("rb") as stream,
        open_submission(stream, file_name=path.name, contract=contract, spill=spill) as reader,
    ):
        validator = RowValidator(contract, seen=seen)
        for batch in reader.batches():
            failing.update(malformed.record for malformed in batch.malformed)
            reasons.update(malformed.code for malformed in batch.malformed)
            checked = validator.check(batch)
            if checked.failed is not None:
                failing.update(checked.failed.records.to_pylist())
                reasons.update(reason for row in checked.failed.reasons for reason in row)
        late = validator.finish().late_failures
        failing.update(late)
        reasons.update(reason for row in late.values() for reason in row)
        return Checked(reader.records_read, len(failing), dict(reasons), dict(reader.other_records))


def test_accidental_drug_deaths(tmp_path: Path) -> None:
    """Two records without a day, seven flags that hold other text, fourteen spellings, a county."""
    folder = shared_data.folder("ct_ocme_overdose")
    path = folder / "Accidental_Drug_Related_Deaths_2012-2018.csv"

    assert check("ocme/accidental_drug_deaths", path, tmp_path) == Checked(
        5105,
        24,
        {
            "null.required:reported_on": 2,
            "code.unknown:manner_of_death": 14,
            "format.boolean:fentanyl": 4,
            "format.boolean:morphine_not_heroin": 3,
            "code.unknown:death_county": 1,
        },
        {},
    )


def test_traffic_stops(tmp_path: Path) -> None:
    """Two drivers whose recorded age is below fifteen; five nameless columns are left out."""
    path = shared_data.folder("ct_traffic_stops") / "groton.csv"

    assert check("opm/traffic_stops", path, tmp_path) == Checked(
        6252, 2, {"range.min:subject_age": 2}, {}
    )


@pytest.mark.parametrize("dataset", HMIS_ROWS)
def test_homeless_services_export(dataset: str, tmp_path: Path) -> None:
    """Twenty-two tables of one archive; none of the 142,099 records fails by itself."""
    path = shared_data.folder("hmis_hud_sample") / "fy2019_sample_hmis_export.zip"

    assert check(f"cceh/{dataset}", path, tmp_path) == Checked(HMIS_ROWS[dataset], 0, {}, {})


@pytest.mark.parametrize(
    ("dataset", "records", "reasons"),
    [
        ("dss/tanf_families", 815, {}),
        ("dss/tanf_adults", 882, {"unique.together:key": 14}),
        ("dss/tanf_children", 946, {}),
        ("dss/tanf_second_children", 430, {}),
    ],
)
def test_cash_assistance(
    dataset: str, records: int, reasons: dict[str, int], tmp_path: Path
) -> None:
    """Three record types of one file whose trailer counts all; seven adults are sent twice."""
    path = shared_data.folder("tanf_fixed_width") / "ADS.E2J.FTP1.TS06"

    checked = check(dataset, path, tmp_path)

    assert (checked.records, checked.failing) == (records, sum(reasons.values()))
    assert checked.reasons == reasons
    assert checked.other == {"header": 1, "trailer": 1, "other": 2643 - records}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad_TANF_S1.txt", "intake.header_record_repeated"),
        ("bad_two_headers.txt", "intake.header_record_repeated"),
        ("bad_missing_header.txt", "intake.header_record_missing"),
        ("bad_trailer_1.txt", "intake.trailer_count"),
        ("bad_trailer_2.txt", "intake.trailer_record_missing"),
        ("empty_file", "intake.empty_file"),
        ("no_records.txt", "intake.trailer_count"),
        ("small_bad_tanf_s1.txt", "intake.trailer_count"),
        ("small_tanf_section1.txt", "intake.trailer_count"),
        ("tanf_section1_blanks.txt", "intake.trailer_count"),
    ],
)
def test_cash_assistance_files_that_cannot_be_used(name: str, code: str, tmp_path: Path) -> None:
    path = shared_data.folder("tanf_fixed_width") / name

    with pytest.raises(UnreadableSubmissionError) as caught:
        check("dss/tanf_families", path, tmp_path)

    assert code in [finding.code for finding in caught.value.findings]


def test_nutrition_assistance(tmp_path: Path) -> None:
    """Forty participants; three digests, a case and a participant number are malformed."""
    folder = shared_data.folder("snap_piipan")

    assert check("dss/snap_participants", folder / "example.csv", tmp_path).failing == 0
    assert check("dss/snap_participants", folder / "exampleWithBadRows.csv", tmp_path) == Checked(
        40,
        4,
        {
            "format.pattern:lds_hash": 3,
            "format.pattern:case_id": 1,
            "format.pattern:participant_id": 1,
        },
        {},
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("exampleWithInvalidMissingHeader.csv", "intake.header_missing"),
        ("plaintext-example.csv", "intake.column_missing"),
    ],
)
def test_nutrition_assistance_files_that_cannot_be_used(
    name: str, code: str, tmp_path: Path
) -> None:
    """A file without a header, and one that carries names and numbers instead of digests."""
    path = shared_data.folder("snap_piipan") / name

    with pytest.raises(UnreadableSubmissionError) as caught:
        check("dss/snap_participants", path, tmp_path)

    assert code in [finding.code for finding in caught.value.findings]


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> list[DemoDrop]:
    return write_demo_drops(tmp_path_factory.mktemp("drops"), 0.05)


@pytest.mark.parametrize("place", range(5))
def test_made_up_files_fail_exactly_where_they_were_soiled(
    drops: list[DemoDrop], place: int, tmp_path: Path
) -> None:
    drop = drops[place]

    checked = check(f"{drop.agency}/{drop.dataset}", drop.path, tmp_path)

    assert checked.records == drop.records
    assert checked.failing == drop.failing_rows


def test_every_dataset_has_a_plan() -> None:
    """Contract and agreement together leave no column without an admissible treatment."""
    for agreement in load_agreements(SCHEMAS / "agreements").values():
        for terms in agreement.datasets:
            contract = contracts()[f"{agreement.agency}/{terms.dataset}"]
            assert build_plan(contract, terms, agreement).output_schema.names
