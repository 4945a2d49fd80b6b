"""Receipts: the verdict in words, the figures, and nothing that was not asked for."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from enclave.validate.receipt import build_receipt, render_receipt_html
from tests.lib.receipts import build_all_verdicts, build_receipt_facts

CANARY = "CANARY-RX-8812"


@pytest.mark.parametrize("kind", build_all_verdicts())
def test_each_verdict_has_its_words(kind: str) -> None:
    receipt = build_receipt(build_all_verdicts()[kind])
    assert receipt["verdict"]["kind"] == kind
    page = render_receipt_html(receipt)
    assert receipt["verdict"]["headline"] in page
    assert json.loads(json.dumps(receipt)) == receipt


def test_the_page_tells_what_a_steward_needs() -> None:
    facts = build_receipt_facts()
    page = re.sub(r"\s+", " ", render_receipt_html(build_receipt(facts)))
    for text in (
        "Landed, but 18 rows were set aside",
        facts.sha256,
        "4.50%",
        "must be a date of the calendar, written MM/DD/YYYY",
        "2, 33, 64, 95, 126, 157, 188, 219, 250, 281, …",
        "This time 400 rows; 925 on average before.",
        "The delimiter was sniffed: comma.",
        "curated_dol__quarterly_wages",
        "Clause 3.2: Share of failing rows",
        "Monday, November 30, 2026",
        f"enclave quarantine export {facts.submission_id}",
        "It becomes revision 2",
        "November 20, 2026, 9:03 AM Eastern time",
    ):
        assert text in page, text
    assert "2.1" not in [c["id"] for c in build_receipt(facts)["agreement"]["clauses"]]


def test_failed_checks_come_first_and_the_worst_of_them() -> None:
    checks = build_receipt(build_receipt_facts())["checks"]
    outcomes = [check["outcome"] for check in checks]
    assert outcomes == sorted(outcomes, key=["failed", "open", "passed"].index)
    failing = [c["failing_rows"] or 0 for c in checks if c["outcome"] == "failed"]
    assert failing == sorted(failing, reverse=True)
    assert failing[0] == 13


def test_a_rejection_gives_share_limit_and_way_on() -> None:
    receipt = build_receipt(build_all_verdicts()["rejected"])
    assert "120 of 400 records fail (30.00 percent)" in receipt["verdict"]["explanation"]
    assert "up to 5 percent" in receipt["verdict"]["explanation"]
    assert [step["command"] != "" for step in receipt["resubmission"]] == [True, False, False]


def test_unknown_facts_stay_out() -> None:
    facts = build_receipt_facts()
    hidden: dict[str, Any] = {"value": CANARY, "observed_value": CANARY, "file_name": CANARY}

    def spiked(found: Any) -> dict[str, Any]:
        return {**found, **hidden}

    assert facts.report is not None
    report = {**spiked(facts.report), "checks": [spiked(c) for c in facts.report["checks"]]}
    receipt = build_receipt(
        replace(
            facts,
            report=report,
            findings=[spiked(f) for f in facts.findings],
            history=[spiked(h) for h in facts.history],
            clocks=[spiked(c) for c in facts.clocks],
            risk=spiked(facts.risk),
            snapshot=spiked(facts.snapshot),
            quarantine=spiked(facts.quarantine),
            agreement=spiked(facts.agreement),
        )
    )
    assert CANARY not in json.dumps(receipt)
    assert CANARY not in render_receipt_html(receipt)


def test_markup_in_names_is_text() -> None:
    facts = build_receipt_facts(
        dataset_title="<script>alert(1)</script>", agency_name='"><img src=x>',
        findings=[{"code": "x", "severity": "note", "message": "<b>bold</b>", "lines": []}],
    )  # fmt: skip
    page = render_receipt_html(build_receipt(facts))
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>bold" not in page
    assert "&lt;script&gt;" in page


def test_one_submission_has_no_chart() -> None:
    facts = build_receipt_facts()
    page = render_receipt_html(build_receipt(replace(facts, history=facts.history[-1:])))
    assert "<svg" not in page
    assert "(this one)" in page


def test_without_a_limit_nothing_is_said_of_it() -> None:
    facts = build_receipt_facts(threshold_pct=None)
    page = render_receipt_html(build_receipt(facts))
    assert "accepts up to" not in page


def test_a_dataset_about_no_person_has_records_at_risk() -> None:
    facts = build_receipt_facts()
    assert facts.risk is not None
    about_projects = replace(facts, risk={**facts.risk, "counts": "records"})

    pages = [render_receipt_html(build_receipt(f)) for f in (facts, about_projects)]

    assert "People in the table" in pages[0]
    assert "People in the table" not in pages[1]
    assert "Records in the table" in pages[1]
    assert "about no person" in pages[1]
