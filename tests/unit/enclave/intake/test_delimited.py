"""Delimited text: dialects, headers, ragged and broken records, positions."""

import csv
import gzip
import io
from dataclasses import replace
from unittest.mock import patch

import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.findings import Severity
from enclave.intake import IntakeLimits, delimited
from governance.contracts.model import FileFormat, PersonKey
from tests.lib.intake import ReadBack, build_contract, open_bytes, read_back

TWO = build_contract(["Name", "Town"])


def malformed(back: ReadBack) -> list[tuple[int, str]]:
    return [(back.lines[m.record], m.code) for m in back.malformed]


def refusal(data: bytes, contract: object = TWO, **options: object) -> UnreadableSubmissionError:
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(data, contract, **options)  # type: ignore[arg-type]
    assert caught.value.findings
    assert caught.value.findings[-1].severity is Severity.ERROR
    return caught.value


@pytest.mark.parametrize("delimiter", list(",;|\t:^~\x1f"))
def test_delimiter_is_sniffed_by_the_contracts_header(delimiter: str) -> None:
    data = "Name,Town\nA b,C\nD,E\n".replace(",", delimiter).encode()
    reader = open_bytes(data, TWO)
    back = ReadBack(reader)
    assert back.rows == [("A b", "C"), ("D", "E")]
    assert reader.dialect["delimiter_declared"] is False


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings(encoding: str, name: str) -> None:
    text = "Name,Town\n" + "José,Zürich\n" * 20
    data = text.encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    reader = open_bytes(data, TWO)
    back = ReadBack(reader)
    assert back.rows == [("José", "Zürich")] * 20
    assert reader.dialect["encoding"] == name
    assert ("intake.encoding_implied" in back.codes()) is (encoding == "cp1252")


def test_utf16_without_a_mark_is_implied_with_a_warning() -> None:
    back = read_back("Name,Town\nAnn,Groton\n".encode("utf-16-le"), TWO)
    assert back.rows == [("Ann", "Groton")]
    assert "intake.encoding_implied" in back.codes()


def test_declared_encoding_that_the_mark_contradicts_is_a_warning() -> None:
    contract = replace(TWO, file=FileFormat(encoding="cp1252"))
    back = read_back("Name,Town\nJosé,X\n".encode("utf-8-sig"), contract)
    assert back.rows == [("José", "X")]
    assert "intake.dialect_contradicts" in back.codes()


def test_declared_utf8_with_other_bytes_quarantines_the_records() -> None:
    contract = replace(TWO, file=FileFormat(encoding="utf-8"))
    back = read_back(b"Name,Town\nJos\xe9,X\nAnn,Y\n", contract)
    assert back.rows == [("Ann", "Y")]
    assert malformed(back) == [(2, "record.encoding")]
    assert back.malformed[0].raw == b"Jos\xe9,X"
    assert "intake.dialect_contradicts" in back.codes()


def test_invalid_bytes_after_the_sample_are_malformed_records() -> None:
    data = b"Name,Town\n" + b"A,B\n" * 200_000 + b"\xff,B\nC,D,E\xff\nF,G\n"
    back = read_back(data, TWO)
    assert len(back.rows) == 200_001
    assert malformed(back) == [(200_002, "record.encoding"), (200_003, "record.encoding")]


def test_undecodable_bytes_of_a_declared_encoding_are_malformed() -> None:
    contract = replace(TWO, file=FileFormat(encoding="cp1252"))
    back = read_back(b"Name,Town\nA\x81,B\nJos\xe9,C\n", contract)
    assert back.rows == [("José", "C")]
    assert malformed(back) == [(2, "record.encoding")]


def test_unsupported_encoding_is_refused() -> None:
    error = refusal(b"Name,Town\n", replace(TWO, file=FileFormat(encoding="utf-7")))
    assert error.findings[-1].code == "intake.encoding_unsupported"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks_quotes_and_empty_lines(newline: str) -> None:
    lines = ["Name,Town", '"Mc""Coy, A","12{nl}Main"', "", "B,C", "", '"","x"', "D,"]
    data = newline.join(lines).replace("{nl}", newline).encode()
    back = read_back(data, TWO)
    assert back.rows == [('Mc"Coy, A', f"12{newline}Main"), ("B", "C"), (None, "x"), ("D", None)]
    assert [back.lines[r] for r in back.records] == [2, 5, 7, 8]


def test_ragged_records_keep_their_bytes_and_places() -> None:
    back = read_back(b'Name,Town\nA,B\nC\n"D\nD",E,F\n\nG,H\n,\n', TWO)
    assert back.rows == [("A", "B"), ("G", "H"), (None, None)]
    assert back.records == [1, 4, 5]
    assert malformed(back) == [(3, "record.too_few_cells"), (4, "record.too_many_cells")]
    assert [m.raw for m in back.malformed] == [b"C", b'"D\nD",E,F']
    assert back.records_read == 5


def test_ordinals_go_on_over_many_blocks() -> None:
    rows = [f"{i},x" if i % 7 else f"{i}" for i in range(1, 2_001)]
    data = ("Name,Town\n" + "\n".join(rows)).encode()
    with patch.object(delimited, "_choose_block_bytes", lambda *_: 100):
        back = read_back(data, TWO)
    assert back.records_read == 2_000
    assert back.records == [i for i in range(1, 2_001) if i % 7]
    assert [m.record for m in back.malformed] == [i for i in range(1, 2_001) if not i % 7]
    assert back.lines == {i: i + 1 for i in range(1, 2_001)}
    assert back.rows[0] == ("1", "x")


def test_a_pass_can_be_repeated() -> None:
    reader = open_bytes(b"Name,Town\nA,B\nC\n", TWO)
    first, second = ReadBack(reader), ReadBack(reader)
    assert (first.rows, first.records, first.lines) == (second.rows, second.records, second.lines)
    assert first.findings == second.findings


def test_stray_quotes_are_quarantined_and_plain_quotes_kept() -> None:
    data = b'Name,Town\n5" pipe,B\n"A "b" c",D\nE,F "G"\n"H"I,J\nK,L\n'
    back = read_back(data, TWO)
    assert back.rows == [('5" pipe', "B"), ("E", 'F "G"'), ("K", "L")]
    assert malformed(back) == [(3, "record.stray_quote"), (5, "record.stray_quote")]


def test_a_block_cut_inside_quotes_by_the_quick_look_is_cut_again() -> None:
    rows = ["a,b"] * 9 + ['c",d'] + ['"e,f', "g,h"] + ["i,j"] * 200 + ['"k",l']
    data = ("Name,Town\n" + "\n".join(rows) + "\n").encode()
    with patch.object(delimited, "_choose_block_bytes", lambda *_: 64):
        back = read_back(data, TWO)
    assert back.rows[:10] == [("a", "b")] * 9 + [('c"', "d")]
    assert back.records_read == 11
    assert malformed(back) == [(12, "record.stray_quote")]


def test_nul_bytes_are_malformed() -> None:
    back = read_back(b"Name,Town\nA\0,B\nC,D\n", TWO)
    assert back.rows == [("C", "D")]
    assert malformed(back) == [(2, "record.nul_byte")]


def test_unclosed_quote_on_the_last_line_is_one_malformed_record() -> None:
    back = read_back(b'Name,Town\nA,B\nC,"D', TWO)
    assert back.rows == [("A", "B")]
    assert malformed(back) == [(3, "record.unclosed_quote")]


def test_unclosed_quote_that_swallows_lines_is_refused_with_its_line() -> None:
    error = refusal(b'Name,Town\nA,B\nC,"D\nE,F\nG,H\n')
    assert error.findings[-1].code == "intake.quote_never_closed"
    assert error.findings[-1].lines == (3,)


def test_too_long_a_record_is_refused_with_its_line() -> None:
    limits = IntakeLimits(max_record_bytes=1_000_000)
    data = b"Name,Town\nA,B\nC,D\n" + b"x" * 3_000_000
    error = refusal(data, limits=limits)
    assert error.findings[-1].code == "intake.record_too_long"
    assert error.findings[-1].lines == (4,)


def test_too_long_a_cell_is_refused() -> None:
    limits = IntakeLimits(max_cell_bytes=1_000)
    error = refusal(b"Name,Town\nA," + b"x" * 1_001, limits=limits)
    assert error.findings[-1].code == "intake.cell_too_long"
    assert error.findings[-1].column == "c1"


def test_too_many_columns_are_refused() -> None:
    data = ",".join(f"col{i}" for i in range(10_000)).encode() + b"\n"
    assert refusal(data).findings[-1].code == "intake.too_many_columns"


def test_trim_and_null_values() -> None:
    file = FileFormat(null_values=("", "NULL", "*"))
    contract = replace(TWO, file=file)
    back = read_back("Name,Town\n  A\t, * \n NULL ,B\u00a0\n*,' '\n".encode(), contract)
    assert back.rows == [("A", None), (None, "B"), (None, "' '")]


def test_without_trim_blanks_are_kept_and_null_values_compared_as_they_stand() -> None:
    contract = replace(TWO, file=FileFormat(trim=False, null_values=("NA",)))
    back = read_back(b"Name,Town\n A ,NA\n NA,\n", contract)
    assert back.rows == [(" A ", None), (" NA", "")]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "\t=1"])
def test_formula_like_cells_are_data(cell: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["Name", "Town"], [cell, "x"]])
    assert read_back(out.getvalue().encode(), TWO).rows == [(cell.strip(), "x")]


def test_preamble_lines() -> None:
    contract = replace(TWO, file=FileFormat(preamble_lines=3))
    back = read_back(b'Report, "x\n\nAs of, today\r\nName,Town\nA,B\n', contract)
    assert back.rows == [("A", "B")]
    assert back.lines == {1: 5}


def test_the_line_that_names_the_separator_is_no_header() -> None:
    back = read_back(b"sep=;\r\nName;Town\r\nA;B\r\n", TWO)
    assert back.rows == [("A", "B")]
    assert back.lines == {1: 3}


def test_missing_preamble_is_refused() -> None:
    contract = replace(TWO, file=FileFormat(preamble_lines=9))
    assert refusal(b"Name,Town\n", contract).findings[-1].code == "intake.preamble_missing"


def test_columns_are_put_into_contract_order() -> None:
    back = read_back(b"Town,Name\nGroton,Ann\n", TWO)
    assert back.rows == [("Ann", "Groton")]
    assert "intake.column_order" in back.codes()


def test_header_spelling_is_a_note_and_blanks_are_nothing() -> None:
    back = read_back(b" NAME ,Town \nA,B\n", TWO)
    assert back.rows == [("A", "B")]
    assert [f.column for f in back.findings if f.code == "intake.header_spelling"] == ["c0"]


def test_columns_that_differ_in_case_only_match_exactly() -> None:
    contract = build_contract(["id", "ID"])
    assert read_back(b"ID,id\n1,2\n", contract).rows == [("2", "1")]


def test_missing_required_columns_are_each_named() -> None:
    contract = build_contract(["Name", "Town", "Zip"], required=["Town", "Zip"])
    error = refusal(b"Name,Place\nA,B\n", contract)
    assert {f.column for f in error.findings if f.code == "intake.column_missing"} == {"c1", "c2"}


def test_columns_a_person_is_known_by_are_needed() -> None:
    contract = replace(TWO, person=PersonKey("person_id", ("c1",), "town"))
    assert refusal(b"Name\nA\n", contract).findings[0].column == "c1"


def test_absent_columns_are_null_with_a_warning() -> None:
    back = read_back(b"Name\nA\nB\n", TWO)
    assert back.rows == [("A", None), ("B", None)]
    warned = [f for f in back.findings if f.code == "intake.column_absent"]
    assert [(f.column, f.severity) for f in warned] == [("c1", Severity.WARNING)]


def test_repeated_columns_are_refused() -> None:
    assert refusal(b"Name,Town,Name\nA,B,C\n").findings[-1].code == "intake.header_duplicate"


def test_unknown_columns_are_named_by_position() -> None:
    error = refusal(b"Name,CANARY,Town\nA,B,C\n")
    assert error.findings[-1].code == "intake.column_unknown"
    assert "columns 2." in error.message
    assert "CANARY" not in str(error)


def test_unknown_columns_may_be_ignored() -> None:
    contract = replace(TWO, file=FileFormat(ignore_extra_columns=True))
    back = read_back(b"Name,CANARY,Town\nA,B,C\n", contract)
    assert back.rows == [("A", "C")]
    assert "intake.column_ignored" in back.codes()


def test_a_file_without_header_is_refused() -> None:
    assert refusal(b"Ann,Groton\nBob,Salem\n").findings[-1].code == "intake.header_missing"


def test_a_file_declared_without_header() -> None:
    contract = replace(TWO, file=FileFormat(header=False))
    assert read_back(b"Ann,Groton\nBob,Salem\n", contract).rows == [
        ("Ann", "Groton"),
        ("Bob", "Salem"),
    ]
    assert refusal(b"Ann,Groton,x\n", contract).findings[-1].code == "intake.column_count"


@pytest.mark.parametrize(
    "data",
    [
        b"Name,Town,\nA,B,\nC,D,\n",
        b"Name,Town\nA,B,\nC,D,\n",
        b"Name,Town,,,\nA,B,,,\nC,D,,,\n",
        b"Name,Town,\nA,B\nC,D\n",
    ],
)
def test_trailing_delimiters(data: bytes) -> None:
    back = read_back(data, TWO)
    assert back.rows == [("A", "B"), ("C", "D")]
    assert not back.malformed


def test_a_value_behind_a_trailing_delimiter_is_malformed() -> None:
    data = b"Name,Town,\n" + b"A,B,\n" * 300 + b"C,D,oops\nE,F, \n"
    back = read_back(data, TWO)
    assert malformed(back) == [(302, "record.too_many_cells")]
    assert back.rows[-1] == ("E", "F")


def test_declared_delimiter_that_the_file_contradicts() -> None:
    contract = replace(TWO, file=FileFormat(delimiter="|"))
    back = read_back(b"Name;Town\nA;B\n", contract)
    assert back.rows == [("A", "B")]
    assert "intake.dialect_contradicts" in back.codes()


def test_declared_delimiter_of_two_characters_is_refused() -> None:
    contract = replace(TWO, file=FileFormat(delimiter="||"))
    assert refusal(b"Name||Town\n", contract).findings[-1].code == "intake.dialect_unsupported"


def test_header_written_with_another_delimiter_than_the_records() -> None:
    assert refusal(b"Name Town\n" + b"A,B,C,D\n" * 10).findings[-1].code in {
        "intake.record_width",
        "intake.header_missing",
    }


def test_header_only_is_read_with_no_rows() -> None:
    back = read_back(b"Name,Town\n", TWO)
    assert back.rows == []
    assert back.records_read == 0
    assert "intake.no_records" in back.codes()


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\r\n"])
def test_nothing_is_refused(data: bytes) -> None:
    assert refusal(data).findings[-1].code == "intake.empty_file"


def test_what_was_sniffed_is_noted() -> None:
    reader = open_bytes(gzip.compress(b"Name;Town\r\nA;B\r\n"), TWO, file_name="x.csv.gz")
    assert reader.dialect == {
        "format": "delimited",
        "encoding": "utf-8",
        "byte_order_mark": False,
        "delimiter": ";",
        "delimiter_declared": False,
        "quote": '"',
        "newline": "CRLF",
        "header": True,
        "columns": 2,
        "preamble_lines": 0,
        "compression": "gzip",
    }
    notes = [f.message for f in reader.findings if f.severity is Severity.NOTE]
    assert "The delimiter is ;." in notes


def test_lines_of_no_records() -> None:
    reader = open_bytes(b"Name,Town\nA,B\n", TWO)
    list(reader.batches())
    assert reader.line_numbers([]) == {}


def test_a_consumer_may_stop_early() -> None:
    reader = open_bytes(b"Name,Town\n" + b"A,B\n" * 50_000, TWO)
    with patch.object(reader, "_block_bytes", 1_000):
        batches = reader.batches()
        next(batches)
        batches.close()  # type: ignore[attr-defined]
    assert ReadBack(reader).records_read == 50_000
