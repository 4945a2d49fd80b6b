"""`governance demo`: a lively programme to look at."""

from pathlib import Path
from typing import Annotated

import typer

from governance.canonical import canonical_json
from governance.cli_session import AsJson, reported


def register(app: typer.Typer) -> None:
    """Add this command to the control plane's command line."""
    app.command("demo")(demo)


def demo(
    home: Annotated[
        Path | None,
        typer.Option(
            help="An empty folder to make it in; unset: a throw-away one.", file_okay=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the made-up names and of the chance.")] = 2025,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the portal; choose there who to be.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --serve.", min=1, max=65535)] = 8080,
    as_json: AsJson = False,
) -> None:
    """Fill a programme: fifteen agencies, forty requests in every status, two boards' meetings.

    Everything goes through the same services as the portal and the command line, by a simulated
    clock over the last fourteen months; grants are really signed, and the ledger is verified at
    the end. It says what lies where, whom to be, and what to try next. About a quarter of a minute.
    """
    from governance.cli_serve import make_server
    from governance.demo.run import DemoOptions, run_demo
    from governance.settings import load_settings

    with reported(as_json=as_json):
        told = run_demo(DemoOptions(home=home, quiet=as_json, seed=seed))
        if as_json:
            typer.echo(canonical_json(told).decode())
        if serve:
            settings = load_settings(Path(str(told["home"])))
            server, address = make_server(settings, host="127.0.0.1", port=port, development=True)
            typer.echo(f"The portal answers at {address} (Ctrl+C stops it).", err=as_json)
            server.run()
