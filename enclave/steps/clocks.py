"""Clocks: what the daily DAGs call. Destruction happens on its day and leaves a certificate."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from enclave.deployment import Deployment
from enclave.steps.custody import find_folder
from enclave.steps.failing import UNFINISHED, clock_start
from enclave.steps.holding import hold_submission
from enclave.steps.record import attempt_of, record
from enclave.steps.report import quarantine_due_on, raw_file_due_on, write_receipt
from enclave.store import Submission, SubmissionState
from enclave.validate.quarantine import quarantine_key
from enclave.zones import Zone
from governance.agreements import Agreement
from governance.digests import sha256_of
from governance.errors import PreconditionFailedError, ProgrammeError
from governance.grants.bundle import parse_bundle
from governance.grants.publish import fetch_bundle, projects

_UNFINISHED = (SubmissionState.RECEIVED, SubmissionState.PASSED)
_REPORTED = tuple(state for state in SubmissionState if state is not SubmissionState.RECEIVED)


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """What ended: agreements and grants past their last day.

    Attributes:
        agreements: Ids of agreements whose term is over.
        grants: `project/version` of grants past their end.
    """

    agreements: tuple[str, ...]
    grants: tuple[str, ...]

    def to_xcom(self) -> dict[str, int]:
        """Counts, for Airflow's XCom."""
        return {"agreements": len(self.agreements), "grants": len(self.grants)}


def expire_terms(deployment: Deployment) -> ExpiryReport:
    """Enter into the ledger, once each, the agreements and grants whose last day has passed."""
    today = deployment.today()
    ended = [a for a in deployment.agreements.values() if today > a.ends_on]
    for agreement in ended:
        deployment.ledger.append(
            "agreement:expired",
            f"agreement/{agreement.id}",
            {"ends_on": agreement.ends_on.isoformat(), "clause": agreement.term_clause},
            once=f"agreement:expired/{agreement.id}/{agreement.version}",
        )
    return ExpiryReport(tuple(a.id for a in ended), _expire_grants(deployment, today))


def _expire_grants(deployment: Deployment, today: date) -> tuple[str, ...]:
    """Projects whose published grant is past its last day; said in the ledger, enforced anyway."""
    policy = deployment.zones.store(Zone.POLICY)
    ended = []
    for project in projects(policy):
        bundle = parse_bundle(fetch_bundle(policy, project).payload)
        if today <= bundle.granted_until:
            continue
        name = f"{project}/{bundle.version}"
        deployment.ledger.append(
            "grant:expired",
            f"grant/{project}",
            {"version": bundle.version, "granted_until": bundle.granted_until.isoformat()},
            once=f"grant:expired/{name}",
        )
        ended.append(name)
    return tuple(ended)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A destruction certificate.

    Attributes:
        id: `{what}-{submission id}`, and `-{attempt}` when it was reopened.
        what: `raw_file` or `quarantine`.
        submission_id, agency, dataset, sha256: What was destroyed; the digest is of the raw file.
        due_on: The day the clause names.
        destroyed_at: UTC.
        method: How.
        survives: What survives, where, and until when.
        clause: The clause that asked for it.
    """

    id: str
    what: str
    submission_id: str
    agency: str
    dataset: str
    sha256: str
    due_on: str
    destroyed_at: str
    method: str
    survives: str
    clause: str


_FIELDS = {"raw_file": "raw_destroyed_at", "quarantine": "quarantine_destroyed_at"}
_METHOD = "object deleted from the zone's container"
_SURVIVES = {
    "raw_file": "Nothing in the zones. Copies the storage service keeps (soft delete, backups) "
    "last until their own expiry, which the operator sets in the storage account.",
    "quarantine": "Nothing in the zones; the rows were encrypted with the agency's quarantine key, "
    "so any copy the storage service keeps is unreadable once that key is destroyed.",
}


def destroy_due(deployment: Deployment) -> list[str]:
    """Destroy raw files and quarantined rows whose day has come; ids of the certificates.

    Also those of a submission that no step could finish by then: it ends as failed, its agency
    gets a receipt that says so, and the ledger names step and error.

    Order, safe to repeat: the objects are deleted, the certificate is written, the ledger entry is
    appended once, then the submission says so. What cannot be destroyed now stays due, and keeps
    no other from being destroyed.

    Raises:
        ProgrammeError: The first failure, after everything else that is due was destroyed.
    """
    certificates: list[str] = []
    failures: list[ProgrammeError] = []
    for submission in deployment.store.list():
        agreement = deployment.agreements.get(submission.agreement_id)
        if agreement is None or not _may_be_due(deployment, agreement, submission):
            continue
        try:
            with hold_submission(deployment, submission.id):
                certificates += _destroy(deployment, agreement, deployment.store.get(submission.id))
        except ProgrammeError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return certificates


def _destroy(deployment: Deployment, agreement: Agreement, submission: Submission) -> list[str]:
    """What is due of one submission; nothing of one that was reopened meanwhile."""
    certificates: list[str] = []
    if not _may_be_due(deployment, agreement, submission):
        return certificates
    if submission.reported_at is None:
        submission = _give_up(deployment, submission)
    if submission.quarantine_destroyed_at is None:
        certificates += _destroy_quarantine(deployment, agreement, submission)
    if submission.raw_destroyed_at is None:
        certificates += _destroy_raw_file(deployment, agreement, submission)
    if submission.reported_at is None and submission.state == SubmissionState.FAILED:
        write_receipt(deployment, deployment.store.get(submission.id))
    return certificates


def _may_be_due(deployment: Deployment, agreement: Agreement, submission: Submission) -> bool:
    """Whether something of it may have to be destroyed today."""
    if submission.reported_at is None:
        return raw_file_due_on(agreement, clock_start(submission)) <= deployment.today()
    return None in {submission.quarantine_destroyed_at, submission.raw_destroyed_at}


def _give_up(deployment: Deployment, submission: Submission) -> Submission:
    """End a submission that no step finished in the raw file's term; what is committed stays."""
    contract = deployment.contracts.get(f"{submission.agency}/{submission.dataset}")
    if contract is not None and deployment.lake.is_committed(contract.table, submission.id):
        return submission
    if submission.state not in _UNFINISHED:
        return submission
    was_at = "process" if submission.state == SubmissionState.RECEIVED else "land"
    failed = submission.facts.get("failed") or {"step": was_at, "code": UNFINISHED}
    facts: dict[str, Any] = {"failed": failed}
    key = quarantine_key(f"{submission.agency}/{submission.dataset}", submission.id)
    if deployment.zones.store(Zone.QUARANTINE).stat(key) is not None:
        facts["quarantine"] = {**submission.facts.get("quarantine", {}), "object_key": key}
    record(deployment, "submission:failed", submission, apart="for good", for_good=True, **failed)
    return deployment.store.change(
        submission.id, expected=_UNFINISHED, state=SubmissionState.FAILED, facts=facts
    )


def _destroy_quarantine(
    deployment: Deployment, agreement: Agreement, submission: Submission
) -> list[str]:
    key = submission.facts.get("quarantine", {}).get("object_key")
    due_on = quarantine_due_on(agreement, clock_start(submission))
    if key is None or due_on > deployment.today():
        return []
    deployment.zones.store(Zone.QUARANTINE).delete(key)
    return [_certify(deployment, agreement, submission, "quarantine", due_on)]


def _destroy_raw_file(
    deployment: Deployment, agreement: Agreement, submission: Submission
) -> list[str]:
    """Delete the drop's folder, once every dataset that shares it is due."""
    due_on = raw_file_due_on(agreement, clock_start(submission))
    sharing = deployment.store.by_drop(submission.drop_mark)
    all_due = all(raw_file_due_on(agreement, clock_start(s)) <= deployment.today() for s in sharing)
    if not all_due:
        return []
    landing, folder = deployment.zones.store(Zone.LANDING), find_folder(deployment, submission)
    for info in [] if folder is None else list(landing.list(f"{folder}/")):
        landing.delete(info.key)
    return [_certify(deployment, agreement, submission, "raw_file", due_on)]


def _certify(
    deployment: Deployment,
    agreement: Agreement,
    submission: Submission,
    what: str,
    due_on: date,
) -> str:
    now = deployment.now()
    attempt = f"-{attempt_of(submission)}" if attempt_of(submission) > 1 else ""
    certificate = Certificate(
        id=f"{what}-{submission.id}{attempt}",
        what=what,
        submission_id=submission.id,
        agency=submission.agency,
        dataset=submission.dataset,
        sha256=submission.sha256,
        due_on=due_on.isoformat(),
        destroyed_at=now.isoformat(timespec="seconds"),
        method=_METHOD,
        survives=_SURVIVES[what],
        clause=f"{agreement.id} {agreement.retention.clause}",
    )
    document = json.dumps(asdict(certificate), indent=2, sort_keys=True).encode()
    folder = f"{submission.agency}/{submission.dataset}/{submission.id}"
    key = f"{folder}/certificate-{what}{attempt}.json"
    egress = deployment.zones.store(Zone.EGRESS)
    try:
        egress.put(key, document, if_none_match=True)
    except PreconditionFailedError:
        # A crash came after it was written: it stays, and the ledger names what it says.
        document = egress.read(key)
    tag = "raw_file:destroyed" if what == "raw_file" else "quarantine:destroyed"
    record(
        deployment,
        tag,
        submission,
        certificate_sha256=sha256_of(document),
        due_on=certificate.due_on,
        clause=certificate.clause,
    )
    destroyed: dict[str, Any] = {_FIELDS[what]: now}
    deployment.store.change(submission.id, expected=_REPORTED, **destroyed)
    return certificate.id
