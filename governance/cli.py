"""The control plane's command line: keys, roots, grants, and verifying a ledger.

Requests, the board and the portal get their commands with the board's own system.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
import yaml

from governance import (
    cli_board,
    cli_clocks,
    cli_demo,
    cli_motion,
    cli_office,
    cli_office_ledger,
    cli_report,
    cli_request,
    cli_review,
    cli_root,
    cli_serve,
    cli_signer,
)
from governance.audit import verify_checkpoint
from governance.calendar import utc_now
from governance.canonical import Json, canonical_json
from governance.cli_root import read_envelope, read_passphrase, read_root
from governance.cli_session import AsJson, create_file, fail, plainly_reported, say
from governance.decisions import Decision, denial_facts
from governance.errors import ExitCode
from governance.grants import (
    BundleRefusedError,
    VerifiedBundle,
    decide_access,
    legal_today,
    parse_bundle,
    parse_people,
    publish_bundle,
    publish_people,
    sign_bundle,
    sign_people,
    verify_bundle,
    verify_people,
)
from governance.grants.model import GRANT_TYPE, PEOPLE_TYPE
from governance.objects.local import LocalFolderStore
from governance.signing import LocalSigner, PublicKey
from governance.stored_ledger import verify_stored

app = typer.Typer(help="The control plane of the data enclave.", no_args_is_help=True)
grant_app = typer.Typer(help="Roots, grant bundles and the people mapping.", no_args_is_help=True)
ledger_app = typer.Typer(help="The ledger.", no_args_is_help=True)
app.add_typer(grant_app, name="grant")
app.add_typer(ledger_app, name="ledger")
cli_board.register(app)
cli_serve.register(app)
cli_clocks.register(app)
cli_signer.register(app)
grant_app.add_typer(cli_root.root_app, name="root")
cli_office.register(app, ledger_app)
for part in (cli_request, cli_review, cli_motion, cli_report, cli_demo):
    part.register(app)

RootFile = Annotated[Path, typer.Option("--root", help="The trusted root document.", exists=True)]
Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="File whose first line protects the key file."),
]
EnvelopeFile = Annotated[Path, typer.Argument(help="A signed document.", exists=True)]


@grant_app.command("sign")
def sign(
    file: Annotated[
        Path, typer.Argument(help="A grant or people mapping, YAML or JSON.", exists=True)
    ],
    key: Annotated[Path, typer.Option(help="The signer's key file.", exists=True)],
    out: Annotated[Path, typer.Option(help="Where to write the signed document.")],
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Sign a grant bundle or a people mapping (told apart by its `format`)."""
    with _reported():
        document = _read_document(file)
        signer = LocalSigner.from_pem(key.read_bytes(), read_passphrase(passphrase_file))
        if b'"format":"data-enclave/people/' in document:
            people = parse_people(document)
            envelope, what = sign_people(people, signer), f"people mapping {people.version}"
        else:
            bundle = parse_bundle(document)
            envelope = sign_bundle(bundle, signer)
            what = f"grant of {bundle.project}, version {bundle.version}"
        create_file(out, envelope.to_json())
        facts: dict[str, Json] = {
            "signed": what,
            "key_id": signer.public_key.key_id,
            "out": str(out),
        }
        say(facts, [f"Signed the {what}: {out}"], as_json=as_json)


@grant_app.command("publish")
def publish(
    file: EnvelopeFile,
    root: RootFile,
    policy: Annotated[Path, typer.Option(help="Folder of the policy zone.")],
    as_json: AsJson = False,
) -> None:
    """Verify a signed grant or people mapping and publish it to the policy zone."""
    with _reported():
        store = LocalFolderStore(policy, "policy")
        envelope, trusted = read_envelope(file), read_root(root)
        if envelope.payload_type == PEOPLE_TYPE:
            people = publish_people(store, envelope, root=trusted, now=utc_now())
            facts: dict[str, Json] = {"published": "people", "version": people.version}
        else:
            verified = publish_bundle(store, envelope, root=trusted, now=utc_now())
            facts = _facts(verified)
        say(facts, [f"Published version {facts['version']} to {policy}."], as_json=as_json)


@grant_app.command("verify")
def verify(
    file: EnvelopeFile,
    root: RootFile,
    person: Annotated[str | None, typer.Option(help="Judge this person's chain too.")] = None,
    on: Annotated[str | None, typer.Option(help="Legal date, YYYY-MM-DD; today.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a signed document and, with --person, say whether that person may query."""
    with _reported():
        envelope, trusted, now = read_envelope(file), read_root(root), utc_now()
        if envelope.payload_type != GRANT_TYPE:
            people = verify_people(envelope, trusted, now)
            accounts = len(people.accounts)
            say(
                {"verified": True, "version": people.version, "accounts": accounts},
                [f"Verified: people mapping {people.version}, {accounts} accounts."],
                as_json=as_json,
            )
            return
        verified = verify_bundle(envelope, trusted, now)
        facts = _facts(verified)
        bundle = verified.bundle
        text = (
            f"Verified: {bundle.project} version {bundle.version}, granted "
            f"{bundle.granted_from} to {bundle.granted_until}, fresh until {bundle.expires_at}."
        )
        if person is None:
            say(facts, [text], as_json=as_json)
            return
        today = date.fromisoformat(on) if on else legal_today(now)
        decision = decide_access(verified, person, today)
        lines = [text, _describe(decision, person, today)]
        say(facts | _decision(decision), lines, as_json=as_json)
        if not decision.permitted:
            raise typer.Exit(ExitCode.REFUSED)


@ledger_app.command("verify")
def verify_ledger(  # noqa: PLR0917  options are parameters
    path: Annotated[
        Path | None, typer.Argument(help="Folder with the ledger's objects.", exists=True)
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="Public key (JWK) that signs checkpoints; may be given several times."),
    ] = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(help="A signed checkpoint kept outside; needs --key."),
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="The ledger in the control plane's database.")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="The control plane's home, with --database.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a ledger, or a copy of one: names every altered, removed or back-dated entry.

    Without --key the signed checkpoints are not compared: a chain rewritten whole then passes. With
    --database the control plane's own chain, its checkpoints outside, its facts and its lists.
    """
    if database:
        cli_office_ledger.verify_database(home, anchor or [], as_json=as_json)
        return
    if path is None:
        fail("Name the ledger's folder, or give --database.", ExitCode.USAGE)
    with _reported():
        keys = [PublicKey.from_dict(json.loads(file.read_bytes())) for file in key or []]
        known = {k.key_id: k for k in keys}
        anchors = [verify_checkpoint(read_envelope(file), known) for file in anchor or []]
        report = verify_stored(LocalFolderStore(path, "ledger"), known, anchors=anchors)
        lines = [f"{p.kind.value} entry {p.seq}: {p.detail}" for p in report.problems]
        lines.append(
            f"{report.entries} entries, {report.payloads} with facts, {report.erased} erased; "
            f"{report.last_checkpoint} covered by a signed checkpoint. "
            + ("The ledger verifies." if report.verified else "The ledger DOES NOT verify.")
        )
        if report.withheld:
            lines.append(f"{report.withheld} entries' facts are confidential, not in this copy.")
        if not keys:
            lines.append("Checkpoints were not compared: no --key was given.")
        lines.append(report.cannot_find)
        say(report.to_dict(), lines, as_json=as_json)
        if not report.verified:
            raise typer.Exit(ExitCode.FAULT)


@contextmanager
def _reported() -> Iterator[None]:
    """The programme's errors, and files that are none, as a message and an exit code."""
    try:
        with plainly_reported():
            yield
    except ValueError:
        fail("A date or key file cannot be read.", ExitCode.BAD_INPUT)


def _read_document(file: Path) -> bytes:
    try:
        loaded = yaml.safe_load(file.read_bytes())
        return canonical_json(json.loads(json.dumps(loaded, default=_iso)))
    except (yaml.YAMLError, TypeError, ValueError):
        raise BundleRefusedError(
            "bundle.malformed", "The file is neither YAML nor JSON.", "Correct the file."
        ) from None


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


def _facts(verified: VerifiedBundle) -> dict[str, Json]:
    bundle = verified.bundle
    return {
        "verified": True,
        "project": bundle.project,
        "version": bundle.version,
        "digest": verified.digest,
        "granted_until": bundle.granted_until.isoformat(),
        "expires_at": bundle.expires_at.isoformat(),
    }


def _decision(decision: Decision) -> dict[str, Json]:
    return {
        "permitted": decision.permitted,
        "denials": [denial_facts(denial) for denial in decision.denials],
    }


def _describe(decision: Decision, person: str, today: date) -> str:
    if decision.permitted:
        return f"{person} may query on {today}."
    lines = [f"{person} may not query on {today}:"]
    lines += [f"- {d.reason} {d.remedy} [{d.clause}]" for d in decision.denials]
    return "\n".join(lines)
