"""`enclave feed …`: what the control plane is told, and whether it arrived whole."""

import typer

from enclave.cli.console import HomeOption, JsonOption, out, print_json
from governance.errors import ExitCode

feed_app = typer.Typer(no_args_is_help=True, help="Publish and verify the row-free feed of events.")


@feed_app.command("publish", epilog="Example: `enclave feed publish --home /srv/enclave`")
def publish(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Publish what happened since the newest batch; put back what is missing in the policy zone.

    Safe to repeat: each entry of the ledger is told once. The steps do it by themselves.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.feed import publish_feed

    done = publish_feed(open_deployment(home), daily=True)
    if as_json:
        print_json(done.to_dict())
    else:
        out.print(
            f"Batch {done.number} covers the ledger to entry {done.through}: {done.made} made, "
            f"{done.copied} copied."
        )


@feed_app.command("verify", epilog="Example: `enclave feed verify --json`")
def verify(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Read the feed in the policy zone from its start, as the control plane does.

    Ends with exit code 1 when a batch is missing, altered, out of order or wrongly signed.
    """
    from enclave.deployment import open_deployment
    from enclave.steps.feed import open_feed

    deployment = open_deployment(home)
    reading = open_feed(deployment).verify(deployment.ledger.keys)
    stop = reading.stop
    if as_json:
        stopped = None if stop is None else stop.to_facts()
        print_json(
            {
                "batches": len(reading.batches),
                "through": reading.position.through,
                "verified": stop is None,
                "stopped": stopped,
            }
        )
    elif stop is None:
        out.print(
            f"The feed verifies: {len(reading.batches)} batches, to entry "
            f"{reading.position.through}."
        )
    else:
        out.print(f"The feed DOES NOT verify. {stop.reason}", markup=False)
        out.print("`enclave feed publish` puts back what is missing or altered.", markup=False)
    if stop is not None:
        raise typer.Exit(int(ExitCode.FAULT))
