"""Receipt facts of made-up submissions, one for each verdict."""

from typing import Any

from enclave.findings import Finding, Severity
from enclave.validate import KeySpill, RowValidator
from enclave.validate.receipt import ReceiptFacts
from governance.contracts.model import DatasetContract, Rule, RuleKind
from tests.lib.builders import build_column, build_contract
from tests.lib.raw_batches import build_raw_batch

CLAUSES = [
    {"id": "2.1", "title": "Data elements covered"},
    {"id": "3.2", "title": "Share of failing rows above which a delivery is rejected"},
    {"id": "4.1", "title": "Risk of re-identification"},
    {"id": "5.1", "title": "Destruction of raw files"},
]


def build_wage_contract() -> DatasetContract:
    columns = [
        build_column("ssn", required=True, pattern="[0-9]{9}"),
        build_column("birth_date", "date", formats=("%m/%d/%Y",), maximum="2026-01-01"),
        build_column("wages", "number", required=True, minimum=0),
        build_column("county", codes=("001", "003", "005")),
        build_column("start_date", "date", formats=("%Y%m%d",)),
        build_column("end_date", "date", formats=("%Y%m%d",)),
    ]
    rules = (
        Rule("end_after_start", RuleKind.COMPARE,
             {"left": "end_date", "operator": ">=", "right": "start_date"}),
        Rule("volume", RuleKind.ROW_COUNT_DRIFT, {"max_pct": 15}),
    )  # fmt: skip
    return build_contract(columns, agency="dol", dataset="wages", key=("ssn",), rules=rules)


def build_report(rows: int = 400, *, dirty: bool = True) -> dict[str, object]:
    """The report of a made-up submission."""
    cells: dict[str, list[str | None]] = {
        "ssn": [f"{i:09d}" for i in range(rows)],
        "birth_date": ["01/31/1980"] * rows,
        "wages": ["100.00"] * rows,
        "county": ["001"] * rows,
        "start_date": ["20240101"] * rows,
        "end_date": ["20241231"] * rows,
    }
    if dirty:
        for row in range(0, rows, 31):
            cells["birth_date"][row] = "02/30/1980"
        cells["wages"][7], cells["wages"][11] = "1,000", None
        cells["county"][3] = "999"
        cells["end_date"][20] = "20200101"
        cells["ssn"][40] = cells["ssn"][41]
    with KeySpill() as seen:
        validator = RowValidator(build_wage_contract(), prior_row_counts=(900, 950), seen=seen)
        validator.check(build_raw_batch(cells))
        report = validator.finish()
    lined = report.with_lines({record: record + 1 for record in report.first_records})
    return lined.to_dict()


def build_receipt_facts(
    state: str = "landed", *, dirty: bool = True, **changes: Any
) -> ReceiptFacts:
    """Facts of a wage submission in that state."""
    facts: dict[str, Any] = {
        "submission_id": "8f14e45fceea167a5a36dedd4bea2543",
        "agency": "dol",
        "agency_name": "Department of Labor",
        "dataset": "wages",
        "dataset_title": "Quarterly wages",
        "period": "2026Q3",
        "revision": 1,
        "state": state,
        "received_at": "2026-11-20T14:03:11+00:00",
        "reported_at": "2026-11-20T14:05:02+00:00",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size_bytes": 48_213_991,
        "contract_version": "1.2.0",
        "agreement": {"id": "MOU-DOL-2026", "version": "1.0",
                      "title": "Memorandum of understanding with the Department of Labor "
                               "(an invented example)", "clauses": CLAUSES},
        "delivered_by": "svc-dol-upload",
        "rows_read": 400,
        "rows_landed": 382 if dirty else 400,
        "rows_set_aside": 18 if dirty else 0,
        "dialect": {"format": "delimited", "encoding": "utf-8", "byte_order_mark": True,
                    "delimiter": "comma", "delimiter_declared": False, "newline": "CRLF",
                    "header": True, "columns": 6, "preamble_lines": 0},
        "findings": [
            {"code": f.code, "severity": f.severity.value, "message": f.message,
             "column": f.column, "rule": f.rule, "failing_rows": f.failing_rows,
             "lines": list(f.lines), "remedy": f.remedy}
            for f in (
                Finding("intake.dialect", Severity.NOTE, "The delimiter was sniffed: comma."),
                Finding("intake.extra_column", Severity.WARNING,
                        "Column 7 of the file is not in the contract and was left out.",
                        remedy="Leave it out of the extract, or have it added to the contract."),
                Finding("record.too_few_cells", Severity.ERROR,
                        "2 records have fewer cells than the contract has columns.",
                        failing_rows=2, lines=(91, 240)),
            )
        ] if dirty else [],
        "report": build_report(dirty=dirty),
        "risk": {"people": 120_411, "k": 7, "unique_people": 0, "unique_pct": 0.0, "l": None,
                 "quasi_identifiers": ["birth_year", "county"],
                 "gate": {"minimum_k": 5, "max_unique_pct": 1.0, "minimum_l": None,
                          "action": "hold", "clause": "4.1"}, "breaches": []},
        "snapshot": {"table": "curated_dol__quarterly_wages", "version": 12,
                     "contract_version": "1.2.0", "plan_hash": "51c9" * 16},
        "threshold_pct": 5.0,
        "threshold_clause": "3.2",
        "history": [
            {"period": f"202{5 + q // 4}Q{q % 4 + 1}", "revision": 1, "state": "landed",
             "rows": 380 + 7 * q, "failed": (q * 5) % 11}
            for q in range(6)
        ] + [{"period": "2026Q3", "revision": 1, "state": state, "rows": 400,
              "failed": 18 if dirty else 0}],
        "clocks": [
            {"what": "raw_file", "due_on": "2026-11-30", "clause": "5.1", "destroyed_at": None},
            {"what": "quarantine", "due_on": "2026-11-30", "clause": "5.1", "destroyed_at": None},
        ],
        "quarantine": {"object_key": "dol/wages/8f14.quarantine", "rows": 18, "malformed": 2,
                       "key_id": "quarantine/dol/1", "size_bytes": 9000} if dirty else None,
        "programme": "State data sharing initiative (demonstration)",
        "contact": "the enclave's operator",
        **changes,
    }  # fmt: skip
    return ReceiptFacts(**facts)


def build_all_verdicts() -> dict[str, ReceiptFacts]:
    """One receipt for each verdict."""
    refused = [{"reason": "No agreement covers this period.", "remedy": "Renew the agreement.",
                "clause": "2.1"}]  # fmt: skip
    breach = {"people": 90, "k": 1, "unique_people": 4, "unique_pct": 4.4, "l": 1,
              "quasi_identifiers": ["birth_year", "county"],
              "gate": {"minimum_k": 5, "max_unique_pct": 1.0, "minimum_l": 2, "action": "hold",
                       "clause": "4.1"},
              "breaches": ["The smallest group has 1 person; 5 are asked for."]}  # fmt: skip
    nothing: dict[str, Any] = {"report": None, "risk": None, "snapshot": None, "quarantine": None,
                               "rows_read": 0, "rows_landed": 0, "rows_set_aside": 0,
                               "history": (), "findings": (), "dialect": {}}  # fmt: skip
    return {
        "landed": build_receipt_facts(dirty=False),
        "landed_in_part": build_receipt_facts(),
        "rejected": build_receipt_facts(
            "rejected", rows_landed=0, rows_set_aside=120, snapshot=None, risk=None,
            reasons=[{"reason": "120 of 400 records fail (30.00 percent); the agreement accepts "
                      "up to 5 percent.", "remedy": "Correct them.", "clause": "3.2"}],
        ),
        "held": build_receipt_facts(
            "held", rows_landed=0, snapshot=None, risk=breach,
            reasons=[{"reason": breach["breaches"][0], "remedy": "", "clause": "4.1"}],  # type: ignore[index]
        ),
        "refused": build_receipt_facts("refused", reasons=refused, **nothing),
        "duplicate": build_receipt_facts("duplicate", duplicate_of="aa" * 16, **nothing),
        "superseded": build_receipt_facts("superseded"),
        "failed": build_receipt_facts("failed", reasons=refused, **nothing),
        "underway": build_receipt_facts("received", **nothing),
    }  # fmt: skip
