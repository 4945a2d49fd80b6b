"""Assess re-identification risk of the table as it would be, then land it or hold it.

Safe to repeat: the commit is idempotent, and the state and ledger follow it; a crash between them
is mended by running the step again.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from enclave.deidentify import DeidentificationPlan, build_plan
from enclave.deidentify.risk import decide_risk, find_breaches, measure_risk, risk_columns
from enclave.deployment import Deployment
from enclave.evidence import ClearedTable, DeidentifiedTable, RiskMeasures
from enclave.lake import CommitFacts
from enclave.provenance import code_version
from enclave.steps.failing import saying_failures
from enclave.steps.holding import WAIT_SECONDS, hold_submission, hold_table
from enclave.steps.manifests import rehydrate
from enclave.steps.outcome import StepOutcome, outcome_of
from enclave.steps.record import record
from enclave.steps.tables import check_table, treatments_of
from enclave.store import Submission, SubmissionState, as_utc
from governance.agreements import Agreement, DatasetTerms, DeliveryMode
from governance.contracts import DatasetContract
from governance.decisions import Decision, Denial, check_permitted


def land_submission(
    deployment: Deployment, submission_id: str, *, wait_seconds: float = WAIT_SECONDS
) -> StepOutcome:
    """Assess and land a staged submission; one that is past this step is left as it is.

    Returns:
        The outcome: `landed`, `held`, or `superseded` when a later revision of the period (or,
        where deliveries are the whole dataset, a later one) has landed meanwhile.

    Raises:
        AccessDeniedError: The agreement is no longer in force, or the plan changed since.
        EvidenceError: What is staged does not authenticate.
        LeaseHeldError: Another worker has been at it for longer than `wait_seconds`.
    """
    submission = deployment.store.get(submission_id)
    if submission.state != SubmissionState.PASSED:
        return outcome_of(submission)
    with hold_submission(deployment, submission.id, wait_seconds):
        submission = deployment.store.get(submission.id)
        if submission.state != SubmissionState.PASSED:
            return outcome_of(submission)
        with saying_failures(deployment, submission, "land"):
            return _land(deployment, submission)


def _land(deployment: Deployment, submission: Submission) -> StepOutcome:
    agreement = deployment.agreement(submission.agreement_id)
    terms = agreement.terms(submission.dataset)
    contract = deployment.contracts[f"{submission.agency}/{submission.dataset}"]
    check_permitted(_decide_in_force(deployment, agreement, terms))
    if terms is None:  # pragma: no cover  the decision above denied it
        return outcome_of(submission)
    plan = build_plan(contract, terms, agreement)
    table = rehydrate(deployment, submission)
    if not deployment.lake.is_committed(contract.table, submission.id):
        check_permitted(_decide_same_plan(table, plan))
    with hold_table(deployment, contract.table):
        later = _later(deployment, submission, table, contract, terms)
        if later is not None:
            return _give_way(deployment, submission, later)
        check_table(deployment, contract, plan, terms, table.received)
        risk = _measure(deployment, table, plan, contract, terms)
        facts: dict[str, Any] = {"risk": _risk_facts(risk, terms)}
        if not decide_risk(risk, terms.risk_gate).permitted:
            return _hold(deployment, submission, facts)
        snapshot, superseded = deployment.lake.land(
            ClearedTable(table, risk),
            table=contract.table,
            schema=plan.output_schema,
            facts=CommitFacts(contract.version, terms.delivery, treatments_of(plan)),
        )
    facts["snapshot"] = {
        "table": snapshot.table,
        "version": snapshot.version,
        "contract_version": snapshot.contract_version,
        "plan_hash": snapshot.plan_hash,
    }
    facts["superseded"] = list(superseded)
    return _settle(deployment, submission, table, facts, superseded)


def _decide_in_force(
    deployment: Deployment, agreement: Agreement, terms: DatasetTerms | None
) -> Decision:
    rule = "agreement.in_force"
    if terms is not None and agreement.in_force(deployment.today()):
        return Decision((rule,))
    denial = Denial(
        rule=rule,
        reason=f"{agreement.id} is not in force today, or no longer names this dataset.",
        remedy="The data owner and the operator renew the agreement; then run the step again.",
        clause=f"{agreement.id} {agreement.term_clause}",
    )
    return Decision((rule,), (denial,))


def _decide_same_plan(table: DeidentifiedTable, plan: DeidentificationPlan) -> Decision:
    rule = "deidentify.plan_unchanged"
    if table.plan_hash == plan.plan_hash:
        return Decision((rule,))
    denial = Denial(
        rule=rule,
        reason="The contract or agreement changed after this submission was de-identified.",
        remedy="Run `enclave load --again SUBMISSION`: it is de-identified anew by today's plan.",
        clause="plan of contract and agreement",
    )
    return Decision((rule,), (denial,))


def _measure(
    deployment: Deployment,
    table: DeidentifiedTable,
    plan: DeidentificationPlan,
    contract: DatasetContract,
    terms: DatasetTerms,
) -> RiskMeasures:
    """Risk of the surviving rows and the staged rows together."""
    columns = risk_columns(plan)
    schema = pa.schema([_as_codes(plan.output_schema.field(name)) for name in columns])
    state, staying = deployment.lake.surviving_files(
        contract.table,
        delivery=terms.delivery,
        period=table.received.period,
        submission_id=table.received.submission_id,
    )

    def batches() -> Iterator[pa.RecordBatch]:
        if state is not None and staying:
            yield from deployment.lake.files_dataset(contract.table, staying, schema).to_batches()
        keys = [file.object_key for file in table.files]
        yield from deployment.lake.staged_dataset(keys, schema).to_batches()

    with deployment.spill_folder(f"risk-{table.received.submission_id[:8]}") as folder:
        return measure_risk(batches(), plan, spill=folder)


def _as_codes(field: pa.Field) -> pa.Field:
    """Text as dictionary codes: its few values are numbered, not every cell read."""
    if not pa.types.is_string(field.type):
        return field
    return field.with_type(pa.dictionary(pa.int32(), pa.string()))


def _risk_facts(risk: RiskMeasures, terms: DatasetTerms) -> dict[str, Any]:
    """Risk and the gate's verdict for the receipt."""
    gate = terms.risk_gate
    return {
        "people": risk.people,
        "counts": "people" if risk.counts_people else "records",
        "k": risk.k,
        "unique_people": risk.unique_people,
        "unique_pct": risk.unique_pct,
        "l": risk.l,
        "quasi_identifiers": list(risk.quasi_identifiers),
        "gate": {
            "minimum_k": gate.minimum_k,
            "max_unique_pct": gate.max_unique_pct,
            "minimum_l": gate.minimum_l,
            "action": gate.action.value,
            "clause": gate.clause,
        },
        "breaches": [breach.reason for breach in find_breaches(risk, gate)],
    }


def _hold(deployment: Deployment, submission: Submission, facts: dict[str, Any]) -> StepOutcome:
    changed = deployment.store.change(
        submission.id,
        expected=(SubmissionState.PASSED,),
        state=SubmissionState.HELD,
        facts=facts,
    )
    risk = facts["risk"]
    record(
        deployment,
        "submission:held",
        changed,
        k=risk["k"],
        l=risk["l"],
        people=risk["people"],
        unique_pct=risk["unique_pct"],
        crosswalk_domain=submission.facts.get("crosswalk", {}).get("domain"),
        crosswalk_generation=submission.facts.get("crosswalk", {}).get("generation"),
        gate={name: risk["gate"][name] for name in ("minimum_k", "max_unique_pct", "minimum_l")},
        clause=risk["gate"]["clause"],
    )
    return outcome_of(changed)


def _settle(
    deployment: Deployment,
    submission: Submission,
    table: DeidentifiedTable,
    facts: dict[str, Any],
    superseded: tuple[str, ...],
) -> StepOutcome:
    """Ledger and states after the commit; what is staged goes with the report."""
    record(
        deployment,
        "table:committed",
        submission,
        table=facts["snapshot"]["table"],
        version=facts["snapshot"]["version"],
        rows=table.rows,
        plan_hash=table.plan_hash,
        code_version=code_version(),
        key_ids=",".join(submission.facts.get("key_ids", [])),
        crosswalk_domain=submission.facts.get("crosswalk", {}).get("domain"),
        crosswalk_generation=submission.facts.get("crosswalk", {}).get("generation"),
        supersedes=",".join(superseded) or None,
    )
    for earlier_id in superseded:
        earlier = deployment.store.get(earlier_id)
        if earlier.state == SubmissionState.LANDED:
            deployment.store.change(
                earlier_id,
                expected=(SubmissionState.LANDED,),
                state=SubmissionState.SUPERSEDED,
                facts={"superseded_by": submission.id},
            )
        record(deployment, "submission:superseded", earlier, superseded_by=submission.id)
    changed = deployment.store.change(
        submission.id,
        expected=(SubmissionState.PASSED,),
        state=_state_after(deployment, submission, table, facts["snapshot"]["table"]),
        rows_landed=table.rows,
        facts=facts,
    )
    return outcome_of(changed)


def _state_after(
    deployment: Deployment, submission: Submission, table: DeidentifiedTable, name: str
) -> SubmissionState:
    """Landed; superseded when a crash came after the commit and a later revision before now."""
    state = deployment.lake.state(name)
    live = () if state is None else state.files
    stands = not table.files or any(f"/{submission.id}/" in key for key in live)
    return SubmissionState.LANDED if stands else SubmissionState.SUPERSEDED


def _later(
    deployment: Deployment,
    submission: Submission,
    table: DeidentifiedTable,
    contract: DatasetContract,
    terms: DatasetTerms,
) -> str | None:
    """A submission in the table that this one must not replace; none for a rerun.

    A later revision of the period; and where a delivery is the whole dataset, one received later.
    """
    revision = deployment.lake.later_revision(contract.table, table.received)
    state = deployment.lake.state(contract.table)
    if revision is not None or state is None or terms.delivery is not DeliveryMode.FULL:
        return revision
    standing = {key.split("/")[2] for key in state.files}
    newest = deployment.lake.newest_submission(contract.table)
    for live_id in sorted((standing | {newest or submission.id}) - {submission.id}):
        live = deployment.store.get(live_id)
        if as_utc(live.received_at) > as_utc(submission.received_at):
            is_rerun = deployment.lake.is_committed(contract.table, submission.id)
            return None if is_rerun else live_id
    return None


def _give_way(deployment: Deployment, submission: Submission, later_id: str) -> StepOutcome:
    """A later submission stands in the table: this one's rows must not replace it."""
    record(deployment, "submission:superseded", submission, superseded_by=later_id)
    changed = deployment.store.change(
        submission.id,
        expected=(SubmissionState.PASSED,),
        state=SubmissionState.SUPERSEDED,
        facts={"superseded_by": later_id},
    )
    return outcome_of(changed)
