import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from enclave.evidence import ReleasedAnswer
from enclave.query import FORMATS, describe_suppression, render_answer
from tests.lib.questions import Asker, build_rows

ANSWER = ReleasedAnswer(
    columns=("district", "=students", "rate"),
    rows=(
        ("A", 40, 0.5),
        ("=HYPERLINK()", None, None),
        (None, -3, 2.25),
        ("(total)", 7, None),
    ),
    suppressed={(1, 1): "count", (1, 2): "count"},
    receipt={"project": "p20-q0042"},
)


def test_people_read_a_table_with_stars() -> None:
    assert render_answer(ANSWER, "table").decode().splitlines() == [
        "district      =students  rate",
        "------------  ---------  ----",
        "A                    40   0.5",
        "=HYPERLINK()          *     *",
        "                     -3  2.25",
        "(total)               7",
    ]


def test_csv_escapes_what_a_spreadsheet_would_run() -> None:
    text = render_answer(ANSWER, "csv").decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["district", "'=students", "rate"],
        ["A", "40", "0.5"],
        ["'=HYPERLINK()", "*", "*"],
        ["", "-3", "2.25"],
        ["(total)", "7", ""],
    ]


def test_json_tells_what_is_suppressed_from_what_is_nothing() -> None:
    document = json.loads(render_answer(ANSWER, "json"))
    assert document["rows"][1] == ["=HYPERLINK()", None, None]
    assert document["suppressed"] == [
        {"row": 1, "column": "=students", "reason": "count"},
        {"row": 1, "column": "rate", "reason": "count"},
    ]
    assert document["receipt"] == {"project": "p20-q0042"}


def test_parquet_flags_what_is_suppressed() -> None:
    table = pq.read_table(io.BytesIO(render_answer(ANSWER, "parquet")))
    assert table.column_names == [
        "district",
        "=students",
        "=students_suppressed",
        "rate",
        "rate_suppressed",
    ]
    assert table.column("=students").to_pylist() == [40, None, -3, 7]
    assert table.column("rate_suppressed").to_pylist() == [False, True, False, False]
    assert json.loads(table.schema.metadata[b"receipt"]) == {"project": "p20-q0042"}


def test_mixed_columns_become_text_or_fractions() -> None:
    mixed = ReleasedAnswer(("year", "value"), ((2020, 1), ("(total)", 1.5), (None, None)), {}, {})
    table = pq.read_table(io.BytesIO(render_answer(mixed, "parquet")))
    assert table.column("year").to_pylist() == ["2020", "(total)", None]
    assert table.column("value").to_pylist() == [1.0, 1.5, None]
    empty = ReleasedAnswer(("year",), (), {}, {})
    for form in FORMATS:
        assert render_answer(empty, form)


def test_a_yes_is_a_word() -> None:
    answer = ReleasedAnswer(("passed", "n"), ((True, 1),), {}, {})
    assert b"true" in render_answer(answer, "csv")
    with pytest.raises(KeyError):
        render_answer(answer, "xlsx")


def test_suppression_is_told_with_its_rules() -> None:
    asked = Asker(build_rows({"A": 30, "B": 15, "C": 3}))
    sql = "SELECT district, COUNT(*), AVG(days) FROM enrollment GROUP BY district LIMIT 1"
    told = describe_suppression(asked(sql)).splitlines()
    assert "more than 80 % [the data plane's default" in told.pop()
    assert told == [
        "4 of 6 cells are suppressed (*).",
        "  4 because the cell counts few people, or hides another that does.",
        "  Rule: no count under 6, but zero [MOU-SDE §5.3]",
        "  Rule: no sum or mean over fewer than 20 [MOU-SDE §5.3]",
    ]
    few = Asker(build_rows({"A": 60, "B": 60}))(
        "SELECT district, COUNT(*) FROM enrollment GROUP BY 1"
    )
    assert describe_suppression(few) == "0 of 3 cells are suppressed (*)."
