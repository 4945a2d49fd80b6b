"""Fixed width: record types, header, trailer, counts, short lines; the federal TANF files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from enclave.errors import UnreadableSubmissionError
from governance.contracts.model import Column, DatasetContract, FileFormat, FileKind, LogicalType
from tests.lib import shared_data
from tests.lib.intake import ReadBack, build_contract, open_bytes, read_back

FILE = FileFormat(
    kind=FileKind.FIXED_WIDTH,
    record_type_width=2,
    record_type="T1",
    header_record="HEADER",
    trailer_record="TRAILER",
    trailer_count_start=7,
    trailer_count_width=7,
)


def layout(columns: list[tuple[str, int, int, bool]], file: FileFormat = FILE) -> DatasetContract:
    return replace(
        build_contract([], file),
        columns=tuple(
            Column(n, n, LogicalType.STRING, required=r, start=s, width=w) for n, s, w, r in columns
        ),
    )


SMALL = layout([("month", 2, 6, True), ("county", 8, 3, False)])
GOOD = b"HEADER2025\nT1202501001\nT2x\nT1202502  \nTRAILER0000003  \n"


def code_of(data: bytes, contract: DatasetContract = SMALL) -> str:
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(data, contract)
    return caught.value.findings[-1].code


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_records_of_one_type_become_rows(newline: bytes) -> None:
    reader = open_bytes(GOOD.replace(b"\n", newline), SMALL)
    back = ReadBack(reader)
    assert back.rows == [("202501", "001"), ("202502", None)]
    assert back.lines == {1: 2, 2: 4}
    assert reader.other_records == {"header": 1, "trailer": 1, "other": 1}


def test_trailing_blanks_may_be_cut_but_not_a_needed_column() -> None:
    data = b"HEADER\nT1202501\nT12025\nT1202502001\nTRAILER3      \n"
    back = read_back(data, SMALL)
    assert back.rows == [("202501", None), ("202502", "001")]
    assert [(back.lines[m.record], m.code, m.raw) for m in back.malformed] == [
        (3, "record.too_short", b"T12025")
    ]
    assert back.records == [1, 3]


def test_positions_are_characters() -> None:
    contract = layout([("name", 0, 4, True), ("town", 4, 3, False)], replace(
        FileFormat(kind=FileKind.FIXED_WIDTH), encoding="utf-8"))  # fmt: skip
    back = read_back("JoséXYZ\nAnn ABC\n".encode(), contract)
    assert back.rows == [("José", "XYZ"), ("Ann", "ABC")]


def test_nul_and_invalid_bytes_are_malformed() -> None:
    contract = replace(SMALL, file=replace(FILE, encoding="utf-8", trailer_record=None))
    back = read_back(b"HEADER\nT1202501\0\0\0\nT1\xff02501001\nT1202503003\n", contract)
    assert [m.code for m in back.malformed] == ["record.nul_byte", "record.encoding"]
    assert back.rows == [("202503", "003")]
    assert back.records == [3]


def test_bad_bytes_in_records_of_other_types_are_none_of_ours() -> None:
    contract = replace(SMALL, file=replace(FILE, encoding="utf-8", trailer_record=None))
    data = b"HEADER\xff\0\nT1202501001\nT2\xff\0\nT2\xc3\xa9\nT1202502002\nT1\xff02501001\n"
    back = read_back(data, contract)
    assert back.rows == [("202501", "001"), ("202502", "002")]
    assert [(back.lines[m.record], m.code) for m in back.malformed] == [(6, "record.encoding")]


def test_cells_cut_by_bytes_and_by_characters_agree() -> None:
    lines = [f"T1{i:06d}{i % 97:>3}"[: 11 - i % 4].rstrip() for i in range(500)]
    plain = ("HEADER\n" + "\n".join(lines) + "\nTRAILER0000500\n").encode()
    marked = plain.replace(b"TRAILER", "T2\u00e9\nTRAILER".encode()).replace(b"500\n", b"501\n")
    first, second = read_back(plain, SMALL), read_back(marked, SMALL)
    assert first.rows == second.rows
    assert [m.raw for m in first.malformed] == [m.raw for m in second.malformed]


def test_end_of_file_mark_of_old_systems() -> None:
    assert len(read_back(GOOD + b"\x1a", SMALL).rows) == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "intake.empty_file"),
        (b"\n \n", "intake.empty_file"),
        (GOOD.replace(b"HEADER2025\n", b""), "intake.header_record_missing"),
        (GOOD.replace(b"T2x", b"HEADER"), "intake.header_record_repeated"),
        (GOOD[: GOOD.rindex(b"TRAILER")], "intake.trailer_record_missing"),
        (GOOD + b"T1202501001\n", "intake.trailer_record_missing"),
        (GOOD.replace(b"T2x", b"TRAILER"), "intake.trailer_record_repeated"),
        (GOOD.replace(b"0000003", b"0000004"), "intake.trailer_count"),
        (GOOD.replace(b"0000003", b"oops   "), "intake.trailer_count"),
    ],
)
def test_whole_files_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_a_column_without_position_is_refused() -> None:
    contract = replace(SMALL, columns=(Column("a", "a", LogicalType.STRING),))
    assert code_of(GOOD, contract) == "intake.layout_missing"


def test_no_record_of_the_type_is_a_warning() -> None:
    back = read_back(b"HEADER\nTRAILER0000000\n", SMALL)
    assert back.rows == []
    assert "intake.no_records" in back.codes()


def tanf(folder: Path, record_type: str) -> DatasetContract:
    documents = json.loads((folder / "layout.json").read_text())
    fields = [
        f for f in documents[f"tanf/{record_type.lower()}.py"][0]["fields"] if "startIndex" in f
    ]
    needed = {"RPT_MONTH_YEAR", "CASE_NUMBER"}
    columns = [
        (f["name"], f["startIndex"], f["endIndex"] - f["startIndex"], f["name"] in needed)
        for f in fields
    ]
    return layout(columns, replace(FILE, record_type=record_type))


@pytest.mark.parametrize(
    ("name", "record_type", "rows", "others"),
    [
        ("ADS.E2J.FTP1.TS06", "T1", 815, 1828),
        ("ADS.E2J.FTP1.TS06", "T2", 882, 1761),
        ("ADS.E2J.FTP1.TS06", "T3", 946, 1697),
        ("ADS.E2J.FTP1.TS142", "T1", 1, 2),
        ("ADS.E2J.FTP2.TS06", "T4", 223, 605),
        ("ADS.E2J.FTP2.TS142.txt", "T5", 13, 6),
        ("small_correct_file.txt", "T1", 1, 0),
        ("tanf_section1_header_test.txt", "T1", 1, 0),
    ],
)
def test_good_tanf_files(name: str, record_type: str, rows: int, others: int) -> None:
    folder = shared_data.folder("tanf_fixed_width")
    reader = open_bytes(folder / name, tanf(folder, record_type), file_name=name)
    back = ReadBack(reader)
    assert len(back.rows) == rows
    assert not back.malformed
    assert reader.other_records.get("other", 0) == others
    months = {row[1] for row in back.rows}
    assert all(m is not None and len(m) == 6 and m.isdigit() for m in months)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty_file", "intake.empty_file"),
        ("bad_missing_header.txt", "intake.header_record_missing"),
        ("bad_two_headers.txt", "intake.header_record_repeated"),
        ("bad_TANF_S1.txt", "intake.header_record_repeated"),
        ("bad_trailer_1.txt", "intake.trailer_count"),
        ("bad_trailer_2.txt", "intake.trailer_record_missing"),
        ("no_records.txt", "intake.trailer_count"),
        ("small_bad_tanf_s1.txt", "intake.trailer_count"),
        ("small_tanf_section1.txt", "intake.trailer_count"),
        ("tanf_section1_blanks.txt", "intake.trailer_count"),
    ],
)
def test_bad_tanf_files(name: str, code: str) -> None:
    folder = shared_data.folder("tanf_fixed_width")
    assert code_of((folder / name).read_bytes(), tanf(folder, "T1")) == code


def test_a_record_of_a_type_nobody_named_refuses_the_file() -> None:
    """Where the contract names all types of the file, a line of another is not passed over."""
    named = replace(SMALL, file=replace(FILE, other_record_types=("T2",)))
    odd = GOOD.replace(b"T2x", b"T7x")

    assert read_back(GOOD, named).rows == read_back(GOOD, SMALL).rows
    assert code_of(odd, named) == "intake.record_type_unknown"
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(odd, named)
    assert caught.value.findings[-1].lines == (3,)
    assert "T7" not in caught.value.findings[-1].message


def test_a_record_counts_only_where_its_half_is_used() -> None:
    half = replace(SMALL, file=replace(FILE, present_start=8, present_width=3))
    data = b"HEADER\nT1202501001\nT1202502\nT1202503   \nT1202504000\nTRAILER0000004\n"

    reader = open_bytes(data, half)
    back = ReadBack(reader)

    assert back.rows == [("202501", "001")]
    assert back.lines == {1: 2}
    assert reader.other_records == {"header": 1, "trailer": 1, "other": 3}
