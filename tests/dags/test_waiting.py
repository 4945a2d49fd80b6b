"""Waiting for a drop: at once, deferred, overdue, refused; only numbers leave the landing zone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lib.dag_description import ROOT

pytestmark = pytest.mark.xdist_group("dags_waiting")

SCRIPT = """
import asyncio, json, sys, types
from datetime import UTC, datetime, timedelta
from pathlib import Path
from dags.in_process import prepare_airflow
prepare_airflow(Path(sys.argv[1]))
from airflow.sdk.exceptions import TaskDeferred
from dags.triggers import DropSensor, DropTrigger
from governance.errors import ConfigurationError, ObjectStoreError

class Agreement:
    id, term_clause, holds = "MOU-X", "2.1", True
    def in_force(self, on):
        return self.holds

class Deployment:
    def agreement(self, agreement_id):
        return Agreement()
    def today(self):
        return None

listings = []
def find_drops(deployment, agreement_id):
    listed = listings.pop(0)
    if isinstance(listed, Exception):
        raise listed
    return [f"x/y/canary-{n}" for n in range(listed)]

for name, members in {
    "enclave.deployment": {"open_deployment": Deployment},
    "enclave.steps": {"find_drops": find_drops},
}.items():
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module

sensor = DropSensor(task_id="wait_for_drop", agreement_id="MOU-X")

def outcome(action):
    try:
        return {"returned": action()}
    except TaskDeferred as deferred:
        return {"deferred": deferred.trigger.serialize()[0], "method": deferred.method_name,
                "arguments": json.dumps(deferred.trigger.serialize()[1])}
    except Exception as error:
        return {"type": type(error).__name__, "text": str(error)}

def execute(*listed, wait=True, holds=True):
    listings[:] = listed
    Agreement.holds = holds
    return outcome(lambda: sensor.execute({"params": {"wait": wait}}))

def trigger(*listed, hours=1, holds=True):
    listings[:] = listed
    Agreement.holds = holds
    until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    async def first():
        return await anext(DropTrigger("MOU-X", 0.0, until).run())
    return asyncio.run(first()).payload

said = {
    "there": execute(2),
    "absent": execute(0),
    "not waiting": execute(0, wait=False),
    "ended": execute(0, holds=False),
    "ended with a drop": execute(1, holds=False),
    "store down": execute(ObjectStoreError("No answer.")),
    "came": trigger(0, ObjectStoreError("No answer."), 0, 3),
    "overdue": trigger(0, hours=-1),
    "ended meanwhile": trigger(0, holds=False),
    "broken": trigger(ConfigurationError("No deployment.")),
}
said["resumed"] = outcome(lambda: sensor.resume({}, said["came"]))
said["resumed overdue"] = outcome(lambda: sensor.resume({}, said["overdue"]))
said["resumed ended"] = outcome(lambda: sensor.resume({}, said["ended meanwhile"]))
print("\\n" + json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Sensor and trigger over a landing zone whose listings are given."""
    home: Path = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "canary" not in done.stdout + done.stderr
    kept: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return kept


def test_a_drop_that_lies_there_is_not_waited_for(said: dict[str, Any]) -> None:
    assert said["there"] == {"returned": 2}
    assert said["ended with a drop"] == {"returned": 1}


def test_without_one_the_sensor_defers_to_its_trigger(said: dict[str, Any]) -> None:
    assert said["absent"]["deferred"] == "dags.triggers.DropTrigger"
    assert said["absent"]["method"] == "resume"
    assert set(json.loads(said["absent"]["arguments"])) == {
        "agreement_id",
        "poll_seconds",
        "until",
    }


def test_a_run_that_does_not_wait_is_skipped(said: dict[str, Any]) -> None:
    assert said["not waiting"]["type"] == "AirflowSkipException"


def test_the_trigger_lists_until_a_drop_comes(said: dict[str, Any]) -> None:
    assert said["came"] == {"drops": 3}
    assert said["resumed"] == {"returned": 3}


def test_an_overdue_delivery_fails(said: dict[str, Any]) -> None:
    assert said["resumed overdue"]["type"] == "StepFailedError"
    assert said["resumed overdue"]["text"].startswith("feed.overdue: ")


def test_an_ended_agreement_is_refused_with_its_clause(said: dict[str, Any]) -> None:
    for outcome in (said["ended"], said["resumed ended"]):
        assert outcome["type"] == "StepFailedError"
        assert outcome["text"].startswith("access.denied: MOU-X is not in force today")
        assert "[MOU-X 2.1]" in outcome["text"]


def test_a_store_that_does_not_answer_is_asked_again(said: dict[str, Any]) -> None:
    assert said["store down"]["type"] == "StepRetryError"
    assert said["broken"]["code"] == "configuration.invalid"
