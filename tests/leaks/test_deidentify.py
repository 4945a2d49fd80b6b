"""Canaries in every identifying column: none may surface in a table, store, log or error."""

import logging
from datetime import date

import pyarrow as pa
import pytest

from enclave.adapters.presidio import PresidioRedactor
from enclave.batches import CheckedBatch
from enclave.deidentify import Crosswalk, Deidentifier, build_plan, measure_risk, risk_columns
from governance.canonical import canonical_json
from governance.contracts.model import PersonKey
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)
from tests.lib.memory import MemoryRing, MemoryStore

pytestmark = pytest.mark.xdist_group("presidio")

COLUMNS = (
    build_column("ssn", treatment="person_id", role="direct"),
    build_column("full_name", treatment="drop", role="direct"),
    build_column("license", treatment="drop", role="direct"),
    build_column("email", treatment=build_treatment("constant", value="-"), role="direct"),
    build_column("ein", treatment=build_treatment("entity_id", domain="ein")),
    build_column("born", "date", treatment="year", role="quasi"),
    build_column("zip", treatment="zip3", role="quasi"),
    build_column("town", treatment=build_treatment("town_to_region", to="county"), role="quasi"),
    build_column("age", "integer", treatment="age_band", role="quasi"),
    build_column("seen", "date", treatment="date_shift"),
    build_column("note", treatment=build_treatment("redact_text", mask_columns=("email",))),
)

CANARIES = {
    "ssn": "219-83-7719",
    "full_name": "Wilhelmina Zxqwortle",
    "license": "QX7719203",
    "email": "zxqwortle@canary.example",
    "ein": "06-7719203",
    "zip": "06877",
    "town": "Ridgefield",
}
NOTE = (
    "WILHELMINA  zxqwortle's car (QX7719203) stood in Ridgefield; mrs zxqwortl said 219 83 7719, "
    "born 7/4/1961, mail zxqwortle@canary.example, 06877. Employer 06-7719203."
)
FRAGMENTS = [
    *CANARIES.values(),
    "219837719",
    "067719203",
    "Zxqwortle",
    "zxqwortl",
    "Wilhelmina",
    "7719",
    "7/4/1961",
    "1961-07-04",
    "19610704",
]


def batch() -> CheckedBatch:
    rows = pa.record_batch(
        {
            **{name: pa.array([value]) for name, value in CANARIES.items()},
            "born": pa.array([date(1961, 7, 4)]),
            "age": pa.array([64], pa.int64()),
            "seen": pa.array([date(2020, 2, 3)]),
            "note": pa.array([NOTE]),
        }
    ).select([c.name for c in COLUMNS])
    return CheckedBatch(rows, rows, pa.array([1]), None)


def test_no_canary_survives(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    contract = build_contract(COLUMNS, person=PersonKey("person_id", ("ssn",), "ssn"))
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    store, ring = MemoryStore(), MemoryRing()
    with Crosswalk(store, ring, contract.agency, "ssn") as crosswalk:
        worker = Deidentifier(plan, crosswalk, ring, PresidioRedactor())
        landed = worker.apply(batch())
        state = crosswalk.commit()
    risk = measure_risk([landed.select(risk_columns(plan))], plan)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, landed.schema) as writer:
        writer.write_batch(landed)
    seen = [
        sink.getvalue().to_pybytes(),
        *(content for content, _ in store.objects.values()),
        canonical_json(plan.to_document()),
        repr((state, risk, worker.unmapped, worker.key_ids, list(store.objects))).encode(),
        caplog.text.encode(),
    ]
    lowered = b"\n".join(seen).lower()
    assert [f for f in FRAGMENTS if f.lower().encode() in lowered] == []
    assert landed["town"].to_pylist() == ["Fairfield County"]
    assert landed["zip"].to_pylist() == ["068"]
    assert landed["born"].to_pylist() == [1961]
    assert "stood in" in landed["note"][0].as_py()
