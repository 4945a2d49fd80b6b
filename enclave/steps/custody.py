"""Where a submission's file lies, without its name being kept anywhere.

A file's name, and the folder an agency put it in, carry people. The state database holds a keyed
mark of the folder instead: enough to see that a drop is recorded and, as long as the landing zone
has the folder, to find it there; nothing to read a name from afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from enclave.deployment import Deployment
from enclave.drops import read_drop
from enclave.errors import UnreadableSubmissionError
from enclave.findings import Finding, Severity
from enclave.intake import SubmissionReader, open_submission
from enclave.keys import Key, KeyId
from enclave.store import Submission
from enclave.zones import Zone
from governance.contracts import DatasetContract
from governance.digests import sha256_of_stream
from governance.objects import ObjectInfo

PURPOSE = "custody"
"""Purpose of the marking keys; their scope is the agency."""


def mark_of_drop(deployment: Deployment, drop_key: str) -> str:
    """The folder's keyed mark (HMAC-SHA-256, hex), the same for ever."""
    mac = HMAC(_marking_key(deployment, drop_key.split("/", 1)[0]).material, hashes.SHA256())
    mac.update(drop_key.encode())
    return mac.finalize().hex()


def _marking_key(deployment: Deployment, agency: str) -> Key:
    """The first version, also after a rotation: marks are compared with those made long ago."""
    key = deployment.ring.current(PURPOSE, agency)
    return key if key.id.version == 1 else deployment.ring.get(KeyId(PURPOSE, agency, 1))


def find_folder(deployment: Deployment, submission: Submission) -> str | None:
    """The submission's folder in the landing zone, or None when nothing lies there (any more)."""
    prefix = f"{submission.agency}/{submission.subject}/"
    landing = deployment.zones.store(Zone.LANDING)
    usual = f"{prefix}{submission.id}"
    if mark_of_drop(deployment, usual) == submission.drop_mark:
        return usual if next(iter(landing.list(f"{usual}/")), None) is not None else None
    folders = {"/".join(info.key.split("/")[:3]) for info in landing.list(prefix)}
    marks = {mark_of_drop(deployment, folder): folder for folder in folders}
    return marks.get(submission.drop_mark)


def data_file(deployment: Deployment, submission: Submission) -> ObjectInfo:
    """The data file of the submission: the version that was received, else the only one there.

    Raises:
        UnreadableSubmissionError: It is gone, or others took its place.
    """
    folder = find_folder(deployment, submission)
    files: tuple[ObjectInfo, ...] = ()
    if folder is not None:
        files = read_drop(deployment.zones.store(Zone.LANDING), folder).files
    same = [file for file in files if file.etag == submission.facts.get("etag")]
    if len(found := same or files) == 1:
        return found[0]
    raise _changed("The file that was received is gone, or others took its place.")


@contextmanager
def open_received(
    deployment: Deployment, submission: Submission, contract: DatasetContract, *, spill: Path
) -> Iterator[SubmissionReader]:
    """Read the file whose digest stands in the ledger, whatever lies there by now.

    Args:
        deployment: Where it lies.
        submission: Whose file.
        contract: Of its dataset.
        spill: Folder of this machine for what does not fit into memory.

    Raises:
        UnreadableSubmissionError: It is gone or another file, or cannot be read.
    """
    key = data_file(deployment, submission).key
    landing = deployment.zones.store(Zone.LANDING)
    with landing.open(key) as stream:
        _check_received(submission, landing.stat(key), stream)
        name = key.rsplit("/", 1)[1]
        with open_submission(stream, file_name=name, contract=contract, spill=spill) as reader:
            yield reader


def _check_received(submission: Submission, stands: ObjectInfo | None, stream: BinaryIO) -> None:
    """The store's version tells so for nothing; where it differs, as after a restore, the digest.

    Raises:
        UnreadableSubmissionError: It is another file.
    """
    if stands is not None and stands.etag == submission.facts.get("etag"):
        return
    sha256, _ = sha256_of_stream(stream)
    stream.seek(0)
    if sha256 != submission.sha256:
        raise _changed("The file was replaced after it was received.")


def _changed(message: str) -> UnreadableSubmissionError:
    finding = Finding(
        code="custody.changed",
        severity=Severity.ERROR,
        message=message,
        remedy="Send the file meant as a new drop, with the next revision.",
    )
    return UnreadableSubmissionError(message, findings=[finding])
