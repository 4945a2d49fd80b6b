"""Wind the control plane's clocks: expire and end grants, remind people, send what waits.

Runs each morning in America/New_York. Whatever is due is done once, however often the run is
repeated; a missed morning is made up by the next. Access never waits for it: it is worked out from
dates at each query. Skipped where no control plane is configured (`GOVERNANCE_HOME`). Give it a
worker of its own on the queue `governance`, with the control plane's identity: no other task may
reach its database. Ask programme operations.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from dags.constants import LEGAL_TIMEZONE
from dags.defaults import PROGRAMME_OPERATIONS, task_defaults
from dags.governance_tasks import wind_clocks

with DAG(
    dag_id="daily__governance",
    description="Expires and ends grants, reminds people, sends mail and webhooks that wait.",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("15 6 * * *", timezone=LEGAL_TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(PROGRAMME_OPERATIONS),
    tags=["daily", "governance"],
) as dag:
    wind_clocks()
