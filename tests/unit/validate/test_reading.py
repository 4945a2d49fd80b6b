"""Text read as types, against Python's own reading."""

import re
from datetime import datetime

import pyarrow as pa
import pytest

from enclave.validate.patterns import INTEGER_PATTERN, NUMBER_PATTERN
from enclave.validate.reading import (
    boolean_reader,
    instant_reader,
    read_integers,
    read_numbers,
)
from governance.contracts.layouts import parse_layout
from governance.contracts.model import LogicalType
from governance.contracts.patterns import to_python
from tests.lib.builders import build_column

INTEGERS = ["0", "-0", "+7", "007", "-12", "999999999999999999", "1000000000000000000", "1.0",
            "1e3", "", " 1", "1 ", "0x1F", "--1", "+", "٣", "1_000", "1,000", "1\n",
            None]  # fmt: skip
NUMBERS = ["0", "-0.0", "1.", ".5", "-.5", "+1.25", "1e5", "1E-5", "1e100", "1e999", "nan", "NaN",
           "inf", "-inf", "Infinity", "1,000.5", "$5", "", ".", "-", "1.2.3", "0x1p3", "1/2", "--1",
           "1e", "e5", " 1", "1" * 41, "9" * 40, "1.5 ", "1-2", "5\n", None]  # fmt: skip


def test_integers_as_the_pattern_says() -> None:
    for cells in ([cell] for cell in INTEGERS):
        text = pa.array(cells, pa.string())
        reading = read_integers(text)
        (cell,) = cells
        good = cell is not None and re.match(to_python(INTEGER_PATTERN), cell) is not None
        assert reading.values.to_pylist() == [int(cell) if good and cell is not None else None]
        assert (reading.unreadable is not None) == (cell is not None and not good), cell


def test_numbers_as_the_pattern_says() -> None:
    for cells in ([cell, "1.5"] for cell in NUMBERS):
        reading = read_numbers(pa.array(cells, pa.string()))
        cell = cells[0]
        good = cell is not None and re.match(to_python(NUMBER_PATTERN), cell) is not None
        expected = float(cell) if good and cell is not None else None
        assert reading.values.to_pylist() == [expected, 1.5], cell
        assert (reading.unreadable is not None) == (cell is not None and not good), cell


def test_mixed_columns_keep_the_good_cells() -> None:
    reading = read_integers(pa.array(INTEGERS))
    assert reading.values.to_pylist()[:6] == [0, 0, 7, 7, -12, 999999999999999999]
    assert reading.unreadable is not None
    assert reading.unreadable.tolist() == [False] * 6 + [True] * 13 + [False]


def test_slices_are_read_from_their_offset() -> None:
    text = pa.array(["x", "2.5", "3.5", "y"]).slice(1, 2)
    assert read_numbers(text).values.to_pylist() == [2.5, 3.5]
    dates = pa.array(["x", "20240229", "20230101"]).slice(1)
    read = instant_reader((parse_layout("%Y%m%d"),), LogicalType.DATE)
    assert [str(d) for d in read(dates).values.to_pylist()] == ["2024-02-29", "2023-01-01"]


def test_booleans_by_the_contracts_spellings() -> None:
    read = boolean_reader(build_column("b", "boolean"))
    reading = read(pa.array(["Y", "No", "y", None, "1"]))
    assert reading.values.to_pylist() == [True, False, None, None, True]
    assert reading.unreadable is not None
    assert reading.unreadable.tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("layout", "text", "python"),
    [
        ("%m/%d/%Y", "02/29/2024", "%m/%d/%Y"),
        ("%Y%m%d", "18991231", "%Y%m%d"),
        ("%m%d%y", "010169", "%m%d%y"),
        ("%m%d%y", "010168", "%m%d%y"),
        ("%A, %B %d, %Y", "Tuesday, October 01, 2019", "%A, %B %d, %Y"),
        ("%A, %B %d, %Y", "TUESDAY, MAY 01, 2019", "%A, %B %d, %Y"),
        ("%d-%b-%y", "05-sep-99", "%d-%b-%y"),
        ("%-m/%-d/%Y %-I:%M %p", "1/2/2024 9:05 pm", "%m/%d/%Y %I:%M %p"),
        ("%m/%d/%Y %I:%M:%S %p", "05/29/2012 12:00:00 AM", "%m/%d/%Y %I:%M:%S %p"),
        ("%m/%d/%Y %I:%M:%S %p", "05/29/2012 12:00:01 PM", "%m/%d/%Y %I:%M:%S %p"),
        ("%Y-%m-%dT%H:%M:%S.%f", "2024-01-01T23:59:59.05", "%Y-%m-%dT%H:%M:%S.%f"),
        ("%Y-%m", "2024-12", "%Y-%m"),
    ],
)
def test_instants_as_python_reads_them(layout: str, text: str, python: str) -> None:
    read = instant_reader((parse_layout(layout),), LogicalType.TIMESTAMP)
    expected = datetime.strptime(text, python)  # noqa: DTZ007  no zone is meant
    for cells in ([text], [text, None, "junk", text]):
        assert read(pa.array(cells)).values.to_pylist()[0] == expected
        assert read(pa.array(cells)).values.to_pylist()[-1] == expected


def test_layouts_are_tried_in_order() -> None:
    layouts = (parse_layout("%m/%d/%Y"), parse_layout("%d/%m/%Y"), parse_layout("%F"))
    reading = instant_reader(layouts, LogicalType.DATE)(
        pa.array(["01/02/2024", "31/12/2024", "2024-01-05", "x", None])
    )
    assert [str(d) for d in reading.values.to_pylist()] == [
        "2024-01-02", "2024-12-31", "2024-01-05", "None", "None",
    ]  # fmt: skip
    assert reading.unreadable is not None
    assert reading.unreadable.tolist() == [False, False, False, True, False]
