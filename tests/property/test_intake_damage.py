"""Whatever is done to a file's bytes, the intake reads it or refuses it with findings, and ends."""

import contextlib
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enclave.errors import UnreadableSubmissionError
from enclave.intake import IntakeLimits
from enclave.intake.draft import draft_contract
from governance.contracts.model import DatasetContract, FileFormat, FileKind
from tests.lib.intake import build_contract, open_bytes

pytestmark = pytest.mark.property

NAMES = ["Name", "Town"]
ROWS = [("Ann", "Groton"), ("José", 'Old "Lyme"'), ("", "a,b"), ("x\ny", "12")]
LIMITS = IntakeLimits(max_workbook_cells=100_000, max_resident_bytes=1 << 22)


def contract_of(kind: FileKind) -> DatasetContract:
    return build_contract(NAMES, FileFormat(kind=kind))


def write_csv() -> bytes:
    lines = ["Name,Town", *('"{}","{}"'.format(*(c.replace('"', '""') for c in r)) for r in ROWS)]
    return "\r\n".join(lines).encode()


def write_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", write_csv())
    return out.getvalue()


def write_excel() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in [NAMES, *ROWS]:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(NAMES, zip(*ROWS, strict=True), strict=True))), out)
    return out.getvalue()


def write_json() -> bytes:
    return "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in ROWS).encode()


def fixed_contract() -> DatasetContract:
    contract = build_contract(
        NAMES,
        FileFormat(
            kind=FileKind.FIXED_WIDTH, record_type_width=2, record_type="T1",
            header_record="HEADER", trailer_record="TRAILER",
            trailer_count_start=7, trailer_count_width=7,
        ),
    )  # fmt: skip
    first, second = contract.columns
    return replace(
        contract,
        columns=(replace(first, start=2, width=4), replace(second, start=6, width=5)),
    )


CASES: dict[str, tuple[Callable[[], bytes], DatasetContract]] = {
    "csv": (write_csv, contract_of(FileKind.DELIMITED)),
    "csv.gz": (lambda: gzip.compress(write_csv()), contract_of(FileKind.DELIMITED)),
    "zip": (write_zip, contract_of(FileKind.DELIMITED)),
    "utf-16": (lambda: write_csv().decode().encode("utf-16"), contract_of(FileKind.DELIMITED)),
    "excel": (write_excel, contract_of(FileKind.EXCEL)),
    "parquet": (write_parquet, contract_of(FileKind.PARQUET)),
    "json": (write_json, contract_of(FileKind.JSON_LINES)),
    "fixed": (
        lambda: b"HEADER\nT1Ann Groto\nT2x\nT1Bob Salem\nTRAILER0000003\n",
        fixed_contract(),
    ),
}

EDIT = st.tuples(
    st.floats(0, 1), st.sampled_from(["flip", "cut", "insert", "repeat"]), st.binary(max_size=8)
)


def damage(data: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    for where, how, extra in edits:
        at = int(where * len(data))
        if how == "flip":
            data = data[:at] + bytes(b ^ 0xFF for b in data[at : at + 1]) + data[at + 1 :]
        elif how == "cut":
            data = data[:at] + data[at + len(extra) :]
        elif how == "insert":
            data = data[:at] + extra + data[at:]
        else:
            data = data[:at] + data[max(at - 20, 0) :]
    return data


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(EDIT, max_size=4))
def test_damaged_files_are_read_or_refused(
    name: str, edits: list[tuple[float, str, bytes]]
) -> None:
    write, contract = CASES[name]
    data = damage(write(), edits)
    try:
        with open_bytes(data, contract, limits=LIMITS) as reader:
            ordinals: list[int] = []
            for batch in reader.batches():
                assert batch.rows.num_rows == len(batch.records)
                batch.rows.validate(full=True)
                ordinals += batch.records.to_pylist()
                ordinals += [m.record for m in batch.malformed]
            assert sorted(ordinals) == list(range(1, reader.records_read + 1))
            assert sorted(reader.line_numbers(ordinals)) == sorted(ordinals)
    except UnreadableSubmissionError as error:
        assert error.findings  # noqa: PT017  either outcome is right
    with contextlib.suppress(UnreadableSubmissionError):
        draft_contract(io.BytesIO(data), "x", "test", "made_up", LIMITS)
