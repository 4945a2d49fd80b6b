"""Drafted contracts: they parse, say why, and treat with caution."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from enclave.errors import UnreadableSubmissionError
from enclave.intake.draft import draft_contract
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileKind,
    IdentifierRole,
    LogicalType,
    TreatmentKind,
)
from governance.contracts.parse import parse_contract, standard_problems
from tests.lib import shared_data

ROWS = 400
HEADER = [
    "Student ID", "SSN", "LastName", "DOB", "Age", "Zip Code", "Town", "Sex", "EmployerID",
    "Wages", "FRL_Flag", "Grade", "ContactEmail", "Entry Date", "Comment", "Ref", "Empty",
]  # fmt: skip


def made_up_row(i: int) -> list[str]:
    day = date(1990, 1, 1) + timedelta(days=i * 7)
    return [
        f"S{i:06d}",
        f"{100 + i % 800}-{10 + i % 80}-{1000 + i}",
        ["Smith", "Lee", "Garcia", "Brown"][i % 4],
        day.strftime("%m/%d/%Y"),
        str(20 + i % 60),
        f"0{6000 + i % 300}",
        ["Groton", "Salem", "Lyme"][i % 3],
        "MF"[i % 2],
        f"{5000 + i % 40:07d}",
        f"{1000 + i * 3.25:.2f}",
        "YN"[i % 2],
        f"{i % 12 + 1:02d}",
        f"p{i}@example.org",
        f"2024-0{i % 9 + 1}-15",
        f"Called the family about row number {i} and left word",
        f"ref-{i * 7919}",
        "",
    ]


def write_csv() -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADER)
    writer.writerows(made_up_row(i) for i in range(ROWS))
    return out.getvalue().encode()


def draft(data: bytes) -> tuple[DatasetContract, list[str], dict[str, Any]]:
    document, evidence = draft_contract(io.BytesIO(data), "x.csv", "sde", "pupils")
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()
    return parse_contract(text, "draft"), evidence, document


@pytest.fixture(scope="module")
def drafted() -> tuple[DatasetContract, list[str], dict[str, Any]]:
    return draft(write_csv())


EXPECTED: list[tuple[str, LogicalType, IdentifierRole, TreatmentKind]] = [
    ("student_id", LogicalType.STRING, IdentifierRole.DIRECT, TreatmentKind.DROP),
    ("ssn", LogicalType.STRING, IdentifierRole.DIRECT, TreatmentKind.PERSON_ID),
    ("last_name", LogicalType.STRING, IdentifierRole.DIRECT, TreatmentKind.DROP),
    ("dob", LogicalType.DATE, IdentifierRole.QUASI, TreatmentKind.YEAR),
    ("age", LogicalType.INTEGER, IdentifierRole.QUASI, TreatmentKind.AGE_BAND),
    ("zip_code", LogicalType.STRING, IdentifierRole.QUASI, TreatmentKind.ZIP3),
    ("town", LogicalType.STRING, IdentifierRole.QUASI, TreatmentKind.TOWN_TO_REGION),
    ("sex", LogicalType.STRING, IdentifierRole.QUASI, TreatmentKind.KEEP),
    ("employer_id", LogicalType.STRING, IdentifierRole.NONE, TreatmentKind.ENTITY_ID),
    ("wages", LogicalType.NUMBER, IdentifierRole.SENSITIVE, TreatmentKind.ROUND),
    ("frl_flag", LogicalType.BOOLEAN, IdentifierRole.NONE, TreatmentKind.KEEP),
    ("grade", LogicalType.STRING, IdentifierRole.QUASI, TreatmentKind.KEEP),
    ("contact_email", LogicalType.STRING, IdentifierRole.DIRECT, TreatmentKind.DROP),
    ("entry_date", LogicalType.DATE, IdentifierRole.QUASI, TreatmentKind.YEAR),
    ("comment", LogicalType.STRING, IdentifierRole.SENSITIVE, TreatmentKind.DROP),
    ("ref", LogicalType.STRING, IdentifierRole.DIRECT, TreatmentKind.DROP),
    ("empty", LogicalType.STRING, IdentifierRole.NONE, TreatmentKind.DROP),
]


def facts(column: Column) -> tuple[str, LogicalType, IdentifierRole, TreatmentKind]:
    assert column.treatment is not None
    return column.name, column.logical_type, column.role, column.treatment.kind


def test_types_roles_and_treatments(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    contract, _, _ = drafted
    assert [facts(column) for column in contract.columns] == EXPECTED


def test_formats_key_person_and_file(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    contract, _, _ = drafted
    assert contract.column("dob").formats == ("%m/%d/%Y",)
    assert contract.column("entry_date").formats == ("%Y-%m-%d",)
    assert contract.key == ("student_id",)
    assert contract.person is not None
    assert (contract.person.identified_by, contract.person.domain) == (("ssn",), "ssn")
    assert contract.entity_keys == ("employer_id",)
    assert contract.measures == ("wages",)
    assert (contract.file.kind, contract.file.delimiter) == (FileKind.DELIMITED, ";")
    assert not contract.column("empty").required


def test_code_lists_only_of_common_codes(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    contract, _, _ = drafted
    assert {c.name: c.codes for c in contract.columns if c.codes is not None} == {
        "sex": ("F", "M"),
        "grade": tuple(f"{n:02d}" for n in range(1, 13)),
    }


def test_evidence_says_why_in_shares(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    _, evidence, _ = drafted
    assert "400 rows profiled" in evidence
    assert "ssn: direct: 100% of the values look like an SSN" in evidence
    assert "contact_email: direct: 100% of the values look like an e-mail address" in evidence
    assert "ref: direct: 100% of the values are distinct" in evidence
    assert "dob: quasi: the name says a date of birth" in evidence
    assert "student_id: key, because every row has a value and no two the same" in evidence


def test_no_value_is_in_draft_or_evidence(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    _, evidence, document = drafted
    said = json.dumps([document, evidence])
    for at in (0, 1, 2, 3, 5, 6, 8, 9, 12, 13, 14, 15):
        values = {made_up_row(i)[at] for i in range(ROWS)}
        assert not [v for v in values if v in said], HEADER[at]


def test_the_public_standard_accepts_a_draft(
    drafted: tuple[DatasetContract, list[str], dict[str, Any]],
) -> None:
    _, _, document = drafted
    assert standard_problems(yaml.safe_dump(document).encode()) == []


def test_shares_below_all_are_stated() -> None:
    lines = ["when,n"] + [f"2024-01-{i % 28 + 1:02d},{i}" for i in range(999)] + ["soon,x"]
    contract, evidence, _ = draft("\n".join(lines).encode())
    assert contract.column("when").logical_type is LogicalType.DATE
    assert "when: 99.9% of the values are dates in the format %Y-%m-%d" in evidence
    assert "when: the other values would fail and be quarantined" in evidence


def test_excel_parquet_and_json_lines() -> None:
    rows = [dict(zip(HEADER, made_up_row(i), strict=True)) for i in range(50)]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    for row in rows:
        sheet.append(list(row.values()))
    excel, parquet = io.BytesIO(), io.BytesIO()
    book.save(excel)
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    for data, kind in (
        (excel.getvalue(), FileKind.EXCEL),
        (parquet.getvalue(), FileKind.PARQUET),
        (lines, FileKind.JSON_LINES),
    ):
        contract, _, _ = draft(data)
        assert contract.file.kind is kind
        assert [c.name for c in contract.columns] == [name for name, *_ in EXPECTED]
        assert contract.person is not None


def test_words_inside_words_mean_nothing() -> None:
    contract, _, _ = draft(("Ethnicity,Capacity\n" + "Other,1\n" * 50).encode())
    kinds = [c.treatment.kind for c in contract.columns if c.treatment]
    assert TreatmentKind.TOWN_TO_REGION not in kinds


def test_names_are_made_unique_and_legal() -> None:
    contract, _, _ = draft("Größe,Groe,1st Ride,A b,A_b,Ünï\nx,y,z,u,v,w\n".encode())
    names = [column.name for column in contract.columns]
    assert len(set(names)) == 6
    assert [c.source_name for c in contract.columns][3:5] == ["A b", "A_b"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n", b"Smith,2020-01-01\nLee,2020-01-02\n", b"a,a\n1,2\n", b"x\n"],
)
def test_files_without_a_usable_header(data: bytes) -> None:
    with pytest.raises(UnreadableSubmissionError) as caught:
        draft_contract(io.BytesIO(data), "x.csv", "sde", "pupils")
    assert caught.value.findings


REAL = [
    ("ct_ocme_overdose/Accidental_Drug_Related_Deaths_2012-2018.csv", 42, False),
    ("ct_traffic_stops/groton.csv", 46, False),
    ("snap_piipan/plaintext-example.csv", 8, True),
    ("synthea/patients.csv", 25, True),
    ("record_linkage_febrl/dataset4a.csv", 11, True),
    ("ct_ocme_overdose/DrugDeaths-5-16.xlsx", 26, False),
    ("ct_acs_pums/ct_pums_2018.csv", 32, False),
]


@pytest.mark.parametrize(("name", "columns", "has_person"), REAL)
def test_real_files(name: str, columns: int, has_person: bool) -> None:
    path: Path = shared_data.folder(name.split("/", maxsplit=1)[0]) / name.split("/")[1]
    contract, evidence, _ = draft(path.read_bytes())
    assert len(contract.columns) == columns
    assert (contract.person is not None) is has_person
    assert evidence
    kept = [c for c in contract.columns if c.treatment and c.treatment.kind is TreatmentKind.KEEP]
    assert not [c.name for c in kept if c.role is IdentifierRole.DIRECT]


def test_identifiers_of_real_patients_are_found() -> None:
    path = shared_data.folder("synthea") / "patients.csv"
    contract, _, _ = draft(path.read_bytes())
    direct = {c.source_name for c in contract.columns if c.role is IdentifierRole.DIRECT}
    assert direct >= {
        "SSN",
        "DRIVERS",
        "PASSPORT",
        "FIRST",
        "LAST",
        "MAIDEN",
        "ADDRESS",
        "LAT",
        "LON",
    }


def test_a_birth_is_drafted_without_the_ages_of_the_oldest() -> None:
    """45 CFR 164.514(b)(2)(i)(C), as a date and as a year in whole numbers."""
    rows = [f"{1930 + i % 80}-{i % 12 + 1:02d}-15,{1930 + i % 80},{i % 40}" for i in range(400)]
    data = "\n".join(["Date of Birth,Year of Birth,Visits", *rows]).encode() + b"\n"

    document, _ = draft_contract(io.BytesIO(data), "a.csv", "oec", "visits")

    contract = parse_contract(yaml.safe_dump(document).encode(), "draft")
    told = {c.name: c.treatment for c in contract.columns if c.treatment is not None}
    assert told["date_of_birth"].options == {"oldest_age": 90}
    assert told["year_of_birth"].kind is TreatmentKind.TOP_BOTTOM_CODE
    assert told["year_of_birth"].options == {"oldest_age": 90}
