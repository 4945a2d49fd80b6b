"""Open data: logs, catalog, feed and calendar, each read back by a real reader."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.register import (
    data_json,
    match_log,
    meeting_calendar,
    public,
    register_feed,
    register_table,
    request_log,
    to_csv,
    to_json,
    write_csv,
)
from governance.register.atom import NAMESPACE, Entry, clean, write_feed
from governance.register.catalog import accrual
from governance.register.logs import MATCH_LOG, REQUEST_LOG
from governance.register.meetings import CalendarEvent, write_calendar
from governance.register.open_data import OpenTable, safe_cell
from tests.lib.papers import build_body
from tests.lib.register import AGREEMENTS, CONTRACTS, build_source

ANY_TEXT = st.text(max_size=200)
AT = datetime(2026, 3, 1, 15, tzinfo=UTC)
ATOM = f"{{{NAMESPACE}}}"


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def test_the_request_log_has_the_published_columns() -> None:
    table = request_log(build_source())
    assert table.columns == REQUEST_LOG
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert first == {
        "number": "Q0042",
        "name": "Attendance and first wages",
        "received": date(2026, 2, 2),
        "type": "initial",
        "requestor": ("Dana Ruiz",),
        "organization": "Example University",
        "agencies": ("DOL", "SDE"),
        "board_decision_date": date(2026, 3, 12),
        "status": "Granted",
        "ndas_needed": 3,
        "ndas_received": 1,
    }
    assert len(table.rows) == 4  # a draft is no request yet


def test_the_match_log_has_the_published_columns() -> None:
    table = match_log(build_source())
    assert table.columns == MATCH_LOG
    assert table.rows[0][:3] == (date(2026, 4, 1), "SDE", "DOL")


def test_personal_columns_are_withheld_from_the_public_with_the_reason() -> None:
    source = build_source()
    for table, column in (
        (request_log(source), "requestor"),
        (match_log(source), "authorized_representative"),
        (match_log(source), "file_name"),
    ):
        shown = public(table, source)
        place = table.columns.index(column)
        assert {row[place] for row in shown.rows} == {None}
        assert {row[place] for row in table.rows} != {None}
        assert shown.withheld[column]
        assert json.loads(to_json(shown))["withheld"][column]
        assert shown.columns == table.columns


def test_csv_and_json_say_the_same() -> None:
    table = register_table(build_source())
    lines = read_csv(to_csv(table))
    document = json.loads(to_json(table))
    assert lines[0] == list(table.columns) == document["columns"]
    assert len(lines) - 1 == len(document["rows"]) == 4
    for line, row in zip(lines[1:], document["rows"], strict=True):
        said = dict(zip(lines[0], line, strict=True))
        assert said["number"] == row["number"]
        assert said["agencies"] == "; ".join(row["agencies"])
        assert said["received"] == row["received"] == str(date.fromisoformat(row["received"]))
        assert said["decided"] == (row["decided"] or "")
    assert to_csv(table).endswith(b"\r\n")


@pytest.mark.parametrize("formula", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\uff1d1", "|a", "%"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(formula: str) -> None:
    assert safe_cell(formula) == f"'{formula}"
    assert safe_cell((formula, "x")).startswith("'")
    assert safe_cell(-1) == "-1"
    assert [safe_cell(v) for v in (None, True, False)] == ["", "yes", "no"]


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5))
def test_any_text_comes_back_from_csv(rows: list[tuple[str, str]]) -> None:
    lines = read_csv(write_csv(("a", "b"), rows))
    assert lines[0] == ["a", "b"]
    # A line of two empty cells is written as `,`: no row is lost.
    assert lines[1:] == [[safe_cell(a), safe_cell(b)] for a, b in rows]
    for row, line in zip(rows, lines[1:], strict=True):
        for text, cell in zip(row, line, strict=True):
            assert cell in {text, f"'{text}"}
            assert cell[:1] not in {"=", "+", "-", "@"}


@given(ANY_TEXT)
def test_any_text_comes_back_from_json(text: str) -> None:
    table = OpenTable("t", "T", "P", ("a",), ((text,),), AT)
    assert json.loads(to_json(table))["rows"] == [{"a": text}]


@given(ANY_TEXT)
def test_any_text_comes_back_from_atom(text: str) -> None:
    entry = Entry("tag:x,2025:1", text, AT, "https://example.org/?a=1&b=2", text, text)
    feed = write_feed(
        feed_id="tag:x,2025:f", title=text, author=text, page="https://example.org",
        itself="https://example.org/a", entries=[entry], updated=AT,
    )  # fmt: skip
    root = read_feed(feed)
    for path in (f"{ATOM}title", f"{ATOM}author/{ATOM}name", f"{ATOM}entry/{ATOM}summary"):
        assert (root.findtext(path) or "") == clean(text)
    link = root.find(f"{ATOM}entry/{ATOM}link")
    assert link is not None
    assert link.attrib["href"] == "https://example.org/?a=1&b=2"


def read_feed(data: bytes) -> ET.Element:
    return ET.fromstring(data)  # noqa: S314  our own feed


def unfold(data: bytes) -> list[str]:
    """Content lines of a calendar (RFC 5545, 3.1)."""
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def value_of(lines: list[str], name: str) -> str:
    """A TEXT value, unescaped (3.3.11)."""
    (escaped,) = (line.removeprefix(f"{name}:") for line in lines if line.startswith(f"{name}:"))
    out, letters = "", iter(escaped)
    for letter in letters:
        if letter == "\\":
            after = next(letters)
            out += "\n" if after in "nN" else after
        else:
            assert letter not in ";,"
            out += letter
    return out


def calendar_text(text: str) -> str:
    """What a calendar can hold of a text: every break is one kind, no control characters."""
    for kind in ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
        text = text.replace(kind, "\n")
    return "".join(c for c in text if c in "\n\t" or (c >= " " and c != "\x7f"))


@given(ANY_TEXT)
def test_any_text_comes_back_from_a_calendar(text: str) -> None:
    event = CalendarEvent(
        "m@example.org", AT, AT + timedelta(hours=2), AT, text, text, text, "https://example.org"
    )
    lines = unfold(write_calendar(text, [event]))
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION", "X-WR-CALNAME"):
        assert value_of(lines, name) == calendar_text(text)


def test_meetings_in_the_calendar() -> None:
    lines = unfold(meeting_calendar(build_source()))
    assert lines.count("BEGIN:VEVENT") == 2
    assert "UID:DGB-2026-03b@portal.example.org" in lines
    assert "DTSTART:20260319T140000Z" in lines
    assert "DTEND:20260319T151000Z" in lines
    text = "\n".join(lines)
    assert "In place of DGB-2026-03\\, which was adjourned." in text
    assert "10:00 a.m. EDT" in text
    planned = replace(build_source(), bodies={"b": build_body(until="noticed")})
    assert "DTEND:20260319T160000Z" in unfold(meeting_calendar(planned))


def test_the_feed_of_changes_keeps_its_ids_and_is_newest_first() -> None:
    root = read_feed(register_feed(build_source()))
    entries = root.findall(f"{ATOM}entry")
    ids = [e.findtext(f"{ATOM}id") or "" for e in entries]
    updated = [e.findtext(f"{ATOM}updated") or "" for e in entries]
    assert len(ids) == len(set(ids)) > 8
    assert all(i.startswith("tag:portal.example.org,2025:request/Q00") for i in ids)
    assert updated == sorted(updated, reverse=True)
    assert root.findtext(f"{ATOM}updated") == updated[0]
    moved = replace(build_source(), base_url="https://elsewhere.example.org")
    again = read_feed(register_feed(moved)).findall(f"{ATOM}entry")
    assert [e.findtext(f"{ATOM}id") for e in again] == ids
    assert len(read_feed(register_feed(build_source(), most=3)).findall(f"{ATOM}entry")) == 3
    empty = read_feed(register_feed(build_source(requests=())))
    assert empty.findtext(f"{ATOM}updated") == "2025-01-01T00:00:00Z"


def test_the_catalog_has_what_dcat_us_requires() -> None:
    """Required fields of DCAT-US 1.1; `bureauCode` and `programCode` are federal only."""
    catalog: dict[str, Any] = json.loads(json.dumps(data_json(build_source())))
    assert catalog["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    assert catalog["@type"] == "dcat:Catalog"
    entries = catalog["dataset"]
    assert len(entries) == len(CONTRACTS)
    assert len({e["identifier"] for e in entries}) == len(entries)
    for entry in entries:
        for name in ("title", "description", "keyword", "modified", "publisher", "contactPoint",
                     "identifier", "accessLevel"):  # fmt: skip
            assert entry[name], name
        assert entry["accessLevel"] == "restricted public"
        assert date.fromisoformat(entry["modified"]) <= date(2026, 11, 21)
        assert entry["publisher"]["@type"] == "org:Organization"
        assert entry["contactPoint"]["hasEmail"].startswith("mailto:")
        assert isinstance(entry["keyword"], list)
        assert 0 < len(entry["rights"]) <= 255
        begins, ends = entry["temporal"].split("/")
        assert date.fromisoformat(begins) < date.fromisoformat(ends)
        assert not {"distribution", "bureauCode", "programCode"} & set(entry)


def test_a_dataset_without_an_agreement_in_force_is_not_public() -> None:
    later = replace(build_source(), as_of=datetime(2040, 1, 1, tzinfo=UTC))
    catalog: Any = data_json(later)
    assert {e["accessLevel"] for e in catalog["dataset"]} == {"non-public"}


@pytest.mark.parametrize(
    ("schedule", "every"),
    [
        ("0 5 15 2,5,8,11 *", "R/P3M"),
        ("0 6 20 2,6,10 *", "R/P4M"),
        ("0 6 1 7 *", "R/P1Y"),
        ("0 6 1 * *", "R/P1M"),
        ("0 6 * * 1", "R/P1W"),
        ("0 6 1 1,3 *", ""),
        ("0 6 1 1-3 *", ""),
        ("@daily", ""),
    ],
)
def test_schedules_as_repeating_durations(schedule: str, every: str) -> None:
    assert accrual(schedule) == every


def test_every_agreement_s_schedule_is_told() -> None:
    assert all(accrual(a.schedule) for a in AGREEMENTS.values())
