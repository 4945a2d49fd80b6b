"""Tell the agency: the receipt, as JSON and as a page, in the egress zone; clocks start here."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from enclave.deployment import Deployment
from enclave.findings import Severity
from enclave.steps.failing import clock_start, saying_failures
from enclave.steps.health import health_facts
from enclave.steps.holding import hold_submission
from enclave.steps.outcome import StepOutcome, outcome_of
from enclave.steps.record import announce, record
from enclave.store import Submission, SubmissionState, as_utc
from enclave.validate.receipt import ReceiptFacts, build_receipt, render_receipt_html
from enclave.zones import Zone
from governance.agreements import Agreement, DatasetTerms
from governance.calendar import add_business_days, legal_date
from governance.digests import sha256_of

_DONE = (
    SubmissionState.REFUSED,
    SubmissionState.DUPLICATE,
    SubmissionState.REJECTED,
    SubmissionState.HELD,
    SubmissionState.LANDED,
    SubmissionState.SUPERSEDED,
    SubmissionState.FAILED,
)
_TREND_SUBMISSIONS = 12


def report_submission(deployment: Deployment, submission_id: str) -> StepOutcome:
    """Write the receipt; written anew when called again, with the clocks of the first report.

    The ledger names every receipt that differs from the one before.

    Raises:
        LeaseHeldError: Another worker has been at the submission for too long.
    """
    submission = deployment.store.get(submission_id)
    if submission.state not in _DONE:
        return outcome_of(submission)
    with hold_submission(deployment, submission.id):
        submission = deployment.store.get(submission.id)
        with saying_failures(deployment, submission, "report"):
            return write_receipt(deployment, submission)


def write_receipt(deployment: Deployment, submission: Submission) -> StepOutcome:
    """The receipt of a submission that the caller holds."""
    announce(deployment, submission)
    _clear_staging(deployment, submission)
    reported_at = _reported_at(deployment, submission)
    receipt = build_receipt(_facts(deployment, submission, reported_at))
    document = json.dumps(receipt, indent=2, sort_keys=True).encode()
    page = render_receipt_html(receipt).encode()
    egress = deployment.zones.store(Zone.EGRESS)
    egress.put(receipt_key(submission, "html"), page)
    egress.put(receipt_key(submission, "json"), document)
    sha256 = sha256_of(document)
    health = health_facts(submission)
    record(deployment, "receipt:issued", submission, apart=sha256, sha256=sha256, **health)
    changed = deployment.store.change(submission.id, expected=_DONE, reported_at=reported_at)
    return outcome_of(changed)


def _reported_at(deployment: Deployment, submission: Submission) -> datetime:
    """When it was first reported; set down before the receipt says so, for a rerun after a crash.

    Otherwise the rerun's receipt would be another one than the ledger's.
    """
    if submission.reported_at is not None:
        return submission.reported_at
    said = submission.facts.get("reported_at")
    if said is not None:
        return datetime.fromisoformat(said)
    now = deployment.now()
    deployment.store.change(submission.id, expected=_DONE, facts={"reported_at": now.isoformat()})
    return now


def _clear_staging(deployment: Deployment, submission: Submission) -> None:
    """Here, at the end of every road: a crash in an earlier step leaves nothing behind."""
    staging = deployment.zones.store(Zone.STAGING)
    for info in list(staging.list(f"{submission.id}/")):
        staging.delete(info.key)


def receipt_key(submission: Submission, kind: str) -> str:
    """Where the receipt lies in the egress zone; `kind` is `json` or `html`."""
    return f"{submission.agency}/{submission.dataset}/{submission.id}/receipt.{kind}"


def raw_file_due_on(agreement: Agreement, start: datetime) -> date:
    """Last day (America/New_York) the raw file may lie in the landing zone."""
    return add_business_days(legal_date(start), agreement.retention.raw_business_days)


def quarantine_due_on(agreement: Agreement, start: datetime) -> date:
    """Last day the quarantined rows may lie: never later than the raw file's own day."""
    by_days = legal_date(start) + timedelta(days=agreement.retention.quarantine_days)
    return min(by_days, raw_file_due_on(agreement, start))


def _facts(deployment: Deployment, submission: Submission, reported_at: datetime) -> ReceiptFacts:
    facts = submission.facts
    agreement = deployment.agreement(submission.agreement_id)
    terms = agreement.terms(submission.dataset)
    contract = deployment.contracts.get(f"{submission.agency}/{submission.dataset}")
    return ReceiptFacts(
        submission_id=submission.id,
        agency=submission.agency,
        dataset=submission.dataset,
        period=submission.period,
        revision=submission.revision,
        state=submission.state,
        received_at=_instant(submission.received_at),
        reported_at=_instant(reported_at),
        sha256=submission.sha256,
        size_bytes=submission.size_bytes,
        contract_version=submission.contract_version,
        agreement={
            "id": agreement.id,
            "version": agreement.version,
            "title": agreement.title,
            "clauses": [{"id": c.id, "title": c.title} for c in agreement.clauses],
        },
        agency_name=next(
            (p.name for p in agreement.parties if p.agency == agreement.agency), agreement.agency
        ),
        dataset_title="" if contract is None else contract.title,
        rows_read=submission.rows_read,
        rows_landed=submission.rows_landed,
        rows_set_aside=submission.rows_quarantined,
        dialect=facts.get("dialect", {}),
        source_names={} if contract is None else {c.name: c.source_name for c in contract.columns},
        findings=facts.get("findings", []),
        report=facts.get("report"),
        risk=facts.get("risk"),
        snapshot=facts.get("snapshot"),
        reasons=_reasons(submission, agreement, terms),
        threshold_pct=None if terms is None else terms.reject_threshold_pct,
        threshold_clause="" if terms is None else terms.reject_clause,
        history=_history(deployment, submission),
        clocks=_clocks(submission, agreement, reported_at),
        duplicate_of=facts.get("duplicate_of"),
        quarantine=facts.get("quarantine"),
        supersedes=facts.get("superseded", []),
        programme=deployment.settings.programme,
        contact=deployment.settings.contact,
    )


def _instant(instant: datetime) -> str:
    return as_utc(instant).isoformat(timespec="seconds")


def _reasons(
    submission: Submission, agreement: Agreement, terms: DatasetTerms | None
) -> list[dict[str, Any]]:
    """Why it did not land, with the clause that says so."""
    facts = submission.facts
    match submission.state:
        case SubmissionState.REFUSED:
            return _reasons_of_findings(facts, None)
        case SubmissionState.REJECTED if "denials" not in facts:
            return _reasons_of_findings(facts, "" if terms is None else terms.delivery_clause)
        case SubmissionState.REJECTED:
            return list(facts["denials"])
        case SubmissionState.FAILED:
            failed = facts["failed"]
            return [
                {
                    "reason": f"The step {failed['step']} did not end well ({failed['code']}) "
                    "before the file's last day.",
                    "remedy": "The operator mends the step; then send the file again.",
                    "clause": agreement.retention.clause,
                }
            ]
        case SubmissionState.HELD if terms is not None:
            return [
                {
                    "reason": breach,
                    "remedy": "The data owner and the operator agree on a coarser treatment.",
                    "clause": terms.risk_gate.clause,
                }
                for breach in facts["risk"]["breaches"]
            ]
        case _:
            return []


def _reasons_of_findings(facts: Mapping[str, Any], clause: str | None) -> list[dict[str, Any]]:
    """Errors about the file as a whole; under `clause`, or the one a finding names as its rule."""
    return [
        {
            "reason": f["message"],
            "remedy": f["remedy"],
            "clause": clause if clause is not None else f.get("rule") or "",
            "code": f["code"],
            "lines": f["lines"],
        }
        for f in facts.get("findings", [])
        if f["severity"] == Severity.ERROR
    ]


def _clocks(
    submission: Submission, agreement: Agreement, reported_at: datetime
) -> list[dict[str, str | None]]:
    clause = agreement.retention.clause
    if submission.state == SubmissionState.FAILED:
        reported_at = clock_start(submission)
    clocks: list[tuple[str, date, datetime | None]] = [
        ("raw_file", raw_file_due_on(agreement, reported_at), submission.raw_destroyed_at)
    ]
    if submission.facts.get("quarantine", {}).get("object_key"):
        destroyed_at = submission.quarantine_destroyed_at
        clocks.append(("quarantine", quarantine_due_on(agreement, reported_at), destroyed_at))
    if submission.state == SubmissionState.LANDED:
        clocks.append(("curated", agreement.retention.curated_until, None))
    return [
        {
            "what": what,
            "due_on": due_on.isoformat(),
            "clause": clause,
            "destroyed_at": None if destroyed_at is None else _instant(destroyed_at),
        }
        for what, due_on, destroyed_at in clocks
    ]


def _history(deployment: Deployment, submission: Submission) -> list[dict[str, Any]]:
    """Earlier submissions of the dataset, oldest first, as counts."""
    earlier = [
        {
            "period": s.period,
            "revision": s.revision,
            "state": s.state,
            "rows": s.rows_read,
            "failed": s.rows_quarantined,
        }
        for s in deployment.store.list(agency=submission.agency, dataset=submission.dataset)
        if s.rows_read
    ]
    return earlier[-_TREND_SUBMISSIONS:]
