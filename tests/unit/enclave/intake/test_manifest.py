"""Manifests and sidecars, held against what came."""

import json

import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.intake.manifest import (
    check_delivery,
    check_rows,
    parse_manifest,
    parse_sidecar,
)

DIGEST = "ab" * 32


def manifest(**changes: object) -> bytes:
    entry = {"name": "people.csv", "sha256": DIGEST, "rows": 10, "bytes": 100} | changes
    return json.dumps({"files": [entry], "period": "2025Q3", "revision": 2}).encode()


def test_manifest_is_read() -> None:
    parsed = parse_manifest(b"\xef\xbb\xbf" + manifest(sha256=DIGEST.upper()))
    assert (parsed.period, parsed.revision) == ("2025Q3", 2)
    entry = parsed.entry_for("landing/x/people.csv")
    assert entry is not None
    assert (entry.sha256, entry.rows, entry.size_bytes) == (DIGEST, 10, 100)


@pytest.mark.parametrize(
    "document",
    [
        b"no json CANARY",
        b"[]",
        b"{}",
        b'{"files": []}',
        b'{"files": ["CANARY"]}',
        manifest(name=""),
        manifest(name=5),
        manifest(sha256="CANARY"),
        manifest(rows="CANARY"),
        manifest(rows=-1),
        manifest(rows=True),
        manifest(canary=1),
        manifest().replace(b'"2025Q3"', b'"CANARY CANARY"'),
        manifest().replace(b'"revision": 2', b'"revision": 0'),
        b"\xff",
        b"[" * 100_000,
        b" " * (1 << 20) + b"{}",
    ],
)
def test_unusable_manifests(document: bytes) -> None:
    with pytest.raises(UnreadableSubmissionError) as caught:
        parse_manifest(document)
    assert caught.value.findings[-1].code == "intake.manifest_invalid"
    assert "CANARY" not in repr(caught.value.findings) + str(caught.value)


@pytest.mark.parametrize(
    "text", [DIGEST, f"{DIGEST}  people.csv\n", f"{DIGEST.upper()} *people.csv\r\n"]
)
def test_sidecars(text: str) -> None:
    parsed = parse_sidecar(text.encode())
    assert check_delivery(parsed, "people.csv", sha256=DIGEST, size_bytes=1) == []


@pytest.mark.parametrize("text", [b"", b"\n\n", b"CANARY", DIGEST[:-1].encode(), b"\xff\xfe"])
def test_unusable_sidecars(text: bytes) -> None:
    with pytest.raises(UnreadableSubmissionError) as caught:
        parse_sidecar(text)
    assert "CANARY" not in repr(caught.value.findings)


def test_differences_are_findings() -> None:
    parsed = parse_manifest(manifest())
    assert check_delivery(parsed, "people.csv", sha256=DIGEST, size_bytes=100) == []
    wrong = check_delivery(parsed, "people.csv", sha256="cd" * 32, size_bytes=99)
    assert [f.code for f in wrong] == ["manifest.sha256", "manifest.bytes"]
    unknown = check_delivery(parsed, "Jane Doe.csv", sha256=DIGEST, size_bytes=100)
    assert [f.code for f in unknown] == ["manifest.file_unknown"]
    assert "Jane" not in repr(unknown)


def test_rows() -> None:
    assert check_rows(None, 9) == []
    assert check_rows(10, 10) == []
    assert [f.code for f in check_rows(10, 9)] == ["manifest.rows"]
