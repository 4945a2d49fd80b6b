"""The tasks: each calls one function of `enclave.steps` and passes on ids, names and counts.

`enclave.steps` and what it needs are imported inside the tasks: Airflow parses the DAG files many
times a minute, and the data plane's libraries take seconds to import.
"""

import logging
from typing import Any

from airflow.sdk import TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.constants import LAND_TIMEOUT, PROCESS_TIMEOUT
from dags.failures import StepFailedError, publishable, publishable_failures

_LOG = logging.getLogger(__name__)

PASSED = "passed"
LANDED = "landed"
"""States of a submission after `process` and after `land`; any other is handled, and reported."""

Outcome = dict[str, str | int | None]


@task(trigger_rule=TriggerRule.NONE_FAILED)
@publishable_failures
def receive(agreement_id: str, dataset: str) -> list[str]:
    """Take custody of the drops that wait; ids of the dataset's submissions, oldest first.

    Custody is taken of every drop of the agreement, whichever dataset asks first: an archive of
    tables is one drop. The others find theirs already received. Runs also when a dataset it refers
    to got no submission this time (skipped), not when one failed.
    """
    from enclave.deployment import open_deployment  # noqa: PLC0415  heavy, not for parsing
    from enclave.steps import receive_drops, tell  # noqa: PLC0415

    deployment = open_deployment()
    received = [deployment.store.get(name) for name in receive_drops(deployment, agreement_id)]
    tell(deployment)
    return [submission.id for submission in received if submission.dataset == dataset]


@task(multiple_outputs=False, max_active_tis_per_dagrun=1, execution_timeout=PROCESS_TIMEOUT)
@publishable_failures
def process(submission_id: str) -> Outcome:
    """Read, validate, de-identify and stage one submission in one streaming pass."""
    from enclave.deployment import open_deployment  # noqa: PLC0415
    from enclave.steps import process_submission  # noqa: PLC0415

    outcome = process_submission(open_deployment(), submission_id).to_xcom()
    return _said(outcome)


@task(multiple_outputs=False, max_active_tis_per_dagrun=1, execution_timeout=LAND_TIMEOUT)
@publishable_failures
def land(submission_id: str, processed: Outcome) -> Outcome:
    """Assess the risk and commit; skipped when there is nothing to land, which is no failure.

    A submission the risk gate holds counts as skipped too: a successful task would tell those who
    wait for the table's asset that it changed.

    Raises:
        AirflowSkipException: The submission was rejected or is held.
    """
    if processed["state"] not in {PASSED, LANDED}:
        raise AirflowSkipException(f"submission is {processed['state']}: nothing to land")
    from enclave.deployment import open_deployment  # noqa: PLC0415
    from enclave.steps import land_submission  # noqa: PLC0415

    outcome = land_submission(open_deployment(), submission_id).to_xcom()
    said = _said(outcome)
    if said["state"] != LANDED:
        raise AirflowSkipException(f"submission is {said['state']}: not landed")
    return said


@task(multiple_outputs=False, trigger_rule=TriggerRule.NONE_FAILED)
@publishable_failures
def report(submission_id: str) -> Outcome:
    """Write the receipt, whatever became of the submission, and start the clocks."""
    from enclave.deployment import open_deployment  # noqa: PLC0415
    from enclave.steps import report_submission, tell  # noqa: PLC0415

    deployment = open_deployment()
    outcome = report_submission(deployment, submission_id).to_xcom()
    tell(deployment)
    return _said(outcome)


@task(multiple_outputs=False)
@publishable_failures
def expire_terms() -> Outcome:
    """End what ended: agreements and grants whose last day has passed."""
    from enclave import steps  # noqa: PLC0415
    from enclave.deployment import open_deployment  # noqa: PLC0415

    outcome = steps.expire_terms(open_deployment()).to_xcom()
    return _said(outcome)


@task
@publishable_failures
def destroy_due() -> list[str]:
    """Destroy raw and quarantined files whose clock ran out; one certificate id for each."""
    from enclave import steps  # noqa: PLC0415
    from enclave.deployment import open_deployment  # noqa: PLC0415

    certificates = steps.destroy_due(open_deployment())
    _LOG.info("destroyed: certificates=%s", len(certificates))
    return certificates


@task(multiple_outputs=False)
@publishable_failures
def publish_events() -> Outcome:
    """Tell the control plane what happened, and that the data plane lives."""
    from enclave import steps  # noqa: PLC0415
    from enclave.deployment import open_deployment  # noqa: PLC0415

    return _said(dict(steps.publish_feed(open_deployment(), daily=True).to_dict()))


@task
@publishable_failures
def report_unreadable(reason: str) -> None:
    """Fail with the reason an agreement or its contract cannot be used.

    Raises:
        StepFailedError: Always.
    """
    code, _, message = reason.partition(": ")
    raise StepFailedError(code, message)


def _said(outcome: dict[str, Any]) -> Outcome:
    """The outcome for XCom, written to the log as well."""
    published = publishable(outcome)
    _LOG.info("outcome: %s", " ".join(f"{key}={value}" for key, value in published.items()))
    return published
