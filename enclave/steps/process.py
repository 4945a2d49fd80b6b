"""Read, validate and de-identify one submission in one streaming pass; stage it, sealed.

Order, safe to repeat after a crash at any point:
1. the file flows through the lanes into encrypted files on this machine;
2. the crosswalk's new person ids are committed (a rerun finds the same ids);
3. quarantined rows are written, then the staged files, then the sealed manifest;
4. the state changes to passed or rejected.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from enclave.adapters.presidio import PresidioRedactor
from enclave.deidentify import Crosswalk, DeidentificationPlan, Deidentifier, build_plan
from enclave.deployment import Deployment
from enclave.errors import PlanRefusedError, SchemaConflictError, UnreadableSubmissionError
from enclave.evidence import DeidentifiedTable, StagedFile
from enclave.findings import Finding, Severity
from enclave.intake import SubmissionReader
from enclave.intake.manifest import check_rows
from enclave.pipeline import PassParts, PassResult, run_pass
from enclave.provenance import code_version
from enclave.sealing import SEALING, seal
from enclave.steps.custody import open_received
from enclave.steps.failing import saying_failures
from enclave.steps.generations import known_generation
from enclave.steps.holding import WAIT_SECONDS, hold_submission
from enclave.steps.manifests import MANIFEST, output_columns, received_of, table_document
from enclave.steps.outcome import StepOutcome, outcome_of
from enclave.steps.record import announce, error_codes, finding_facts, record, rules_failed
from enclave.steps.tables import check_table
from enclave.store import Submission, SubmissionState, as_utc
from enclave.validate import KeySpill, ReferenceCheck, RowValidator, decide_acceptance
from enclave.validate.quarantine import QuarantineManifest, QuarantineWriter, quarantine_key
from enclave.zones import Zone
from governance.agreements import Agreement, DatasetTerms
from governance.calendar import legal_date
from governance.contracts import DatasetContract, RuleKind

Progress = Callable[[str, int], None]
"""Called with the stage's name and rows so far."""


def _silent(_stage: str, _rows: int) -> None:
    """No progress."""


def process_submission(
    deployment: Deployment,
    submission_id: str,
    progress: Progress = _silent,
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> StepOutcome:
    """Run a received submission up to its staged, de-identified table.

    A submission that is past this step is left as it is.

    Returns:
        The outcome: `passed`, `rejected`, or `refused` by its agreement or its plan.

    Raises:
        LeaseHeldError: Another worker has been at it for longer than `wait_seconds`.
    """
    submission = deployment.store.get(submission_id)
    if submission.state != SubmissionState.RECEIVED:
        return outcome_of(submission)
    with hold_submission(deployment, submission.id, wait_seconds):
        submission = deployment.store.get(submission.id)
        if submission.state != SubmissionState.RECEIVED:
            return outcome_of(submission)
        with saying_failures(deployment, submission, "process"):
            return _process(deployment, submission, progress)


def _process(deployment: Deployment, submission: Submission, progress: Progress) -> StepOutcome:
    announce(deployment, submission)
    _forget_set_apart(deployment, submission)
    agreement = deployment.agreement(submission.agreement_id)
    terms = agreement.terms(submission.dataset)
    contract = deployment.contracts.get(f"{submission.agency}/{submission.dataset}")
    if terms is None or contract is None or not agreement.in_force(deployment.today()):
        finding = Finding(
            code="agreement.not_in_force",
            severity=Severity.ERROR,
            message=f"{agreement.id} does not allow this dataset to be loaded today "
            f"({agreement.term_clause}).",
            remedy="Renew the agreement, then send the file again.",
        )
        return _refuse(deployment, submission, [finding])
    try:
        plan = build_plan(contract, terms, agreement)
        check_table(deployment, contract, plan, terms, received_of(submission))
    except (PlanRefusedError, SchemaConflictError) as refusal:
        finding = Finding(
            code=refusal.code,
            severity=Severity.ERROR,
            message=refusal.message,
            remedy="Amend the contract or the agreement, then send the file again.",
        )
        return _refuse(deployment, submission, [finding])
    return _Processing(deployment, submission, agreement, terms, contract, plan, progress).run()


def _forget_set_apart(deployment: Deployment, submission: Submission) -> None:
    """Rows a killed run set apart: should this run end without, nothing would destroy them."""
    prefix = f"{submission.agency}/{submission.dataset}"
    deployment.zones.store(Zone.QUARANTINE).delete(quarantine_key(prefix, submission.id))


def _refuse(deployment: Deployment, submission: Submission, findings: list[Finding]) -> StepOutcome:
    changed = deployment.store.change(
        submission.id,
        expected=(SubmissionState.RECEIVED,),
        state=SubmissionState.REFUSED,
        facts={"findings": [finding_facts(finding) for finding in findings]},
    )
    record(deployment, "submission:refused", changed, reasons=error_codes(changed))
    return outcome_of(changed)


class _Lines:
    """Line numbers of failing records; what was looked up once is not looked up again."""

    def __init__(self, reader: SubmissionReader) -> None:
        self._reader = reader
        self._known: dict[int, int] = {}

    def of(self, records: Sequence[int]) -> dict[int, int]:
        """Line of each record."""
        unknown = [record for record in records if record not in self._known]
        if unknown:
            self._known.update(self._reader.line_numbers(unknown))
        return self._known


@contextmanager
def _spooling(quarantine: QuarantineWriter) -> Iterator[None]:
    """Throw the spool away in the end, whatever happened; what was closed lies in the zone."""
    try:
        yield
    finally:
        quarantine.abandon()


def _unmapped(column: str, rows: int) -> Finding:
    """Values that no table of the treatment knows are landed empty: said, never the values."""
    return Finding(
        code="deidentify.unmapped",
        severity=Severity.WARNING,
        message=f"{column}: {rows:,} row{'s' * (rows > 1)} with a value that the treatment has no "
        "place for (a town of another state, a spelling); it is landed empty.",
        column=column,
        failing_rows=rows,
        remedy="Nothing, where it lies outside the state; otherwise correct the spelling.",
    )


class _Processing:
    """One run of the step; holds what its parts share."""

    def __init__(  # noqa: PLR0917  private, called once
        self,
        deployment: Deployment,
        submission: Submission,
        agreement: Agreement,
        terms: DatasetTerms,
        contract: DatasetContract,
        plan: DeidentificationPlan,
        progress: Progress,
    ) -> None:
        self.deployment = deployment
        self.submission = submission
        self.agreement = agreement
        self.terms = terms
        self.contract = contract
        self.plan = plan
        self.progress = progress

    def run(self) -> StepOutcome:
        """The step, whole."""
        with ExitStack() as stack:
            folder = stack.enter_context(self.deployment.spill_folder(self.submission.id[:8]))
            crosswalk = self._crosswalk(stack)
            try:
                result, reader, quarantine, deidentifier = self._passes(folder, crosswalk)
            except UnreadableSubmissionError as error:
                findings = list(getattr(error, "findings", ())) or [
                    Finding(code=error.code, severity=Severity.ERROR, message=error.message)
                ]
                return self._reject({"findings": [finding_facts(f) for f in findings]}, 0, 0)
            facts = self._facts(result, reader, deidentifier)
            rows_failed = quarantine.rows
            if rows_failed:
                facts["quarantine"] = quarantine.to_dict()
            facts["failed_pct"] = round(result.report.failed_pct, 3)
            if rows_failed:
                self._record_quarantine(result, quarantine)
            miscounted = check_rows(self.submission.facts.get("stated_rows"), result.rows_read)
            if miscounted:
                facts["findings"] += [finding_facts(finding) for finding in miscounted]
                return self._reject(
                    facts, result.rows_read, rows_failed, rules_failed(result.report)
                )
            is_empty_by_right = not result.rows_read and self._may_be_empty()
            decision = decide_acceptance(result.report, self.terms)
            if not decision.permitted and not is_empty_by_right:
                facts["denials"] = [
                    {"reason": denial.reason, "remedy": denial.remedy, "clause": denial.clause}
                    for denial in decision.denials
                ]
                return self._reject(
                    facts, result.rows_read, rows_failed, rules_failed(result.report)
                )
            if crosswalk is not None:
                known = crosswalk.commit()
                facts["crosswalk"] = {
                    "domain": crosswalk.domain,
                    "generation": known.generation,
                    "people": known.people,
                    "new_people": known.new_people,
                }
            self._stage(result, rows_failed)
            return self._pass(facts, result.rows_read, rows_failed)

    def _may_be_empty(self) -> bool:
        """One of several tables of a file may have no row, unless that took landed rows away."""
        if self.submission.subject != self.agreement.id:
            return False
        state, staying = self.deployment.lake.surviving_files(
            self.contract.table,
            delivery=self.terms.delivery,
            period=self.submission.period,
            submission_id=self.submission.id,
        )
        return state is None or len(staying) == len(state.files)

    def _crosswalk(self, stack: ExitStack) -> Crosswalk | None:
        if self.contract.person is None:
            return None
        return stack.enter_context(
            Crosswalk(
                self.deployment.zones.store(Zone.IDENTITY),
                self.deployment.ring,
                self.submission.agency,
                self.contract.person.domain,
                at_least_generation=known_generation(
                    self.deployment, self.submission.agency, self.contract.person.domain
                ),
            )
        )

    def _passes(
        self, folder: Path, crosswalk: Crosswalk | None
    ) -> tuple[PassResult, SubmissionReader, QuarantineManifest, Deidentifier]:
        """The pass, and a second one without the rows whose keys turned out not to be unique."""
        exclude: Mapping[int, tuple[str, ...]] = {}
        while True:
            with open_received(
                self.deployment, self.submission, self.contract, spill=folder
            ) as reader:
                deidentifier = Deidentifier(
                    self.plan,
                    crosswalk,
                    self.deployment.ring,
                    self._redactor(),
                    received_on=legal_date(as_utc(self.submission.received_at)),
                )
                quarantine = QuarantineWriter(
                    self.deployment.zones.store(Zone.QUARANTINE),
                    self.deployment.ring.current("quarantine", self.submission.agency),
                    self.submission.id,
                    f"{self.submission.agency}/{self.submission.dataset}",
                    spill=folder,
                    contract=self.contract,
                )
                with _spooling(quarantine), KeySpill(folder) as seen:
                    validator = RowValidator(
                        self.contract,
                        exclude=exclude,
                        prior_row_counts=self._prior_row_counts(),
                        seen=seen,
                    )
                    parts = PassParts(
                        reader=reader,
                        validator=validator,
                        deidentifier=deidentifier,
                        references=self._references(),
                        quarantine=quarantine,
                        encryption=lambda: self.deployment.encryption.encryption_properties(
                            self.submission.agency
                        ),
                        lanes=self.deployment.settings.threads,
                        progress=lambda rows: self.progress("process", rows),
                    )
                    result = run_pass(parts, folder)
                    if result.report.late_failures and not exclude:
                        exclude = result.report.late_failures
                        if crosswalk is not None:
                            crosswalk.forget()
                        continue
                    lines = _Lines(reader)
                    manifest = quarantine.close(lines.of)
                numbered = result.report.with_lines(lines.of(result.report.first_records))
                result = replace(result, report=numbered)
                return result, reader, manifest, deidentifier

    def _redactor(self) -> PresidioRedactor | None:
        return PresidioRedactor() if self.plan.needs_redactor else None

    def _prior_row_counts(self) -> list[int]:
        return [
            earlier.rows_read
            for earlier in self.deployment.store.list(
                agency=self.submission.agency,
                dataset=self.submission.dataset,
                states=(SubmissionState.LANDED,),
            )
            if earlier.period != self.submission.period
        ]

    def _references(self) -> tuple[ReferenceCheck, ...]:
        """Checks against landed tables, on de-identified values; an absent one fails every row."""
        checks = []
        for rule in self.contract.rules:
            if rule.kind is not RuleKind.REFERENCE:
                continue
            target = self.deployment.contracts.get(str(rule.options["to_dataset"]))
            to_columns = output_columns(target or self.contract, rule.options["to_columns"])
            named = {
                **rule.options,
                "columns": output_columns(self.contract, rule.options["columns"]),
                "to_columns": to_columns,
            }
            landed = None
            if target is not None and self.deployment.lake.state(target.table) is not None:
                landed = self.deployment.lake.dataset(target.table, to_columns).to_table()
            if landed is None:
                landed = pa.table({name: pa.nulls(0) for name in to_columns})
            checks.append(ReferenceCheck(replace(rule, options=named), landed))
        return tuple(checks)

    def _facts(
        self, result: PassResult, reader: SubmissionReader, deidentifier: Deidentifier
    ) -> dict[str, Any]:
        report = result.report
        unmapped = [_unmapped(name, rows) for name, rows in deidentifier.unmapped.items() if rows]
        found = (*reader.findings, *report.findings, *unmapped)
        return {
            "dialect": dict(reader.dialect),
            "findings": [finding_facts(finding) for finding in found],
            "report": report.to_dict(),
            "unmapped": dict(deidentifier.unmapped),
            "plan_hash": self.plan.plan_hash,
            "key_ids": [str(key_id) for key_id in deidentifier.key_ids],
            "code_version": code_version(),
        }

    def _record_quarantine(self, result: PassResult, quarantine: QuarantineManifest) -> None:
        record(
            self.deployment,
            "rows:quarantined",
            self.submission,
            rows=quarantine.rows,
            rules=rules_failed(result.report),
            object_key=quarantine.object_key,
            clause=self.terms.reject_clause,
        )

    def _reject(
        self,
        facts: dict[str, Any],
        rows_read: int,
        rows_failed: int,
        rules: Mapping[str, int] | None = None,
    ) -> StepOutcome:
        changed = self.deployment.store.change(
            self.submission.id,
            expected=(SubmissionState.RECEIVED,),
            state=SubmissionState.REJECTED,
            rows_read=rows_read,
            rows_quarantined=rows_failed,
            facts=facts,
        )
        record(
            self.deployment,
            "submission:rejected",
            changed,
            rows_read=rows_read,
            rows_failed=rows_failed,
            rules=None if rules is None else dict(rules),
            reasons=error_codes(changed),
            threshold_pct=self.terms.reject_threshold_pct,
            clause=self.terms.reject_clause,
        )
        return outcome_of(changed)

    def _stage(self, result: PassResult, rows_failed: int) -> None:
        staging = self.deployment.zones.store(Zone.STAGING)
        staged = []
        for index, file in enumerate(result.files):
            key = f"{self.submission.id}/{index:04d}.parquet"
            staging.put_file(key, file.path)
            staged.append(StagedFile(key, file.rows, file.size_bytes, file.sha256))
        table = DeidentifiedTable(
            received=received_of(self.submission),
            plan_hash=self.plan.plan_hash,
            code_version=code_version(),
            files=tuple(staged),
            rows=result.rows_passed,
            quarantined_rows=rows_failed,
        )
        key_of_seal = self.deployment.ring.current(SEALING, self.submission.agency)
        sealed = seal(table_document(table), purpose=MANIFEST, key=key_of_seal)
        staging.put(f"{self.submission.id}/manifest.json", sealed)

    def _pass(self, facts: dict[str, Any], rows_read: int, rows_failed: int) -> StepOutcome:
        changed = self.deployment.store.change(
            self.submission.id,
            expected=(SubmissionState.RECEIVED,),
            state=SubmissionState.PASSED,
            rows_read=rows_read,
            rows_quarantined=rows_failed,
            facts=facts,
        )
        return outcome_of(changed)
