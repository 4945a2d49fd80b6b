"""Destroy raw and quarantined files on the clocks their agreements set, with a certificate each.

Runs nightly in America/New_York. A file whose destruction fails stays due and is tried again the
next night; what survives a destruction is said in its certificate. Ask programme operations.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from dags.constants import LEGAL_TIMEZONE
from dags.defaults import PROGRAMME_OPERATIONS, task_defaults
from dags.tasks import destroy_due, publish_events

with DAG(
    dag_id="daily__destruction",
    description="Destroys raw and quarantined files that are due, with a certificate each.",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("35 0 * * *", timezone=LEGAL_TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(PROGRAMME_OPERATIONS),
    tags=["daily", "retention"],
) as dag:
    destroy_due() >> publish_events()
