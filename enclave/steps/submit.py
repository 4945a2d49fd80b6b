"""What an agency's upload amounts to: the file into the landing zone, then its manifest."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from enclave.deployment import Deployment
from enclave.drops import MANIFEST_NAME, PERIOD_PATTERN, build_manifest, name_facts
from enclave.errors import DatasetNotFoundError
from enclave.zones import Zone
from governance.digests import sha256_of_stream
from governance.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Upload:
    """A drop that was written.

    Attributes:
        drop_key: Folder in the landing zone.
        submission_id: The id its submission will have; None for a drop of several datasets.
        period, revision, sha256, size_bytes: As its manifest says.
    """

    drop_key: str
    submission_id: str | None
    period: str
    revision: int
    sha256: str
    size_bytes: int


def submit_file(
    deployment: Deployment,
    path: Path,
    *,
    agency: str,
    dataset: str | None,
    agreement_id: str | None = None,
    period: str | None = None,
    revision: int | None = None,
    sent_by: str = "",
) -> Upload:
    """Write the file and, last, its manifest: a drop is complete or it is not there.

    Args:
        deployment: Where to.
        path: The agency's file.
        agency: Who delivers.
        dataset: The dataset; None for a file of all datasets of `agreement_id`.
        agreement_id: The agreement, when `dataset` is None.
        period: Reporting period; None: from the file's name as agreed.
        revision: None: from the file's name, else 1.
        sent_by: Who sends it, for custody.

    Raises:
        DatasetNotFoundError: No agreement covers it.
        ConfigurationError: The agreement is not the agency's, or the period cannot be told.
    """
    subject, pattern = _subject(deployment, agency, dataset, agreement_id)
    named_period, named_revision = name_facts(pattern, path.name)
    if period is not None and named_period is not None and period != named_period:
        message = "--period is not what the file's name says; rename it or leave --period out."
        raise ConfigurationError(message)
    period = period or named_period
    revision = revision or named_revision or 1
    if period is None or not PERIOD_PATTERN.fullmatch(period):
        message = (
            f"The reporting period is not known: name the file like {pattern}, "
            "or give --period (letters, digits, '.', '_', '-')."
        )
        raise ConfigurationError(message)
    drop = secrets.token_hex(16)
    drop_key = f"{agency}/{subject}/{drop}"
    landing = deployment.zones.store(Zone.LANDING)
    with path.open("rb") as stream:
        sha256, size = sha256_of_stream(stream)
        stream.seek(0)
        landing.put(f"{drop_key}/{path.name}", stream)
    manifest = build_manifest(
        file_name=path.name,
        period=period,
        revision=revision,
        sha256=sha256,
        size_bytes=size,
        sent_by=sent_by,
    )
    landing.put(f"{drop_key}/{MANIFEST_NAME}", manifest)
    return Upload(drop_key, drop if dataset else None, period, revision, sha256, size)


def _subject(
    deployment: Deployment, agency: str, dataset: str | None, agreement_id: str | None
) -> tuple[str, str]:
    """The landing folder's second part, and the agreed file-name pattern."""
    if dataset is None:
        agreement = deployment.agreement(agreement_id or "")
        if agreement.agency != agency:
            message = f"{agreement.id} is not an agreement of {agency}."
            raise ConfigurationError(message)
        return agreement.id, agreement.datasets[0].file_name_pattern
    found = deployment.terms_of(agency, dataset)
    if found is None:
        message = (
            f"No agreement of {agency} names the dataset {dataset!r}. {_named(deployment, agency)} "
            "A new dataset needs a contract and an agreement."
        )
        raise DatasetNotFoundError(message)
    return dataset, found[1].file_name_pattern


def _named(deployment: Deployment, agency: str) -> str:
    """What the agency's agreements do name, or which agencies have any."""
    agreements = deployment.agreements.values()
    datasets = sorted({t.dataset for a in agreements if a.agency == agency for t in a.datasets})
    if datasets:
        return f"They name: {', '.join(datasets)}."
    return f"Agencies with agreements: {', '.join(sorted({a.agency for a in agreements}))}."
