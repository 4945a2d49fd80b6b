"""`enclave crosswalk …`: who is who, as far as the agency may act on it."""

from pathlib import Path
from typing import Annotated

import typer

from enclave.cli.console import HomeOption, JsonOption, out, print_json

crosswalk_app = typer.Typer(no_args_is_help=True, help="Act on an agency's crosswalk.")


@crosswalk_app.command(
    "erase",
    epilog="Example: `enclave crosswalk erase --agency sde --dataset enrollment "
    "--person person.json --request SDE-2026-114`",
)
def erase(
    agency: Annotated[str, typer.Option(help="The agency whose crosswalk it is; yours.")],
    dataset: Annotated[str, typer.Option(help="A dataset that says how the person is identified.")],
    person: Annotated[
        Path,
        typer.Option(
            help='JSON file {"column": "value"} with the identifying columns; destroy it after.',
            exists=True,
            dir_okay=False,
        ),
    ],
    request: Annotated[
        str, typer.Option(help="The agency's reference for the request; it is in the ledger.")
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy the link from one person's identifier to the person's id, at the agency's request.

    Rows that landed stay, under an id that leads to nobody; a later delivery that names the person
    gives a new id. You must be a data steward of the agency in the signed mapping of sign-ins.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.erasing import erase_person, read_identity

    done = erase_person(
        open_deployment(home),
        agency=agency,
        dataset=dataset,
        identity=read_identity(person),
        request=request,
    )
    if as_json:
        print_json(done.to_dict())
        return
    if not done.known:
        out.print("Nobody of that identity is in the crosswalk; nothing was changed.")
    else:
        out.print(f"The link is destroyed; the crosswalk is at generation {done.generation}.")
        for table in done.tables:
            out.print(f"  Rows of {table}, if any, keep an id that leads to nobody.", markup=False)
    out.print("A raw file or rows set apart that name the person go on their own clocks.")
    out.print("Destroy the file you gave, and copies of the identity zone in your backups.")
