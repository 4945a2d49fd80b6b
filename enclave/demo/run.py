"""Runs the main job end to end and tells it as it happens.

Drops of three agencies in three formats -> Airflow's DAGs, in process -> receipts -> a decided,
signed grant -> a question, answered under disclosure control, and one refused -> the ledger.
"""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from enclave.demo.grant import PROJECT, STEWARD_OF, publish_demo_grant
from enclave.demo_data import DemoDrop, write_demo_drops
from enclave.deployment import Deployment, init_deployment
from enclave.errors import EnclaveError
from enclave.query import describe_suppression, render_answer
from enclave.settings import load_settings
from enclave.steps.query import ask
from enclave.steps.report import receipt_key
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from governance.decisions import AccessDeniedError

QUESTION = (
    "SELECT resident_town, gender, COUNT(*) AS students, "
    "AVG(attendance_days) AS days_attended "
    "FROM curated_sde__student_year_enrollment "
    "WHERE grade_level_code = '09' GROUP BY resident_town, gender"
)
REFUSED_QUESTION = "SELECT person_id, race_ethnicity FROM curated_sde__student_year_enrollment"


class DemoFailedError(EnclaveError):
    """The demonstration did not go as it must."""

    code = "demo.failed"


class _Teller:
    """Prints steps with their times, or nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(highlight=False, soft_wrap=True, quiet=quiet)
        self._started = time.monotonic()

    def step(self, text: str) -> None:
        """A heading with the seconds since the start."""
        seconds = time.monotonic() - self._started
        self.console.print(f"\n[bold cyan]{seconds:6.1f} s  {text}[/bold cyan]")

    def line(self, text: str) -> None:
        """One line below it."""
        self.console.print(f"          {text}", markup=False)


def run_demo(home: Path | None, *, scale: float, quiet: bool) -> dict[str, Any]:
    """Run the demonstration.

    Args:
        home: Where; None makes a throw-away folder, which stays for looking around.
        scale: 1.0 makes a little over 200,000 rows.
        quiet: Print nothing; the story is returned.

    Returns:
        What happened, as JSON-able facts: submissions, the answer's receipt, the ledger's report.

    Raises:
        DemoFailedError: A stage did not end as it must.
    """
    tell = _Teller(quiet=quiet)
    folder = home or Path(tempfile.mkdtemp(prefix="enclave-demo-")) / "home"
    tell.step(f"A deployment in {folder}")
    deployment = init_deployment(folder, **_own_containers(folder))
    tell.line(
        f"{len(deployment.agreements)} agreements, {len(deployment.contracts)} contracts, "
        f"zones on {deployment.settings.storage} storage"
    )
    tell.step("Made-up people, three agencies, three formats")
    drops = write_demo_drops(folder / "uploads", scale)
    tell.line(f"{sum(drop.records for drop in drops):,} rows")
    _run_feeds(tell, deployment, drops)
    submissions = [s.summary() for s in deployment.store.list()]
    _check_submissions(deployment, drops)
    tell.step("A grant, decided and signed, is published")
    publish_demo_grant(deployment)
    tell.line(f"project {PROJECT}: approvals, sharing agreement, NDA and training in date")
    answer = _ask(tell, deployment)
    tell.step("The ledger")
    report = deployment.ledger.verify()
    tell.line(f"{report.entries} entries; verifies: {report.verified}")
    if not report.verified:
        message = "The ledger does not verify."
        raise DemoFailedError(message)
    _say_next(tell, deployment, submissions)
    return {
        "home": str(folder),
        "submissions": submissions,
        "answer": answer,
        "ledger": report.to_dict(),
    }


def _own_containers(folder: Path) -> dict[str, str]:
    """In Azure every demonstration has containers of its own, unless the environment names them."""
    settings = load_settings(folder)
    if settings.storage == "local" or "container_prefix" in settings.model_fields_set:
        return {}
    return {"container_prefix": f"demo-{secrets.token_hex(4)}"}


def _run_feeds(tell: _Teller, deployment: Deployment, drops: list[DemoDrop]) -> None:
    """First the first revisions, then, as life has it, the corrections."""
    for revision in sorted({drop.revision for drop in drops}):
        batch = [drop for drop in drops if drop.revision == revision]
        tell.step("Agencies drop their files" if revision == 1 else "A corrected file comes in")
        for drop in batch:
            submit_file(
                deployment,
                drop.path,
                agency=drop.agency,
                dataset=drop.dataset,
                period=drop.period,
                revision=drop.revision,
                sent_by="demonstration",
            )
            tell.line(f"{drop.agency}/{drop.dataset} {drop.period} r{drop.revision}: {drop.about}")
        tell.step("Airflow runs the feeds: receive, process, land, report")
        agencies = {drop.agency for drop in batch}
        feeds = [a.id for a in deployment.agreements.values() if a.agency in agencies]
        for event in _dag_events(deployment, feeds):
            if event["event"] == "task":
                tell.line(_task_line(event))


def _task_line(event: dict[str, Any]) -> str:
    said = {k: v for k, v in event.items() if k not in {"event", "dag_id", "task_id", "seconds"}}
    facts = " ".join(f"{key}={value}" for key, value in said.items())
    return f"{event.get('dag_id')}  {event.get('task_id')}  {event.get('seconds', '')}s  {facts}"


def _dag_events(deployment: Deployment, feeds: list[str]) -> Iterator[dict[str, Any]]:
    """Airflow as a process of its own; the data plane never imports it."""
    command = [
        sys.executable, "-m", "dags.run", "--home", str(deployment.home), "--feed", *feeds,
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own module
        for line in process.stdout or ():
            yield json.loads(line)
    if process.returncode:
        message = (
            f"The DAGs ended with exit code {process.returncode}; see airflow/logs in the home."
        )
        raise DemoFailedError(message)


def _check_submissions(deployment: Deployment, drops: list[DemoDrop]) -> None:
    """Every drop ended as its generator says it must: counted, not assumed."""
    found = {(s.agency, s.dataset, s.period, s.revision): s for s in deployment.store.list()}
    for drop in drops:
        submission = found.get((drop.agency, drop.dataset, drop.period, drop.revision))
        if submission is None:
            message = f"{drop.agency}/{drop.dataset} {drop.period} was not received."
            raise DemoFailedError(message)
        expected = 0 if drop.rejected else drop.landed_rows
        is_rejected = submission.state == "rejected"
        if submission.rows_landed != expected or is_rejected != drop.rejected:
            message = (
                f"{drop.agency}/{drop.dataset} {drop.period} r{drop.revision} is "
                f"{submission.state} with {submission.rows_landed} rows; expected {expected}."
            )
            raise DemoFailedError(message)


def _ask(tell: _Teller, deployment: Deployment) -> dict[str, Any]:
    tell.step("A researcher asks")
    tell.line(QUESTION)
    answer = ask(deployment, project=PROJECT, sql=QUESTION)
    tell.console.print(render_answer(answer, "table").decode(), markup=False)
    tell.console.print(describe_suppression(answer), markup=False)
    tell.step("And asks for too much")
    tell.line(REFUSED_QUESTION)
    try:
        ask(deployment, project=PROJECT, sql=REFUSED_QUESTION)
    except AccessDeniedError as refusal:
        for denial in refusal.decision.denials:
            tell.line(f"refused: {denial.reason} [{denial.clause}] {denial.remedy}")
    else:
        message = "A question for rows was answered."
        raise DemoFailedError(message)
    return dict(answer.receipt)


def _say_next(
    tell: _Teller, deployment: Deployment, submissions: list[dict[str, str | int | None]]
) -> None:
    tell.step("What happened")
    for facts in submissions:
        tell.line(
            f"{facts['agency']}/{facts['dataset']} {facts['period']} r{facts['revision']}: "
            f"{facts['state']}, {facts['rows_landed']:,} rows landed, "
            f"{facts['rows_quarantined']:,} set apart"
        )
    set_apart = next(
        s for s in deployment.store.list(agency=STEWARD_OF) if s.rows_quarantined and s.rows_landed
    )
    zones = deployment.home / "zones"
    tell.step("Where things lie")
    tell.line(f"home      {deployment.home}")
    if deployment.settings.storage == "local":
        tell.line(f"receipts  {zones / Zone.EGRESS / receipt_key(set_apart, 'html')}")
        tell.line(f"tables    {zones / Zone.CURATED} (encrypted Parquet, Delta log)")
    else:
        tell.line(f"zones     containers {deployment.settings.container_prefix}-… in Azure")
        tell.line("          (the connection string stays in your environment, not in the home)")
    tell.step("Five commands to try next")
    programs = Path(sys.executable).parent
    tell.line(f"export ENCLAVE_HOME={deployment.home} PATH={programs}:$PATH")
    tell.line(f"enclave receipt {set_apart.id[:8]}")
    tell.line("enclave describe sde/enrollment")
    tell.line(f'enclave query --project {PROJECT} "{QUESTION}"')
    tell.line(
        f"enclave quarantine export {set_apart.id[:8]} --agency {set_apart.agency} --to x.csv"
    )
    tell.line("enclave ledger verify")
    tell.line("")
    tell.line("This build is for demonstration data: see SECURITY.md.")
