"""Commands of the load: submit, load, submissions, tables, describe, receipt, quarantine."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from enclave.cli.console import (
    HomeOption,
    JsonOption,
    err,
    explain,
    out,
    print_facts,
    print_json,
    print_rows,
)
from governance.errors import ExitCode, ProgrammeError

SubmissionArgument = Annotated[
    str, typer.Argument(help="Submission id, or its first eight characters.")
]

if TYPE_CHECKING:
    from enclave.steps import StepOutcome

_UNDERWAY = frozenset({"received", "passed"})

quarantine_app = typer.Typer(no_args_is_help=True, help="Rows set apart, for their agency only.")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(
        "submit",
        epilog="Example: `enclave submit SDE_2025-26_v1.csv --agency sde --dataset enrollment`",
    )(submit)
    app.command("load", epilog="Example: `enclave load --all`")(load)
    app.command("submissions", epilog="Example: `enclave submissions --agency sde --json`")(
        submissions
    )
    app.command("tables", epilog="Example: `enclave tables`")(tables)
    app.command("describe", epilog="Example: `enclave describe sde/enrollment`")(describe)
    app.command("receipt", epilog="Example: `enclave receipt 3f2a9c41 --html receipt.html`")(
        receipt
    )


def submit(
    path: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    agency: Annotated[str, typer.Option(help="Agency that delivers, e.g. sde.")],
    dataset: Annotated[str | None, typer.Option(help="Dataset, e.g. enrollment.")] = None,
    agreement: Annotated[
        str | None,
        typer.Option(
            help="Instead of a dataset: the agreement whose datasets are all in the file."
        ),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Reporting period; else from the file's name.")
    ] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="2 or more corrects an earlier delivery.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a file into the landing zone with its manifest, as an agency's upload does.

    Nothing is read yet: `enclave load`, or the feed's DAG, takes it from there.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.submit import submit_file

    if (dataset is None) == (agreement is None):
        message = "Give either --dataset or --agreement."
        raise typer.BadParameter(message)
    upload = submit_file(
        open_deployment(home),
        path,
        agency=agency,
        dataset=dataset,
        agreement_id=agreement,
        period=period,
        revision=revision,
        sent_by=getpass.getuser(),
    )
    facts = {
        "submission": upload.submission_id,
        "drop": upload.drop_key,
        "period": upload.period,
        "revision": upload.revision,
        "bytes": upload.size_bytes,
        "sha256": upload.sha256,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def load(
    submission: Annotated[
        str | None, typer.Argument(help="One submission; or use --all.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every drop that waits.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Reopen a held, rejected, refused or staged submission first."
        ),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Receive, process, land and report: the same steps the DAG runs, in this process.

    It may be interrupted, killed and run again, also side by side with another load or with
    Airflow: each submission is loaded once.

    Ends with exit code 4 when a submission was rejected, 3 when one was refused or held, 1 when a
    step failed.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.load import load_all, load_one

    if (submission is None) != everything or (again and everything):
        message = "Name a submission (with --again if need be), or give --all."
        raise typer.BadParameter(message)
    deployment = open_deployment(home)

    def progress(stage: str, rows: int) -> None:
        if err.is_terminal and not as_json:
            err.print(f"  {stage}: {rows:,} rows", end="\r", markup=False)

    failed: list[ProgrammeError] = []

    def report_failure(submission_id: str, error: ProgrammeError) -> None:
        failed.append(error)
        if not as_json:
            err.print(f"{submission_id[:8]} could not be loaded; the others go on:", markup=False)
        explain(error, as_json=as_json)

    if submission is None:
        outcomes = load_all(deployment, progress, report_failure)
    else:
        outcomes = [load_one(deployment, submission, progress, again=again)]
    _print_outcomes(outcomes, as_json=as_json)
    if failed:
        raise typer.Exit(int(min(error.exit_code for error in failed)))
    states = {outcome.state for outcome in outcomes}
    if "rejected" in states:
        raise typer.Exit(int(ExitCode.BAD_INPUT))
    if states & {"refused", "held"}:
        raise typer.Exit(int(ExitCode.REFUSED))


def _print_outcomes(outcomes: list["StepOutcome"], *, as_json: bool) -> None:
    if as_json:
        print_json([outcome.to_xcom() for outcome in outcomes])
    elif not outcomes:
        out.print("Nothing waits in the landing zone.")
    else:
        print_rows(
            "Loaded",
            ("submission", "dataset", "period", "rev", "state", "read", "landed", "quarantined"),
            (
                (
                    o.submission_id[:8],
                    f"{o.agency}/{o.dataset}",
                    o.period,
                    o.revision,
                    o.state,
                    f"{o.rows_read:,}",
                    f"{o.rows_landed:,}",
                    f"{o.rows_quarantined:,}",
                )
                for o in outcomes
            ),
        )
        out.print("`enclave receipt SUBMISSION` says why, for each.")


def submissions(
    agency: Annotated[str | None, typer.Option(help="Only this agency's.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this dataset's.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List submissions and where they stand."""
    from enclave.deployment import open_deployment

    found = [s.summary() for s in open_deployment(home).store.list(agency=agency, dataset=dataset)]
    if as_json:
        print_json(found)
        return
    columns = ("agency", "dataset", "period", "revision", "state", "rows_landed")
    rows = ([str(s["submission"])[:8], *(s[c] for c in columns)] for s in found)
    print_rows("Submissions", ("id", *columns[:3], "rev.", "state", "landed"), rows)


def tables(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the curated tables: rows, version, under which authority, kept until when."""
    from enclave.deployment import open_deployment
    from enclave.steps.catalogue import list_tables

    found = list_tables(open_deployment(home))
    if as_json:
        print_json(found)
        return
    columns = ("table", "rows", "version", "kept_until")
    print_rows("Curated tables", columns, ([t[c] for c in columns] for t in found))


def describe(
    table: Annotated[str, typer.Argument(help="Curated table, or agency/dataset.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Describe a curated table: grain, columns, treatments, rules, authority, history."""
    from enclave.deployment import open_deployment
    from enclave.steps.catalogue import describe_table

    facts = describe_table(open_deployment(home), table)
    if as_json:
        print_json(facts)
        return
    columns = facts.pop("columns")
    history = facts.pop("history")
    print_facts(facts)
    names = ("column", "type", "role", "treatment", "dimension", "description")
    print_rows("Columns", names, ([c[n] for n in names] for c in columns))
    names = ("version", "at", "submission", "period", "revision", "supersedes")
    print_rows("Commits", names, ([h[n] for n in names] for h in history))


def receipt(
    submission: SubmissionArgument,
    html: Annotated[
        Path | None, typer.Option(help="Also write the page a steward reads to this file.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the agency gets back: verdict, counts, rules failed, risk, clocks; no cell."""
    import json

    from enclave.deployment import open_deployment
    from enclave.errors import SubmissionNotReportedError
    from enclave.steps.report import receipt_key, report_submission
    from enclave.zones import Zone

    deployment = open_deployment(home)
    found = deployment.store.get(submission)
    if report_submission(deployment, found.id).state in _UNDERWAY:
        message = (
            f"Submission {found.id[:8]} is {found.state}: it has no receipt yet. "
            f"`enclave load {found.id[:8]}` takes it to its end."
        )
        raise SubmissionNotReportedError(message)
    egress = deployment.zones.store(Zone.EGRESS)
    if html is not None:
        html.write_bytes(egress.read(receipt_key(found, "html")))
    document = json.loads(egress.read(receipt_key(found, "json")))
    if as_json:
        print_json(document)
        return
    _print_receipt(document)


def _print_receipt(document: dict[str, Any]) -> None:
    verdict, counts = document["verdict"], document["counts"]
    out.print(f"[bold]{verdict['headline']}[/bold]")
    out.print(verdict["explanation"], markup=False)
    for reason in verdict["reasons"]:
        lines = f" Lines {', '.join(map(str, reason['lines']))}." if reason["lines"] else ""
        told = f"  - {reason['reason']}{lines} [{reason['clause']}] {reason['remedy']}"
        out.print(told, markup=False)
    print_facts(
        {
            "submission": document["submission"]["id"],
            "rows read": f"{counts['rows_read']:,}",
            "rows landed": f"{counts['rows_landed']:,}",
            "rows set aside": f"{counts['rows_set_aside']:,}",
            "SHA-256": document["received"]["sha256"],
        }
    )
    failed = [check for check in document["checks"] if check["outcome"] == "failed"]
    if failed:
        rows = (
            (
                ", ".join(c["source_columns"]) or str(c["rule"] or ""),
                c["demand"],
                c["failing_rows"],
                ", ".join(map(str, c["lines"])),
            )
            for c in failed
        )
        print_rows("What failed", ("column", "demand", "rows", "lines"), rows)
    for finding in document["findings"]:
        out.print(f"  {finding['severity']}: {finding['message']}", markup=False)
    for clock in document["clocks"]:
        out.print(f"  {clock['words']}: destroyed by {clock['due_on']}", markup=False)
    for step in document["resubmission"]:
        out.print(f"  {step['text']} {step['command']}".rstrip(), markup=False)


@quarantine_app.command(
    "export", epilog="Example: `enclave quarantine export 3f2a9c41 --agency sde --to rows.csv`"
)
def export(
    submission: SubmissionArgument,
    to: Annotated[Path, typer.Option(help="CSV file to write; it holds identified rows.")],
    agency: Annotated[
        str | None, typer.Option(help="The agency you ask for; it must be yours and the rows'.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give quarantined rows back to their agency: line, record, reasons, and the row as sent.

    Who you are is your operating-system user in a signed mapping, and the mapping says whose data
    steward you are: rows of another agency do not open. Every export is in the ledger.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.quarantine import export_quarantine

    rows = export_quarantine(open_deployment(home), submission, agency=agency, target=to)
    if as_json:
        print_json({"rows": rows, "file": str(to)})
    else:
        out.print(f"{rows:,} rows written to {to}. They identify people: keep them safe.")
