"""Quarantine: what goes in comes out for its agency, and for nobody else; changes are found out."""

import csv
import json
import secrets
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from enclave.batches import FailedRows, MalformedRecord
from enclave.keys import Key, KeyId
from enclave.validate import QuarantineWriter, export_quarantine_csv, read_quarantine
from enclave.validate.envelope import MAGIC, EnvelopeError
from enclave.validate.export import escape_cell
from governance.contracts.model import DatasetContract
from tests.lib.builders import build_column, build_contract
from tests.lib.memory_store import MemoryStore

CANARY = "CANARY-QX-5501"


class Ring:
    """One quarantine key an agency."""

    def __init__(self) -> None:
        self.keys: dict[KeyId, Key] = {}

    def current(self, purpose: str, scope: str) -> Key:
        key_id = KeyId(purpose, scope, 1)
        return self.keys.setdefault(key_id, Key(key_id, secrets.token_bytes(32)))

    def get(self, key_id: KeyId) -> Key:
        return self.keys[key_id]

    def destroy(self, key_id: KeyId) -> None:
        del self.keys[key_id]


def build() -> DatasetContract:
    return build_contract(
        [build_column("name", source_name="NAME"), build_column("amount", source_name="=AMT")],
        agency="dol", dataset="wages",
    )  # fmt: skip


def failed(first: int, names: list[str | None]) -> FailedRows:
    rows = pa.record_batch(
        {
            "name": pa.array(names, pa.string()),
            "amount": pa.array([f"{i}" for i in range(len(names))]),
        }
    )
    records = pa.array(range(first, first + len(names)), pa.int64())
    return FailedRows(rows, records, tuple(("format.date:x", "null.required:y") for _ in names))


def write(store: MemoryStore, ring: Ring, contract: DatasetContract, *rows: FailedRows) -> str:
    writer = QuarantineWriter(
        store, ring.current("quarantine", contract.agency), "s1",
        f"{contract.agency}/{contract.dataset}", contract=contract,
    )  # fmt: skip
    for part in rows:
        writer.add(part)
    writer.add_malformed([MalformedRecord(9000, "record.encoding", b"\xff" + CANARY.encode())])
    manifest = writer.close(lambda records: {r: r + 1 for r in records})
    assert manifest.object_key is not None
    assert manifest.rows == sum(p.rows.num_rows for p in rows) + 1
    assert json.loads(json.dumps(manifest.to_dict()))["key_id"] == "quarantine/dol/1"
    return manifest.object_key


def test_rows_come_back_with_line_reasons_and_text() -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(5, [CANARY, None, "=1+1"]), failed(50, ["x"]))
    assert key == "dol/wages/s1.quarantine"
    rows = list(read_quarantine(store, ring, key, agency="dol"))
    by_record = {row.record: row for row in rows}
    assert sorted(by_record) == [5, 6, 7, 50, 9000]
    assert by_record[5].cells == {"name": CANARY, "amount": "0"}
    assert by_record[6].cells == {"name": None, "amount": "1"}
    assert by_record[7].line == 8
    assert by_record[50].reasons == ("format.date:x", "null.required:y")
    assert by_record[9000].raw == b"\xff" + CANARY.encode()
    assert by_record[9000].reasons == ("record.encoding",)


def test_large_failures_are_cut_into_chunks() -> None:
    store, ring = MemoryStore(), Ring()
    names: list[str | None] = [f"n{i}" for i in range(30_000)]
    key = write(store, ring, build(), failed(10_000, names), failed(1, ["a", "b"]))
    rows = list(read_quarantine(store, ring, key, agency="dol"))
    assert len(rows) == 30_003
    assert [r.cells["name"] for r in rows if r.cells and r.record >= 10_000] == names


def test_nothing_readable_lies_in_the_zone(tmp_path: Path) -> None:
    store, ring = MemoryStore(), Ring()
    contract = build()
    writer = QuarantineWriter(store, ring.current("quarantine", "dol"), "s1", "dol/wages",
                              contract=contract, spill=tmp_path)  # fmt: skip
    for start in range(0, 40_000, 10_000):
        writer.add(failed(start + 1, [CANARY] * 10_000))
    writer._spool.flush()
    writer._spool.seek(0)
    assert CANARY.encode() not in writer._spool.read()
    writer.close({})
    content, _ = store.objects["dol/wages/s1.quarantine"]
    assert content.startswith(MAGIC)
    assert CANARY.encode() not in content
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_when_nothing_failed_or_abandoned() -> None:
    store, ring = MemoryStore(), Ring()
    key = ring.current("quarantine", "dol")
    clean = QuarantineWriter(store, key, "s1", "dol/wages", contract=build())
    manifest = clean.close(lambda _: pytest.fail("no line is wanted"))
    assert (manifest.object_key, manifest.rows) == (None, 0)
    left = QuarantineWriter(store, key, "s2", "dol/wages", contract=build())
    left.add(failed(1, ["a"]))
    left.abandon()
    assert not store.objects


def test_every_changed_byte_is_found_out() -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(1, ["a", "b"]))
    content, info = store.objects[key]
    rng = np.random.default_rng(1)
    for at in rng.choice(len(content), 150, replace=False).tolist():
        changed = content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1 :]
        store.objects[key] = (changed, info)
        with pytest.raises((EnvelopeError, KeyError)):
            list(read_quarantine(store, ring, key, agency="dol"))


def chunks(content: bytes) -> tuple[bytes, list[bytes]]:
    at = len(MAGIC) + 4 + int.from_bytes(content[len(MAGIC) : len(MAGIC) + 4], "big")
    head, parts = content[:at], []
    while at < len(content):
        end = at + 4 + int.from_bytes(content[at : at + 4], "big")
        parts.append(content[at:end])
        at = end
    return head, parts


def test_chunks_left_out_moved_repeated_or_added_are_found_out() -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(1, ["a"] * 9000), failed(9001, ["b"] * 9000))
    content, info = store.objects[key]
    head, parts = chunks(content)
    assert len(parts) >= 4
    arrangements = [
        parts[:-1], parts[1:], parts[:1] + parts[2:], [parts[1], parts[0], *parts[2:]],
        [parts[0], parts[0], *parts[1:]], [*parts, parts[-1]], [*parts[:-1], parts[-1][:-1]], [],
    ]  # fmt: skip
    for arrangement in arrangements:
        store.objects[key] = (head + b"".join(arrangement), info)
        with pytest.raises(EnvelopeError):
            next(read_quarantine(store, ring, key, agency="dol"))


def test_chunks_of_another_submission_do_not_fit() -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(1, ["a"]))
    one, info = store.objects[key]
    write(store, ring, build(), failed(1, ["b"]))
    other, _ = store.objects[key]
    mixed = chunks(one)[0] + b"".join(chunks(other)[1])
    store.objects[key] = (mixed, info)
    with pytest.raises(EnvelopeError):
        list(read_quarantine(store, ring, key, agency="dol"))


def test_another_agency_is_refused() -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(1, ["a"]))
    ring.current("quarantine", "sde")
    with pytest.raises(EnvelopeError, match="not that agency's"):
        next(read_quarantine(store, ring, key, agency="sde"))
    store.objects["sde/wages/s1.quarantine"] = store.objects[key]
    with pytest.raises(EnvelopeError, match="not that agency's"):
        next(read_quarantine(store, ring, "sde/wages/s1.quarantine", agency="sde"))
    ring.keys[KeyId("quarantine", "dol", 1)] = Key(
        KeyId("quarantine", "dol", 1), secrets.token_bytes(32)
    )
    with pytest.raises(EnvelopeError, match="does not open"):
        next(read_quarantine(store, ring, key, agency="dol"))


def test_the_csv_is_for_people(tmp_path: Path) -> None:
    store, ring = MemoryStore(), Ring()
    contract = build()
    formula = "=cmd|' /C calc'!A0"
    key = write(store, ring, contract, failed(3, [formula, 'a,"b"\nc', "-5", "@x"]))
    out = tmp_path / "rows.csv"
    assert export_quarantine_csv(store, ring, key, out, contract=contract) == 5
    assert out.stat().st_mode & 0o777 == 0o600
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "record", "reasons", "NAME", "'=AMT", "record as delivered"]
    assert [int(rows[1][0]), int(rows[1][1])] == [9001, 9000]
    assert rows[1][5] == "\\xff" + CANARY
    assert rows[2] == ["4", "3", "format.date:x; null.required:y", f"'{formula}", "0", ""]
    assert [row[3] for row in rows[3:]] == ['a,"b"\nc', "-5", "'@x"]


def test_an_export_that_fails_leaves_no_file(tmp_path: Path) -> None:
    store, ring = MemoryStore(), Ring()
    key = write(store, ring, build(), failed(3, ["a"]))
    other = build_contract(agency="sde")
    with pytest.raises(EnvelopeError):
        export_quarantine_csv(store, ring, key, tmp_path / "rows.csv", contract=other)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "cell",
    ["=1", "+cmd", "-cmd", "@a", "\tx", "\r=1", "\uff1d1", "-1+1", " =1", "\u00a0\t@a", "|calc"],
)
def test_formulas_are_escaped(cell: str) -> None:
    assert escape_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "+1.5", "-1e5", "a=1", "", "x@y", "'=1"])
def test_other_cells_stay(cell: str) -> None:
    assert escape_cell(cell) == cell
