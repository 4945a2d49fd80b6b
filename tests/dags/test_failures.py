"""What a failing task may say: code and ids; never what a library said about a cell."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lib.dag_description import ROOT

pytestmark = pytest.mark.xdist_group("dags_failures")

SCRIPT = """
import json, logging, sys, traceback
from pathlib import Path
from dags.in_process import prepare_airflow
prepare_airflow(Path(sys.argv[1]))
from airflow.sdk.exceptions import AirflowSkipException
from dags.failures import StepFailedError, StepRetryError, log_failure, publishable
from dags.failures import publishable_failures
from governance.errors import ConfigurationError, ObjectStoreError

CANARY = "canary-078-05-1120"

def library():
    try:
        float(CANARY)
    except ValueError as first:
        raise KeyError(CANARY)  # with a context, as libraries do

@publishable_failures
def step(kind):
    if kind == "library":
        library()
    if kind == "refused":
        raise ConfigurationError("No feed has that id.")
    if kind == "retryable":
        raise ObjectStoreError("The store did not answer.")
    if kind == "skipped":
        raise AirflowSkipException("nothing to do")
    if kind == "published":
        return publishable({"rows_read": 1, "cells": [CANARY]})
    return publishable({"rows_read": 1})

lines = []
class Keep(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())
logging.getLogger("dags.failures").addHandler(Keep())

class Instance:
    dag_id, task_id, map_index, run_id, try_number = "feed__x", "x.process", 3, "manual", 2

said = {}
for kind in ("library", "refused", "retryable", "skipped", "published", "passed"):
    try:
        said[kind] = {"returned": step(kind)}
    except Exception as error:
        log_failure({"ti": Instance(), "exception": error})
        said[kind] = {
            "type": type(error).__name__,
            "text": str(error),
            "chain": error.__cause__ is None and error.__context__ is None,
            "printed": "".join(traceback.format_exception(error)),
        }
print("\\n" + json.dumps({"said": said, "log": lines}))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each kind of failure, raised inside a step, in a process that may import Airflow."""
    home: Path = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kept: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return kept


def test_a_library_s_exception_is_said_by_type_and_place_only(outcome: dict[str, Any]) -> None:
    failure = outcome["said"]["library"]
    assert failure["type"] == "StepFailedError"
    assert failure["text"].startswith("fault.unexpected: KeyError at ")
    assert failure["chain"]
    assert "canary" not in failure["printed"]


def test_an_error_of_ours_fails_for_good_or_is_tried_again(outcome: dict[str, Any]) -> None:
    said = outcome["said"]
    assert (said["refused"]["type"], said["retryable"]["type"]) == (
        "StepFailedError",
        "StepRetryError",
    )
    assert said["refused"]["text"] == "configuration.invalid: No feed has that id."
    assert said["refused"]["chain"]
    assert said["retryable"]["chain"]


def test_airflow_s_own_signals_pass(outcome: dict[str, Any]) -> None:
    assert outcome["said"]["skipped"]["type"] == "AirflowSkipException"


def test_xcoms_take_ids_and_counts_only(outcome: dict[str, Any]) -> None:
    assert outcome["said"]["passed"] == {"returned": {"rows_read": 1}}
    refused = outcome["said"]["published"]
    assert refused["text"] == "xcom.unpublishable: no id or count: cells"


def test_the_failure_callback_logs_code_and_ids(outcome: dict[str, Any]) -> None:
    assert outcome["log"][0] == (
        "step failed: code=fault.unexpected dag=feed__x task=x.process map_index=3 run=manual try=2"
    )
    assert "canary" not in "".join(outcome["log"])
