"""`enclave query` and `enclave trust`: a governed answer, and the root it hangs on."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from enclave.cli.console import HomeOption, JsonOption, err, out, print_json


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    example = "SELECT gender, COUNT(*) FROM curated_sde__student_year_enrollment GROUP BY gender"
    app.command("query", epilog=f'Example: `enclave query --project career-pathways "{example}"`')(
        query
    )
    app.command("trust", epilog="Example: `enclave trust root.json`")(trust)


def query(
    sql: Annotated[
        str, typer.Argument(help="One SELECT of aggregates over a granted table.", metavar="SQL")
    ],
    project: Annotated[str, typer.Option(help="Project whose grant you ask under.")],
    form: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option("--format", help="How the answer is written."),
    ] = "table",
    to: Annotated[Path | None, typer.Option(help="File to write (needed for parquet).")] = None,
    totals: Annotated[bool, typer.Option("--totals", help="Show totals too.")] = False,
    home: HomeOption = None,
) -> None:
    """Ask an aggregate question under a grant; small cells are suppressed in the answer.

    Who you are is your operating-system user in a signed mapping: a shell is no boundary. Counts,
    sums and averages, grouped and filtered by the dimensions the contract names. This build is for
    demonstration data: related queries can together reveal what each of them hides.
    """
    from enclave.deployment import open_deployment
    from enclave.query import NOTICE, describe_suppression, render_answer
    from enclave.steps.query import ask

    if form == "parquet" and to is None:
        message = "Parquet is no text: give --to FILE."
        raise typer.BadParameter(message)
    if to is not None and (to.is_dir() or not to.parent.is_dir()):
        message = "--to needs a file in a folder that exists."
        raise typer.BadParameter(message)
    answer = ask(open_deployment(home), project=project, sql=sql, totals=totals)
    rendered = render_answer(answer, form)
    if to is not None:
        to.write_bytes(rendered)
        out.print(f"Written to {to}.", markup=False)
    else:
        sys.stdout.write(rendered.decode())
    if form == "table":
        err.print(describe_suppression(answer), markup=False)
        err.print(NOTICE, style="dim", markup=False)


def trust(
    root: Annotated[
        Path,
        typer.Argument(help="Root document, handed over in person.", exists=True, dir_okay=False),
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pin the root of trust that grants must be signed under; once per deployment."""
    from enclave.deployment import open_deployment
    from enclave.steps.query import trust_root

    pinned = trust_root(open_deployment(home), root.read_bytes())
    if as_json:
        print_json({"root_version": pinned.document.version})
    else:
        out.print(f"Root version {pinned.document.version} is trusted.")
