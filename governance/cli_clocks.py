"""Commands of the clocks: what is due, and doing it.

The database and its libraries are imported inside the commands: others need not wait for them.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from governance.canonical import Json, canonical_json
from governance.errors import ProgrammeError

if TYPE_CHECKING:
    from governance.clocks import Due

clocks_app = typer.Typer(
    help="Deadlines, reminders and what happens by date.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[
    Path | None,
    typer.Option(help="The control plane's home; else GOVERNANCE_HOME.", file_okay=False),
]
On = Annotated[str | None, typer.Option("--date", help="Legal date, YYYY-MM-DD; today.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(clocks_app, name="clocks")


@clocks_app.callback()
def _clocks() -> None:
    """Deadlines, reminders and what happens by date."""


@clocks_app.command("run")
def run(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Do what is due: expire and end grants, write and send reminders. Safe to repeat.

    `--date` judges an earlier day, when a run was missed; a day ahead is refused.
    """
    from governance.clocks import run_clocks

    try:
        done = run_clocks(home, on=_date(on))
    except ProgrammeError as error:
        _fail(error, as_json=as_json)
    reminders = done["reminders"]
    lines = [f"Run of {done['on']}."]
    lines += [f"{name.capitalize()}: {_joined(done[name])}." for name in ("expiring", "ended")]
    lines.append(f"To be published anew by the signer: {_joined(done['republish'])}.")
    lines.append(f"Refused meanwhile: {_joined(done['refused'])}.")
    told = reminders.items() if isinstance(reminders, dict) else ()
    lines.append("Reminders: " + (", ".join(f"{n} {kind}" for kind, n in told) or "none") + ".")
    lines.append(
        f"Mails and webhooks: {done['sent']} sent, {done['failed']} put off, "
        f"{done['given_up']} given up."
    )
    _say(done, lines, as_json=as_json)


@clocks_app.command("due")
def due(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Say what is or will be due on a day, and do nothing."""
    from governance.clocks import list_due
    from governance.services import open_programme
    from governance.settings import load_settings

    try:
        programme = open_programme(load_settings(home))
        try:
            programme.store.check_layout()
            found = [_facts(d) for d in list_due(programme, _date(on))]
        finally:
            programme.close()
    except ProgrammeError as error:
        _fail(error, as_json=as_json)
    lines = [" ".join(str(v) for v in f.values() if v is not None) for f in found]
    _say({"due": [*found]}, lines or ["Nothing is due."], as_json=as_json)


def _facts(due_: "Due") -> dict[str, Json]:
    """Without names or addresses: who is told is named by id."""
    from governance.clocks import CommandDue, RepublishDue

    if isinstance(due_, CommandDue):
        return {"due": due_.act.value, "about": due_.number, "version": due_.version}
    if isinstance(due_, RepublishDue):
        until = due_.fresh_until.isoformat()
        return {"due": "republish", "about": due_.number, "version": due_.version, "by": until}
    by = due_.by.isoformat() if due_.by else None
    return {"due": due_.kind.value, "about": due_.about, "to": due_.to, "by": by}


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--date is a date as YYYY-MM-DD") from None


def _joined(numbers: Json) -> str:
    return ", ".join(map(str, numbers)) if isinstance(numbers, list) and numbers else "none"


def _say(facts: dict[str, Json], lines: list[str], *, as_json: bool) -> None:
    typer.echo(canonical_json(facts).decode() if as_json else "\n".join(lines))


def _fail(error: ProgrammeError, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(canonical_json({"error": error.code, "message": error.message}).decode())
    else:
        Console(stderr=True).print(f"{error.message} [{error.code}]", style="red", markup=False)
    raise typer.Exit(error.exit_code)
