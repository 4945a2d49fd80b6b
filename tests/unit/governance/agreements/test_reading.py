"""An agreement becomes typed facts; every term cites a clause that exists."""

import copy
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml

from governance.agreements import check_agreement, parse_agreement
from governance.agreements.model import AuthorityKind, DeliveryMode, GateAction
from governance.agreements.parse import schema_problems
from governance.contracts.model import PersonKey, Rule, RuleKind, TreatmentKind
from governance.errors import AgreementError
from tests.lib.builders import (
    build_agreement,
    build_column,
    build_contract,
    build_terms,
    build_treatment,
)

Document = dict[str, Any]


def document() -> Document:
    return {
        "id": "MOU-SDE-1",
        "version": "1.0",
        "title": "A memorandum",
        "agency": "sde",
        "authority": {"kind": "both", "citations": ["C.G.S. § 10-10a"]},
        "parties": [{"agency": "sde", "name": "The department", "role": "data owner"}],
        "term": {"effectiveOn": "2026-01-01", "endsOn": "2026-12-31", "clause": "1"},
        "schedule": {"cron": "0 6 1 */3 *", "clause": "2"},
        "purposes": {"allowed": ["evaluation"], "clause": "2"},
        "approvers": {"roles": ["data owner"], "clause": "2"},
        "retention": {
            "rawBusinessDays": 5,
            "quarantineDays": 5,
            "curatedUntil": "2028-01-01",
            "clause": "3",
        },
        "datasets": [
            {
                "dataset": "enrollment",
                "columns": ["person_number", "town"],
                "columnsClause": "2",
                "fileNamePattern": "SDE_{period}_v{revision}.csv*",
                "delivery": {"mode": "replace_period", "clause": "2"},
                "reject": {"thresholdPct": 2.5, "clause": "2"},
                "linkageScope": "sde",
                "riskGate": {"minimumK": 3, "maxUniquePct": 1, "action": "hold", "clause": "3"},
                "disclosure": {"minimumCellCount": 6, "minimumDenominator": 20, "clause": "3"},
                "treatments": {"town": "drop"},
                "deidentificationClause": "3",
            }
        ],
        "clauses": [
            {"id": "1", "title": "Term", "text": "One year."},
            {"id": "2", "title": "Delivery", "text": "As said."},
            {"id": "3", "title": "Protection", "text": "As said."},
        ],
    }


def parse(content: Document) -> Any:
    return parse_agreement(yaml.safe_dump(content, allow_unicode=True).encode(), "example.yaml")


def test_typed_facts() -> None:
    agreement = parse(document())

    assert agreement.authority is AuthorityKind.BOTH
    assert agreement.effective_on == date(2026, 1, 1)
    assert agreement.in_force(date(2026, 12, 31)), "the end date is included"
    assert not agreement.in_force(date(2027, 1, 1))
    assert agreement.retention.clause == "3"
    terms = agreement.terms("enrollment")
    assert terms.delivery is DeliveryMode.REPLACE_PERIOD
    assert terms.reject_threshold_pct == 2.5
    assert terms.risk_gate.action is GateAction.HOLD
    assert terms.risk_gate.minimum_l is None
    assert terms.disclosure.dominance_pct is None
    assert terms.treatments["town"].kind is TreatmentKind.DROP
    assert schema_problems(yaml.safe_dump(document()).encode()) == []


def terms_of(content: Document) -> Document:
    found: Document = content["datasets"][0]
    return found


MISTAKES: dict[str, tuple[Callable[[Document], object], str]] = {
    "no id": (lambda d: d.pop("id"), "id: is missing"),
    "unknown key": (lambda d: d.update(polcy=1), "polcy: is not known here"),
    "authority": (lambda d: d["authority"].update(kind="custom"), "authority.kind: 'custom'"),
    "no citation": (
        lambda d: d["authority"].update(citations=[]),
        "authority.citations: must name at least one",
    ),
    "no parties": (lambda d: d.update(parties=[]), "parties: must name at least one"),
    "dates crossed": (
        lambda d: d["term"].update(endsOn="2025-01-01"),
        "term.endsOn: lies before effectiveOn",
    ),
    "no such day": (
        lambda d: d["term"].update(endsOn="2026-02-30"),
        "term.endsOn: '2026-02-30' is no date; write it as YYYY-MM-DD",
    ),
    "no term": (lambda d: d.pop("term"), "term: is missing"),
    "unknown clause": (
        lambda d: d["term"].update(clause="9"),
        "term.clause: cites clause '9', which the agreement does not have",
    ),
    "clause twice": (
        lambda d: d["clauses"].append(copy.deepcopy(d["clauses"][0])),
        "clauses: clause '1' stands twice",
    ),
    "clause of a dataset": (
        lambda d: terms_of(d)["riskGate"].update(clause="7"),
        "datasets.enrollment.riskGate.clause: cites clause '7'",
    ),
    "cron words": (lambda d: d["schedule"].update(cron="daily"), "schedule.cron: must be five"),
    "cron range": (lambda d: d["schedule"].update(cron="0 25 * * *"), "schedule.cron"),
    "raw term": (
        lambda d: d["retention"].update(rawBusinessDays=0),
        "retention.rawBusinessDays: must be at least 1",
    ),
    "quarantine outlives the file": (
        lambda d: d["retention"].update(quarantineDays=8),
        "retention.quarantineDays: must not outlive the raw file (at most 5)",
    ),
    "curated before": (
        lambda d: d["retention"].update(curatedUntil="2025-01-01"),
        "retention.curatedUntil: lies before the agreement takes effect",
    ),
    "file name a path": (
        lambda d: terms_of(d).update(fileNamePattern="in/{period}.csv"),
        "fileNamePattern: names a file, not a path",
    ),
    "file name placeholder": (
        lambda d: terms_of(d).update(fileNamePattern="{quarter}.csv"),
        "only {period}, {revision} and * may stand for something else",
    ),
    "delivery": (
        lambda d: terms_of(d)["delivery"].update(mode="merge"),
        "delivery.mode: 'merge' is not known; use one of: append, replace_period, full",
    ),
    "threshold": (
        lambda d: terms_of(d)["reject"].update(thresholdPct=120),
        "reject.thresholdPct: must be at most 100",
    ),
    "dominance": (
        lambda d: terms_of(d)["disclosure"].update(dominancePct=101),
        "disclosure.dominancePct: must be at most 100",
    ),
    "treatment": (
        lambda d: terms_of(d).update(treatments={"town": "blur"}),
        "datasets.enrollment.treatments.town.kind: 'blur' is no treatment",
    ),
    "dataset twice": (
        lambda d: d["datasets"].append(copy.deepcopy(d["datasets"][0])),
        "datasets: 'enrollment' stands twice",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told_with_its_place(name: str) -> None:
    content = document()
    break_it, expected = MISTAKES[name]
    break_it(content)

    with pytest.raises(AgreementError) as caught:
        parse(content)

    assert any(expected in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("pattern", "name", "groups"),
    [
        ("S_{period}_v{revision}.csv", "S_2025_v12.csv", {"period": "2025", "revision": "12"}),
        ("DOL.000.{period}.matching", "DOL.000.01_01_2000.matching", {"period": "01_01_2000"}),
        ("P20_{period}_CSCU_match_v1", "P20_Q0012_CSCU_match_v1", {"period": "Q0012"}),
        ("*export*.zip", "my_export_1.zip", {}),
        ("SDE_{period}.csv", "SDE_2025xcsv", None),
        ("SDE_{period}.csv", "sub/SDE_2025.csv", None),
        ("v{revision}.csv", "v0.csv", None),
    ],
)  # fmt: skip
def test_file_names(pattern: str, name: str, groups: dict[str, str] | None) -> None:
    content = document()
    terms_of(content)["fileNamePattern"] = pattern

    found = re.fullmatch(parse(content).datasets[0].file_name_pattern, name)

    assert (found.groupdict() if found else None) == groups


def test_against_contracts_everything_fits() -> None:
    contract = build_contract()

    assert check_agreement(build_agreement(contract), {contract.id: contract}) == []


def test_a_column_that_is_none_and_a_key_left_out() -> None:
    contract = build_contract(key=("year",))
    terms = build_terms(contract, columns=("town", "ward"))

    problems = check_agreement(
        build_agreement(terms=[terms], agency="sde"), {contract.id: contract}
    )

    assert problems == [
        "datasets.enrollment.columns: 'ward' is no column of sde/enrollment",
        "datasets.enrollment.columns: year is not covered, and the row's key or person needs it",
        (
            "datasets.enrollment.columns: person_number is not covered, "
            "and the row's key or person needs it"
        ),
    ]


def test_a_dataset_without_a_contract() -> None:
    contract = build_contract()

    assert check_agreement(build_agreement(contract), {}) == [
        "datasets.enrollment: there is no contract sde/enrollment"
    ]


def test_an_override_that_does_not_fit() -> None:
    contract = build_contract()
    terms = build_terms(
        contract,
        treatments={"town": build_treatment("year"), "ward": build_treatment("drop")},
    )

    assert check_agreement(
        build_agreement(terms=[terms], agency="sde"), {contract.id: contract}
    ) == [
        (
            "datasets.enrollment.treatments.town: year works on date or timestamp, "
            "and the column is of type string"
        ),
        "datasets.enrollment.treatments.ward: is no column of sde/enrollment",
    ]


def test_what_is_referred_to_is_loaded_first() -> None:
    person = PersonKey("person_id", ("number",), "number")
    columns = [build_column("number", treatment="person_id", role="direct"), build_column("house")]
    houses = build_contract([build_column("house")], agency="sde", dataset="houses")
    people = build_contract(
        columns,
        dataset="people",
        person=person,
        rules=(
            Rule(
                "house_known",
                RuleKind.REFERENCE,
                {"columns": ("house",), "to_dataset": "sde/houses", "to_columns": ("house",)},
            ),
        ),
    )
    contracts = {c.id: c for c in (houses, people)}

    assert check_agreement(build_agreement(houses, people), contracts) == []
    assert check_agreement(build_agreement(people, houses), contracts) == [
        "datasets.people: refers to sde/houses, which is loaded only after it"
    ]
