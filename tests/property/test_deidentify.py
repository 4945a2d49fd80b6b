"""Invariants of de-identification, against plain references."""

from collections import defaultdict
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enclave.batches import CheckedBatch
from enclave.deidentify import Crosswalk, Deidentifier, build_plan, measure_risk
from enclave.deidentify.pseudonyms import FieldMessages, cmac_rows, derive_subkey
from enclave.evidence import RiskMeasures
from enclave.keys import Key, KeyId
from governance.contracts.model import PersonKey
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)
from tests.lib.memory import MemoryRing, MemoryStore

pytestmark = pytest.mark.property

MATERIAL = bytes(range(32))
SMALL = st.sampled_from(["a", "b", None])
ROWS = st.lists(
    st.tuples(st.integers(0, 12), SMALL, st.sampled_from([1, 2, None]), SMALL), max_size=60
)


def pseudonym(fields: tuple[str, ...], scope: str, version: int) -> bytes:
    key = Key(KeyId("entity-scope", scope, version), bytes([version]) + MATERIAL[1:])
    subkey = derive_subkey(key, label="entity-scope", context=scope)
    columns = [pa.array([field], pa.string()) for field in fields]
    return bytes(cmac_rows(subkey, FieldMessages(columns))[0])


INPUTS = st.tuples(
    st.tuples(st.text(max_size=20), st.text(max_size=20)),
    st.sampled_from(["dol", "sde", "dol/ssn"]),
    st.integers(1, 3),
)


@given(INPUTS, INPUTS)
def test_equal_input_scope_and_version_give_the_same_pseudonym_and_any_change_another(
    one: tuple[tuple[str, str], str, int], other: tuple[tuple[str, str], str, int]
) -> None:
    assert (pseudonym(*one) == pseudonym(*other)) == (one == other)


def test_a_new_key_version_gives_another_pseudonym() -> None:
    contract = build_contract(
        [build_column("ein", treatment=build_treatment("entity_id", domain="ein"))]
    )
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    ring = MemoryRing()
    rows = pa.record_batch({"ein": ["061"]})
    batch = CheckedBatch(rows, rows, pa.array([1]), None)
    first = Deidentifier(plan, None, ring).apply(batch)
    assert Deidentifier(plan, None, ring).apply(batch).equals(first)
    ring.rotate("entity-scope", contract.agency)
    assert not Deidentifier(plan, None, ring).apply(batch).equals(first)


def plain_risk(rows: list[tuple[int, str | None, int | None, str | None]]) -> RiskMeasures:
    """The definition, written out."""
    people, values = defaultdict(set), defaultdict(set)
    for person, town, year, cause in rows:
        people[town, year].add(person)
        values[town, year].add(cause)
    everyone = {row[0] for row in rows}
    alone = {person for members in people.values() if len(members) == 1 for person in members}
    return RiskMeasures(
        people=len(everyone),
        k=min((len(members) for members in people.values()), default=0),
        unique_people=len(alone),
        unique_pct=100.0 * len(alone) / len(everyone) if everyone else 0.0,
        l=min((len(kinds) for kinds in values.values()), default=0),
        quasi_identifiers=("town", "year"),
    )


@settings(deadline=None)
@given(ROWS, st.integers(1, 60), st.sampled_from([0, 200, 1 << 20]), st.booleans())
def test_risk_equals_its_definition(
    rows: list[tuple[int, str | None, int | None, str | None]],
    size: int,
    memory_bytes: int,
    in_codes: bool,
) -> None:
    columns = [
        build_column("ssn", treatment="person_id", role="direct"),
        build_column("town", role="quasi"),
        build_column("year", "integer", role="quasi"),
        build_column("cause", role="sensitive"),
    ]
    contract = build_contract(columns, person=PersonKey("person_id", ("ssn",), "ssn"))
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    towns = pa.array([row[1] for row in rows], pa.string())
    table = pa.record_batch(
        {
            "person_id": pa.array([row[0].to_bytes(16) for row in rows], pa.binary(16)),
            "town": towns.dictionary_encode() if in_codes else towns,
            "year": pa.array([row[2] for row in rows], pa.int64()),
            "cause": pa.array([row[3] for row in rows], pa.string()),
        }
    )
    batches = [table.slice(start, size) for start in range(0, len(rows), size)]
    assert measure_risk(batches, plan, memory_bytes=memory_bytes) == plain_risk(rows)


IDENTITIES = st.tuples(
    st.integers(1, 899_999_999)
    .map(lambda n: f"{n:09d}")
    .filter(lambda s: len(set(s)) > 1 and s != "123456789"),
    st.dates(date(1920, 1, 1), date(2020, 1, 1)),
    st.integers(10_000_000, 99_999_999).map(str),
)


@settings(deadline=None)
@given(st.lists(IDENTITIES, min_size=1, max_size=20))
def test_no_output_column_carries_an_identifier(people: list[tuple[str, date, str]]) -> None:
    columns = [
        build_column("ssn", treatment="person_id", role="direct"),
        build_column("born", "date", treatment="year", role="quasi"),
        build_column("license", treatment="drop", role="direct"),
        build_column("ein", treatment=build_treatment("entity_id", domain="ein")),
        build_column("seen", "date", treatment="date_shift"),
    ]
    contract = build_contract(columns, person=PersonKey("person_id", ("ssn",), "ssn"))
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    ring = MemoryRing()
    rows = pa.record_batch(
        {
            "ssn": pa.array([p[0] for p in people]),
            "born": pa.array([p[1] for p in people]),
            "license": pa.array([p[2] for p in people]),
            "ein": pa.array([p[2] for p in people]),
            "seen": pa.array([p[1] for p in people]),
        }
    )
    store = MemoryStore()
    with Crosswalk(store, ring, contract.agency, "ssn") as crosswalk:
        landed = Deidentifier(plan, crosswalk, ring).apply(
            CheckedBatch(rows, rows, pa.array(range(len(people))), None)
        )
        crosswalk.commit()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, landed.schema) as writer:
        writer.write_batch(landed)
    everything = sink.getvalue().to_pybytes() + b"".join(c for c, _ in store.objects.values())
    for ssn, _, license_number in people:
        assert ssn.encode() not in everything
        assert license_number.encode() not in everything
    assert all(s != p[1] for s, p in zip(landed["seen"].to_pylist(), people, strict=True))
    ids = landed["person_id"].to_pylist()
    assert len(set(ids)) == len({p[0] for p in people})
