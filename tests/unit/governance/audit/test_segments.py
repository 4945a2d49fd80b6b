"""Segments: what is written is read, what is malformed is missed or refused, never believed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit import Entry, link
from governance.audit.segments import (
    BLOCK,
    Payloads,
    entries_key,
    entries_prefix,
    last_of_block,
    number_in,
    payload_line,
    payloads_key,
    payloads_prefix,
    read_entries,
    read_payloads,
    write_entries,
)
from governance.errors import LedgerError
from governance.stored_ledger import entry_key, payload_key

AT = datetime(2026, 3, 2, tzinfo=UTC)
HIGHEST = 999_999_999_999


def build(size: int) -> list[Entry]:
    made: list[Entry] = []
    for n in range(size):
        last = made[-1] if made else None
        made.append(link(last, at=AT, tag="x:y", subject=f"s\u2028{n}", commitment="ab" * 32))
    return made


def test_entries_are_read_as_they_were_written() -> None:
    entries = build(5)
    assert list(read_entries(write_entries(entries))) == entries
    assert list(read_entries(b"")) == []


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"{", b"\xff", b"1", b'"x"'])
def test_a_line_that_is_no_entry_is_none(line: bytes) -> None:
    first, second = build(2)
    data = write_entries([first]) + line + b"\n" + write_entries([second])
    assert list(read_entries(data)) == [first, None, second]


def test_facts_are_read_as_they_were_written_and_taken_out() -> None:
    lines = {n: payload_line(n, "00" * 32, '{"note":"a\\nb"}') for n in (3, 5, 9)}
    told = Payloads(3, 9, lines)
    assert read_payloads(told.to_bytes()) == told
    fewer = read_payloads(told.without([5, 77]).to_bytes())
    assert (fewer.first, fewer.through, sorted(fewer.lines)) == (3, 9, [3, 9])
    assert told.without([3, 5, 9]).to_bytes() == b'{"first":3,"through":9}\n'


def test_lines_of_facts_that_name_no_entry_are_missed() -> None:
    good = payload_line(3, "00", "{}")
    for bad in (b"{", b"[3]", b'{"seq":"4"}', b'{"seq":0}', b'{"seq":true}', b"\xff"):
        data = b'{"first":3,"through":9}\n' + bad + b"\n" + good + b"\n"
        assert dict(read_payloads(data).lines) == {3: good}
    twice = b'{"first":3,"through":9}\n' + good + b'\n{"facts":1,"salt":"","seq":3}\n'
    assert dict(read_payloads(twice).lines) == {3: good}


@pytest.mark.parametrize(
    "head",
    [b"", b"{}", b'{"first":3}', b'{"first":3,"through":2}', b'{"first":"3","through":4}', b"x"],
)
def test_facts_that_do_not_say_of_which_entries_are_refused(head: bytes) -> None:
    with pytest.raises(LedgerError, match="which entries"):
        read_payloads(head + b"\n")


@given(st.integers(1, HIGHEST))
def test_a_number_lies_in_its_block_and_names_sort_as_numbers(seq: int) -> None:
    last = last_of_block(seq)
    assert seq <= last < seq + BLOCK
    assert last_of_block(last) == last
    assert last == HIGHEST or last_of_block(last + 1) > last
    for key in (entries_key(seq), entry_key(seq)):
        assert key.startswith(entries_prefix(last))
        assert number_in(key) == seq
    assert payloads_key(seq).startswith(payloads_prefix(last))
    assert not payload_key("00" * 32).startswith(payloads_prefix(1))
    assert (entries_key(seq) < entries_key(HIGHEST)) is (seq < HIGHEST)


@pytest.mark.parametrize("key", ["checkpoints/latest.json", "entries/x.jsonl", "entries/²"])
def test_a_name_without_a_number_has_none(key: str) -> None:
    assert number_in(key) == 0
