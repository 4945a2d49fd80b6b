"""`governance signer …`, `governance feed …`, `governance trust-enclave`: what binds the planes.

The signer runs apart from the portal: its own operating-system user, its own folder, its own
database role.
"""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.canonical import Json, canonical_json
from governance.cli_session import AsJson, Home, create_file, fail, say
from governance.errors import ConfigurationError, ExitCode, ProgrammeError

if TYPE_CHECKING:
    from governance.services import Programme
    from governance.signer import RunReport, SignerSettings

signer_app = typer.Typer(
    help="The signer: a process apart that turns decisions into grants.", no_args_is_help=True
)
feed_app = typer.Typer(help="What the data plane told, in signed batches.", no_args_is_help=True)

SignerHome = Annotated[
    Path | None,
    typer.Option(
        help="The signer's own folder; else GOVERNANCE_SIGNER_HOME, else signer in the home.",
        file_okay=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(signer_app, name="signer")
    app.add_typer(feed_app, name="feed")
    app.command("trust-enclave")(trust_enclave)


@signer_app.command("run")
def run(
    once: Annotated[bool, typer.Option("--once", help="One run, then end.")] = False,
    home: Home = None,
    signer_home: SignerHome = None,
    as_json: AsJson = False,
) -> None:
    """Verify the ledger, and sign, publish and record every grant whose chain is whole.

    Looks every few seconds whether the ledger went on, until it is stopped. Safe to be killed at
    any time: the next run adopts what was published. With --once it ends with 3 when it refuses.
    """
    from governance.signer import open_signing, run_forever, run_once

    with _reported(as_json=as_json), _programme(home) as programme:
        signing = open_signing(programme, _settings(programme, signer_home))
        if once:
            _tell(run_once(signing), as_json=as_json)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())

        def tell(what: "RunReport | ProgrammeError") -> None:
            if isinstance(what, ProgrammeError):
                typer.echo(_error(what, as_json=as_json), err=True)
            else:
                _tell(what, as_json=as_json)

        run_forever(signing, stop=stop, tell=tell)


@signer_app.command("key")
def key(home: Home = None, signer_home: SignerHome = None, as_json: AsJson = False) -> None:
    """Print the signer's public key, a JWK: JSON either way; its key is made when it is missing.

    The holders of the root keys put it into the root: `governance grant root rotate`.
    """
    from governance.signer.running import open_key
    from governance.signing import LocalSigner

    with _reported(as_json=as_json), _programme(home) as programme:
        settings = _settings(programme, signer_home)
        phrase = settings.key_passphrase
        secret = phrase.get_secret_value().encode() if phrase else None
        if settings.key_vault_key_id is None and not settings.key_file.exists():
            settings.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            create_file(settings.key_file, LocalSigner.generate().to_pem(secret))
        typer.echo(canonical_json(open_key(settings).public_key.to_dict()).decode())


@signer_app.command("trust")
def trust(
    root: Annotated[
        Path | None,
        typer.Option(help="Root document, handed over in person.", exists=True, dir_okay=False),
    ] = None,
    ledger_key: Annotated[
        Path | None,
        typer.Option(
            help="Public key (JWK) that signs the ledger's checkpoints; unset: this control "
            "plane's own.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    also: Annotated[
        bool, typer.Option("--also", help="Keep the ledger keys pinned before: after a rotation.")
    ] = False,
    home: Home = None,
    signer_home: SignerHome = None,
    as_json: AsJson = False,
) -> None:
    """Pin what the signer believes: the root of trust, and the key that signs checkpoints."""
    from governance.event_feed import pin_key
    from governance.grants import pin_root
    from governance.signing import Envelope

    with _reported(as_json=as_json), _programme(home) as programme:
        settings = _settings(programme, signer_home)
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts: dict[str, Json] = {}
        if root is not None:
            data = root.read_bytes()
            pinned = pin_root(Envelope.from_json(data))
            if settings.root_file.exists() and settings.root_file.read_bytes() != data:
                message = "Another root is pinned. A new root is published, not pinned again."
                raise ConfigurationError(message)
            if not settings.root_file.exists():
                create_file(settings.root_file, data)
            facts["root_version"] = pinned.document.version
        jwk = (
            canonical_json(programme.signer.public_key.to_dict())
            if ledger_key is None
            else ledger_key.read_bytes()
        )
        facts["ledger_key_id"] = pin_key(settings.ledger_keys_file, jwk, also=also).key_id
        say(facts, ["Pinned: " + ", ".join(f"{k} {v}" for k, v in facts.items())], as_json=as_json)


def trust_enclave(
    key: Annotated[
        Path,
        typer.Argument(
            metavar="KEY.json",
            help="What `enclave ledger key` printed, handed over in person.",
            exists=True,
            dir_okay=False,
        ),
    ],
    also: Annotated[
        bool, typer.Option("--also", help="Keep the keys pinned before: after a rotation.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Pin the data plane's key: only batches it signed are believed, and shown in the portal."""
    from governance.event_feed import pin_key
    from governance.settings import load_settings

    with _reported(as_json=as_json):
        file = load_settings(home).enclave_keys_path
        pinned = pin_key(file, key.read_bytes(), also=also)
        text = f"Pinned in {file}: key {pinned.key_id}."
        say({"key_id": pinned.key_id, "file": str(file)}, [text], as_json=as_json)


@feed_app.command("follow")
def follow(home: Home = None, as_json: AsJson = False) -> None:
    """Read what the data plane published since the last look; what verifies is kept.

    Ends with 1 when a batch is missing, altered, replayed or not signed as it must be.
    """
    from governance.services.feed import follow_feed

    with _reported(as_json=as_json), _programme(home) as programme:
        state = follow_feed(programme)
        if state is None:
            message = "No key of a data plane is pinned: `governance trust-enclave KEY.json`."
            raise ConfigurationError(message)
        stopped = None if state.stop is None else state.stop.to_facts()
        facts: dict[str, Json] = {
            "batches": state.batches,
            "read": state.read,
            "at": None if state.at is None else state.at.isoformat(),
            "silent": state.silent_since is not None,
            "stopped": stopped,
        }
        lines = [f"{state.batches} batches, {state.read} of them new."]
        if state.silent_since is not None:
            lines.append(f"SILENT since {state.silent_since:%Y-%m-%d %H:%M} UTC.")
        if state.stop is not None:
            lines.append(f"STOPPED: {state.stop.reason} {state.stop.remedy}")
        say(facts, lines, as_json=as_json)
        if state.stop is not None:
            raise typer.Exit(ExitCode.FAULT)


@feed_app.command("verify")
def verify(
    policy: Annotated[Path, typer.Argument(help="Folder of the policy zone.", exists=True)],
    key: Annotated[
        Path,
        typer.Option(help="The data plane's public key (JWK), or the file it is pinned in."),
    ],
    as_json: AsJson = False,
) -> None:
    """Verify a whole feed, or a copy of one, from its first batch; no database is needed."""
    from governance.event_feed import START, load_keys, read_feed, view_of
    from governance.objects.local import LocalFolderStore

    with _reported(as_json=as_json):
        store = LocalFolderStore(policy, "policy")
        reading = read_feed(store, load_keys(key), START, at_most=1 << 31)
        view = view_of(reading.batches)
        stop = reading.stop
        facts: dict[str, Json] = {
            "verified": stop is None,
            "batches": len(reading.batches),
            "through": reading.position.through,
            "submissions": len(view.submissions),
            "destructions": len(view.destructions),
            "stopped": None if stop is None else stop.to_facts(),
        }
        text = (
            f"{len(reading.batches)} batches to entry {reading.position.through}: "
            f"{len(view.submissions)} submissions, {len(view.destructions)} destructions. "
            + ("The feed verifies." if stop is None else f"STOPPED: {stop.reason}")
        )
        say(facts, [text], as_json=as_json)
        if stop is not None:
            raise typer.Exit(ExitCode.FAULT)


def _tell(report: "RunReport", *, as_json: bool) -> None:
    lines = [f"The ledger verifies: {report.entries} entries."]
    lines += [f"Published {name}, version {version}." for name, version in report.published]
    lines += [f"Recorded {name}, version {version}." for name, version in report.recorded]
    for number, denials in sorted(report.waiting.items()):
        lines += [f"{number} waits: {denial.reason} {denial.remedy}" for denial in denials]
    lines += [f"{number} is refused: {why}" for number, why in sorted(report.refused.items())]
    for denials in report.not_believed.values():
        lines += [f"Not believed: {denial.reason} {denial.remedy}" for denial in denials]
    say(report.to_dict(), lines, as_json=as_json)


def _settings(programme: "Programme", signer_home: Path | None) -> "SignerSettings":
    """The signer's settings; its folder is named, else in the environment, else in the home."""
    from governance.signer import load_signer_settings

    if signer_home is not None:
        return load_signer_settings(signer_home)
    try:
        return load_signer_settings()
    except ConfigurationError:
        return load_signer_settings(programme.settings.home / "signer")


@contextmanager
def _programme(home: Path | None) -> "Iterator[Programme]":
    from governance.services import open_programme
    from governance.settings import load_settings

    programme = open_programme(load_settings(home))
    try:
        yield programme
    finally:
        programme.close()


@contextmanager
def _reported(*, as_json: bool) -> Iterator[None]:
    """The programme's errors as a message and their exit code."""
    try:
        yield
    except ProgrammeError as error:
        fail(_error(error, as_json=as_json), error.exit_code)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}", ExitCode.BAD_INPUT)


def _error(error: ProgrammeError, *, as_json: bool) -> str:
    facts = {"error": error.code, "message": error.message}
    return json.dumps(facts) if as_json else f"{error.message} ({error.code})"
