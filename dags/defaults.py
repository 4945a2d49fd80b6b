"""What every task of every DAG starts from."""

from typing import Any

from dags.constants import MAX_RETRY_DELAY, RETRIES, RETRY_BACKOFF, RETRY_DELAY, STEP_TIMEOUT
from dags.failures import log_failure

PROGRAMME_OPERATIONS = "Programme operations"
"""Owner of what belongs to no agency's stewards."""


def task_defaults(owner: str) -> dict[str, Any]:
    """Default arguments: owner, retries with backoff, a time limit and the failure callback."""
    return {
        "owner": owner,
        "retries": RETRIES,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": RETRY_BACKOFF,
        "max_retry_delay": MAX_RETRY_DELAY,
        "execution_timeout": STEP_TIMEOUT,
        "on_failure_callback": log_failure,
    }
