"""Canaries in every column of a failing submission surface nowhere but inside quarantine."""

import json
import logging
import secrets
from pathlib import Path

import pyarrow as pa
import pytest

from enclave.batches import MalformedRecord, RawBatch
from enclave.keys import Key, KeyId
from enclave.validate import KeySpill, QuarantineWriter, RowValidator
from enclave.validate.receipt import build_receipt, render_receipt_html
from tests.lib.memory_store import MemoryStore
from tests.lib.receipts import build_receipt_facts, build_wage_contract

CANARY = "CANARY-VX-3307"


def test_canaries_reach_quarantine_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    contract = build_wage_contract()
    store = MemoryStore()
    key = Key(KeyId("quarantine", "dol", 1), secrets.token_bytes(32))
    columns = {c.name: [f"{CANARY}-{c.name}"] * 50 for c in contract.columns}
    malformed = (MalformedRecord(51, "record.encoding", CANARY.encode()),)
    batch = RawBatch(pa.record_batch(columns), pa.array(range(1, 51)), malformed)
    with caplog.at_level(logging.DEBUG), KeySpill(tmp_path, memory_bytes=0) as seen:
        validator = RowValidator(contract, prior_row_counts=(5,), seen=seen)
        checked = validator.check(batch)
        report = validator.finish()
        writer = QuarantineWriter(store, key, "s1", "dol/wages", contract=contract, spill=tmp_path)
        assert checked.failed is not None
        writer.add(checked.failed)
        writer.add_malformed(batch.malformed)
        manifest = writer.close(lambda records: dict(zip(records, records, strict=True)))
        spill = seen._sealed._file
        spilled = spill.read() if spill and not spill.seek(0) else b""
    assert report.rows_failed == 50
    assert spilled
    facts = build_receipt_facts("rejected", report=report.to_dict(), rows_set_aside=51)
    receipt = build_receipt(facts)
    shown = [
        json.dumps(report.to_dict()), repr(report.findings), repr(checked.failed.reasons),
        json.dumps(manifest.to_dict()), json.dumps(receipt), render_receipt_html(receipt),
        caplog.text, *capfd.readouterr(), repr(writer), repr(validator),
    ]  # fmt: skip
    assert not [text[:80] for text in shown if CANARY in text]
    assert CANARY.encode() not in spilled
    assert all(CANARY.encode() not in content for content, _ in store.objects.values())


def test_no_exception_quotes_a_cell() -> None:
    """Cells no reader accepts are findings; none raises, whatever it looks like."""
    contract = build_wage_contract()
    odd = ["", "\x00", "\U0001f600", "9" * 500, "1e999999", "0x1p4", "--", "\u202e1", CANARY, None]
    with KeySpill() as seen:
        validator = RowValidator(contract, seen=seen)
        rows = pa.record_batch({c.name: pa.array(odd, pa.string()) for c in contract.columns})
        validator.check(RawBatch(rows, pa.array(range(1, len(odd) + 1))))
        assert validator.finish().rows_failed == len(odd)
