"""What validation found: named counts and positions, never a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from enclave.findings import Finding, Severity
from enclave.validate.checks import Check
from enclave.validate.unique import LateFailures
from governance.agreements.model import DatasetTerms
from governance.decisions import Decision, Denial

REJECT_RULE = "submission.reject_threshold"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's outcome.

    Attributes:
        check: What was demanded.
        failing_rows: Rows that fail it; for the row-count drift, None (it is about the table).
        records: The first ten failing record ordinals, increasing.
        passed: Whether nothing failed; None when it could not be judged yet (no earlier
            submission, or a reference that is judged after de-identification).
        lines: Line numbers of these records, once they were looked up.
        facts: Further named counts (expected and found rows of the drift).
    """

    check: Check
    failing_rows: int | None
    records: tuple[int, ...] = ()
    passed: bool | None = True
    lines: tuple[int, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Outcome of one pass over a submission.

    Attributes:
        rows_checked: Rows that could be cut into cells.
        rows_failed: Rows that fail at least one check, late failures included.
        malformed: Records that could not be cut, by code; they fail too.
        checks: Every check of the contract, in its order.
        findings: What a steward should know, errors first; without line numbers (`with_lines`).
        late_failures: Record ordinal -> reasons, for failures known only at the end. Empty when
            the pass already excluded them.
    """

    rows_checked: int
    rows_failed: int
    malformed: Mapping[str, int]
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    late_failures: Mapping[int, tuple[str, ...]]

    @property
    def records(self) -> int:
        """All records: rows and malformed ones."""
        return self.rows_checked + sum(self.malformed.values())

    @property
    def records_failed(self) -> int:
        """Failing rows and malformed records: what goes to quarantine."""
        return self.rows_failed + sum(self.malformed.values())

    @property
    def failed_pct(self) -> float:
        """Share of records that fail, in percent; an empty submission has none."""
        return 100 * self.records_failed / self.records if self.records else 0.0

    @property
    def first_records(self) -> tuple[int, ...]:
        """Ordinals the findings want line numbers for."""
        return tuple(sorted({record for result in self.checks for record in result.records}))

    def with_lines(self, lines: Mapping[int, int]) -> "ValidationReport":
        """The same report with line numbers in its checks and findings.

        Args:
            lines: Record ordinal -> line number, at least of `first_records`.
        """
        checks = tuple(
            replace(r, lines=tuple(lines[record] for record in r.records if record in lines))
            for r in self.checks
        )
        at = {(r.check.code, r.check.column, r.check.rule): r.lines for r in checks}
        findings = tuple(
            replace(f, lines=at.get((f.code, f.column, f.rule), f.lines)) for f in self.findings
        )
        return replace(self, checks=checks, findings=findings)

    def to_dict(self) -> dict[str, object]:
        """The report as JSON: counts, names, ordinals."""
        return {
            "rows_checked": self.rows_checked,
            "rows_failed": self.rows_failed,
            "malformed": dict(self.malformed),
            "records": self.records,
            "records_failed": self.records_failed,
            "failed_pct": round(self.failed_pct, 4),
            "checks": [_check_dict(result, self.rows_checked) for result in self.checks],
        }


def _check_dict(result: CheckResult, rows: int) -> dict[str, object]:
    failing = result.failing_rows
    return {
        "code": result.check.code,
        "columns": list(result.check.columns),
        "rule": result.check.rule,
        "demand": result.check.demand,
        "passed": result.passed,
        "failing_rows": failing,
        "failing_pct": round(100 * failing / rows, 4) if failing and rows else 0.0,
        "first_records": list(result.records),
        "lines": list(result.lines),
        "facts": dict(result.facts),
        "remedy": result.check.remedy,
    }


def finding_of(result: CheckResult) -> Finding | None:
    """The finding of a failed check; None when it passed or was not judged."""
    if result.passed is not False:
        return None
    check, failing = result.check, result.failing_rows
    if failing is None:
        found, mean = int(result.facts["rows"]), result.facts["mean_rows"]
        message = f"{found:,} rows, where earlier submissions had {mean:,.0f} on average"
        return Finding(check.code, Severity.WARNING, f"{message}: {check.demand}.",
                       rule=check.rule, remedy=check.remedy)  # fmt: skip
    rows = "1 row fails" if failing == 1 else f"{failing:,} rows fail"
    about = check.column or check.rule or ", ".join(check.columns)
    described = check.source is not None and check.source.description == check.demand
    said = f' the rule "{check.demand}"' if described else f"; {check.demand}."
    return Finding(check.code, Severity.ERROR, f"{about}: {rows}{said}",
                   column=check.column, rule=check.rule, failing_rows=failing,
                   remedy=check.remedy)  # fmt: skip


def no_late_failures() -> LateFailures:
    """Nothing fails late."""
    return LateFailures({})


def decide_acceptance(report: ValidationReport, terms: DatasetTerms) -> Decision:
    """Whether the submission may go on, or is rejected whole under the agreement."""
    if report.records and report.failed_pct <= terms.reject_threshold_pct:
        return Decision((REJECT_RULE,))
    if not report.records:
        reason = "The file holds no record of this dataset."
        remedy = "Check that the right file was sent; what landed before stays."
    else:
        reason = (
            f"{report.records_failed:,} of {report.records:,} records fail "
            f"({report.failed_pct:.2f} percent); the agreement accepts up to "
            f"{terms.reject_threshold_pct:g} percent."
        )
        remedy = "Correct the records and send the file again, as the next revision."
    return Decision((REJECT_RULE,), (Denial(REJECT_RULE, reason, remedy, terms.reject_clause),))


def error_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; each in the contract's order."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda f: order.index(f.severity)))
