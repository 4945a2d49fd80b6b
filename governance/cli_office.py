"""Commands of the operating office: the database's layout, the ledger in it, people."""

import typer

from governance import cli_office_ledger, cli_office_people
from governance.canonical import Json
from governance.cli_session import AsJson, Home, reported, say, session
from governance.services import open_programme
from governance.services.dispatch import dispatch
from governance.settings import load_settings


def register(app: typer.Typer, ledger_app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.command("migrate")(migrate)
    app.command("send")(send)
    cli_office_people.register(app)
    cli_office_ledger.register(ledger_app)


def migrate(home: Home = None, as_json: AsJson = False) -> None:
    """Bring the database to the layout this software needs; safe to repeat."""
    with reported(as_json=as_json):
        programme = open_programme(load_settings(home))
        try:
            before, after = programme.store.migrate()
        finally:
            programme.close()
        words = "had it already" if before == after else f"had {before or 'none'} before"
        say(
            {"before": before, "layout": after, "changed": before != after},
            [f"The database has layout {after}; it {words}."],
            as_json=as_json,
        )


def send(home: Home = None, as_json: AsJson = False) -> None:
    """Send the mail and webhooks that wait; a running portal and the daily job do it too."""
    with session(home, None, as_json=as_json, command="send", public=True) as here:
        done = dispatch(here.programme)
        facts: dict[str, Json] = {
            "sent": done.sent,
            "failed": done.failed,
            "given_up": done.given_up,
        }
        words = f"{done.sent} sent, {done.failed} to be tried again, {done.given_up} given up."
        here.say(facts, [words])
