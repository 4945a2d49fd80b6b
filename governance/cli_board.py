"""Commands of the board's system that need no portal: motions explained, requests checked.

They read facts from a document and change nothing: the same functions serve the portal.
"""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from governance.board.bylaws import load_bylaws
from governance.board.explain import explain
from governance.board.model import parse_motion
from governance.board.voting import decide_motion
from governance.canonical import canonical_json
from governance.errors import ExitCode, ProgrammeError

motion_app = typer.Typer(help="Motions and votes of the boards.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(motion_app, name="motion")


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
    bylaws: Annotated[
        Path | None,
        typer.Option(help="Bylaws, YAML; the programme's own.", exists=True, dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a motion passed, and why: quorum, votes, proxies, recusals, bylaw by bylaw.

    Ends with 0 when the motion passed, 3 when it failed, 4 when the file cannot be used.
    """
    with _Reported():
        outcome = decide_motion(parse_motion(file.read_bytes(), file.name, load_bylaws(bylaws)))
        typer.echo(canonical_json(outcome.to_dict()).decode() if as_json else explain(outcome))
        if not outcome.passed:
            raise typer.Exit(ExitCode.REFUSED)


class _Reported:
    """Turns the programme's errors into a message and their exit code."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Say what failed."""
        if isinstance(error, ProgrammeError):
            _fail(error.message, error.exit_code)
        if isinstance(error, OSError):
            _fail(f"{error.strerror}: {error.filename}", ExitCode.BAD_INPUT)


def _fail(message: str, code: ExitCode) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(message, markup=False)
    raise typer.Exit(code)
