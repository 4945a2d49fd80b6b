"""The signer as operators run it: set up, run, killed, run again; its own process and folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from governance.calendar import utc_now
from governance.cli_root import root_app
from governance.cli_signer import register
from governance.event_feed import load_keys
from governance.services import open_programme
from governance.settings import load_settings
from governance.signer import load_signer_settings, open_signing, run_once, running
from tests.lib.command import ROOT, clean_environment
from tests.lib.feed import SIGNER, Plane
from tests.lib.journey import MEETING_AT
from tests.lib.programme import Clock
from tests.lib.requests import RULES, build_agreements, build_contracts
from tests.lib.signing import PROJECT, Desk

app = typer.Typer()
register(app)
app.add_typer(root_app, name="root")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A control plane in a home, with settings in its file."""
    made = Desk(tmp_path)
    made.office.programme.close()
    yield made
    made.office.programme.close()


def homes(desk: Desk) -> tuple[str, str, str, str]:
    return (
        "--home", str(desk.office.programme.settings.home),
        "--signer-home", str(desk.settings.home),
    )  # fmt: skip


def test_a_signer_is_set_up_and_says_what_is_missing(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    where = (*homes(desk)[:2], "--signer-home", str(folder))
    missing = run("signer", "run", "--once", *where)
    assert (missing.exit_code, "signer key" in missing.output) == (4, True)
    jwk = run("signer", "key", *where).output
    assert run("signer", "key", *where).output == jwk
    assert (folder / "signer-key.pem").stat().st_mode & 0o077 == 0
    assert "signer trust --root" in run("signer", "run", "--once", *where).output
    public, root_key = tmp_path / "signer.json", tmp_path / "root.pem"
    public.write_text(jwk)
    assert run("root", "key", root_key).exit_code == 0
    root = tmp_path / "root.json"
    root_public = root_key.with_name("root.pem.pub.json")
    made = run("root", "draft", root, "--root-key", root_public, "--signer-key", public)
    assert made.exit_code == 0, made.output
    assert run("root", "sign", root, "--key", root_key).exit_code == 0
    trusted = run("signer", "trust", "--root", root, *where, "--json")
    assert json.loads(trusted.output)["root_version"] == 1
    assert run("signer", "trust", "--root", root, *where).exit_code == 0
    other = tmp_path / "other"
    run("root", "new", other)
    again = run("signer", "trust", "--root", other / "root.json", *where)
    assert (again.exit_code, "Another root" in again.output) == (4, True)
    report = json.loads(run("signer", "run", "--once", "--json", *where).output)
    assert (report["published"], report["refused"]) == ([], {})


def test_the_process_signs_is_killed_and_adopts(desk: Desk) -> None:
    number = desk.granted("p-ruiz")
    home, folder = homes(desk)[1], homes(desk)[3]
    program = (
        "import tests.functional.test_signer_command as t\n"
        f"t.run_as_process({home!r}, {folder!r}, kill=%s)\n"
    )

    def start(kill: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program % kill],
            cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    killed = start("True")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert "grant:published" not in desk.tags()
    assert desk.versions() == ["000001", "current"]
    desk.to(MEETING_AT + timedelta(days=6, hours=2))
    before = desk.verified().digest
    done = start("False")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recorded"] == [f"grants/{PROJECT}/1"]
    assert desk.verified().digest == before
    assert desk.tags().count("grant:published") == 1
    assert desk.tags().count("data_request:granted") == 1
    assert number == "Q0001"


def run_as_process(home: str, folder: str, *, kill: bool) -> None:
    """In the child: the signer on the same home, killed after it published when told so."""
    opened = open_programme(
        load_settings(Path(home)), clock=Clock(MEETING_AT + timedelta(days=6, hours=1))
    )
    programme = replace(
        opened, contracts=build_contracts(), agreements=build_agreements(), rules=RULES
    )
    if kill:

        def die(*_: object, **__: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(running, "record", die)  # noqa: B010  dies where the entry would be written
    report = run_once(open_signing(programme, load_signer_settings(Path(folder))))
    print(json.dumps(report.to_dict()))


def test_the_running_signer_ends_when_it_is_told(desk: Desk) -> None:
    command = [sys.executable, "-c", "from tests.functional.test_signer_command import app; app()"]
    child = subprocess.Popen(
        [*command, "signer", "run", *homes(desk), "--json"],
        cwd=ROOT, env=clean_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        first = json.loads(child.stdout.readline())
        assert first["published"] == []
        started = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 0
        assert time.monotonic() - started < 15
    finally:
        child.kill()
        child.communicate()


def test_a_feed_is_trusted_followed_and_verified_from_outside(desk: Desk, tmp_path: Path) -> None:
    home = homes(desk)[:2]
    assert "trust-enclave" in run("feed", "follow", *home).output
    key = tmp_path / "enclave-key.json"
    key.write_text(json.dumps(SIGNER.public_key.to_dict()))
    pinned = json.loads(run("trust-enclave", key, *home, "--json").output)
    assert set(load_keys(Path(pinned["file"]))) == {SIGNER.public_key.key_id}
    plane = Plane()
    plane.now = utc_now()
    plane.receive("s1")
    plane.publish()
    policy = Path(home[1]) / "policy"
    for name, (data, _) in plane.policy.objects.items():
        (policy / name).parent.mkdir(parents=True, exist_ok=True)
        (policy / name).write_bytes(data)
    followed = json.loads(run("feed", "follow", *home, "--json").output)
    assert (followed["batches"], followed["read"], followed["stopped"]) == (1, 1, None)
    outside = run("feed", "verify", policy, "--key", key, "--json")
    assert json.loads(outside.output)["submissions"] == 1
    (policy / "feed/enclave/000000000001.json").write_bytes(b"{}")
    broken = run("feed", "verify", policy, "--key", pinned["file"])
    assert (broken.exit_code, "STOPPED" in broken.output) == (1, True)
