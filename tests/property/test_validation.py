"""Invariants of validation against plain, row-by-row references."""

import re
from collections import Counter
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enclave.batches import RawBatch
from enclave.validate import KeySpill, ReferenceCheck, RowValidator
from enclave.validate.patterns import INTEGER_PATTERN, NUMBER_PATTERN
from enclave.validate.reading import (
    are_digits,
    instant_reader,
    on_distinct,
    read_integers,
    read_iso_dates,
    read_numbers,
)
from governance.contracts.layouts import parse_layout
from governance.contracts.model import LogicalType, Rule, RuleKind
from governance.contracts.patterns import to_python
from tests.lib.builders import build_column, build_contract
from tests.lib.raw_batches import build_raw_batch

pytestmark = pytest.mark.property

NUMERALS = st.text("0123456789+-.eE, x\n\u0661", max_size=22)
COLUMNS = st.lists(st.none() | NUMERALS, max_size=12)
LAYOUTS = ("%m/%d/%Y", "%Y%m%d", "%Y-%m-%d", "%d-%b-%Y", "%B %d, %Y", "%m/%d/%Y %I:%M:%S %p",
           "%Y-%m-%d %H:%M:%S", "%m%d%y")  # fmt: skip


def is_whole(pattern: str, cell: str | None) -> bool:
    return cell is not None and re.match(to_python(pattern), cell) is not None


@settings(deadline=None)
@given(COLUMNS)
def test_integers_are_read_as_python_reads_them(cells: list[str | None]) -> None:
    reading = read_integers(pa.array(cells, pa.string()))
    good = [is_whole(INTEGER_PATTERN, cell) for cell in cells]
    assert reading.values.to_pylist() == [
        int(cell) if ok and cell is not None else None for ok, cell in zip(good, cells, strict=True)
    ]
    unreadable = reading.unreadable
    expected = [c is not None and not ok for c, ok in zip(cells, good, strict=True)]
    assert (unreadable is not None) == any(expected)
    assert unreadable is None or unreadable.tolist() == expected


@settings(deadline=None)
@given(COLUMNS)
def test_numbers_are_read_as_python_reads_them(cells: list[str | None]) -> None:
    reading = read_numbers(pa.array(cells, pa.string()))
    good = [is_whole(NUMBER_PATTERN, cell) for cell in cells]
    assert reading.values.to_pylist() == [
        float(cell) if ok and cell is not None else None
        for ok, cell in zip(good, cells, strict=True)
    ]
    expected = [c is not None and not ok for c, ok in zip(cells, good, strict=True)]
    assert (reading.unreadable is not None) == any(expected)


@settings(deadline=None)
@given(
    st.sampled_from(LAYOUTS),
    st.lists(
        st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001
        min_size=1,
        max_size=6,
    ),
    st.text("0123456789/-: APMJanFeb,", max_size=12),
    st.booleans(),
)
def test_instants_are_read_as_python_reads_them(
    layout: str, instants: list[datetime], junk: str, with_junk: bool
) -> None:
    if "%y" in layout:
        instants = [i.replace(year=1969 + i.year % 100, day=min(i.day, 28)) for i in instants]
    cells: list[str | None] = [i.strftime(layout) for i in instants]
    if with_junk:
        cells += [junk, None, f"{cells[0]} ", f" {cells[0]}", (cells[0] or "")[:-1]]
    read = instant_reader((parse_layout(layout),), LogicalType.TIMESTAMP)
    assert read(pa.array(cells, pa.string())).values.to_pylist() == [
        plain_instant(cell, layout) for cell in cells
    ]


def plain_instant(cell: str | None, layout: str) -> datetime | None:
    """Python's own strptime, then a round trip: no laxity."""
    try:
        instant = datetime.strptime(cell or "", layout)  # noqa: DTZ007  no zone is meant
    except ValueError:
        return None
    written = instant.strftime(layout)
    alike = written == cell or (cell or "").lower() == written.lower()
    return instant if alike and is_whole(parse_layout(layout).pattern, cell) else None


NEAR_DATES = st.from_regex(r"[0-9+\- ]{1,5}[-/][0-9]{1,2}-[0-9]{2}[T ]?", fullmatch=True)
DATES = st.dates(datetime(1, 1, 1).date()).map(lambda day: day.isoformat())  # noqa: DTZ001


@settings(deadline=None)
@given(st.lists(st.none() | DATES | NEAR_DATES, max_size=6) | st.lists(st.none() | DATES))
def test_iso_dates_are_those_of_the_layout(cells: list[str | None]) -> None:
    text = pa.array(cells, pa.string())
    layout = parse_layout("%Y-%m-%d")
    every = all(cell is None or is_whole(layout.pattern, cell) for cell in cells)
    quick = read_iso_dates(text)
    assert (quick is not None) == every
    if quick is not None:
        plain = instant_reader([layout], LogicalType.DATE)(text)
        assert quick.values.equals(plain.values)
        assert plain.unreadable is None


@settings(deadline=None)
@given(st.lists(st.none() | st.text("0189/:a\u0661", max_size=4)), st.integers(1, 4))
def test_digits_are_those_of_the_pattern(cells: list[str | None], width: int) -> None:
    every = all(cell is None or is_whole(f"[0-9]{{{width}}}", cell) for cell in cells)
    assert are_digits(pa.array(cells, pa.string()), width) == every


@settings(deadline=None)
@given(st.lists(st.none() | st.sampled_from(["20240229", "20230229", "x", "19000101"])))
def test_distinct_values_are_judged_like_rows(cells: list[str | None]) -> None:
    text = pa.array((cells or [None]) * (4000 // max(len(cells), 1)), pa.string())
    read = instant_reader((parse_layout("%Y%m%d"),), LogicalType.DATE)
    direct, distinct = read(text), on_distinct(text, read)
    assert direct.values.equals(distinct.values)
    assert (direct.unreadable is None) == (distinct.unreadable is None)
    if direct.unreadable is not None and distinct.unreadable is not None:
        assert (direct.unreadable == distinct.unreadable).all()


KEYS = st.lists(st.tuples(st.none() | st.text("ab\x00é", max_size=20), st.none() | st.sampled_from(
    ["1", "01", "+1", "2", "x", "y"])), max_size=40)  # fmt: skip


@given(KEYS, st.integers(1, 7), st.sampled_from([0, 100, 10**9]))
@settings(max_examples=60, deadline=None)
def test_repeated_keys_are_exactly_those_counted(
    keys: list[tuple[str | None, str | None]], batch_rows: int, memory_bytes: int
) -> None:
    contract = build_contract([build_column("a"), build_column("b", "integer")], key=("a", "b"))

    def same(key: tuple[str | None, str | None]) -> tuple[object, object]:
        text = key[1]
        return key[0], int(text) if is_whole(INTEGER_PATTERN, text) and text else text

    counts = Counter(same(key) for key in keys if key != (None, None))
    expected = [i + 1 for i, key in enumerate(keys) if counts[same(key)] > 1]
    with KeySpill(memory_bytes=memory_bytes) as seen:
        validator = RowValidator(contract, seen=seen)
        for start in range(0, len(keys), batch_rows):
            part = keys[start : start + batch_rows]
            cells = {"a": [k[0] for k in part], "b": [k[1] for k in part]}
            validator.check(build_raw_batch(cells, start + 1))
        report = validator.finish()
    assert list(report.late_failures) == expected


@settings(deadline=None)
@given(st.lists(st.none() | st.sampled_from(["a", "1", "01", "x", "", "2024-02-30"]), max_size=30))
def test_every_row_passes_or_fails_once_and_keeps_its_text(cells: list[str | None]) -> None:
    contract = build_contract(
        [build_column("n", "integer", required=True), build_column("t", codes=("a", "1"))]
    )
    raw = build_raw_batch({"n": cells, "t": cells[::-1]}, 1)
    with KeySpill() as seen:
        validator = RowValidator(contract, seen=seen)
        checked = validator.check(raw)
        report = validator.finish()
    rows = dict(zip(checked.records.to_pylist(), checked.raw_rows().to_pylist(), strict=True))
    if checked.failed is not None:
        failed = checked.failed
        assert all(failed.reasons)
        more = dict(zip(failed.records.to_pylist(), failed.rows.to_pylist(), strict=True))
        assert not rows.keys() & more.keys()
        rows |= more
    assert [rows[i] for i in sorted(rows)] == raw.rows.to_pylist()
    assert report.rows_failed == len(cells) - checked.typed.num_rows


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.integers(0, 3))),
    st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.integers(0, 3))),
)
def test_references_are_those_a_set_holds(
    rows: list[tuple[str | None, int | None]], landed: list[tuple[str | None, int | None]]
) -> None:
    def table(pairs: list[tuple[str | None, int | None]]) -> pa.Table:
        return pa.table(
            {
                "x": pa.array([p[0] for p in pairs], pa.string()),
                "y": pa.array([p[1] for p in pairs], pa.int64()),
            }
        )

    batch = table(rows).combine_chunks().to_batches() or [
        pa.RecordBatch.from_pylist([], schema=table([]).schema)
    ]
    for columns in (("x",), ("y",), ("x", "y")):
        options = {"columns": columns, "to_dataset": "a/b", "to_columns": columns}
        check = ReferenceCheck(Rule("r", RuleKind.REFERENCE, options), table(landed))
        at = [("x", "y").index(name) for name in columns]
        known = {tuple(pair[i] for i in at) for pair in landed}
        expected = [
            None not in (cells := tuple(pair[i] for i in at)) and cells not in known
            for pair in rows
        ]
        assert check.failing(batch[0]).to_pylist() == expected


def test_a_submission_cut_anywhere_gives_the_same_report() -> None:
    rng = np.random.default_rng(5)
    contract = build_contract(
        [build_column("k", "integer", unique=True), build_column("d", "date")]
    )
    keys = rng.integers(0, 900, 1000).astype(str).tolist()
    days = rng.choice(np.array(["2024-02-29", "2023-02-29", "2024-01-01"]), 1000).tolist()
    whole = pa.record_batch({"k": pa.array(keys), "d": pa.array(days)})
    reports = []
    for size in (1, 7, 333, 1000):
        with KeySpill() as seen:
            validator = RowValidator(contract, seen=seen)
            for start in range(0, 1000, size):
                part = whole.slice(start, size)
                records = pa.array(range(start + 1, start + part.num_rows + 1))
                validator.check(RawBatch(part, records))
            reports.append(validator.finish().to_dict())
    assert all(report == reports[0] for report in reports)
