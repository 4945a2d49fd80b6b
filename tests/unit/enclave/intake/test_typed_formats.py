"""Excel, Parquet and JSON Lines as text."""
# ruff: noqa: DTZ001  cells of workbooks and naive Parquet times have no zone

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.intake import IntakeLimits
from governance.contracts.model import DatasetContract, FileFormat, FileKind, LogicalType
from tests.lib import shared_data
from tests.lib.intake import ReadBack, build_contract, open_bytes, read_back

NAMES = ["Name", "Town"]
EXCEL = build_contract(NAMES, FileFormat(kind=FileKind.EXCEL))
PARQUET = build_contract(NAMES, FileFormat(kind=FileKind.PARQUET))
JSON = build_contract(NAMES, FileFormat(kind=FileKind.JSON_LINES))


def code_of(data: bytes, contract: DatasetContract, **options: object) -> str:
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(data, contract, **options)  # type: ignore[arg-type]
    return caught.value.findings[-1].code


def typed(contract: DatasetContract, column: int, **changes: object) -> DatasetContract:
    columns = list(contract.columns)
    columns[column] = replace(columns[column], **changes)  # type: ignore[arg-type]
    return replace(contract, columns=tuple(columns))


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_excel_cells_become_unambiguous_text() -> None:
    rows: list[list[object]] = [
        [*NAMES],
        ["Ann", 6340],
        [1.5, 12.0],
        [True, datetime(2025, 3, 4)],
        [date(2025, 3, 4), datetime(2025, 3, 4, 5, 6, 7)],
        [None, None],
        [time(9, 30), timedelta(hours=1)],
        ["  =1+1", " "],
    ]
    back = read_back(workbook({"Data": rows}), EXCEL, file_name="a.xlsx")
    assert back.rows == [
        ("Ann", "6340"),
        ("1.5", "12"),
        ("true", "2025-03-04"),
        ("2025-03-04", "2025-03-04T05:06:07"),
        ("09:30:00", "3600"),
        ("=1+1", None),
    ]
    assert back.lines == {1: 2, 2: 3, 3: 4, 4: 5, 5: 7, 6: 8}


def test_excel_dates_take_the_columns_declared_format() -> None:
    contract = typed(EXCEL, 1, logical_type=LogicalType.DATE, formats=("%m/%d/%Y",))
    data = workbook({"Data": [NAMES, ["Ann", date(2025, 3, 4)], ["Bob", "03/05/2025"]]})
    back = read_back(data, contract, file_name="a.xlsx")
    assert back.rows == [("Ann", "03/04/2025"), ("Bob", "03/05/2025")]


def test_excel_sheet_by_name_and_preamble() -> None:
    sheets = {"Notes": [["x"]], "People ": [["Report"], [], NAMES, ["Ann", "Groton"]]}
    file = FileFormat(kind=FileKind.EXCEL, sheet="people", preamble_lines=2)
    back = read_back(workbook(sheets), replace(EXCEL, file=file), file_name="a.xlsx")
    assert back.rows == [("Ann", "Groton")]
    assert back.lines == {1: 4}
    missing = replace(EXCEL, file=replace(file, sheet="Other"))
    assert code_of(workbook(sheets), missing) == "intake.sheet_missing"


def test_excel_first_of_several_sheets_is_noted() -> None:
    data = workbook({"A": [NAMES, ["Ann", "Groton"]], "B": [["x"]]})
    assert "intake.sheet" in read_back(data, EXCEL, file_name="a.xlsx").codes()


def test_excel_rows_with_more_cells_are_malformed() -> None:
    data = workbook({"A": [NAMES, ["Ann", "Groton", "extra"], ["Bob"]]})
    back = read_back(data, EXCEL, file_name="a.xlsx")
    assert back.rows == [("Bob", None)]
    assert [(m.record, m.code, m.raw) for m in back.malformed] == [
        (1, "record.too_many_cells", b"Ann,Groton,extra")
    ]


def test_excel_caps() -> None:
    data = workbook({"A": [NAMES, *([["Ann", "Groton"]] * 500)]})
    limits = IntakeLimits(max_workbook_cells=100)
    assert code_of(data, EXCEL, limits=limits) == "intake.workbook_too_large"
    limits = IntakeLimits(max_workbook_bytes=1_000)
    assert code_of(data, EXCEL, limits=limits) == "intake.workbook_too_large"
    limits = IntakeLimits(max_workbook_part_bytes=1_000)
    assert code_of(data, EXCEL, limits=limits) == "intake.workbook_too_large"


def test_excel_with_a_row_number_out_of_this_world() -> None:
    data = workbook({"A": [NAMES, ["Ann", "Groton"]]})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    far = xml.replace(b'<row r="2"', b'<row r="9999999999"')
    assert far != xml
    changed = rewrite(data, "xl/worksheets/sheet1.xml", far)
    assert code_of(changed, EXCEL) == "intake.workbook_too_large"


def test_excel_empty_sheet_and_no_rows() -> None:
    assert code_of(workbook({"A": []}), EXCEL) == "intake.empty_file"
    back = read_back(workbook({"A": [NAMES]}), EXCEL, file_name="a.xlsx")
    assert "intake.no_records" in back.codes()


def rewrite(data: bytes, member: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info, content if info.filename == member else old.read(info))
    return out.getvalue()


def test_excel_with_entities_or_broken_parts_is_refused() -> None:
    data = workbook({"A": [NAMES, ["Ann", "Groton"]]})
    sheet = "xl/worksheets/sheet1.xml"
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'
    assert code_of(rewrite(data, sheet, entity), EXCEL) == "intake.archive_unsafe"
    for prolog in (b"<!--" + b"x" * 5_000 + b"-->", b"<?a ?>", "\ufeff".encode()):
        hidden = prolog + b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'
        assert code_of(rewrite(data, sheet, hidden), EXCEL) == "intake.archive_unsafe"
    wide = entity.decode().encode("utf-16")
    assert code_of(rewrite(data, sheet, wide), EXCEL) == "intake.archive_unsafe"
    broken = rewrite(data, sheet, b"<worksheet><sheetData><row><c r='A1'><v>1</")
    assert code_of(broken, EXCEL) == "intake.workbook_damaged"
    assert code_of(rewrite(data, "xl/workbook.xml", b"<x"), EXCEL) == "intake.workbook_damaged"


def test_a_real_workbook() -> None:
    path = shared_data.folder("ct_ocme_overdose") / "DrugDeaths-5-16.xlsx"
    book = openpyxl.load_workbook(path, read_only=True)
    sheets = book.sheetnames
    header = [c for c in next(book[sheets[0]].iter_rows(values_only=True)) if c is not None]
    names = [str(c) for c in header]
    contract = build_contract(names, FileFormat(kind=FileKind.EXCEL, sheet=sheets[0]))
    back = read_back(path, contract, file_name=path.name)
    assert len(back.rows) == 208
    assert not back.malformed


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=1_000)
    return out.getvalue()


def one_column(values: pa.Array) -> bytes:
    return parquet(pa.table({"Name": values, "Town": ["x"] * len(values)}))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a ", None, ""]), ["a", None, None]),
        (pa.array([1, None, -5]), ["1", None, "-5"]),
        (pa.array([1.0, None, 3.0]), ["1", None, "3"]),
        (pa.array([1.5, 1e20, 3.0]), ["1.5", "1e+20", "3"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([date(2025, 1, 2), None]), ["2025-01-02", None]),
        (pa.array([datetime(2025, 1, 2), None]), ["2025-01-02", None]),
        (pa.array([datetime(2025, 1, 2, 3, 4, 5), None]), ["2025-01-02T03:04:05", None]),
        (pa.array([datetime(2025, 1, 2, 3, tzinfo=UTC)]), ["2025-01-02T03:00:00Z"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array([None], pa.null()), [None]),
    ],
)
def test_parquet_types(values: pa.Array, expected: list[str | None]) -> None:
    back = read_back(one_column(values), PARQUET, file_name="a.parquet")
    assert [row[0] for row in back.rows] == expected


def test_parquet_in_many_row_groups() -> None:
    table = pa.table({"Town": [str(i) for i in range(150_000)], "Name": ["n"] * 150_000})
    back = read_back(parquet(table), PARQUET, file_name="a.parquet")
    assert back.records == list(range(1, 150_001))
    assert back.rows[-1] == ("n", "149999")
    assert "intake.column_order" in back.codes()


def test_parquet_dates_take_the_columns_declared_format() -> None:
    contract = typed(PARQUET, 0, logical_type=LogicalType.DATE, formats=("%m/%d/%Y",))
    back = read_back(one_column(pa.array([date(2025, 1, 2)])), contract, file_name="a.parquet")
    assert back.rows[0][0] == "01/02/2025"


def test_parquet_refusals() -> None:
    data = one_column(pa.array(["a"]))
    assert code_of(data[:-10], PARQUET) == "intake.parquet_damaged"
    assert code_of(data[:10] + b"\0" * 40 + data[50:], PARQUET) == "intake.parquet_damaged"
    assert code_of(one_column(pa.array([[1]])), PARQUET) == "intake.nested_column"
    assert code_of(one_column(pa.array([b"\xff"])), PARQUET) == "intake.column_type"
    limits = IntakeLimits(max_columns=1)
    assert code_of(data, PARQUET, limits=limits) == "intake.too_many_columns"
    assert code_of(parquet(pa.table({"X": ["a"]})), PARQUET) == "intake.header_missing"


def test_parquet_inside_an_archive_is_held_within_a_bound() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.parquet", one_column(pa.array(["a"])))
    back = read_back(out.getvalue(), PARQUET, file_name="a.zip")
    assert back.rows == [("a", "x")]
    limits = IntakeLimits(max_resident_bytes=100)
    assert code_of(out.getvalue(), PARQUET, limits=limits) == "intake.too_large_to_hold"


def lines(*objects: object) -> bytes:
    return "".join(json.dumps(o) + "\n" for o in objects).encode()


def test_json_values() -> None:
    data = lines(
        {"Name": "José ", "Town": 1},
        {"Town": 2, "Name": None},
        {"Name": "2024-01-02"},
        {"Name": "", "Town": 12345678901234567},
    )
    back = read_back(data, JSON, file_name="a.jsonl")
    assert back.rows == [
        ("José", "1"),
        (None, "2"),
        ("2024-01-02", None),
        (None, "12345678901234567"),
    ]


def test_json_numbers_keep_their_spelling_when_read_line_by_line() -> None:
    data = (
        b'{"Name": 1.10, "Town": true}\n\n{"Name": 123456789012345678901234567890}\n{"Name":-0}\n'
    )
    back = read_back(data, JSON, file_name="a.jsonl")
    assert back.rows == [
        ("1.10", "true"),
        ("123456789012345678901234567890", None),
        ("-0", None),
    ]
    assert back.lines == {1: 1, 2: 3, 3: 4}


def test_fast_and_slow_reading_of_json_agree() -> None:
    rows = [{"Name": f"n{i}", "Town": i} for i in range(1_000)]
    fast = read_back(lines(*rows), JSON, file_name="a.jsonl")
    slow = read_back(lines(*rows) + b'{"Name": [1]}\n', JSON, file_name="a.jsonl")
    assert fast.rows == slow.rows
    assert fast.records == slow.records
    assert [m.code for m in slow.malformed] == ["record.nested_value"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"Name": ', "record.json_syntax"),
        (b"[1, 2]", "record.not_an_object"),
        (b'"text"', "record.not_an_object"),
        (b'{"Name": {"a": 1}}', "record.nested_value"),
        (b'{"Name": "a", "Name": "b"}', "record.duplicate_key"),
        (b'{"Name": NaN}', "record.json_syntax"),
        (b'{"Name": "a\\u0000"}', "record.nul_byte"),
        (b'{"Name": "\xff"}', "record.encoding"),
        (b'{"Name": "\\ud800"}', "record.encoding"),
        (b'{"Other": 1}', "record.unknown_key"),
        (b"[" * 100_000, "record.json_syntax"),
    ],
)
def test_malformed_json_lines(line: bytes, code: str) -> None:
    contract = replace(JSON, file=replace(JSON.file, encoding="utf-8"))
    filler = lines(*[{"Name": "n", "Town": "t"}] * 200)
    back = read_back(filler + line + b"\n" + filler, contract, file_name="a.jsonl")
    assert len(back.rows) == 400
    assert [(m.record, m.code, m.raw) for m in back.malformed] == [(201, code, line)]


def test_json_keys_are_matched_like_headers() -> None:
    back = read_back(lines({"NAME": "a", "Town": "b"}), JSON, file_name="a.jsonl")
    assert back.rows == [("a", "b")]
    assert "intake.header_spelling" in back.codes()
    assert code_of(lines({"Name": "a", "CANARY": 1}), JSON) == "intake.column_unknown"
    assert code_of(lines({"CANARY": 1}), JSON) == "intake.header_missing"


def test_json_refusals() -> None:
    assert code_of(b'[{"Name": 1}]', JSON) == "intake.wrong_format"
    assert code_of(b"Name,Town\n", JSON) == "intake.wrong_format"
    limits = IntakeLimits(max_record_bytes=1_000)
    long = lines({"Name": "a"}) + b'{"Name": "' + b"x" * 20_000_000
    assert code_of(long, JSON, limits=limits) == "intake.record_too_long"


def test_json_in_utf16() -> None:
    data = lines({"Name": "José"}).decode().encode("utf-16")
    assert read_back(data, JSON, file_name="a.jsonl").rows == [("José", None)]


def test_readers_can_be_read_twice() -> None:
    for data, contract in (
        (workbook({"A": [NAMES, ["Ann", "Groton"]]}), EXCEL),
        (one_column(pa.array(["a"])), PARQUET),
        (lines({"Name": "a"}), JSON),
    ):
        with open_bytes(data, contract) as reader:
            assert ReadBack(reader).rows == ReadBack(reader).rows
