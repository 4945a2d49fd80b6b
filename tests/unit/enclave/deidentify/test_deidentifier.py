from collections.abc import Sequence
from datetime import date

import deltalake
import duckdb
import pyarrow as pa
import pytest

from enclave.batches import CheckedBatch
from enclave.deidentify import (
    Crosswalk,
    Deidentifier,
    MissingIdentityError,
    RedactionUnavailableError,
    build_plan,
)
from enclave.errors import EvidenceError
from governance.contracts.model import Column, DatasetContract, PersonKey
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)
from tests.lib.memory import MemoryRing, MemoryStore

PERSON = PersonKey("person_id", ("ssn",), "ssn")
SSN = build_column("ssn", treatment="person_id", role="direct")
BASE = date(2020, 1, 1)


def checked(**columns: pa.Array) -> CheckedBatch:
    rows = pa.record_batch(columns)
    return CheckedBatch(rows, rows, pa.array(range(rows.num_rows)), None)


class Bench:
    """One agency's contract, keys and identity zone."""

    def __init__(self, *columns: Column, agency: str = "dol", scope: str = "agency") -> None:
        person = PERSON if any(c.name == "ssn" for c in columns) else None
        self.contract: DatasetContract = build_contract(columns, agency=agency, person=person)
        terms = build_terms(self.contract, linkage_scope=scope)
        self.plan = build_plan(self.contract, terms, build_agreement(self.contract))
        self.store, self.ring = MemoryStore(), MemoryRing()

    def run(
        self, batch: CheckedBatch, redactor: object = None
    ) -> tuple[pa.RecordBatch, Deidentifier]:
        if self.plan.person is None:
            worker = Deidentifier(self.plan, None, self.ring)
            return worker.apply(batch), worker
        with Crosswalk(self.store, self.ring, self.contract.agency, "ssn") as crosswalk:
            worker = Deidentifier(self.plan, crosswalk, self.ring, redactor)  # type: ignore[arg-type]
            landed = worker.apply(batch)
            crosswalk.commit()
        return landed, worker


def test_identity_goes_and_everything_else_gets_its_treatment() -> None:
    bench = Bench(
        SSN,
        build_column("name", treatment="drop", role="direct"),
        build_column("age", "integer", treatment="age_band"),
        build_column("town", treatment=build_treatment("town_to_region", to="county")),
        build_column("ein", treatment=build_treatment("entity_id", domain="ein")),
        build_column("wages", "number", treatment=build_treatment("round", to=100)),
    )
    landed, worker = bench.run(
        checked(
            ssn=pa.array(["078-05-1120", "219099999", "078051120"]),
            name=pa.array(["Ana Lee", "Bo Day", "Ana Lee"]),
            age=pa.array([33, 95, None], pa.int64()),
            town=pa.array(["Avon", "Boston", None]),
            ein=pa.array(["061", "062", "061"]),
            wages=pa.array([1234.0, 50.0, None]),
        )
    )
    assert landed.schema == bench.plan.output_schema
    ids = landed["person_id"].to_pylist()
    assert ids[0] == ids[2] != ids[1]
    assert landed["age"].to_pylist() == ["30-34", "90+", None]
    assert landed["town"].to_pylist() == ["Hartford County", None, None]
    assert landed["wages"].to_pylist() == [1200.0, 100.0, None]
    assert worker.unmapped == {"town": 1}
    assert {key.purpose for key in worker.key_ids} == {"person-scope", "entity-scope"}


def test_a_second_load_gives_the_same_ids_and_shifts() -> None:
    bench = Bench(SSN, build_column("seen", "date", treatment="date_shift"))
    batch = checked(ssn=pa.array(["078051120", "219099999"]), seen=pa.array([BASE, BASE]))
    assert bench.run(batch)[0].equals(bench.run(batch)[0])


def test_all_dates_of_one_person_shift_alike() -> None:
    shift = build_treatment("date_shift", max_days=30)
    bench = Bench(
        SSN, build_column("a", "date", treatment=shift), build_column("b", "date", treatment=shift)
    )
    rows = 200
    landed, _ = bench.run(
        checked(
            ssn=pa.array([f"{i % 50 + 1:09d}" for i in range(rows)]),
            a=pa.array([BASE] * rows),
            b=pa.array([date(2021, 1, 1)] * rows),
        )
    )
    shifts: dict[bytes, int] = {}
    for person, a, b in zip(*(column.to_pylist() for column in landed.columns), strict=True):
        days = (a - BASE).days
        assert 0 < abs(days) <= 30
        assert (b - date(2021, 1, 1)).days == days
        assert shifts.setdefault(person, days) == days
    assert len(set(shifts.values())) > 10


def test_scopes_do_not_link() -> None:
    columns = (SSN, build_column("ein", treatment=build_treatment("entity_id", domain="ein")))
    batch = checked(ssn=pa.array(["078051120"]), ein=pa.array(["061"]))
    bench, other = Bench(*columns), Bench(*columns, scope="project-7")
    other.store, other.ring = bench.store, bench.ring
    one, two = bench.run(batch)[0], other.run(batch)[0]
    assert one["person_id"] != two["person_id"]
    assert one["ein"] != two["ein"]


def test_entities_of_one_domain_join_whatever_the_column_is_called() -> None:
    bench = Bench(
        build_column("ein", treatment=build_treatment("entity_id", domain="ein")),
        build_column("payer", treatment=build_treatment("entity_id", domain="ein")),
        build_column("school", treatment=build_treatment("entity_id", domain="school")),
    )
    code = pa.array(["061"])
    landed, _ = bench.run(checked(ein=code, payer=code, school=code))
    assert landed["ein"] == landed["payer"]
    assert landed["ein"] != landed["school"]


def test_rows_without_identity_are_named_and_refused() -> None:
    bench = Bench(SSN, build_column("x"))
    people = pa.array(["078051120", None, "000-00-0000", "12", "219099999"])
    batch = checked(ssn=people, x=pa.array(["a"] * 5))
    with Crosswalk(bench.store, bench.ring, "dol", "ssn") as crosswalk:
        worker = Deidentifier(bench.plan, crosswalk, bench.ring)
        missing = worker.missing_identity(batch.typed)
        assert missing.to_pylist() == [False, True, True, True, False]
        with pytest.raises(MissingIdentityError) as caught:
            worker.apply(batch)
    assert caught.value.facts == {"rows": 3}


def test_a_composite_identity() -> None:
    columns = (
        build_column("first_name", treatment="person_id", role="direct"),
        build_column("last_name", treatment="person_id", role="direct"),
        build_column("birth_date", "date", treatment="year", role="quasi"),
        build_column("x"),
    )
    person = PersonKey("person_id", ("first_name", "last_name", "birth_date"), "name_dob")
    contract = build_contract(columns, agency="dol", person=person)
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    day, other = date(1990, 1, 2), date(1990, 1, 3)
    batch = checked(
        first_name=pa.array(["José", "JOSE", "Jose", "Jose", "Josel"]),
        last_name=pa.array(["Lee Jr.", "lee", "Lee", "Lee", "ee"]),
        birth_date=pa.array([day, day, other, day, day]),
        x=pa.array(["a"] * 5),
    )
    store, ring = MemoryStore(), MemoryRing()
    with Crosswalk(store, ring, "dol", "name_dob") as crosswalk:
        landed = Deidentifier(plan, crosswalk, ring).apply(batch)
    ids = landed["person_id"].to_pylist()
    assert ids[0] == ids[1] == ids[3]
    assert len(set(ids)) == 3
    assert landed["birth_date"].to_pylist() == [1990] * 5


def test_an_empty_batch() -> None:
    bench = Bench(SSN, build_column("ein", treatment=build_treatment("entity_id", domain="ein")))
    none = pa.array([], pa.string())
    landed, _ = bench.run(checked(ssn=none, ein=none))
    assert landed.num_rows == 0
    assert landed.schema == bench.plan.output_schema


def test_the_crosswalk_must_be_the_plans_own() -> None:
    bench = Bench(SSN, build_column("x"))
    with pytest.raises(EvidenceError):
        Deidentifier(bench.plan, None, bench.ring)
    with (
        Crosswalk(bench.store, bench.ring, "dol", "sasid") as crosswalk,
        pytest.raises(EvidenceError),
    ):
        Deidentifier(bench.plan, crosswalk, bench.ring)


class Upper:
    """Stands in for a redactor: shows what it was handed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def redact(self, texts: Sequence[str], own_words: Sequence[tuple[str, ...]]) -> list[str]:
        self.seen += zip(texts, own_words, strict=True)
        return [text.upper() for text in texts]


NOTE = build_column("note", treatment=build_treatment("redact_text", mask_columns=("town",)))


def test_text_is_masked_with_the_rows_own_identity_at_hand() -> None:
    bench = Bench(
        SSN, build_column("town"), build_column("nick", treatment="drop", role="direct"), NOTE
    )
    redactor = Upper()
    landed, _ = bench.run(
        checked(
            ssn=pa.array(["078051120", "219099999", "078051120", "078051120"]),
            town=pa.array(["Avon", "Avon", "Avon", "Avon"]),
            nick=pa.array(["Bobby Lee", None, "Bobby Lee", "Bobby Lee"]),
            note=pa.array(["seen", "seen", "seen", None]),
        ),
        redactor,
    )
    assert landed["note"].to_pylist() == ["SEEN", "SEEN", "SEEN", None]
    assert len(redactor.seen) == 2
    assert redactor.seen[0] == ("seen", ("Avon", "078051120", "Bobby Lee", "Bobby", "Lee"))
    assert redactor.seen[1][1] == ("Avon", "219099999")


def test_dates_of_the_identity_are_masked_as_people_write_them() -> None:
    bench = Bench(
        SSN,
        build_column("born", "date", treatment="drop", role="direct"),
        NOTE,
        build_column("town"),
    )
    redactor = Upper()
    bench.run(
        checked(
            ssn=pa.array(["078051120"]),
            born=pa.array([date(1990, 7, 4)]),
            note=pa.array(["x"]),
            town=pa.array([None], pa.string()),
        ),
        redactor,
    )
    words = redactor.seen[0][1]
    assert {"1990-07-04", "7/4/1990", "07/04/90", "July 4, 1990", "4 Jul 1990"} <= set(words)


def test_text_without_a_redactor_is_refused() -> None:
    bench = Bench(SSN, build_column("town"), NOTE)
    with (
        Crosswalk(bench.store, bench.ring, "dol", "ssn") as crosswalk,
        pytest.raises(RedactionUnavailableError),
    ):
        Deidentifier(bench.plan, crosswalk, bench.ring)


def test_a_redactor_that_leaves_texts_out_is_not_believed() -> None:
    class Lazy:
        def redact(self, texts: Sequence[str], own_words: Sequence[tuple[str, ...]]) -> list[str]:
            return []

    bench = Bench(SSN, build_column("town"), NOTE)
    batch = checked(
        ssn=pa.array(["078051120"]), town=pa.array(["Avon"]), note=pa.array(["canary-note"])
    )
    with pytest.raises(RedactionUnavailableError) as caught:
        bench.run(batch, Lazy())
    assert "canary" not in repr(caught.value.facts) + str(caught.value)


def test_ids_are_counted_by_the_engine_and_known_to_the_table_format() -> None:
    bench = Bench(SSN, build_column("x"))
    people = pa.array([f"{i % 40 + 1:09d}" for i in range(100)])
    landed, _ = bench.run(checked(ssn=people, x=pa.array(["a"] * 100)))
    with duckdb.connect() as engine:
        engine.register("landed", pa.Table.from_batches([landed]))
        counted = engine.execute("SELECT count(DISTINCT person_id) FROM landed").fetchone()
    assert counted == (40,)
    types = {f.name: str(f.type.type) for f in deltalake.Schema.from_arrow(landed.schema).fields}
    assert types["person_id"] == "binary"


def test_ages_are_reckoned_from_the_day_of_receipt_or_not_at_all() -> None:
    """A rerun in another year gives the rows of the first run."""
    born = build_column("born", "date", treatment=build_treatment("year", oldest_age=90))
    bench = Bench(born)
    batch = checked(born=pa.array([date(1930, 5, 5), date(1980, 5, 5)]))

    worker = Deidentifier(bench.plan, None, bench.ring, received_on=date(2026, 12, 31))

    assert worker.apply(batch).column("born").to_pylist() == [1936, 1980]
    with pytest.raises(EvidenceError, match="no date was given"):
        Deidentifier(bench.plan, None, bench.ring)
