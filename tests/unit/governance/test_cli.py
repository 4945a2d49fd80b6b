import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from enclave.ledger import Ledger
from governance.audit import Tag
from governance.cli import app
from governance.objects.local import LocalFolderStore
from governance.signing import LocalSigner
from tests.lib.grants import build_grant, build_people, build_person, build_sharing_agreement

RUNNER = CliRunner()
NOW = datetime.now(UTC)
TODAY = NOW.date()


def run(*arguments: str | Path) -> Result:
    return RUNNER.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    assert run("grant", "root", folder).exit_code == 0
    return folder


def build_live_grant() -> dict[str, object]:
    far = TODAY + timedelta(days=300)
    return build_grant(
        issued_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(days=7),
        granted_until=far,
        sharing_agreement=build_sharing_agreement(ends_on=far),
        people=(
            build_person(training_valid_until=far),
            build_person(id="p-late", nda_signed_on=None),
        ),
    ).model_dump()


def sign(folder: Path, document: dict[str, object], name: str = "grant") -> tuple[Result, Path]:
    source, out = folder / f"{name}.yaml", folder / f"{name}.signed.json"
    source.write_text(yaml.safe_dump(_plain(document)))
    return run("grant", "sign", source, "--key", folder / "signer-key.pem", "--out", out), out


def _plain(value: object) -> object:
    """Dates stay dates, as a person would write them in YAML; tuples become lists."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def test_a_grant_is_signed_verified_and_published(keys: Path, tmp_path: Path) -> None:
    signed, out = sign(keys, build_live_grant())
    assert signed.exit_code == 0, signed.output
    root = ("--root", keys / "root.json")
    verified = run("grant", "verify", out, *root, "--person", "p-ruiz", "--json")
    assert verified.exit_code == 0, verified.output
    assert json.loads(verified.stdout)["permitted"] is True
    late = run("grant", "verify", out, *root, "--person", "p-late")
    assert late.exit_code == 3
    assert "not signed" in late.stdout
    assert "[access chain of sharing agreement DSA-0042]" in late.stdout
    assert run("grant", "verify", out, *root).exit_code == 0
    for _ in range(2):
        published = run("grant", "publish", out, *root, "--policy", tmp_path / "policy")
        assert published.exit_code == 0, published.output
    store = LocalFolderStore(tmp_path / "policy", "policy")
    assert store.stat("grants/p20-q0042/current.json")


def test_people_are_signed_verified_and_published(keys: Path, tmp_path: Path) -> None:
    people = build_people(issued_at=NOW, expires_at=NOW + timedelta(days=9)).model_dump()
    signed, out = sign(keys, people, "people")
    assert signed.exit_code == 0, signed.output
    root = ("--root", keys / "root.json")
    assert "1 accounts" in run("grant", "verify", out, *root).stdout
    published = run("grant", "publish", out, *root, "--policy", tmp_path / "policy", "--json")
    assert json.loads(published.stdout) == {"published": "people", "version": 1}


def test_refusals_say_why_and_end_with_their_code(keys: Path, tmp_path: Path) -> None:
    signed, out = sign(keys, build_live_grant())
    assert signed.exit_code == 0
    other = tmp_path / "other"
    run("grant", "root", other)
    wrong_root = run("grant", "verify", out, "--root", other / "root.json")
    assert (wrong_root.exit_code, "0 of the 1" in wrong_root.stderr) == (3, True)
    again, _ = sign(keys, build_live_grant())
    assert (again.exit_code, "File exists" in again.stderr) == (4, True)
    malformed, _ = sign(keys, {"format": "data-enclave/grant/1"}, "malformed")
    assert (malformed.exit_code, "project" in malformed.stderr) == (3, True)
    bad_date = run(
        "grant", "verify", out, "--root", keys / "root.json", "--person", "x", "--on", "y"
    )
    assert bad_date.exit_code == 4
    (keys / "broken.yaml").write_text("{")
    broken = run(
        "grant", "sign", keys / "broken.yaml", "--key", keys / "signer-key.pem", "--out", "x"
    )
    assert broken.exit_code == 3


def test_key_files_are_private_and_may_have_a_passphrase(tmp_path: Path) -> None:
    phrase = tmp_path / "phrase"
    phrase.write_text("open sesame\n")
    folder = tmp_path / "keys"
    assert run("grant", "root", folder, "--passphrase-file", phrase).exit_code == 0
    assert (folder / "root-key.pem").stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in (folder / "signer-key.pem").read_bytes()
    refused, _ = sign(folder, build_live_grant())
    assert "passphrase" in refused.stderr


def test_a_ledger_is_verified_and_its_altered_entry_named(tmp_path: Path) -> None:
    signer = LocalSigner.generate()
    store = LocalFolderStore(tmp_path / "ledger", "ledger")
    ledger = Ledger(store, signer, checkpoint_every=2)
    for n in range(5):
        ledger.append(Tag.QUERY_ANSWERED, "p20-q0042", {"cells": n})
    key = tmp_path / "key.json"
    key.write_text(json.dumps(signer.public_key.to_dict()))
    whole = run("ledger", "verify", tmp_path / "ledger", "--key", key, "--json")
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["last_checkpoint"] == 4
    assert "not compared" in run("ledger", "verify", tmp_path / "ledger").stdout
    kept = tmp_path / "kept.json"
    kept.write_bytes(ledger.sealed_checkpoint() or b"")
    anchored = ("ledger", "verify", tmp_path / "ledger", "--key", key, "--anchor", kept)
    assert run(*anchored).exit_code == 0
    store.delete("entries/000000000005.json")
    store.delete("checkpoints/000000000005.json")
    cut = run(*anchored)
    assert (cut.exit_code, "removed entry 5" in cut.stdout) == (1, True)
    entry = "entries/000000000003.json"
    store.put(entry, store.read(entry).replace(b"answered", b"denied"))
    altered = run("ledger", "verify", tmp_path / "ledger", "--key", key)
    assert altered.exit_code == 1
    assert "altered entry 3" in altered.stdout
