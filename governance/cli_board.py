"""Commands of the board's system that need no portal: motions explained, requests checked.

They read facts from a document and change nothing: the same functions serve the portal.
"""

from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from governance.agreements import Agreement, load_agreements
from governance.board.bylaws import load_bylaws
from governance.board.explain import explain
from governance.board.model import parse_motion
from governance.board.voting import decide_motion
from governance.calendar import legal_date, utc_now
from governance.canonical import canonical_json
from governance.cli_session import AsJson, fail, plainly_reported
from governance.contracts import DatasetContract, load_contracts
from governance.decisions import denial_facts
from governance.errors import ExitCode
from governance.facts import parse_facts
from governance.requests.compile import compile_grant, parse_approved
from governance.requests.completeness import decide_completeness
from governance.requests.making import content_digest
from governance.requests.model import RequestContent
from governance.requests.precheck import precheck
from governance.requests.rules import load_rules
from governance.requests.words import say_compiled, say_precheck

motion_app = typer.Typer(help="Motions and votes of the boards.", no_args_is_help=True)
request_app = typer.Typer(help="Data requests.", no_args_is_help=True)

Home = Annotated[
    Path | None,
    typer.Option(
        help="A deployment's home: its schemas/ holds contracts and agreements; without it, those "
        "that come with the product.",
        exists=True,
        file_okay=False,
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(help="Request rules, YAML; the programme's own.", exists=True, dir_okay=False),
]
BylawsFile = Annotated[
    Path | None,
    typer.Option("--bylaws", help="Bylaws, YAML; the programme's.", exists=True, dir_okay=False),
]
On = Annotated[str | None, typer.Option(help="Legal date to check at, YYYY-MM-DD; today.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(motion_app, name="motion")
    app.add_typer(request_app, name="request")


@motion_app.callback()
def _motion() -> None:
    """Motions and votes of the boards."""


@motion_app.command("explain")
def explain_motion(
    file: Annotated[
        Path,
        typer.Argument(
            help="A motion's facts, YAML or JSON: body (or rules), seats, meeting, attendance, "
            "proxies, interests, motion, votes (schemas/meta/motion.schema.json).",
            exists=True,
            dir_okay=False,
        ),
    ],
    bylaws: BylawsFile = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a motion passed, and why: quorum, votes, proxies, recusals, bylaw by bylaw.

    Ends with 0 when the motion passed, 3 when it failed, 4 when the file cannot be used.
    """
    with plainly_reported():
        outcome = decide_motion(parse_motion(file.read_bytes(), file.name, load_bylaws(bylaws)))
        typer.echo(canonical_json(outcome.to_dict()).decode() if as_json else explain(outcome))
        if not outcome.passed:
            raise typer.Exit(ExitCode.REFUSED)


@request_app.command("precheck")
def precheck_request(
    file: Annotated[
        Path,
        typer.Argument(
            help="A request's form, YAML or JSON, complete or not (schemas/meta/"
            "request.schema.json).",
            exists=True,
            dir_okay=False,
        ),
    ],
    home: Home = None,
    rules: Rules = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Check each variable against the agreements in force: covered, permitted, sensitive, by whom.

    Also what is missing from the form. Ends with 0 when nothing speaks against putting the request
    to its owners, 3 when a rule refuses it, 4 when the file cannot be used.
    """
    with plainly_reported():
        content = parse_facts(RequestContent, file.read_bytes(), file.name)
        known, today = load_rules(rules), _day(on)
        report = precheck(content, *_agreed(home), today, known)
        missing = decide_completeness(content, known)
        if as_json:
            facts = {
                **report.to_dict(),
                "on": today.isoformat(),
                "missing": [denial_facts(d) for d in missing.denials],
            }
            typer.echo(canonical_json(facts).decode())
        else:
            typer.echo(say_precheck(report, missing, today))
        if not (report.decision & missing).permitted:
            raise typer.Exit(ExitCode.REFUSED)


@request_app.command("compile")
def compile_request(
    file: Annotated[
        Path,
        typer.Argument(
            help="An approved request and its chain, YAML or JSON: content, owners, board, "
            "sharing_agreement, conditions, people (schemas/meta/approved-request.schema.json).",
            exists=True,
            dir_okay=False,
        ),
    ],
    home: Home = None,
    rules: Rules = None,
    bylaws: BylawsFile = None,
    as_json: AsJson = False,
) -> None:
    """Compile the unsigned grant bundle, or name every link of the chain that is missing.

    Prints the bundle, ready for `governance grant sign`; who was left out, and why, goes to
    standard error. With --json everything is one document: decision, people left out, bundle. Ends
    with 0 when there is a bundle, 3 when a link is missing, 4 when the file cannot be used.
    """
    with plainly_reported():
        approved = parse_approved(file.read_bytes(), file.name, load_bylaws(bylaws))
        compiled = compile_grant(approved, *_agreed(home), load_rules(rules))
        if as_json:
            typer.echo(canonical_json(compiled.to_dict()).decode())
        else:
            typer.echo(say_compiled(compiled), err=True)
            if compiled.bundle is not None:
                typer.echo(compiled.bundle.model_dump_json(indent=2))
        if compiled.bundle is None:
            raise typer.Exit(ExitCode.REFUSED)


@request_app.command("digest")
def digest_request(
    file: Annotated[Path, typer.Argument(help="A request's form.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Print the digest by which approvals name a request's content."""
    with plainly_reported():
        digest = content_digest(parse_facts(RequestContent, file.read_bytes(), file.name))
        typer.echo(canonical_json({"content_digest": digest}).decode() if as_json else digest)


def _agreed(home: Path | None) -> tuple[dict[str, DatasetContract], dict[str, Agreement]]:
    """Contracts and agreements of a deployment, or the ones that come with the product."""
    folder = Path(str(resources.files("schemas"))) if home is None else home / "schemas"
    return load_contracts(folder / "datasets"), load_agreements(folder / "agreements")


def _day(on: str | None) -> date:
    if on is None:
        return legal_date(utc_now())
    try:
        return date.fromisoformat(on)
    except ValueError:
        fail("--on is no date; write it as YYYY-MM-DD.", ExitCode.BAD_INPUT)
