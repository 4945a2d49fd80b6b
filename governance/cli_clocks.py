"""Commands of the clocks: what is due, and doing it.

The database and its libraries are imported inside the commands: others need not wait for them.
"""

import signal
import threading
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from governance.canonical import Json
from governance.cli_session import AsJson, Home, reported, say

if TYPE_CHECKING:
    from governance.clocks import Due, Round

clocks_app = typer.Typer(
    help="Deadlines, reminders, and what happens by date.", no_args_is_help=True
)

On = Annotated[str | None, typer.Option("--date", help="Legal date, YYYY-MM-DD; today.")]
_LISTS = ("expiring", "ended", "packets")
Seconds = Annotated[float, typer.Option(help="Between two rounds.", min=1)]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(clocks_app, name="clocks")


@clocks_app.callback()
def _clocks() -> None:
    """Deadlines, reminders, what happens by date."""


@clocks_app.command("run")
def run(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Do what is due: expire and end grants, write and send reminders. Safe to repeat.

    `--date` judges an earlier day, when a run was missed; a day ahead is refused.
    """
    from governance.clocks import run_clocks

    with reported(as_json=as_json):
        done = run_clocks(home, on=_date(on))
        lines = [f"Run of {done['on']}."]
        lines += [f"{name.capitalize()}: {_joined(done[name])}." for name in _LISTS]
        lines.append(f"Bundles soon stale: {_joined(done['republish'])}.")
        lines.append(f"Refused meanwhile: {_joined(done['refused'])}.")
        lines += _counts(done)
        say(done, lines, as_json=as_json)


@clocks_app.command("due")
def due(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Say what is or will be due on a day, and do nothing."""
    from governance.clocks import list_due
    from governance.services import open_programme
    from governance.settings import load_settings

    with reported(as_json=as_json):
        programme = open_programme(load_settings(home))
        try:
            programme.store.check_layout()
            found = [_facts(d) for d in list_due(programme, _date(on))]
        finally:
            programme.close()
        lines = [" ".join(str(v) for v in f.values() if v is not None) for f in found]
        say({"due": [*found]}, lines or ["Nothing is due."], as_json=as_json)


@clocks_app.command("watch")
def watch(
    home: Home = None,
    seconds: Seconds = 60.0,
    once: Annotated[bool, typer.Option("--once", help="One round, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the programme going: follow the feed, tell people, send, checkpoint; daily what is due.

    Ends with an interrupt or when it is terminated, after the step it is in.
    """
    from governance.clocks import keep_rounds, make_round, run_daily
    from governance.services import open_programme
    from governance.settings import load_settings

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def tell(done: "Round") -> None:
        facts = done.to_dict()
        say(facts, [" ".join(_counts(facts))], as_json=as_json)

    with reported(as_json=as_json):
        programme = open_programme(load_settings(home))
        try:
            programme.store.check_layout()
            if once:
                tell(make_round(programme))
                return
            keep_rounds(
                programme,
                stop,
                seconds=seconds,
                daily=lambda: run_daily(programme),
                tell=tell,
            )
        finally:
            programme.close()


def _facts(due_: "Due") -> dict[str, Json]:
    """Without names or addresses: who is told is named by id."""
    from governance.clocks import CommandDue, PacketDue, RepublishDue

    if isinstance(due_, CommandDue):
        return {"due": due_.act.value, "about": due_.number, "version": due_.version}
    if isinstance(due_, PacketDue):
        return {"due": "packet", "about": due_.meeting}
    if isinstance(due_, RepublishDue):
        until = due_.fresh_until.isoformat()
        return {"due": "republish", "about": due_.number, "version": due_.version, "by": until}
    by = due_.by.isoformat() if due_.by else None
    return {"due": due_.kind.value, "about": due_.about, "to": due_.to, "by": by}


def _counts(done: dict[str, Json]) -> list[str]:
    reminders, problems = done["reminders"], done["problems"]
    told = reminders.items() if isinstance(reminders, dict) else ()
    lines = ["Reminders: " + (", ".join(f"{n} {kind}" for kind, n in told) or "none") + "."]
    lines.append(
        f"Mails and webhooks: {done['sent']} sent, {done['failed']} put off, "
        f"{done['given_up']} given up."
    )
    failed = problems.items() if isinstance(problems, dict) else ()
    return lines + [f"Not done: {step} ({code})." for step, code in failed]


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--date is a date as YYYY-MM-DD") from None


def _joined(numbers: Json) -> str:
    return ", ".join(map(str, numbers)) if isinstance(numbers, list) and numbers else "none"
