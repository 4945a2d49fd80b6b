"""End agreements and grants whose last day has passed.

Runs shortly after midnight in America/New_York, because end dates are legal dates there and
include their last day. An ended agreement's feed stays visible; its steps refuse by the date
itself, so a late run of this DAG opens nothing. Ask programme operations.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from dags.constants import LEGAL_TIMEZONE
from dags.defaults import PROGRAMME_OPERATIONS, task_defaults
from dags.tasks import expire_terms, publish_events

with DAG(
    dag_id="daily__expiry",
    description="Ends agreements and grants whose last day has passed.",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("5 0 * * *", timezone=LEGAL_TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(PROGRAMME_OPERATIONS),
    tags=["daily", "expiry"],
) as dag:
    expire_terms() >> publish_events()
