"""`enclave ledger …`: the data plane's tamper-evident record."""

from pathlib import Path
from typing import Annotated

import typer

from enclave.cli.console import HomeOption, JsonOption, out, print_json
from governance.errors import ExitCode

ledger_app = typer.Typer(no_args_is_help=True, help="Verify and list the data plane's ledger.")


@ledger_app.command("verify", epilog="Example: `enclave ledger verify --json`")
def verify(
    anchor: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint kept outside; may be given several times.", exists=True),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify the whole chain, its checkpoints and the facts beside it; name what is wrong.

    What it cannot find: a rewrite of entries made since the last checkpoint that lies outside this
    deployment. Keep checkpoints elsewhere, often.
    """
    from enclave.deployment import open_deployment

    ledger = open_deployment(home).ledger
    anchors = [ledger.open_checkpoint(file.read_bytes()) for file in anchor or []]
    report = ledger.verify(anchors=anchors)
    if as_json:
        print_json(report.to_dict())
    else:
        for problem in report.problems:
            out.print(f"- entry {problem.seq}: {problem.detail}", markup=False)
        verdict = "verifies" if report.verified else "DOES NOT VERIFY"
        out.print(f"The ledger {verdict}: {report.entries} entries, head {report.head[:16]}.")
        out.print(report.cannot_find, markup=False)
    if not report.verified:
        raise typer.Exit(int(ExitCode.FAULT))


@ledger_app.command("checkpoint", epilog="Example: `enclave ledger checkpoint > today.json`")
def checkpoint(home: HomeOption = None) -> None:
    """Print a signed checkpoint of the chain as it is; keep it outside this deployment.

    With it, `enclave ledger verify --anchor` shows any rewrite of what it covers.
    """
    from enclave.deployment import open_deployment

    sealed = open_deployment(home).ledger.sealed_checkpoint()
    if sealed is not None:
        typer.echo(sealed.decode())


@ledger_app.command("key", epilog="Example: `enclave ledger key > ledger-key.json`")
def key(home: HomeOption = None) -> None:
    """Print the public key (JWK) by which anybody verifies the checkpoints.

    `governance ledger verify FOLDER --key ledger-key.json` does it on a copy of the ledger.
    """
    from enclave.deployment import open_deployment

    print_json(dict(open_deployment(home).ledger.public_key.to_dict()))


@ledger_app.command("list", epilog="Example: `enclave ledger list`")
def list_entries(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the entries: number, time, tag, subject."""
    from enclave.deployment import open_deployment

    entries = list(open_deployment(home).ledger.entries())
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    for entry in entries:
        out.print(f"{entry.seq:>6}  {entry.at}  {entry.tag:<28} {entry.subject}", markup=False)
