"""Evidence between processes: a staged table as a sealed document, and back."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final

from enclave.deployment import Deployment
from enclave.errors import EvidenceError
from enclave.evidence import DeidentifiedTable, ReceivedSubmission, StagedFile
from enclave.sealing import unseal
from enclave.store import Submission
from enclave.zones import Zone
from governance.contracts import DatasetContract, TreatmentKind
from governance.contracts.model import Option
from governance.digests import sha256_of_stream

MANIFEST = "deidentified-table"
"""Purpose under which a staged table's manifest is sealed."""

_CHECKERS: Final = 2
"""Staged files whose digests are checked side by side."""


def received_of(submission: Submission) -> ReceivedSubmission:
    """The evidence of custody, from the state store."""
    return ReceivedSubmission(
        submission_id=submission.id,
        agency=submission.agency,
        dataset=submission.dataset,
        period=submission.period,
        revision=submission.revision,
        size_bytes=submission.size_bytes,
        sha256=submission.sha256,
        agreement_id=submission.agreement_id,
        agreement_version=submission.agreement_version,
        contract_version=submission.contract_version,
    )


def manifest_key(submission_id: str) -> str:
    """Where the sealed manifest of a staged table lies in the staging zone."""
    return f"{submission_id}/manifest.json"


def table_document(table: DeidentifiedTable) -> dict[str, Any]:
    """The evidence as JSON, to be sealed."""
    return asdict(table)


def rehydrate(deployment: Deployment, submission: Submission) -> DeidentifiedTable:
    """The staged table of a submission, from its sealed manifest.

    Raises:
        EvidenceError: The manifest does not authenticate, or is another submission's.
        ObjectNotFoundError: Nothing is staged.
    """
    sealed = deployment.zones.store(Zone.STAGING).read(manifest_key(submission.id))
    document = unseal(sealed, purpose=MANIFEST, ring=deployment.ring)
    received = document.pop("received")
    if received["submission_id"] != submission.id:
        message = "The staged manifest belongs to another submission."
        raise EvidenceError(message, submission=submission.id)
    files = tuple(StagedFile(**file) for file in document.pop("files"))
    with ThreadPoolExecutor(_CHECKERS) as pool:
        list(pool.map(lambda file: _check_file(deployment, file), files))
    return DeidentifiedTable(
        received=ReceivedSubmission(**received),
        files=files,
        **document,
    )


def _check_file(deployment: Deployment, file: StagedFile) -> None:
    """The staged bytes are the ones the manifest names, not another submission's."""
    with deployment.zones.store(Zone.STAGING).open(file.object_key) as stream:
        sha256, size = sha256_of_stream(stream)
    if (sha256, size) != (file.sha256, file.size_bytes):
        message = "A staged file is not the one its manifest names."
        raise EvidenceError(message)


def output_columns(contract: DatasetContract, names: Option) -> tuple[str, ...]:
    """Names in the curated table of contract columns: an identity's parts become the person id."""
    wanted: Sequence[str] = names if isinstance(names, tuple) else (str(names),)
    return tuple(_output_column(contract, name) for name in wanted)


def _output_column(contract: DatasetContract, name: str) -> str:
    if contract.person is not None and name == contract.person.column:
        return name
    treatment = contract.column(name).treatment
    is_identity = treatment is not None and treatment.kind is TreatmentKind.PERSON_ID
    return contract.person.column if is_identity and contract.person is not None else name
