"""`enclave ledger …`: the data plane's tamper-evident record."""

import typer

from enclave.cli.console import HomeOption, JsonOption, out, print_json
from governance.errors import ExitCode

ledger_app = typer.Typer(no_args_is_help=True, help="Verify and list the data plane's ledger.")


@ledger_app.command("verify")
def verify(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Verify the whole chain, its checkpoints and the facts beside it; name what is wrong.

    What it cannot find: a rewrite of entries made since the last checkpoint that lies outside this
    deployment. Keep checkpoints elsewhere, often.
    """
    from enclave.deployment import open_deployment

    report = open_deployment(home).ledger.verify()
    if as_json:
        print_json(report.to_dict())
    else:
        for problem in report.problems:
            out.print(f"- entry {problem.seq}: {problem.detail}", markup=False)
        verdict = "verifies" if report.verified else "DOES NOT VERIFY"
        out.print(f"The ledger {verdict}: {report.entries} entries, head {report.head[:16]}.")
    if not report.verified:
        raise typer.Exit(int(ExitCode.FAULT))


@ledger_app.command("list")
def list_entries(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the entries: number, time, tag, subject."""
    from enclave.deployment import open_deployment

    entries = list(open_deployment(home).ledger.entries())
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    for entry in entries:
        out.print(f"{entry.seq:>6}  {entry.at}  {entry.tag:<28} {entry.subject}", markup=False)
