"""`enclave contract …` and `enclave agreement …`: what is agreed, drafted and checked."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from enclave.cli.console import HomeOption, JsonOption, err, out, print_json
from governance.errors import ConfigurationError, ExitCode

contract_app = typer.Typer(no_args_is_help=True, help="Draft and check dataset contracts.")
agreement_app = typer.Typer(no_args_is_help=True, help="Check agreements.")

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="YAML files or folders; without any, the deployment's (or this project's) own.",
        exists=True,
    ),
]


@contract_app.command(
    "draft", epilog="Example: `enclave contract draft sample.csv --agency sde --dataset enrollment`"
)
def draft(
    file: Annotated[Path, typer.Argument(help="A sample of what the agency sends.", exists=True)],
    agency: Annotated[str, typer.Option(help="Agency, e.g. sde.")],
    dataset: Annotated[str, typer.Option(help="Dataset, e.g. enrollment.")],
    as_json: JsonOption = False,
) -> None:
    """Propose a contract from a sample file, with the evidence for each guess.

    Types, formats, keys, identifier roles and cautious treatments are guessed; no observed value
    is ever printed (a code list only where each code is common). The YAML goes to standard output,
    the evidence to standard error. A data steward reads and corrects it before it is used.
    """
    from enclave.intake.draft import draft_contract

    with file.open("rb") as stream:
        document, evidence = draft_contract(stream, file.name, agency, dataset)
    if as_json:
        print_json({"contract": document, "evidence": evidence})
        return
    for line in evidence:
        err.print(f"  {line}", markup=False)
    out.print(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), markup=False, end="")


def _schemas(home: Path | None) -> Path:
    if home is not None:
        if not (home / "schemas").is_dir():
            message = f"{home} is no deployment (it has no schemas). `enclave init DIR` makes one."
            raise ConfigurationError(message)
        return home / "schemas"
    from importlib import resources

    return Path(str(resources.files("schemas")))


def _report(problems: list[str], checked: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"problems": problems, "valid": not problems})
    else:
        for problem in problems:
            out.print(f"- {problem}", markup=False)
        out.print(f"{checked}: {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}.")
    if problems:
        raise typer.Exit(int(ExitCode.BAD_INPUT))


@contract_app.command("check", epilog="Example: `enclave contract check enrollment.yaml`")
def check_contract(
    paths: PathsArgument = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Check contracts: the public standard, our extensions, and what contradicts what."""
    from governance.contracts.parse import check_contracts

    chosen = paths or [_schemas(home) / "datasets"]
    _report(check_contracts(chosen), "Contracts checked", as_json=as_json)


@contract_app.command("suite", epilog="Example: `enclave contract suite sde/enrollment`")
def suite(
    dataset: Annotated[str, typer.Argument(help="AGENCY/DATASET, e.g. sde/enrollment.")],
    home: HomeOption = None,
) -> None:
    """Print the dataset's Great Expectations suite: what is valid, to read and to run.

    JSON, in the form Great Expectations reads; made from the contract, without any data.
    """
    from enclave.adapters.great_expectations import suite_document
    from enclave.errors import DatasetNotFoundError
    from governance.contracts.parse import load_contracts

    contracts = load_contracts(_schemas(home) / "datasets")
    if dataset not in contracts:
        message = f"No contract is called {dataset}; there are: {', '.join(contracts)}."
        raise DatasetNotFoundError(message)
    print_json(suite_document(contracts[dataset]))


@agreement_app.command("check", epilog="Example: `enclave agreement check --home /srv/enclave`")
def check_agreement(
    paths: PathsArgument = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Check agreements: their schema, clauses, dates, and the contracts they cover."""
    from governance.agreements.parse import check_agreements
    from governance.contracts.parse import load_contracts

    schemas = _schemas(home)
    contracts = load_contracts(schemas / "datasets")
    chosen = paths or [schemas / "agreements"]
    _report(check_agreements(chosen, contracts), "Agreements checked", as_json=as_json)
