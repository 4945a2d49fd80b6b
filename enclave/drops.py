"""Drops: what lies in the landing zone before it is a submission.

A drop is one folder, `{agency}/{dataset or agreement id}/{drop}/`, with one data file and,
optionally, `manifest.json` or a `.sha256` sidecar. A drop under an agreement's id holds a file for
all of that agreement's datasets (an archive of tables). It is complete when its manifest is there,
or when nothing in it changed for a while.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from enclave.intake.manifest import Manifest, parse_manifest, parse_sidecar
from governance.agreements import Agreement
from governance.objects import ObjectInfo, ObjectStore

MANIFEST_NAME = "manifest.json"
CHECKSUM_SUFFIX = ".sha256"
PERIOD_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_DROP_PARTS = 4


@dataclass(frozen=True, slots=True)
class Drop:
    """A folder of the landing zone.

    Attributes:
        key: The folder, without a trailing slash.
        subject: Dataset name or agreement id.
        files: Data files (exactly one in a usable drop).
        manifest, checksum: The manifest or the sidecar, when there is one.
        changed_at: Newest change of any object in it.
    """

    key: str
    subject: str
    files: tuple[ObjectInfo, ...]
    manifest: ObjectInfo | None
    checksum: ObjectInfo | None
    changed_at: datetime

    def is_complete(self, now: datetime, settle: timedelta) -> bool:
        """Whether the agency has finished writing it."""
        if not self.files:
            return False
        return self.manifest is not None or now - self.changed_at >= settle


def list_drops(landing: ObjectStore, agreement: Agreement) -> list[Drop]:
    """Drops under the agreement's datasets, oldest folder name first within each dataset."""
    subjects = [terms.dataset for terms in agreement.datasets] + [agreement.id]
    drops: list[Drop] = []
    for subject in dict.fromkeys(subjects):
        folders: dict[str, list[ObjectInfo]] = {}
        for info in landing.list(f"{agreement.agency}/{subject}/"):
            parts = info.key.split("/")
            if len(parts) == _DROP_PARTS:
                folders.setdefault("/".join(parts[:3]), []).append(info)
        drops += [_drop_of(key, subject, infos) for key, infos in folders.items()]
    return sorted(drops, key=lambda drop: (drop.changed_at, drop.key))


def read_drop(landing: ObjectStore, key: str) -> Drop:
    """The drop at that folder; without files when nothing lies there."""
    return _drop_of(key, key.split("/")[1], list(landing.list(f"{key}/")))


def _drop_of(key: str, subject: str, infos: Iterable[ObjectInfo]) -> Drop:
    files: list[ObjectInfo] = []
    manifest = checksum = None
    newest: datetime | None = None
    for info in infos:
        name = info.key.rsplit("/", 1)[1]
        newest = info.modified_at if newest is None else max(newest, info.modified_at)
        if name == MANIFEST_NAME:
            manifest = info
        elif name.endswith(CHECKSUM_SUFFIX):
            checksum = info
        else:
            files.append(info)
    return Drop(
        key, subject, tuple(files), manifest, checksum, newest or datetime.max.replace(tzinfo=UTC)
    )


@dataclass(frozen=True, slots=True)
class DropNotice:
    """What the agency said about the drop, in its manifest or its file name.

    Attributes:
        period, revision: None when neither the manifest nor the name says.
        manifest: The manifest or checksum sidecar, when there is one.
    """

    period: str | None
    revision: int | None
    manifest: Manifest | None
    is_contradictory: bool = False
    """Whether manifest and file name say different periods or revisions."""


NO_NOTICE = DropNotice(None, None, None)


def name_facts(name_pattern: str, file_name: str) -> tuple[str | None, int | None]:
    """Period and revision as the file's name says them; None where it does not.

    Args:
        name_pattern: The agreement's pattern, as a regular expression with the groups `period` and
            `revision` (either may be missing).
        file_name: The file's name.
    """
    match = re.fullmatch(name_pattern, file_name)
    named = match.groupdict() if match else {}
    revision = named.get("revision")
    return named.get("period"), int(revision) if revision else None


def read_notice(landing: ObjectStore, drop: Drop, file_name: str, name_pattern: str) -> DropNotice:
    """What manifest, sidecar and file name say.

    Raises:
        UnreadableSubmissionError: The manifest cannot be used.
    """
    manifest: Manifest | None = None
    if drop.manifest is not None:
        manifest = parse_manifest(landing.read(drop.manifest.key))
    elif drop.checksum is not None:
        manifest = parse_sidecar(landing.read(drop.checksum.key))
    named_period, named_revision = name_facts(name_pattern, file_name)
    return DropNotice(
        period=(manifest.period if manifest else None) or named_period,
        revision=(manifest.revision if manifest else None) or named_revision,
        manifest=manifest,
        is_contradictory=_differ(manifest.period if manifest else None, named_period)
        or _differ(manifest.revision if manifest else None, named_revision),
    )


def _differ(stated: str | int | None, named: str | int | None) -> bool:
    return stated is not None and named is not None and stated != named


def build_manifest(
    *, file_name: str, period: str, revision: int, sha256: str, size_bytes: int, sent_by: str
) -> bytes:
    """The manifest `enclave submit` writes beside the file, last, so that it marks completeness."""
    return json.dumps(
        {
            "period": period,
            "revision": revision,
            "sent_by": sent_by,
            "files": [{"name": file_name, "sha256": sha256, "bytes": size_bytes}],
        },
        indent=2,
    ).encode()
