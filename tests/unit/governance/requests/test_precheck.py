"""The policy pre-check: one row a rule, in words, with clause and remedy."""

from datetime import date
from typing import Any

import pytest

from governance.contracts.model import Treatment, TreatmentKind
from governance.decisions import Decision
from governance.grants.model import Comparison
from governance.requests.completeness import decide_completeness
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.precheck import PRECHECK_RULES, PrecheckReport, precheck
from governance.requests.words import say_precheck
from tests.lib.requests import (
    CHEN,
    OKAFOR,
    RUIZ,
    RULES,
    TODAY,
    build_agreements,
    build_content,
    build_contracts,
)


def check(content: RequestContent | None = None, **agreements: Any) -> PrecheckReport:
    return precheck(
        content or build_content(), build_contracts(), build_agreements(**agreements), TODAY, RULES
    )


def enrollment(*variables: str, **changes: Any) -> RequestContent:
    asked = RequestedDataset(dataset="sde/enrollment", variables=variables, **changes)
    return build_content(datasets=(asked, build_content().datasets[1]))


def say(report: PrecheckReport) -> str:
    return say_precheck(report, Decision(("request.complete",)), TODAY)


def test_a_sound_request_passes_and_says_what_to_expect() -> None:
    report = check()
    assert report.decision.permitted
    assert report.decision.checked == PRECHECK_RULES
    town = next(v for v in report.variables if v.variable == "town")
    assert (town.covered, town.purpose_allowed, town.sensitive) == (True, True, False)
    assert town.treatment == "town_to_region"
    assert town.approvals == ("data governing board",)
    text = say(report)
    assert text.startswith(f"Nothing speaks against it, on {TODAY}.")
    assert "yes town: covered; purpose permitted; lands as: town_to_region" in text
    assert "no count under 11" in text
    assert "Dana Ruiz (Example University) may not have dol/quarterly_wages" in text


@pytest.mark.parametrize(
    ("content", "rule", "words"),
    [
        (enrollment("shoe_size"), "variable.known", "There is no variable"),
        (enrollment("note"), "variable.covered", "does not cover sde/enrollment.note"),
        (enrollment("person_number"), "variable.lands", "identifies persons"),
        (
            build_content(purposes={"sde": "curiosity", "dol": "evaluation"}),
            "purpose.allowed",
            "Choose one of: evaluation.",
        ),
        (build_content(purposes={"dol": "evaluation"}), "purpose.allowed", "is not one"),
        (
            build_content(
                datasets=(
                    *build_content().datasets,
                    RequestedDataset(dataset="sde/nothing", variables=("x",)),
                )
            ),
            "dataset.known",
            "There is no dataset sde/nothing.",
        ),
        (
            build_content(datasets=build_content().datasets[:1]),
            "request.eligibility",
            "data of 1 agency; 2 are needed",
        ),
        (build_content(ferpa_basis=None), "education.basis", "audit or evaluate"),
        (build_content(people=(RUIZ, OKAFOR)), "education.representative", "No authorized"),
        (build_content(people=(RUIZ, OKAFOR)), "dataset.people", "Nobody named may have dol/"),
        (
            enrollment(
                "grade", row_filter=(Comparison(column="town", operator="in", values=("01",)),)
            ),
            "row_filter.applicable",
            "cannot be limited by town",
        ),
        (
            build_content(
                datasets=(
                    build_content().datasets[0],
                    RequestedDataset(dataset="oec/centers", variables=("sector",), years=(2020,)),
                ),
                purposes={"sde": "evaluation", "oec": "evaluation"},
            ),
            "years.applicable",
            "has no year",
        ),
    ],
)
def test_what_no_approval_could_mend(content: RequestContent, rule: str, words: str) -> None:
    report = check(content)
    denials = [d for d in report.decision.denials if d.rule == rule]
    assert denials
    assert all(d.remedy and d.clause for d in denials)
    text = say(report)
    assert words in text
    assert text.startswith("Not as it stands")


def test_without_an_agreement_in_force_nothing_is_covered() -> None:
    report = check(ends_on=date(2026, 3, 1))
    assert {d.rule for d in report.decision.denials} == {"agreement.in_force"}
    assert report.output is None
    assert "no agreement in force" in say(report)


def test_the_newest_of_two_agreements_counts() -> None:
    agreements = build_agreements()
    old = build_agreements(effective_on=date(2019, 1, 1))["MOU-SDE"]
    report = precheck(build_content(), build_contracts(), {"OLD": old, **agreements}, TODAY, RULES)
    assert report.datasets[0].agreement == "MOU-SDE"
    assert report.decision.permitted


def test_the_strictest_disclosure_rule_wins() -> None:
    report = check()
    assert report.output is not None
    assert report.output.minimum_cell_count == 11
    assert report.output.minimum_denominator == 20
    assert "MOU-DOL §3" in report.output.clause


def test_unit_wage_data_is_for_state_employees_only() -> None:
    report = check()
    assert [(b.person, b.dataset) for b in report.bars] == [
        ("p-ruiz", "dol/quarterly_wages"),
        ("p-okafor", "dol/quarterly_wages"),
    ]
    denial = report.bars[0].denial
    assert "state employee, state official" in denial.remedy
    assert "20 CFR Part 603" in denial.clause
    assert not check(build_content(people=(CHEN,))).bars


def test_sensitive_variables_and_agreements_that_end_are_noted() -> None:
    report = check(enrollment("disability"), ends_on=date(2026, 9, 30))
    assert report.decision.permitted
    assert {n.rule for n in report.notes} == {"variable.sensitive", "agreement.until"}
    assert next(v for v in report.variables if v.variable == "disability").sensitive
    text = say(report)
    assert "SENSITIVE" in text
    assert "ends on 2026-09-30" in text


def test_combinations_that_must_never_meet_are_named() -> None:
    combination: dict[str, Any] = {
        "columns": ("sde/enrollment.town", "dol/quarterly_wages.amount"),
        "reason": "A town can have one earner of that amount.",
        "clause": "DSA template §9",
    }
    from governance.grants.model import ForbiddenCombination

    rules = RULES.model_copy(update={"forbidden": (ForbiddenCombination(**combination),)})
    content = build_content()
    report = precheck(content, build_contracts(), build_agreements(), TODAY, rules)
    assert len(report.combinations) == 1
    assert "may never meet in one query" in say(report)
    fewer = enrollment("grade")
    assert not precheck(fewer, build_contracts(), build_agreements(), TODAY, rules).combinations


def test_an_agreement_s_treatment_decides_what_lands() -> None:
    from dataclasses import replace

    agreements = build_agreements()
    sde = agreements["MOU-SDE"]
    terms = replace(sde.datasets[0], treatments={"town": Treatment(TreatmentKind.DROP, {})})
    agreements["MOU-SDE"] = replace(sde, datasets=(terms,))
    report = precheck(build_content(), build_contracts(), agreements, TODAY, RULES)
    assert "variable.lands" in {d.rule for d in report.decision.denials}


def test_an_agency_with_several_agreements_has_a_purpose_for_each_dataset() -> None:
    both = {"sde/enrollment": "evaluation", "sde": "curiosity", "dol": "evaluation"}
    assert check(build_content(purposes=both)).decision.permitted
    content = build_content(purposes={**both, "sde/enrollment": "curiosity"})
    denied = check(content).decision.denials
    assert {d.rule for d in denied} == {"purpose.allowed"}


def test_an_empty_form_is_checked_too() -> None:
    report = check(RequestContent())
    assert not report.decision.permitted
    assert {d.rule for d in report.decision.denials} == {"request.eligibility"}
    missing = decide_completeness(RequestContent(), RULES)
    assert "Missing from the form:" in say_precheck(report, missing, TODAY)
    facts: Any = report.to_dict()
    assert facts["permitted"] is False
    assert facts["variables"] == []
