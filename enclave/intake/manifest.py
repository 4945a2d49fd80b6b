"""The optional manifest beside a file: what the agency says it sent, held against what came.

Two forms: `manifest.json` (`{"files": [{"name", "sha256", "rows"?, "bytes"?}], "period",
"revision"}`) and a `.sha256` sidecar (`<hex>  <name>`, or the hex alone). File names may carry
people: findings speak of the file and of entries by number.
"""

import json
import re
from dataclasses import dataclass

from enclave.errors import UnreadableSubmissionError
from enclave.findings import Finding, Severity
from enclave.intake.refusals import refuse

MAX_MANIFEST_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_PERIOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_FIELDS = {"name", "sha256", "rows", "bytes"}


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file as the agency states it; None where it states nothing."""

    name: str | None
    sha256: str
    rows: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the agency states of a delivery.

    Attributes:
        entries: One a file.
        period: Reporting period in the agency's words, or None.
        revision: 1 for the first delivery of the period, or None.
    """

    entries: tuple[ManifestEntry, ...]
    period: str | None = None
    revision: int | None = None

    def entry_for(self, file_name: str) -> ManifestEntry | None:
        """The entry of that file; the only entry may leave its name out."""
        base = file_name.replace("\\", "/").rsplit("/", 1)[-1]
        for entry in self.entries:
            if entry.name is not None and entry.name.rsplit("/", 1)[-1] == base:
                return entry
        if len(self.entries) == 1 and self.entries[0].name is None:
            return self.entries[0]
        return None


def _wrong(message: str) -> UnreadableSubmissionError:
    """The refusal for a manifest that cannot be used."""
    return refuse(
        "intake.manifest_invalid",
        f"The manifest cannot be used: {message}.",
        remedy="Send a manifest as the agency guide describes, or none.",
    )


def parse_manifest(document: bytes) -> Manifest:
    """Read a `manifest.json`.

    Raises:
        UnreadableSubmissionError: Not JSON of that form.
    """
    if len(document) > MAX_MANIFEST_BYTES:
        raise _wrong(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        content = json.loads(document.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _wrong("it is not JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("files"), list):
        raise _wrong("it has no list `files`")
    if not content["files"]:
        raise _wrong("its list `files` is empty")
    entries = tuple(_parse_entry(item, n) for n, item in enumerate(content["files"], start=1))
    period, revision = content.get("period"), content.get("revision")
    if period is not None and (not isinstance(period, str) or not _PERIOD.fullmatch(period)):
        raise _wrong("`period` must be letters, digits, dots and dashes, as in 2025Q3")
    return Manifest(entries, period, _whole(revision, "`revision`", minimum=1))


def _parse_entry(item: object, number: int) -> ManifestEntry:
    """One file's entry."""
    where = f"entry {number}"
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise _wrong(f"{where} has no `name`")
    digest = item.get("sha256")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise _wrong(f"{where} has no `sha256` of 64 hexadecimal digits")
    if set(item) - _FIELDS:
        raise _wrong(f"{where} has fields other than {', '.join(sorted(_FIELDS))}")
    return ManifestEntry(
        item["name"],
        digest.lower(),
        _whole(item.get("rows"), f"`rows` of {where}"),
        _whole(item.get("bytes"), f"`bytes` of {where}"),
    )


def _whole(value: object, what: str, *, minimum: int = 0) -> int | None:
    """A whole number, or None where nothing is stated."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise _wrong(f"{what} must be a whole number from {minimum}")
    return value


def parse_sidecar(document: bytes) -> Manifest:
    """Read a `.sha256` file as `sha256sum` writes it, or a bare digest.

    Raises:
        UnreadableSubmissionError: No digest on some line.
    """
    if len(document) > MAX_MANIFEST_BYTES:
        raise _wrong(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        lines = document.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise _wrong("it is not text") from None
    entries: list[ManifestEntry] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        digest, _, name = line.strip().partition(" ")
        if not _SHA256.fullmatch(digest):
            raise _wrong(f"line {number} has no digest of 64 hexadecimal digits")
        entries.append(ManifestEntry(name.strip().removeprefix("*") or None, digest.lower()))
    if not entries:
        raise _wrong("it is empty")
    return Manifest(tuple(entries))


def check_delivery(
    manifest: Manifest, file_name: str, *, sha256: str, size_bytes: int
) -> list[Finding]:
    """Hold a received file against its manifest, before it is read.

    Args:
        manifest: What the agency states.
        file_name: As landed; never shown.
        sha256: Hex digest of the file as received.
        size_bytes: Its length.

    Returns:
        Errors about the whole file; empty when all agrees.
    """
    entry = manifest.entry_for(file_name)
    if entry is None:
        return [
            Finding(
                "manifest.file_unknown",
                Severity.ERROR,
                f"The manifest ({len(manifest.entries)} entries) does not name the file.",
                remedy="List the file under the name it was sent with.",
            )
        ]
    findings: list[Finding] = []
    if entry.sha256 != sha256.lower():
        findings.append(
            Finding(
                "manifest.sha256",
                Severity.ERROR,
                "The file is not the one the manifest describes: the SHA-256 differs.",
                remedy="Send file and manifest again; the file may have been cut off on the way.",
            )
        )
    if entry.size_bytes is not None and entry.size_bytes != size_bytes:
        findings.append(
            Finding(
                "manifest.bytes",
                Severity.ERROR,
                f"The manifest states {entry.size_bytes} bytes; {size_bytes} came.",
                remedy="Send the file again.",
            )
        )
    return findings


def check_rows(stated: int | None, records: int) -> list[Finding]:
    """Hold the number of records against the manifest, after reading.

    Args:
        stated: Rows the manifest states, or None.
        records: Data records read, malformed ones included.
    """
    if stated is None or stated == records:
        return []
    return [
        Finding(
            "manifest.rows",
            Severity.ERROR,
            f"The manifest states {stated} rows; the file has {records} records.",
            remedy="Check how rows are counted, and that the file is complete.",
        )
    ]
