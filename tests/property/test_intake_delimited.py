"""Any table Python's csv writes is read back exactly, and lines agree with csv's own count."""

import csv
import io
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enclave.errors import UnreadableSubmissionError
from enclave.intake import delimited
from enclave.intake.headers import Layout
from enclave.intake.scanner import Dialect, find_cut, find_records
from governance.contracts.model import FileFormat
from tests.lib.intake import as_written, build_contract, read_back

pytestmark = pytest.mark.property

CELLS = st.text(
    st.sampled_from(list("ab1 .,;|\t:'\"\r\n=éж\u00a0")), max_size=6
)  # fmt: skip
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=12)
)


def write(rows: list[list[str]], width: int, **dialect: object) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **dialect)  # type: ignore[arg-type]
    writer.writerow([f"name{i}" for i in range(width)])
    writer.writerows(rows)
    return out.getvalue()


@settings(max_examples=300, deadline=None)
@given(
    rows=TABLES,
    delimiter=st.sampled_from(",;|\t:"),
    quote=st.sampled_from("\"'"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    declared=st.booleans(),
    block_bytes=st.sampled_from([7, 64, 1 << 20]),
)
def test_any_written_table_is_read_back(  # noqa: PLR0917  Hypothesis passes by name
    rows: list[list[str]],
    delimiter: str,
    quote: str,
    newline: str,
    quoting: int,
    encoding: str,
    declared: bool,
    block_bytes: int,
) -> None:
    width = len(rows[0]) if rows else 2
    if quoting == csv.QUOTE_MINIMAL:  # Python 3.11 leaves the other line breaks unquoted.
        other = {ord(c): "n" for c in "\r\n" if c not in newline}
        rows = [[cell.translate(other) for cell in row] for row in rows]
    text = write(
        rows, width, delimiter=delimiter, quotechar=quote, lineterminator=newline, quoting=quoting
    )
    file = FileFormat(delimiter=delimiter, quote=quote)
    contract = as_written(build_contract([f"name{i}" for i in range(width)], file))
    if not declared and width > 1 and not (quote == "'" and quoting == csv.QUOTE_MINIMAL):
        contract = replace(contract, file=replace(contract.file, delimiter=None))
    with patch.object(delimited, "_choose_block_bytes", lambda *_: block_bytes):
        back = read_back(text.encode(encoding), contract)
    assert back.rows == [tuple(row) for row in rows]
    assert not back.malformed
    assert back.records == list(range(1, len(rows) + 1))
    assert back.lines == dict(
        zip(back.records, reference_lines(text, delimiter, quote), strict=True)
    )


def reference_lines(text: str, delimiter: str, quote: str) -> list[int]:
    """Line on which each data record begins, by csv.reader's own count."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    lines: list[int] = []
    before = 0
    for row in reader:
        if row:
            lines.append(before + 1)
        before = reader.line_num
    return lines[1:]


@settings(max_examples=500, deadline=None)
@given(
    text=st.text(st.sampled_from(list('a,"\n\r')), max_size=40),
    cut=st.booleans(),
)
def test_records_agree_with_csv_on_any_text(text: str, cut: bool) -> None:
    dialect = Dialect(ord(","), ord('"'))
    data = text.encode()
    if cut:
        data = data[: find_cut(data, dialect)[0]]
        text = data.decode()
    spans = find_records(data, dialect)
    reader = csv.reader(io.StringIO(text, newline=""))
    expected = []
    before = 0
    for row in reader:
        if row:
            expected.append(before)
        before = reader.line_num
    assert spans.lines.tolist() == expected


@settings(max_examples=500, deadline=None)
@example(["a", '"', ",", "a", "\n", '"', "a", "\n", "a", '"', ",", "a", "\n"], 8)
@example(["a", '"', ",", "a", "\n", '"', "a", ",", "\n", *["a", ",", "a", "\n"] * 40], 8)
@given(
    cells=st.lists(
        st.sampled_from(["a", '"', '"a"', '""', ",", ",", "\n", "\n", "\r\n"]), max_size=60
    ),
    block_bytes=st.sampled_from([8, 32, 1 << 20]),
)
def test_the_quick_look_at_quotes_changes_nothing(cells: list[str], block_bytes: int) -> None:
    data = ("x,y\n" + "".join(cells)).encode()
    contract = as_written(build_contract(["x", "y"], FileFormat(delimiter=",", quote='"')))

    def outcome(*, strict: bool) -> object:
        with (
            patch.object(delimited, "_choose_block_bytes", lambda *_: block_bytes),
            patch.object(Layout, "has_unread", strict),
        ):
            try:
                back = read_back(data, contract)
            except UnreadableSubmissionError as error:
                return str(error)
        return back.rows, back.records, back.malformed, back.lines

    assert outcome(strict=False) == outcome(strict=True)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from(list('ab,"\n\r\0é ')), max_size=60), tail=st.booleans())
def test_every_record_is_a_row_or_malformed(text: str, tail: bool) -> None:
    """Whatever the bytes, ordinals cover every record once, or the file is refused."""
    data = ("x,y\n" + text).encode() + (b"\xff\n1,2\n" if tail else b"")
    contract = as_written(build_contract(["x", "y"], FileFormat(delimiter=",", quote='"')))
    with patch.object(delimited, "_choose_block_bytes", lambda *_: 16):
        try:
            back = read_back(data, contract)
        except UnreadableSubmissionError:
            return
    ordinals = sorted([*back.records, *(m.record for m in back.malformed)])
    assert ordinals == list(range(1, back.records_read + 1))
    assert sorted(back.lines) == ordinals
