"""No cell and no unknown header cell in anything the intake says: findings, errors, dialect, logs.

Canaries stand in every kind of place a file has; every way a file can be wrong is tried; what is
said and what an uncaught error would print is searched for them.
"""

import gzip
import io
import json
import traceback
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.intake import IntakeLimits
from enclave.intake.draft import draft_contract
from enclave.intake.manifest import check_delivery, parse_manifest, parse_sidecar
from governance.contracts.model import DatasetContract, FileFormat, FileKind
from tests.lib.intake import build_contract, open_bytes

CANARY = "Canarysson"
PIECES = ("canarysson", "078-05-1120", "078051120")
FILE_NAME = f"{CANARY}, Jane 078-05-1120.csv"
TWO = build_contract(["Name", "Town"])
WIDE = f"{CANARY},078-05-1120\n"
LIMITS = IntakeLimits(max_record_bytes=200_000, max_cell_bytes=1_000, max_columns=50)

FIXED = FileFormat(
    kind=FileKind.FIXED_WIDTH, record_type_width=2, record_type="T1",
    header_record="HEADER", trailer_record="TRAILER",
    trailer_count_start=7, trailer_count_width=10,
)  # fmt: skip


def fixed() -> DatasetContract:
    contract = build_contract(["Name"], FIXED)
    return replace(contract, columns=(replace(contract.columns[0], start=2, width=10),))


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def workbook(header: list[str], sheet: str) -> bytes:
    book = openpyxl.Workbook()
    page = book.create_sheet(sheet, 0)
    page.append(header)
    page.append([CANARY, "078-05-1120", CANARY])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def text_cases() -> Iterator[tuple[str, bytes, DatasetContract]]:
    no_header = (WIDE * 3).encode()
    yield "no header", no_header, TWO
    yield "header mixed", f"Name,{CANARY}\n{WIDE}".encode(), TWO
    yield "unknown columns", f"Name,Town,{CANARY},078-05-1120\n{WIDE}".encode(), TWO
    yield "ignored", f"Name,Town,{CANARY}\n{WIDE}".encode(), replace(
        TWO, file=FileFormat(ignore_extra_columns=True))  # fmt: skip
    yield "missing", f"Town,{CANARY}\n{WIDE}".encode(), build_contract(
        ["Name", "Town"], required=["Name"])  # fmt: skip
    yield "twice", f"Name,Name,{CANARY}\n{WIDE}".encode(), TWO
    yield "ragged", f"Name,Town\n{CANARY}\n{WIDE}{CANARY},a,b\n".encode(), TWO
    yield "bytes", b"Name,Town\n" + CANARY.encode() + b"\xff,x\n" + WIDE.encode() * 2, TWO
    yield "bytes late", b"Name,Town\n" + WIDE.encode() * 40_000 + b"\xff,a,b\n", TWO
    yield "nul", f"Name,Town\n{CANARY}\0,x\n".encode(), TWO
    yield "stray", f'Name,Town\n"{CANARY}"x,y\n'.encode(), TWO
    yield "open quote", f'Name,Town\n"{CANARY},x\n{WIDE}'.encode(), TWO
    yield "long cell", f"Name,Town\n{CANARY * 500},x\n".encode(), TWO
    yield "long record", f"Name,Town\n{CANARY * 1_000_000},x\n".encode(), TWO
    yield "wide header", ",".join(f"{CANARY}{i}" for i in range(100)).encode(), TWO
    yield "widths", b"Name,Town\n" + f"{CANARY};x,y,z\n".encode() * 10, TWO
    yield "encoding", f"Name,Town\n{WIDE}".encode(), replace(
        TWO, file=FileFormat(encoding=CANARY))  # fmt: skip
    yield "no trailer", f"HEADER\nT1{CANARY}\n".encode(), fixed()
    yield "no fixed header", f"T1{CANARY}\n".encode(), fixed()
    yield "count", f"HEADER\nT1{CANARY}\nTRAILER{CANARY}\n".encode(), fixed()
    yield "two headers", f"HEADER{CANARY}\nHEADER{CANARY}\nTRAILER\n".encode(), fixed()


def other_cases() -> Iterator[tuple[str, bytes, DatasetContract]]:
    excel = build_contract(["Name", "Town"], FileFormat(kind=FileKind.EXCEL))
    yield "excel header", workbook([CANARY, "078-05-1120"], CANARY), excel
    yield "excel wide", workbook(["Name", "Town"], CANARY), excel
    yield "excel sheet", workbook(["Name"], CANARY), replace(
        excel, file=replace(excel.file, sheet="Data"))  # fmt: skip
    kind = build_contract(["Name", "Town"], FileFormat(kind=FileKind.PARQUET))
    yield "parquet names", parquet(pa.table({CANARY: [CANARY]})), kind
    yield "parquet nested", parquet(pa.table({"Name": [[CANARY]]})), kind
    yield "parquet bytes", parquet(pa.table({"Name": [CANARY.encode() + b"\xff"]})), kind
    lines = build_contract(["Name", "Town"], FileFormat(kind=FileKind.JSON_LINES))
    yield "json key", json.dumps({CANARY: CANARY}).encode(), lines
    yield "json broken", f'{{"Name": "a"}}\n{{"Name": "{CANARY}\n'.encode(), lines
    yield "json nested", json.dumps({"Name": {CANARY: 1}}).encode(), lines
    yield "json array", f'["{CANARY}"]'.encode(), lines
    yield "zip name", zipped(f"../{CANARY}.csv", WIDE.encode()), TWO
    yield "zip member", zipped(f"{CANARY}.csv", WIDE.encode()), replace(
        TWO, file=FileFormat(archive_member="*.tsv"))  # fmt: skip
    yield "zip damaged", zipped(f"{CANARY}.csv", WIDE.encode())[:-4], TWO
    yield "zip read", zipped(f"{CANARY}.csv", b"Name,Town\n" + WIDE.encode()), TWO
    yield "gzip", gzip.compress(WIDE.encode())[:-3], TWO
    yield "pdf", b"%PDF " + CANARY.encode(), TWO


CASES = [*text_cases(), *other_cases()]


def say_all(data: bytes, contract: DatasetContract) -> str:
    """Everything the intake says, as it would end in a receipt, a log or a traceback."""
    said: list[str] = []
    try:
        with open_bytes(data, contract, file_name=FILE_NAME, limits=LIMITS) as reader:
            try:
                records = [
                    *(n for batch in reader.batches() for n in batch.records.to_pylist()),
                ]
                said.append(repr(reader.line_numbers(records[:5])))
            finally:
                said += [repr(reader.findings), repr(dict(reader.dialect))]
                said.append(repr(dict(reader.other_records)))
    except UnreadableSubmissionError as error:
        said += [repr(error), str(error), repr(error.findings), repr(error.facts)]
        said.append("".join(traceback.format_exception(error)))
    return "\n".join(said).lower()


@pytest.mark.parametrize(("data", "contract"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_nothing_said_holds_a_cell(
    data: bytes,
    contract: DatasetContract,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = say_all(data, contract)
    streams = capfd.readouterr()
    said += (streams.out + streams.err + caplog.text).lower()
    assert not [piece for piece in PIECES if piece in said]


@pytest.mark.parametrize(("data", "contract"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_draft_holds_no_cell(data: bytes, contract: DatasetContract) -> None:
    try:
        document, evidence = draft_contract(io.BytesIO(data), FILE_NAME, "test", "made_up", LIMITS)
    except UnreadableSubmissionError as error:
        said = "".join(traceback.format_exception(error)) + repr(error.findings)
    else:
        names = {
            column["physicalName"] for column in document["schema"][0]["properties"]
        }  # Header cells are the one thing a draft repeats; files without header are refused.
        said = json.dumps([document, evidence])
        for name in names:
            said = said.replace(json.dumps(name), "")
        said = "" if any(CANARY in name for name in names) else said
    assert not [piece for piece in PIECES if piece in said.lower()]


def test_a_file_without_header_is_never_drafted() -> None:
    people = [f"{CANARY},Jane,Groton", "Smith,Ann,Salem", "Jones,Bob,Lyme"] * 10
    for data in ("\n".join(people), WIDE * 3, "a,2020-01-01\nb,2020-01-02\n", "a,\nb,c\n"):
        with pytest.raises(UnreadableSubmissionError) as caught:
            draft_contract(io.BytesIO(data.encode()), "x.csv", "test", "made_up")
        assert CANARY not in repr(caught.value.findings)


def test_a_common_value_of_an_identifier_is_no_code() -> None:
    rows = ["Name,Code"] + ["Ann,078-05-1120"] * 100
    document, evidence = draft_contract(
        io.BytesIO("\n".join(rows).encode()), "x.csv", "test", "made_up"
    )
    assert "078-05-1120" not in json.dumps([document, evidence])
    assert "Ann" not in json.dumps([document, evidence])


def test_rare_values_are_in_no_draft() -> None:
    rows = ["Code,Kind"] + ["A,x"] * 990 + ["B,x"] * 8 + [f"{CANARY},x"] * 2
    document, evidence = draft_contract(
        io.BytesIO("\n".join(rows).encode()), "x.csv", "test", "made_up"
    )
    said = json.dumps([document, evidence])
    assert CANARY not in said
    code, kind = document["schema"][0]["properties"]
    assert "codes" not in {c["property"] for c in code["customProperties"]}
    assert {"property": "codes", "value": ["x"]} in kind["customProperties"]


def test_manifest_findings_hold_no_name() -> None:
    entry = {"name": f"{CANARY}.csv", "sha256": "0" * 64}
    manifest = parse_manifest(json.dumps({"files": [entry]}).encode())
    said = repr(check_delivery(manifest, f"other {CANARY}.csv", sha256="1" * 64, size_bytes=1))
    said += repr(check_delivery(manifest, f"{CANARY}.csv", sha256="1" * 64, size_bytes=1))
    document = WIDE.encode()
    for parse in (parse_manifest, parse_sidecar):
        with pytest.raises(UnreadableSubmissionError) as caught:
            parse(document)
        said += "".join(traceback.format_exception(caught.value)) + repr(caught.value.findings)
    assert not [piece for piece in PIECES if piece in said.lower()]
