"""The root's commands: made for one, made for several, rotated from holder to holder."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from governance.cli_root import root_app
from governance.grants import (
    BundleRefusedError,
    fetch_root,
    pin_root,
    sign_bundle,
    verify_bundle,
)
from governance.objects.local import LocalFolderStore
from governance.signing import Envelope, LocalSigner
from tests.lib.grants import build_grant

NOW = datetime.now(UTC)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root_app, [str(a) for a in arguments])


def done(*arguments: object) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def holders(tmp_path: Path) -> list[Path]:
    """Three holders' keys and two signers', each with its public part."""
    files = [tmp_path / f"holder-{n}.pem" for n in range(3)]
    files += [tmp_path / f"signer-{n}.pem" for n in range(2)]
    for file in files:
        done("key", file)
        assert file.stat().st_mode & 0o077 == 0
    return files


def public(file: Path) -> Path:
    return file.with_name(f"{file.name}.pub.json")


def draft(tmp_path: Path, holders: list[Path], threshold: int = 2) -> Path:
    out = tmp_path / "root-1.json"
    keys = [x for h in holders[:3] for x in ("--root-key", public(h))]
    done("draft", out, *keys, "--signer-key", public(holders[3]), "--threshold", threshold)
    return out


def test_a_folder_alone_makes_the_first_root(tmp_path: Path) -> None:
    for arguments in ((tmp_path / "a",), ("--days", 30, tmp_path / "b"), ("new", tmp_path / "c")):
        done(*arguments)
    made = pin_root(Envelope.from_json((tmp_path / "a/root.json").read_bytes()))
    assert made.document.version == 1
    assert run(tmp_path / "a").exit_code == 4
    assert "rotate" in run("--help").output


def test_several_holders_sign_one_after_the_other(tmp_path: Path, holders: list[Path]) -> None:
    root = draft(tmp_path, holders)
    assert run("status", root).exit_code == 3
    with pytest.raises(BundleRefusedError):
        pin_root(Envelope.from_json(root.read_bytes()))
    first = done("sign", root, "--key", holders[0])
    assert "1 of 2 signatures of this root; not yet" in first.output
    done("sign", root, "--key", holders[0])
    assert "1 of 2" in run("status", root).output
    done("sign", root, "--key", holders[2])
    assert done("status", root).exit_code == 0
    pinned = pin_root(Envelope.from_json(root.read_bytes()))
    assert (pinned.threshold("root"), len(pinned.keys("root"))) == (2, 3)


def test_a_rotation_needs_enough_of_the_old_and_of_the_new(
    tmp_path: Path, holders: list[Path]
) -> None:
    root = draft(tmp_path, holders)
    done("sign", root, "--key", holders[0], "--key", holders[1])
    policy, out = tmp_path / "policy", tmp_path / "root-2.json"
    policy.mkdir()
    done("publish", root, "--root", root, "--policy", policy)

    done("rotate", root, "--out", out, "--signer-key", public(holders[4]), "--key", holders[0])
    early = run("publish", out, "--root", root, "--policy", policy)
    assert (early.exit_code, "not signed by" in early.output) == (3, True)
    state = json.loads(run("status", out, "--previous", root, "--json").output)
    assert [(s["signed"], s["needed"]) for s in state["signatures"]] == [(1, 2), (1, 2)]
    done("sign", out, "--key", holders[1], "--previous", root)
    done("publish", out, "--root", root, "--policy", policy)

    store = LocalFolderStore(policy, "policy")
    pinned = pin_root(Envelope.from_json(root.read_bytes()))
    newest = fetch_root(store, pinned, NOW)
    assert newest.document.version == 2
    grant = build_grant(issued_at=NOW, expires_at=NOW + timedelta(days=7))
    withdrawn, kept = (LocalSigner.from_pem(holders[n].read_bytes()) for n in (3, 4))
    assert verify_bundle(sign_bundle(grant, withdrawn), pinned, NOW).root_version == 1
    with pytest.raises(BundleRefusedError, match="0 of the 1"):
        verify_bundle(sign_bundle(grant, withdrawn), newest, NOW)
    assert verify_bundle(sign_bundle(grant, kept), newest, NOW).root_version == 2


def test_holders_are_replaced_by_a_rotation_signed_by_both(
    tmp_path: Path, holders: list[Path]
) -> None:
    root = draft(tmp_path, holders, threshold=1)
    done("sign", root, "--key", holders[0])
    out, fresh = tmp_path / "root-2.json", tmp_path / "fresh.pem"
    done("key", fresh)
    done("rotate", root, "--out", out, "--root-key", public(fresh), "--key", fresh)
    assert run("status", out, "--previous", root).exit_code == 3
    done("sign", out, "--key", holders[1])
    done("status", out, "--previous", root)
    stranger = tmp_path / "stranger.pem"
    done("key", stranger)
    done("sign", out, "--key", stranger)
    done("status", out, "--previous", root)


def test_bad_files_are_told_apart(tmp_path: Path, holders: list[Path]) -> None:
    root = draft(tmp_path, holders)
    bad = tmp_path / "bad.json"
    bad.write_text("[]")
    assert run("draft", tmp_path / "x.json", "--root-key", bad).exit_code == 3
    assert run("status", bad).exit_code == 3
    assert run("sign", root, "--key", bad).exit_code == 3
    asked = run(
        "draft", tmp_path / "x.json", "--root-key", public(holders[0]), "--threshold", 2,
        "--signer-key", public(holders[3]),
    )  # fmt: skip
    assert (asked.exit_code, "threshold" in asked.output) == (3, True)
    broken = json.loads(root.read_bytes())
    done("sign", root, "--key", holders[0])
    signed = json.loads(root.read_bytes())
    broken["signatures"] = [{**signed["signatures"][0], "sig": "AA" * 42 + "AA=="}]
    bad.write_text(json.dumps(broken))
    assert run("status", bad).exit_code == 3
