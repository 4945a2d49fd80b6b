"""What commands share: the programme's home, who gives a command, how it answers and fails.

Who: the person whose account is `os|USER` for the operating system's user. `--as` names another
one: anybody in a demonstration's home, elsewhere only for an operator, and the ledger says so. A
shell on this machine reaches the database itself, so none of this is a boundary: the portal is.
"""

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from governance.audit.tags import Tag
from governance.canonical import Json, canonical_json
from governance.decisions import AccessDeniedError, Denial, denial_facts, refusal_of
from governance.errors import ExitCode, ProgrammeError
from governance.people import Person, PortalRole
from governance.permissions import PUBLIC, Actor
from governance.services import Programme, open_programme
from governance.services.people import find_by_account, find_by_id
from governance.services.recording import record
from governance.settings import load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[
    Path | None,
    typer.Option(help="The control plane's home; else GOVERNANCE_HOME.", file_okay=False),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="Id of who gives the command; unset: the person of this machine's user. Another "
        "one's only in a demonstration, or by an operator, and then it is in the ledger.",
    ),
]
Version = Annotated[
    int | None, typer.Option("--version", help="Of the request; the newest unless told.", min=1)
]
OS_ACCOUNT: Final = "os|"
"""Begins the account of a person who is known by this machine's user."""
_CLAUSE: Final = "docs/guides/board-operations.md, the command line"


@dataclass(frozen=True, slots=True)
class Session:
    """One command's programme and who gives it."""

    programme: Programme
    actor: Actor
    as_json: bool

    def say(self, facts: Mapping[str, Json], lines: Sequence[str]) -> None:
        """Print the answer."""
        say(facts, lines, as_json=self.as_json)


def say(facts: Mapping[str, Json], lines: Sequence[str], *, as_json: bool) -> None:
    """Print an answer, as JSON or in words."""
    typer.echo(canonical_json(facts).decode() if as_json else "\n".join(lines))


@contextmanager
def session(
    home: Path | None, as_: str | None, *, as_json: bool, command: str, public: bool = False
) -> Iterator[Session]:
    """Open the programme for one command; what is refused or broken ends it with its exit code.

    Args:
        home: Of the control plane.
        as_: Who gives the command, when not the person of this machine's user.
        as_json: Whether answers, and refusals, are JSON.
        command: Its name, for the ledger.
        public: Whether anybody may give it: nobody needs to be known then.
    """
    with reported(as_json=as_json):
        programme = open_programme(load_settings(home))
        try:
            programme.store.check_layout()
            actor = _actor(programme, as_, command, public=public)
            yield Session(programme, actor, as_json)
        finally:
            programme.close()


@contextmanager
def reported(*, as_json: bool) -> Iterator[None]:
    """Turn the programme's errors into words or JSON, and the exit code they stand for."""
    try:
        yield
    except AccessDeniedError as error:
        _refused(error, as_json=as_json)
    except ProgrammeError as error:
        _failed(error, as_json=as_json)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}"
        _end({"error": "file", "message": reason}, reason, ExitCode.BAD_INPUT, as_json=as_json)


@contextmanager
def plainly_reported() -> Iterator[None]:
    """The same for commands without a programme: a message alone, and the exit code."""
    try:
        yield
    except ProgrammeError as error:
        fail(error.message, error.exit_code)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}", ExitCode.BAD_INPUT)


def fail(message: str, code: ExitCode) -> NoReturn:
    """Say on standard error what failed, and end with the exit code."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(message, markup=False)
    raise typer.Exit(code)


def create_file(path: Path, data: bytes) -> None:
    """Create a file only its owner can read; refuse to overwrite."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def os_user() -> str:
    """Name of the operating system's user: by number, whatever the environment says."""
    return pwd.getpwuid(os.getuid()).pw_name


def _actor(p: Programme, as_: str | None, command: str, *, public: bool) -> Actor:
    own = find_by_account(p, OS_ACCOUNT + os_user())
    if as_ is None or (own is not None and own.id == as_):
        if own is not None:
            return Actor(own)
        if public:
            return PUBLIC
        reason = "Nobody on record is this machine's user."
        remedy = f"An operator gives your record the account {OS_ACCOUNT}USER, or name --as."
        raise _denied("cli.person", reason, remedy)
    other = find_by_id(p, as_)
    if other is None:
        raise _denied("cli.as", f"There is no record of {as_}.", "Look at: governance people list.")
    if p.settings.demonstration:
        return Actor(other)
    _stand_in(p, own, other, command)
    return Actor(other)


def _stand_in(p: Programme, own: Person | None, other: Person, command: str) -> None:
    """An operator gives a command in another's name: recorded before it is given."""
    operator = own is not None and PortalRole.OPERATOR in own.roles and own.employed(p.today)
    if own is None or not operator:
        reason = "Only an operator names somebody else."
        raise _denied("cli.as", reason, "Leave --as out, or use the portal under your own name.")
    facts = {"person": other.id, "command": command}
    record(p, Actor(own), Tag.PERSON_STOOD_IN_FOR, subject=other.id, facts=facts)


def _denied(rule: str, reason: str, remedy: str) -> AccessDeniedError:
    return refusal_of(Denial(rule, reason, remedy, _CLAUSE))


def _refused(error: AccessDeniedError, *, as_json: bool) -> NoReturn:
    denials = error.decision.denials
    facts: dict[str, Json] = {
        "error": error.code,
        "denials": [denial_facts(denial) for denial in denials],
    }
    lines = ["Refused:"]
    lines += [f"- {d.reason} [{d.clause}]\n  {d.remedy}" for d in denials]
    text = "\n".join(lines) if denials else "Refused: no rule permits this."
    _end(facts, text, ExitCode.REFUSED, as_json=as_json)


def _failed(error: ProgrammeError, *, as_json: bool) -> NoReturn:
    facts: dict[str, Json] = {"error": error.code, "message": error.message}
    _end(facts, f"{error.message} [{error.code}]", error.exit_code, as_json=as_json)


def _end(facts: Mapping[str, Json], text: str, code: ExitCode, *, as_json: bool) -> NoReturn:
    if not as_json:
        fail(text, code)
    typer.echo(canonical_json(facts).decode())
    raise typer.Exit(code)
