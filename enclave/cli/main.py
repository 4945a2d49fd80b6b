"""The application: its commands, and how an error becomes an exit code."""

import os
import sys

import typer

from enclave.cli.console import explain, fault_of
from enclave.cli.contracts import agreement_app, contract_app
from enclave.cli.crosswalk import crosswalk_app
from enclave.cli.deployments import register as register_deployments
from enclave.cli.feed import feed_app
from enclave.cli.ledger import ledger_app
from enclave.cli.loading import quarantine_app
from enclave.cli.loading import register as register_loading
from enclave.cli.querying import register as register_querying
from governance.errors import ExitCode, ProgrammeError

app = typer.Typer(
    name="enclave",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "The data plane of the data-sharing enclave: agencies' files in, governed answers out.\n\n"
        "Exit codes: 0 done, 1 a fault of the software or a service, 2 wrong usage, "
        "3 refused by policy, 4 bad input.\n\nThis build is for demonstration data: until the "
        "release ledger exists, related queries are only held off by limiting what may be grouped "
        "and filtered."
    ),
)
app.add_typer(contract_app, name="contract")
app.add_typer(agreement_app, name="agreement")
register_deployments(app)
register_loading(app)
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(crosswalk_app, name="crosswalk")
register_querying(app)
app.add_typer(ledger_app, name="ledger")
app.add_typer(feed_app, name="feed")


def main() -> None:
    """Run the command line; errors end with their own exit code, never with a traceback."""
    os.umask(0o077)  # whatever a command writes is its user's alone
    as_json = "--json" in sys.argv
    try:
        app(standalone_mode=True)
    except ProgrammeError as error:
        explain(error, as_json=as_json)
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Run the command again: nothing is done twice.\n")
        sys.exit(int(ExitCode.FAULT))
    except Exception as error:  # noqa: BLE001  a library's message may quote a cell
        explain(fault_of(error), as_json=as_json)
        sys.exit(int(ExitCode.FAULT))
