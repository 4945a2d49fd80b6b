"""The receipt: what the agency gets back for a submission, as JSON and as a page.

Both hold names, counts, positions, dates and clauses; never a value out of a row, and never the
file's name (it may carry people). `build_receipt` copies known fields only, so a mapping that one
day holds more does not put more into the receipt. The page is one file without scripts, fonts or
pictures from elsewhere; it prints, and it is checked with axe (tests/functional).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from enclave.validate.receipt_facts import Facts, ReceiptFacts
from enclave.validate.receipt_page import render_receipt_html
from enclave.validate.receipt_words import (
    explain,
    export_command,
    headline,
    resubmission,
    verdict_kind,
)

SCHEMA: Final = "enclave/receipt/1"
MOST_LINES: Final = 10

_FORMAT_WORDS: Final = {
    "format": "Format",
    "encoding": "Character encoding",
    "byte_order_mark": "Byte-order mark",
    "delimiter": "Delimiter",
    "delimiter_declared": "Delimiter given by the contract",
    "quote": "Quote",
    "newline": "Line ends",
    "header": "Header line",
    "columns": "Columns",
    "preamble_lines": "Lines before the header",
    "record_width": "Width of a record",
    "rows": "Rows stated by the file",
    "row_groups": "Row groups",
    "sheet": "Sheet read (position)",
    "sheets": "Sheets in the workbook",
}
_CLOCK_WORDS: Final = {
    "raw_file": "The file as delivered",
    "quarantine": "The rows set aside",
    "curated": "The rows in the lake",
}


def build_receipt(facts: ReceiptFacts) -> dict[str, Any]:
    """The receipt as JSON-able data (schema `enclave/receipt/1`)."""
    kind = verdict_kind(facts.state, facts.rows_set_aside)
    checks = _checks(facts)
    receipt: dict[str, Any] = {
        "schema": SCHEMA,
        "programme": facts.programme,
        "contact": facts.contact,
        "submission": {
            "id": facts.submission_id,
            "agency": facts.agency,
            "agency_name": facts.agency_name or facts.agency,
            "dataset": facts.dataset,
            "dataset_title": facts.dataset_title or facts.dataset,
            "period": facts.period,
            "revision": facts.revision,
            "state": facts.state,
            "supersedes": list(facts.supersedes),
            "duplicate_of": facts.duplicate_of,
        },
        "reported_at": facts.reported_at,
        "verdict": {
            "kind": kind,
            "headline": headline(kind, facts.rows_set_aside, facts.rows_read),
            "explanation": explain(kind, facts),
            "reasons": [_reason(r) for r in facts.reasons],
        },
        "received": {
            "at": facts.received_at,
            "by": facts.delivered_by,
            "size_bytes": facts.size_bytes,
            "sha256": facts.sha256,
            "contract_version": facts.contract_version,
        },
        "counts": {
            "rows_read": facts.rows_read,
            "rows_landed": facts.rows_landed,
            "rows_set_aside": facts.rows_set_aside,
            "set_aside_pct": _pct(facts.rows_set_aside, facts.rows_read),
            "threshold_pct": facts.threshold_pct,
            "threshold_clause": facts.threshold_clause,
        },
        "format": [{"what": _format_word(name), "value": value}
                   for name, value in facts.dialect.items()],
        "checks": checks,
        "findings": _other_findings(facts, checks),
        "trend": _trend(facts),
        "risk": _risk(facts.risk),
        "landed": facts.snapshot and _pick(
            facts.snapshot, "table", "version", "contract_version", "plan_hash"),
        "quarantine": facts.quarantine and {
            **_pick(facts.quarantine, "object_key", "rows", "malformed", "key_id"),
            "command": export_command(facts)},
        "clocks": [
            {**_pick(c, "what", "due_on", "clause", "destroyed_at"),
             "words": _CLOCK_WORDS.get(str(c.get("what")), str(c.get("what")))}
            for c in facts.clocks
        ],
        "resubmission": resubmission(kind, facts),
    }  # fmt: skip
    receipt["agreement"] = _agreement(facts, receipt)
    return receipt


def _pick(facts: Facts, *names: str) -> dict[str, Any]:
    return {name: facts.get(name) for name in names}


def _reason(reason: Facts) -> dict[str, Any]:
    told = _pick(reason, "reason", "remedy", "clause")
    return {
        **told,
        "code": reason.get("code"),
        "lines": list(reason.get("lines") or ())[:MOST_LINES],
    }


def _pct(part: float, whole: float) -> float:
    return round(100 * part / whole, 4) if whole else 0.0


def _format_word(name: str) -> str:
    return _FORMAT_WORDS.get(name, name.replace("_", " ").capitalize())


def _checks(facts: ReceiptFacts) -> list[dict[str, Any]]:
    """Failed checks first, the most failing rows first; then those open; then those passed."""
    if facts.report is None:
        return []
    order = {"failed": 0, "open": 1, "passed": 2}
    checks = [_check(check, facts.source_names) for check in facts.report.get("checks", ())]
    return sorted(checks, key=lambda c: (order[c["outcome"]], -(c["failing_rows"] or 0)))


def _check(check: Facts, source_names: Mapping[str, str]) -> dict[str, Any]:
    outcome = {True: "passed", False: "failed"}.get(check["passed"], "open")
    return {
        **_pick(check, "code", "columns", "rule", "demand", "failing_rows", "failing_pct",
                "remedy", "facts"),
        "source_columns": [source_names.get(name, name) for name in check["columns"]],
        "lines": list(check.get("lines", ()))[:MOST_LINES],
        "outcome": outcome,
    }  # fmt: skip


def _other_findings(facts: ReceiptFacts, checks: Iterable[Facts]) -> list[dict[str, Any]]:
    """Findings that neither a failed check nor a reason of the verdict already tells."""
    told = {c["code"] for c in checks if c["outcome"] == "failed"}
    reasons = {reason.get("reason") for reason in facts.reasons}
    return [
        {**_pick(f, "code", "severity", "message", "column", "failing_rows", "remedy"),
         "lines": list(f.get("lines", ()))[:MOST_LINES]}
        for f in facts.findings if f.get("code") not in told and f.get("message") not in reasons
    ]  # fmt: skip


def _trend(facts: ReceiptFacts) -> list[dict[str, Any]]:
    return [
        {
            **_pick(past, "period", "revision", "state", "rows", "failed"),
            "failed_pct": _pct(past.get("failed") or 0, past.get("rows") or 0),
            "this": (past.get("period"), past.get("revision")) == (facts.period, facts.revision),
        }
        for past in facts.history
    ]


def _risk(risk: Facts | None) -> dict[str, Any] | None:
    if risk is None:
        return None
    gate = risk.get("gate") or {}
    return {
        "counts": "records" if risk.get("counts") == "records" else "people",
        **_pick(risk, "people", "k", "unique_people", "unique_pct", "l"),
        "quasi_identifiers": [str(name) for name in risk.get("quasi_identifiers", ())],
        "breaches": [str(breach) for breach in risk.get("breaches", ())],
        "gate": _pick(gate, "minimum_k", "max_unique_pct", "minimum_l", "action", "clause"),
    }


def _agreement(facts: ReceiptFacts, receipt: Facts) -> dict[str, Any]:
    """The agreement with the clauses the receipt cites."""
    cited = {str(r.get("clause")) for r in receipt["verdict"]["reasons"]}
    cited |= {str(clock.get("clause")) for clock in receipt["clocks"]}
    cited.add(facts.threshold_clause)
    if receipt["risk"]:
        cited.add(str(receipt["risk"]["gate"].get("clause")))
    clauses = facts.agreement.get("clauses", ())
    return {
        **_pick(facts.agreement, "id", "version", "title"),
        "clauses": [_pick(c, "id", "title") for c in clauses if str(c.get("id")) in cited],
    }


__all__ = ["ReceiptFacts", "build_receipt", "render_receipt_html"]
