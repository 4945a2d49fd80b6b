"""What every command shares: options, printing for people or as JSON, errors to exit codes."""

import json
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from governance.decisions import AccessDeniedError, denial_facts
from governance.errors import ProgrammeError

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="ENCLAVE_HOME",
        help="The deployment's folder.",
        show_envvar=True,
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = frozenset({"enclave", "governance", "dags", "schemas"})
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: Any) -> None:  # noqa: ANN401  any JSON document
    """The document on standard output, stable key order."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, default=str) + "\n")


def print_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """`name  value` lines for people."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        out.print(f"[bold]{name:<{width}}[/bold]  {value}", markup=True)


class UnexpectedFaultError(ProgrammeError):
    """A fault nobody foresaw; said by its kind and place alone."""

    code = "programme.fault"


def fault_of(error: Exception) -> UnexpectedFaultError:
    """The error to tell of an exception nobody foresaw, without its text: it may quote a cell."""
    ours = []
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(_ROOT) and file.relative_to(_ROOT).parts[0] in _PACKAGES:
            ours.append(f"{file.relative_to(_ROOT).as_posix()}:{frame.lineno}")
    place = ours[-1] if ours else "outside our code"
    return UnexpectedFaultError(
        f"A fault of the software: {type(error).__name__} at {place}. Please report this line; "
        "running the command again is safe."
    )


def explain(error: ProgrammeError, *, as_json: bool) -> None:
    """Say an error on standard error: every reason with clause and remedy, and its code."""
    if as_json:
        document: dict[str, Any] = {"error": error.code, "message": error.message}
        if isinstance(error, AccessDeniedError):
            document["denials"] = [denial_facts(d) for d in error.decision.denials]
        sys.stderr.write(json.dumps(document, indent=2) + "\n")
        return
    if isinstance(error, AccessDeniedError):
        err.print("[bold red]Refused.[/bold red]")
        for denial in error.decision.denials:
            err.print(f"  - {denial.reason}", markup=False)
            err.print(f"      clause: {denial.clause}", markup=False)
            err.print(f"      remedy: {denial.remedy}", markup=False)
        return
    err.print(error.message, markup=False, style="red")
    for finding in getattr(error, "findings", ()):
        err.print(f"  - {finding.message} {finding.remedy}", markup=False)
    for problem in getattr(error, "problems", ()):
        err.print(f"  - {problem}", markup=False)
    err.print(f"({error.code})", style="dim", markup=False)
