"""Take custody of drops: agreement in force, one usable file, checksum, period, duplicate?

One worker a feed at a time, so that the same file in two drops is seen to be the same.
Order, safe to repeat: the submission is recorded under its drop (unique), then the ledger entry is
appended once. Nothing in the landing zone is moved or removed: the raw file's clock does that.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from enclave.deployment import Deployment
from enclave.drops import (
    NO_NOTICE,
    PERIOD_PATTERN,
    Drop,
    DropNotice,
    list_drops,
    read_drop,
    read_notice,
)
from enclave.errors import SubmissionNotFoundError, UnreadableSubmissionError
from enclave.findings import Finding, Severity
from enclave.intake.manifest import check_delivery
from enclave.steps.custody import mark_of_drop
from enclave.steps.holding import hold_feed
from enclave.steps.record import announce, finding_facts
from enclave.steps.report import report_submission
from enclave.store import Submission, SubmissionState
from enclave.zones import Zone
from governance.agreements import Agreement, DatasetTerms
from governance.digests import sha256_of_stream

_SETTLED = (SubmissionState.PASSED, SubmissionState.LANDED, SubmissionState.HELD)
"""States in which a file of the period counts as taken."""

_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes, for a drop that holds no usable file."""


_HIGHEST_REVISION = 9999
"""A number past the database's would stop the feed for every drop after it."""


def find_drops(deployment: Deployment, agreement_id: str) -> list[str]:
    """Complete drops that wait under the agreement, oldest first, by their folder keys."""
    agreement = deployment.agreement(agreement_id)
    settle = timedelta(seconds=deployment.settings.drop_settle_seconds)
    now = deployment.now()
    return [
        drop.key
        for drop in list_drops(deployment.zones.store(Zone.LANDING), agreement)
        if drop.is_complete(now, settle) and not _is_recorded(deployment, agreement, drop)
    ]


def _subjects(agreement: Agreement, drop: Drop) -> list[DatasetTerms]:
    """Datasets the drop is for: one, or all of the agreement in its load order."""
    if drop.subject == agreement.id:
        return list(agreement.datasets)
    return [terms for terms in agreement.datasets if terms.dataset == drop.subject]


def _is_recorded(deployment: Deployment, agreement: Agreement, drop: Drop) -> bool:
    mark = mark_of_drop(deployment, drop.key)
    recorded = {submission.dataset for submission in deployment.store.by_drop(mark)}
    return recorded >= {terms.dataset for terms in _subjects(agreement, drop)}


def receive_drops(deployment: Deployment, agreement_id: str) -> list[str]:
    """Receive every waiting drop; ids of the submissions that are not finished, in load order.

    Among them are those an interrupted run left anywhere on the way. A drop that is refused or a
    duplicate is finished at once, with its receipt.
    """
    agreement = deployment.agreement(agreement_id)
    with hold_feed(deployment, agreement_id):
        for key in find_drops(deployment, agreement_id):
            for submission in receive_drop(deployment, agreement, key):
                if submission.state != SubmissionState.RECEIVED:
                    report_submission(deployment, submission.id)
    order = {terms.dataset: place for place, terms in enumerate(agreement.datasets)}
    waiting = [
        submission
        for submission in deployment.store.list(agency=agreement.agency)
        if submission.agreement_id == agreement.id and submission.reported_at is None
    ]
    waiting.sort(key=lambda s: (order.get(s.dataset, 0), s.received_at, s.revision))
    return [submission.id for submission in waiting]


def receive_drop(deployment: Deployment, agreement: Agreement, drop_key: str) -> list[Submission]:
    """Record one drop's submissions: received, duplicate or refused, each with its findings."""
    drop = read_drop(deployment.zones.store(Zone.LANDING), drop_key)
    return [_receive(deployment, agreement, terms, drop) for terms in _subjects(agreement, drop)]


def _receive(
    deployment: Deployment, agreement: Agreement, terms: DatasetTerms, drop: Drop
) -> Submission:
    landing = deployment.zones.store(Zone.LANDING)
    findings = _check_authority(deployment, agreement, terms)
    notice = NO_NOTICE
    sha256, size, file_name, etag = _NOTHING, 0, "", None
    if len(drop.files) == 1:
        key = drop.files[0].key
        file_name = key.rsplit("/", 1)[1]
        stands = landing.stat(key)  # before the digest: a change in between is found out later
        etag = None if stands is None else stands.etag
        with landing.open(key) as stream:
            sha256, size = sha256_of_stream(stream)
        try:
            notice = read_notice(landing, drop, file_name, terms.file_name_pattern)
        except UnreadableSubmissionError as error:
            findings += error.findings
        else:
            findings += _check_notice(terms, notice)
        if notice.manifest is not None:
            findings += check_delivery(notice.manifest, file_name, sha256=sha256, size_bytes=size)
        if size == 0:
            findings.append(_refusal("intake.empty", "The file is empty.", "Send it again."))
    else:
        findings.append(_refusal("drop.files", "The drop must hold exactly one data file."))
    standing = _standing(deployment, agreement, terms, notice, sha256)
    state, revision = standing.state, standing.revision
    findings += standing.findings
    if findings:
        state = SubmissionState.REFUSED
    contract = deployment.contracts.get(f"{agreement.agency}/{terms.dataset}")
    submission = Submission(
        id=_new_id(deployment, drop, terms),
        agency=agreement.agency,
        dataset=terms.dataset,
        period=_safe_period(notice.period),
        revision=revision,
        state=state,
        subject=drop.subject,
        drop_mark=mark_of_drop(deployment, drop.key),
        size_bytes=size,
        sha256=sha256,
        agreement_id=agreement.id,
        agreement_version=agreement.version,
        contract_version="" if contract is None else contract.version,
        received_at=deployment.now(),
        rows_read=0,
        rows_landed=0,
        rows_quarantined=0,
        facts={
            "findings": [finding_facts(finding) for finding in findings],
            "stated_rows": _stated_rows(notice, file_name),
            "etag": etag,
            **({"duplicate_of": standing.duplicate_of} if standing.duplicate_of else {}),
        },
    )
    if not deployment.store.add(submission):
        submission = next(
            s for s in deployment.store.by_drop(submission.drop_mark) if s.dataset == terms.dataset
        )
    announce(deployment, submission)
    return submission


def _stated_rows(notice: DropNotice, file_name: str) -> int | None:
    """Rows the manifest states for the file; held against what is read."""
    entry = None if notice.manifest is None else notice.manifest.entry_for(file_name)
    return None if entry is None else entry.rows


def _new_id(deployment: Deployment, drop: Drop, terms: DatasetTerms) -> str:
    """The drop folder's own random id where `enclave submit` named it so, else a new one.

    A folder moved from another dataset, or named after another submission, gets a new one too.
    """
    name = drop.key.rsplit("/", 1)[1]
    is_ours = len(name) == 32 and all(c in "0123456789abcdef" for c in name)  # noqa: PLR2004  128 bits in hex
    if not is_ours or drop.subject != terms.dataset:
        return secrets.token_hex(16)
    try:
        deployment.store.get(name)
    except SubmissionNotFoundError:
        return name
    return secrets.token_hex(16)


def _safe_period(period: str | None) -> str:
    return period if period is not None and PERIOD_PATTERN.fullmatch(period) else "unknown"


def _refusal(code: str, message: str, remedy: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, remedy=remedy)


def _check_authority(
    deployment: Deployment, agreement: Agreement, terms: DatasetTerms
) -> list[Finding]:
    today = deployment.today()
    findings = []
    if not agreement.in_force(today):
        findings.append(
            _refusal(
                "agreement.not_in_force",
                f"{agreement.id} runs from {agreement.effective_on} to {agreement.ends_on} "
                f"({agreement.term_clause}); today is {today}.",
                "The agency's data owner and the operator renew the agreement first.",
            )
        )
    if f"{agreement.agency}/{terms.dataset}" not in deployment.contracts:
        findings.append(
            _refusal(
                "contract.missing",
                f"There is no contract for {agreement.agency}/{terms.dataset}.",
                "Add its YAML under schemas/datasets.",
            )
        )
    return findings


def _check_notice(terms: DatasetTerms, notice: DropNotice) -> list[Finding]:
    if notice.period is None:
        return [
            _refusal(
                "period.unknown",
                "Neither a manifest nor the file's name says which reporting period it is for "
                f"(pattern of {terms.dataset}: {terms.file_name_pattern}).",
                "Name the file as agreed, or put the period into manifest.json.",
            )
        ]
    if notice.is_contradictory:
        return [
            _refusal(
                "period.contradiction",
                "The manifest and the file's name say different periods or revisions.",
                "Make them agree, or leave one of them out.",
            )
        ]
    if not PERIOD_PATTERN.fullmatch(notice.period):
        return [
            _refusal(
                "period.unusable",
                "The reporting period may hold letters, digits, '.', '_', '-'; at most 32 in all.",
                "Name the period so in the file's name or in manifest.json.",
            )
        ]
    if (notice.revision or 1) > _HIGHEST_REVISION:
        return [
            _refusal(
                "revision.unusable",
                f"A revision is a whole number up to {_HIGHEST_REVISION}.",
                "Count the corrections of a period from 2.",
            )
        ]
    return []


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a drop stands beside what its period already has."""

    state: SubmissionState
    revision: int
    findings: tuple[Finding, ...] = ()
    duplicate_of: str | None = None


def _standing(
    deployment: Deployment,
    agreement: Agreement,
    terms: DatasetTerms,
    notice: DropNotice,
    sha256: str,
) -> _Standing:
    """New, duplicate, or a revision conflict, from what the period already has.

    A correction says so: a different file for a period that has one needs a higher revision.
    """
    period = notice.period or ""
    taken = [
        s
        for s in deployment.store.list(agency=agreement.agency, dataset=terms.dataset)
        if s.state in (*_SETTLED, SubmissionState.RECEIVED)
        and s.period.casefold() == period.casefold()
    ]
    if any(s.period != period for s in taken):
        spelled = _refusal(
            "period.spelling",
            "The same period was delivered before with other capitals; it would count twice.",
            "Spell the period as in the earlier delivery.",
        )
        revision = min(notice.revision or 1, _HIGHEST_REVISION)
        return _Standing(SubmissionState.REFUSED, revision, (spelled,))
    newest = max((s.revision for s in taken), default=0)
    revision = min(notice.revision or 1, _HIGHEST_REVISION)
    for same in taken:
        if same.sha256 == sha256:
            return _Standing(SubmissionState.DUPLICATE, revision, duplicate_of=same.id)
    if revision <= newest:
        conflict = _refusal(
            "revision.taken",
            f"Revision {newest} of this period was already received and differs from this file.",
            f"State revision {newest + 1} if this file corrects it.",
        )
        return _Standing(SubmissionState.REFUSED, revision, (conflict,))
    return _Standing(SubmissionState.RECEIVED, revision)
