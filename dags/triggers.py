"""Waiting for a drop without holding a worker: the sensor defers, the triggerer lists.

Keys of drops carry file names, and file names carry people: only their number leaves the listing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from airflow.triggers.base import BaseTrigger, TriggerEvent

from dags.constants import POLL_INTERVAL, WAIT_FOR_DROP
from dags.failures import StepFailedError, StepRetryError, publishable_failures
from governance.decisions import AccessDeniedError, Decision, Denial

_LOG = logging.getLogger(__name__)


@publishable_failures
def count_drops(agreement_id: str, *, waits: bool) -> int:
    """Complete drops that lie in the landing zone for that agreement.

    A drop under an ended agreement still counts: `receive` refuses it, and custody says so. Without
    one there is nothing to wait for, and whoever `waits` is refused.

    Raises:
        StepFailedError: The agreement is not in force, or the deployment cannot be opened.
        StepRetryError: The landing zone did not answer.
    """
    from enclave.deployment import open_deployment  # noqa: PLC0415  heavy, not for parsing
    from enclave.steps import find_drops  # noqa: PLC0415

    deployment = open_deployment()
    drops = len(find_drops(deployment, agreement_id))
    agreement = deployment.agreement(agreement_id)
    if waits and not drops and not agreement.in_force(deployment.today()):
        denial = Denial(
            rule="agreement.in_force",
            reason=f"{agreement.id} is not in force today: no delivery is waited for.",
            remedy="The parties renew the agreement, or the operator switches this feed off.",
            clause=f"{agreement.id} {agreement.term_clause}",
        )
        raise AccessDeniedError(Decision((denial.rule,), (denial,)))
    return drops


def _event(payload: dict[str, Any]) -> TriggerEvent:
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's own


class DropTrigger(BaseTrigger):
    """Fires once when drops wait, when the wait is over, or when listing fails for good.

    The event is `{"drops": n}`, or `{"drops": 0, "code": ..., "message": ...}` for a failure.
    """

    def __init__(self, agreement_id: str, poll_seconds: float, until: str) -> None:
        """Wait for that agreement's drops `until` an instant (ISO 8601, UTC)."""
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own
        self.agreement_id = agreement_id
        self.poll_seconds = poll_seconds
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer keeps them."""
        return (
            "dags.triggers.DropTrigger",
            {
                "agreement_id": self.agreement_id,
                "poll_seconds": self.poll_seconds,
                "until": self.until,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """List in a thread, so that a slow landing zone delays no other trigger.

        The first look comes after the first pause: the sensor has just looked, and a trigger that
        fires before the scheduler has heard of the deferral makes it take the task for lost.
        """
        until = datetime.fromisoformat(self.until)
        while True:
            await asyncio.sleep(self.poll_seconds)
            try:
                drops = await asyncio.to_thread(count_drops, self.agreement_id, waits=True)
            except StepRetryError as error:
                _LOG.warning("listing failed, trying again: code=%s", error.code)
                drops = 0
            except StepFailedError as error:
                yield _event({"drops": 0, "code": error.code, "message": error.message})
                return
            if drops or datetime.now(UTC) >= until:
                yield _event({"drops": drops})
                return


class DropSensor(BaseSensorOperator):
    """Succeeds at once when a drop waits, otherwise defers to the triggerer.

    A run with the parameter `wait` off ends as skipped instead of waiting.
    """

    def __init__(
        self,
        *,
        agreement_id: str,
        poll_interval: timedelta = POLL_INTERVAL,
        wait_at_most: timedelta = WAIT_FOR_DROP,
        **kwargs: Any,  # noqa: ANN401  Airflow's own arguments
    ) -> None:
        super().__init__(**kwargs)
        self.agreement_id = agreement_id
        self.poll_interval = poll_interval
        self.wait_at_most = wait_at_most

    def execute(self, context: Context) -> int:
        """Number of drops, or a deferral.

        Raises:
            AirflowSkipException: Nothing waits and the run is not to wait.
            TaskDeferred: Nothing waits yet.
        """
        waits = bool(context["params"].get("wait", True))
        drops = count_drops(self.agreement_id, waits=waits)
        if drops:
            return drops
        if not waits:
            raise AirflowSkipException("no drop waits")
        until = datetime.now(UTC) + self.wait_at_most
        raise TaskDeferred(
            trigger=DropTrigger(
                self.agreement_id, self.poll_interval.total_seconds(), until.isoformat()
            ),
            method_name="resume",
        )

    def resume(self, context: Context, event: dict[str, Any]) -> int:  # noqa: ARG002  Airflow's signature
        """Number of drops the trigger saw.

        Raises:
            StepFailedError: The delivery is overdue, or listing failed for good.
        """
        if event["drops"]:
            return int(event["drops"])
        code = str(event.get("code", "feed.overdue"))
        default = "No complete drop came in the time the feed waits; ask the data stewards."
        raise StepFailedError(code, str(event.get("message", default)))
