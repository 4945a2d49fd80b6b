"""`enclave init`, `enclave demo`, `enclave doctor`: a deployment as a whole."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from enclave.cli.console import HomeOption, JsonOption, err, out, print_json
from governance.errors import ExitCode


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("init", epilog="Example: `enclave init /srv/enclave`")(init)
    app.command("demo", epilog="Example: `enclave demo --home /tmp/demo --scale 0.2`")(demo)
    app.command("doctor", epilog="Example: `enclave doctor --home /srv/enclave`")(doctor)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    storage: Annotated[
        Literal["local", "azure"] | None,
        typer.Option(help="Where the zones lie; local unless the environment names an account."),
    ] = None,
    account_url: Annotated[
        str | None, typer.Option(help="With azure: https://ACCOUNT.blob.core.windows.net")
    ] = None,
    key_vault_key_id: Annotated[
        str | None, typer.Option(help="RSA key in Key Vault that wraps the key ring.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a deployment: settings, key ring, database, zones, and the example schemas.

    Edit schemas/agreements and schemas/datasets in it: a feed is one contract and one agreement.
    """
    from enclave.deployment import init_deployment

    deployment = init_deployment(
        directory,
        storage=storage,
        azure_account_url=account_url,
        key_vault_key_id=key_vault_key_id,
    )
    if as_json:
        print_json(
            {
                "home": str(deployment.home),
                "storage": deployment.settings.storage,
                "agreements": len(deployment.agreements),
                "contracts": len(deployment.contracts),
            }
        )
        return
    out.print(f"A deployment lies in {deployment.home}.", markup=False)
    out.print(f"  {len(deployment.agreements)} agreements, {len(deployment.contracts)} contracts")
    if deployment.settings.key_vault_key_id is None:
        out.print("  keys/wrapping.key opens everything: back it up apart, and keep it secret.")
    out.print("Next: enclave doctor --home DIR; enclave submit FILE --agency A --dataset D")


def demo(
    home: Annotated[
        Path | None,
        typer.Option(help="Where the demonstration lives; a throw-away folder by default."),
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.01, max=50, help="1.0 makes a little over 200,000 rows.")
    ] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Run the main job end to end on made-up people: drops, DAGs, a grant, an answer, a ledger.

    On this machine's disk; on Azure Blob Storage or Azurite when the environment has
    ENCLAVE_AZURE_CONNECTION_STRING. Below a scale of 0.1 the risk gates may hold a delivery.
    """
    from enclave.demo import run_demo

    story = run_demo(home, scale=scale, quiet=as_json)
    if as_json:
        print_json(story)


def doctor(
    mend: Annotated[
        bool, typer.Option("--mend", help="First mend permissions and missing tables.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a deployment and say what to mend: settings, keys, zones, database, schemas, ledger.

    Ends with exit code 1 while something is to be mended.
    """
    from enclave import doctor as doctoring

    for sentence in doctoring.mend(home) if mend else ():
        err.print(sentence, markup=False)
    checks = doctoring.examine(home)
    if as_json:
        print_json([check.to_dict() for check in checks])
    else:
        for check in checks:
            mark = "ok  " if check.healthy else "MEND"
            out.print(f"{mark}  {check.name}: {check.detail}", markup=False)
            if not check.healthy:
                out.print(f"      {check.remedy}", markup=False)
    if not all(check.healthy for check in checks):
        raise typer.Exit(int(ExitCode.FAULT))
