"""Airflow for one deployment on this machine, as `make airflow` starts it.

    python -m dags.serve --home DIR [--port 8080] [--json]

Starts a throw-away PostgreSQL and Airflow's four components apart, on the loopback address only and
without their log servers, which would listen on every address. Ctrl-C, SIGTERM or the end of any
one of them ends all, by process group. The docs say what this is not: a shell on this machine is
no boundary, and Airflow's simple sign-in is not for production.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dags.in_process import airflow_folder
from dags.postgres import throw_away_postgres
from dags.server_settings import SignIn, prepare_sign_in, write_settings
from governance.errors import ConfigurationError, ExitCode, ProgrammeError

COMPONENTS: Mapping[str, Sequence[str]] = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
_HEALTHY_SECONDS = 120
_STOP_SECONDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dags.serve", description="Run Airflow here.")
    parser.add_argument("--home", type=Path, required=True, help="folder of the deployment")
    parser.add_argument("--port", type=int, default=8080, help="0 for any free one")
    parser.add_argument("--json", action="store_true", help="say what is up as one JSON object")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _serve(options.home.resolve(), options.port or _free_port(), as_json=options.json)
    except KeyboardInterrupt:
        return int(ExitCode.OK)
    except ProgrammeError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return int(error.exit_code)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve(home: Path, port: int, *, as_json: bool) -> int:
    if not home.is_dir():
        message = f"{home} is no deployment. `enclave init DIR` makes one."
        raise ConfigurationError(message)
    logs = airflow_folder(home) / "logs"
    logs.mkdir(exist_ok=True)
    sign_in = prepare_sign_in(home)
    with throw_away_postgres() as database_url:
        folder = write_settings(home, port=port, database_url=database_url)
        environment = _environment(home, folder)
        _migrate(environment, logs)
        with _components(environment, logs) as processes:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url, processes, logs)
            _announce(url, sign_in, logs, as_json=as_json)
            ended = _wait_for_any(processes)
    sys.stderr.write(f"The {ended} ended; its log is {logs / ended}.log.\n")
    return int(ExitCode.FAULT)


def _environment(home: Path, folder: Path) -> dict[str, str]:
    """This process's environment without Airflow settings of somebody else."""
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  handed on to the components
        if not name.startswith("AIRFLOW")
    }
    return inherited | {"ENCLAVE_HOME": str(home), "AIRFLOW_HOME": str(folder)}


def _migrate(environment: Mapping[str, str], logs: Path) -> None:
    with (logs / "migrate.log").open("ab") as log:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(  # noqa: S603  our own interpreter
            command, env=environment, stdout=log, stderr=log, check=False
        )
    if done.returncode:
        message = f"Airflow's database could not be made; the log is {logs / 'migrate.log'}."
        raise ConfigurationError(message)


@contextmanager
def _components(
    environment: Mapping[str, str], logs: Path
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The components, each in a session and process group of its own; all end with the context."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, options in COMPONENTS.items():
            with (logs / f"{name}.log").open("ab") as log:
                processes[name] = subprocess.Popen(  # noqa: S603  our own interpreter
                    [sys.executable, "-m", "airflow", name, *options],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        yield processes
    finally:
        _stop(processes.values())


def _stop(running: Collection[subprocess.Popen[bytes]]) -> None:
    """SIGTERM to every group, then SIGKILL: a component's workers outlive it otherwise."""
    for process in running:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
    for process in running:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _wait_until_healthy(
    url: str, processes: Mapping[str, subprocess.Popen[bytes]], logs: Path
) -> None:
    """Wait for all four; the API server answers for the others.

    Raises:
        ConfigurationError: One ended, or the time ran out.
    """
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while time.monotonic() < deadline:
        for name, process in processes.items():
            if process.poll() is not None:
                message = f"The {name} ended at once; its log is {logs / name}.log."
                raise ConfigurationError(message)
        if _is_healthy(url):
            return
        time.sleep(0.5)
    message = f"Airflow is not healthy after {_HEALTHY_SECONDS} seconds; its logs are in {logs}."
    raise ConfigurationError(message)


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  our own loopback address
            health = json.load(answer)
    except (OSError, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
    return all((health.get(part) or {}).get("status") == "healthy" for part in parts)


def _announce(url: str, sign_in: SignIn, logs: Path, *, as_json: bool) -> None:
    if as_json:
        facts = {"url": url, "user": sign_in.user, "password_file": str(sign_in.file)}
        sys.stdout.write(json.dumps(facts) + "\n")
    else:
        word = sign_in.password if sign_in.is_new else f"as before, in {sign_in.file}"
        sys.stdout.write(
            f"Airflow is up at {url}\n"
            f"  sign in as   {sign_in.user}\n"
            f"  password     {word}\n"
            f"  logs         {logs}\n"
            "  DAGs start paused: switch a feed on to let it wait for its drop.\n"
            "Ctrl-C stops everything.\n"
        )
    sys.stdout.flush()


def _wait_for_any(processes: Mapping[str, subprocess.Popen[bytes]]) -> str:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
