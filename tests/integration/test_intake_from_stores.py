"""Submissions read out of object stores; a store that fails is no fault of the agency."""

import gzip
import io
import zipfile
from dataclasses import replace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enclave.intake import open_submission
from enclave.zones import Zone, Zones
from governance.contracts.model import DatasetContract, FileFormat, FileKind
from governance.errors import ObjectStoreError
from tests.lib.intake import ReadBack, build_contract

NAMES = ["Name", "Town"]
ROWS = [(f"Name {i}", f"Town {i % 7}") for i in range(20_000)]
CSV = ("Name,Town\n" + "".join(f'"{n}",{t}\n' for n, t in ROWS)).encode()


def pack(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return out.getvalue()


def write_parquet() -> bytes:
    out = io.BytesIO()
    names, towns = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"Name": names, "Town": towns}), out, row_group_size=1_000)
    return out.getvalue()


def write_excel() -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("a")
    for row in [NAMES, *ROWS]:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_json() -> bytes:
    return "".join(f'{{"Name": "{n}", "Town": "{t}"}}\n' for n, t in ROWS).encode()


def write_fixed() -> bytes:
    return "".join(f"{n:<12}{t:<8}\n" for n, t in ROWS).encode()


def contract_of(kind: FileKind) -> DatasetContract:
    contract = build_contract(NAMES, FileFormat(kind=kind))
    if kind is not FileKind.FIXED_WIDTH:
        return contract
    first, second = contract.columns
    return replace(
        contract, columns=(replace(first, start=0, width=12), replace(second, start=12, width=8))
    )


CASES = {
    "a.csv": (CSV, contract_of(FileKind.DELIMITED)),
    "a.csv.gz": (gzip.compress(CSV), contract_of(FileKind.DELIMITED)),
    "a.zip": (pack(CSV), contract_of(FileKind.DELIMITED)),
    "a.parquet": (write_parquet(), contract_of(FileKind.PARQUET)),
    "a.xlsx": (write_excel(), contract_of(FileKind.EXCEL)),
    "a.jsonl": (write_json(), contract_of(FileKind.JSON_LINES)),
    "a.txt": (write_fixed(), contract_of(FileKind.FIXED_WIDTH)),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_format_is_read_out_of_a_store(name: str, zones: Zones) -> None:
    data, contract = CASES[name]
    store = zones.store(Zone.LANDING)
    store.put(f"test/{name}", data)
    with (
        store.open(f"test/{name}") as stream,
        open_submission(stream, file_name=name, contract=contract) as reader,
    ):
        back = ReadBack(reader)
    assert back.rows == ROWS
    assert not back.malformed


class FailingStream(io.BytesIO):
    """Serves so many bytes, then the store is gone."""

    def __init__(self, data: bytes, served_bytes: int) -> None:
        super().__init__(data)
        self.left = served_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self.left -= len(part)
        if self.left < 0:
            raise ObjectStoreError("The store did not answer.")
        return part


def read_often(stream: io.BytesIO, name: str, contract: DatasetContract) -> None:
    with open_submission(stream, file_name=name, contract=contract) as reader:
        for _ in range(50):
            ReadBack(reader)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.5])
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_failing_store_is_not_taken_for_a_bad_file(name: str, share: float) -> None:
    data, contract = CASES[name]
    stream = FailingStream(data, int(len(data) * share))
    with pytest.raises(ObjectStoreError):
        read_often(stream, name, contract)
