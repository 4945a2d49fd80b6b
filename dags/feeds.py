"""One DAG per feed of the deployment in `ENCLAVE_HOME`, made from the signed agreements.

    wait_for_drop >> {dataset}: receive >> [process >> land >> report] for each submission

Datasets that refer to each other load in that order; the rest in the order of the agreement, one
task at a time. Only wiring stands here: the tasks are in `dags.tasks`.
"""

from airflow.sdk import (
    DAG,
    Asset,
    CronTriggerTimetable,
    Param,
    TaskGroup,
    get_parsing_context,
    task_group,
)

from dags.constants import LEGAL_TIMEZONE, WAIT_FOR_DROP
from dags.defaults import PROGRAMME_OPERATIONS, task_defaults
from dags.tasks import land, process, receive, report, report_unreadable
from dags.triggers import DropSensor
from enclave.feeds import Feed, FeedDataset, UnreadableFeed, load_feeds


def build_feed_dag(feed: Feed) -> DAG:
    """The DAG of one agreement's feed."""
    with DAG(
        dag_id=f"feed__{feed.name}",
        description=feed.title,
        doc_md=feed.about,
        schedule=CronTriggerTimetable(feed.schedule, timezone=LEGAL_TIMEZONE),
        catchup=False,
        max_active_runs=1,
        max_active_tasks=1,
        default_args=task_defaults(feed.stewards),
        params={
            "wait": Param(
                default=True,
                type="boolean",
                description="Whether to wait for a drop; otherwise a run without one is skipped.",
            )
        },
        tags=["feed", feed.agency, feed.agreement_id],
    ) as dag:
        waited = DropSensor(
            task_id="wait_for_drop",
            agreement_id=feed.agreement_id,
            execution_timeout=WAIT_FOR_DROP,
            doc_md="Defers to the triggerer until a complete drop lies in the landing zone.",
        )
        groups = {}
        for dataset in feed.datasets:
            groups[dataset.name] = build_dataset_group(feed, dataset)
            waited >> groups[dataset.name]
            for earlier in dataset.after:
                groups[earlier] >> groups[dataset.name]
    return dag


def build_dataset_group(feed: Feed, dataset: FeedDataset) -> TaskGroup:
    """One dataset's steps, those of each submission mapped; landing tells the table's asset."""
    table = Asset(name=dataset.table, uri=f"enclave://curated/{dataset.table}")

    @task_group(group_id="submission")
    def load(submission_id: str) -> None:
        processed = process(submission_id)
        landed = land.override(outlets=[table])(submission_id, processed)  # type: ignore[arg-type]  # XComArg
        landed >> report(submission_id)

    with TaskGroup(group_id=dataset.name, tooltip=dataset.title) as group:
        load.expand(submission_id=receive(feed.agreement_id, dataset.name))
    return group


def build_unreadable_dag(feed: UnreadableFeed) -> DAG:
    """A DAG that cannot run, so that an agreement nobody can use is seen where feeds are seen."""
    with DAG(
        dag_id=f"feed__{feed.name}",
        description="This agreement or one of its contracts cannot be used.",
        doc_md=f"This feed cannot run.\n\n`{feed.reason}`",
        schedule=None,
        catchup=False,
        default_args=task_defaults(PROGRAMME_OPERATIONS),
        tags=["feed", "unreadable"],
    ) as dag:
        report_unreadable(feed.reason)
    return dag


_WANTED = get_parsing_context().dag_id
"""The one DAG a task's own process needs; None when all are asked for."""

DAGS = {
    feed.agreement_id if isinstance(feed, Feed) else feed.name: (
        build_feed_dag(feed) if isinstance(feed, Feed) else build_unreadable_dag(feed)
    )
    for feed in load_feeds()
    if _WANTED in {None, f"feed__{feed.name}"}
}
"""By agreement id, for `dags.run`; Airflow finds DAGs by itself."""
