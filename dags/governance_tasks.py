"""The control plane's task: it calls `governance.clocks` and nothing else.

Apart from the data plane's tasks, because its worker must not reach what theirs reach.
"""

import logging
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowSkipException

from dags.failures import publishable_failures

CONTROL_PLANE_QUEUE = "governance"
"""Executors with queues run it on a worker with the control plane's identity."""

_LOG = logging.getLogger(__name__)


@task(multiple_outputs=False, queue=CONTROL_PLANE_QUEUE)
@publishable_failures
def wind_clocks() -> dict[str, Any]:
    """Do what is due; numbers of requests and counts of mails.

    Raises:
        AirflowSkipException: No control plane is configured for this worker.
    """
    from governance.clocks import home_from_environment, run_clocks  # noqa: PLC0415  heavy

    home = home_from_environment()
    if home is None:
        raise AirflowSkipException("GOVERNANCE_HOME is not set: no control plane here")
    done = run_clocks(home)
    counted = {k: len(v) if isinstance(v, list) else v for k, v in done.items() if k != "reminders"}
    _LOG.info("clocks: %s", " ".join(f"{key}={value}" for key, value in counted.items()))
    return done
