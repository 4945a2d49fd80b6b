import pyarrow as pa
import pytest

from enclave.deidentify import DeidentificationPlan, build_plan, decide_plan
from enclave.errors import PlanRefusedError
from governance.contracts.model import Column, PersonKey
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)


def plan_of(*columns: Column, **terms: object) -> DeidentificationPlan:
    contract = build_contract(columns)
    return build_plan(contract, build_terms(contract, **terms), build_agreement(contract))  # type: ignore[arg-type]


def rules_of(*columns: Column, person: PersonKey | None = None, **terms: object) -> list[str]:
    contract = build_contract(columns, person=person)
    decision = decide_plan(
        contract,
        build_terms(contract, **terms),  # type: ignore[arg-type]
        build_agreement(contract),
    )
    assert decision.permitted == (not decision.denials)
    assert all(d.clause and d.remedy for d in decision.denials)
    return [d.rule.removeprefix("plan.") for d in decision.denials]


def test_a_full_plan() -> None:
    contract = build_contract()
    plan = build_plan(contract, build_terms(contract), build_agreement(contract))
    assert plan.output_schema.names == [
        "person_id",
        "town",
        "birth_date",
        "grade",
        "year",
        "amount",
    ]
    assert plan.output_schema.field("person_id") == pa.field(
        "person_id", pa.binary(16), nullable=False
    )
    assert plan.output_schema.field("birth_date").type == pa.int32()
    assert plan.quasi_identifiers == ("town", "birth_date")
    assert plan.linkage_scope == "sde"


def test_the_agreement_goes_before_the_contract() -> None:
    plan = plan_of(
        build_column("age", "integer", treatment="keep"),
        treatments={"age": build_treatment("age_band")},
    )
    assert plan.output_schema.field("age").type == pa.string()


def test_a_column_the_agreement_does_not_cover() -> None:
    columns = (build_column("a"), build_column("b", treatment="drop"))
    assert rules_of(*columns, columns=("a",)) == ["column_covered"]


def test_a_column_without_a_treatment() -> None:
    assert rules_of(build_column("a"), build_column("b", treatment=None)) == ["treatment_named"]


@pytest.mark.parametrize("kind", ["keep", "round", "top_bottom_code", "year"])
def test_a_direct_identifier_is_not_kept(kind: str) -> None:
    column = build_column("ssn", treatment=build_treatment(kind), role="direct")
    assert "treatment_fits" in rules_of(column, build_column("b"))


@pytest.mark.parametrize(
    ("kind", "options", "fitting"),
    [
        ("age_band", {}, "integer"),
        ("zip3", {}, "string"),
        ("town_to_region", {"to": "county"}, "string"),
        ("year", {}, "date timestamp"),
        ("top_bottom_code", {"top": 5}, "integer number"),
        ("round", {"to": 5}, "integer number"),
    ],
)
def test_a_treatment_fits_its_type(kind: str, options: dict[str, int], fitting: str) -> None:
    for logical_type in ("string", "integer", "number", "date", "timestamp", "boolean"):
        column = build_column("a", logical_type, treatment=build_treatment(kind, **options))
        expected = [] if logical_type in fitting.split() else ["treatment_fits"]
        assert rules_of(column) == expected


@pytest.mark.parametrize(
    ("logical_type", "kind", "options"),
    [
        ("integer", "age_band", {"width": 0}),
        ("integer", "age_band", {"width": 2.5}),
        ("integer", "round", {"to": 0.5}),
        ("integer", "top_bottom_code", {"top": 1.5}),
        ("integer", "top_bottom_code", {}),
        ("string", "constant", {"value": ("a", "b")}),
        ("string", "constant", {}),
        ("string", "town_to_region", {"to": "zip"}),
        ("string", "entity_id", {}),
    ],
)
def test_options_that_cannot_work(logical_type: str, kind: str, options: dict[str, float]) -> None:
    column = build_column("a", logical_type, treatment=build_treatment(kind, **options))
    assert "treatment_fits" in rules_of(column)


def test_dates_of_one_person_shift_alike() -> None:
    person = PersonKey("person_id", ("ssn",), "ssn")
    columns = [build_column("ssn", treatment="person_id", role="direct")]
    columns += [
        build_column(f"d{days}", "date", treatment=build_treatment("date_shift", max_days=days))
        for days in (30, 60)
    ]
    assert rules_of(*columns, person=person) == ["treatment_fits"]
    assert rules_of(*columns[:2], person=person) == []


def test_the_person_key() -> None:
    kept = build_column("birth", "date")
    ssn = build_column("ssn", treatment="person_id", role="direct")
    for person, column, expected in (
        (PersonKey("pid", ("ssn",), "ssn"), kept, []),
        (PersonKey("pid", ("ssn", "birth"), "x"), kept, ["treatment_fits"]),
        (PersonKey("birth", ("ssn",), "ssn"), kept, ["person_identified"]),
        (PersonKey("pid", (), "ssn"), kept, ["treatment_fits", "person_identified"]),
    ):
        assert rules_of(ssn, column, person=person) == expected


def test_nothing_left_of_a_row() -> None:
    assert rules_of(build_column("a", treatment="drop")) == ["something_left"]


def test_terms_of_another_dataset_and_an_unknown_override() -> None:
    contract = build_contract([build_column("a")])
    other = build_contract([build_column("a")], dataset="other")
    decision = decide_plan(
        contract,
        build_terms(other, treatments={"zzz": build_treatment()}),
        build_agreement(contract),
    )
    assert [d.rule for d in decision.denials] == ["plan.dataset_named", "plan.override_known"]


def test_every_reason_is_in_the_refusal() -> None:
    contract = build_contract([build_column("a", treatment=None), build_column("b", "date")])
    terms = build_terms(contract, columns=("a",), treatments={"b": build_treatment("zip3")})
    with pytest.raises(PlanRefusedError) as caught:
        build_plan(contract, terms, build_agreement(contract))
    assert len(caught.value.decision.denials) == 3
    assert "[2]" in str(caught.value)
    assert "[3]" in str(caught.value)


def test_the_hash_changes_with_anything_that_changes_a_value() -> None:
    plans = [
        plan_of(build_column("a", "integer")),
        plan_of(build_column("a", "integer"), linkage_scope="project"),
        plan_of(build_column("b", "integer")),
        plan_of(build_column("a", "integer", role="quasi")),
        plan_of(build_column("a", "integer", treatment=build_treatment("round", to=5))),
        plan_of(build_column("a", "integer", treatment=build_treatment("round", to=10))),
        plan_of(build_column("a", treatment="zip3")),
    ]
    assert len({plan.plan_hash for plan in plans}) == len(plans)
    assert plan_of(build_column("a", "integer")).plan_hash == plans[0].plan_hash


def test_quasi_identifiers_nobody_can_look_up_are_left_out() -> None:
    plan = plan_of(
        build_column("zip", treatment="zip3", role="quasi"),
        build_column("state", treatment=build_treatment("constant", value="CT"), role="quasi"),
        build_column("gone", treatment="drop", role="quasi"),
        build_column("cause", role="sensitive"),
    )
    assert plan.quasi_identifiers == ("zip",)
    assert plan.sensitive == ("cause",)
