"""`governance grant root …`: the root of trust, made and rotated offline, by as many as must sign.

`governance grant root FOLDER` makes the first one. A rotation goes from holder to holder as a file:
`rotate` drafts the successor and signs it with the keys at hand, each further holder runs `sign`,
`status` says whose signatures are missing, and `publish` refuses until none is.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from governance.calendar import utc_now
from governance.canonical import Json, canonical_json
from governance.cli_session import AsJson, create_file, plainly_reported, say
from governance.errors import ExitCode
from governance.grants.publish import publish_root
from governance.grants.root import (
    Root,
    Signatures,
    cosign_root,
    count_signatures,
    create_root,
    draft_root,
    pin_root,
)
from governance.objects.local import LocalFolderStore
from governance.signing import Envelope, LocalSigner, PublicKey, SignatureRefusedError


class _FolderIsNew(TyperGroup):
    """`root FOLDER` is short for `root new FOLDER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer's own Context
        """Put `new` before what is no command."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["new", *args]
        return super().parse_args(ctx, args)


root_app = typer.Typer(
    help="The root of trust: made offline, rotated by its holders. `root FOLDER` makes one.",
    no_args_is_help=True,
    cls=_FolderIsNew,
)

Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="File whose first line protects the key files."),
]
Days = Annotated[int, typer.Option(help="Days until the root expires.", min=1)]
KeyFiles = Annotated[
    list[Path] | None,
    typer.Option("--key", help="A root key file of somebody who signs; repeatable.", exists=True),
]
PublicKeys = Annotated[
    list[Path] | None,
    typer.Option(help="Public key (JWK); repeatable.", exists=True),
]
Before = Annotated[
    Path | None,
    typer.Option("--previous", help="The root that is replaced.", exists=True),
]
RootArgument = Annotated[Path, typer.Argument(help="The root document.", exists=True)]


@root_app.command("new")
def new(
    out: Annotated[Path, typer.Argument(help="Folder to create the files in.")],
    days: Days = 365,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Make a root key, a signer key and the root document that names them.

    Writes root-key.pem (keep it offline), signer-key.pem (the signer's) and root.json (the data
    plane pins it). Nothing that exists is overwritten. For several holders: `key` for each, then
    `draft`.
    """
    with plainly_reported():
        out.mkdir(parents=True, exist_ok=True)
        root, signer = LocalSigner.generate(), LocalSigner.generate()
        envelope = create_root(
            version=1,
            expires_at=utc_now() + timedelta(days=days),
            root_signers=[root],
            signer_keys=[signer.public_key],
        )
        phrase = read_passphrase(passphrase_file)
        create_file(out / "root-key.pem", root.to_pem(phrase))
        create_file(out / "signer-key.pem", signer.to_pem(phrase))
        create_file(out / "root.json", envelope.to_json())
        text = (
            f"Wrote root.json, root-key.pem and signer-key.pem to {out}. Take root-key.pem offline."
        )
        say(
            {
                "root": str(out / "root.json"),
                "root_key_id": root.public_key.key_id,
                "signer_key_id": signer.public_key.key_id,
            },
            [text],
            as_json=as_json,
        )


@root_app.command("key")
def make_key(
    out: Annotated[Path, typer.Argument(help="Key file to create; OUT.pub.json is its JWK.")],
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Make one holder's key, on that holder's own machine; only the .pub.json leaves it."""
    with plainly_reported():
        signer = LocalSigner.generate()
        public = out.with_name(f"{out.name}.pub.json")
        create_file(out, signer.to_pem(read_passphrase(passphrase_file)))
        create_file(public, canonical_json(signer.public_key.to_dict()))
        facts: dict[str, Json] = {"key_id": signer.public_key.key_id, "public": str(public)}
        say(facts, [f"Wrote {out} and {public}. Keep {out.name} offline."], as_json=as_json)


@root_app.command("draft")
def draft(
    out: Annotated[Path, typer.Argument(help="Where to write the unsigned root.")],
    root_key: PublicKeys = None,
    signer_key: PublicKeys = None,
    threshold: Annotated[int, typer.Option(help="Root keys that must sign.", min=1)] = 1,
    signer_threshold: Annotated[int, typer.Option(help="Signers of a grant.", min=1)] = 1,
    days: Days = 365,
    as_json: AsJson = False,
) -> None:
    """Draft the first root for several holders; each of them then runs `sign`."""
    with plainly_reported():
        envelope = draft_root(
            version=1,
            expires_at=utc_now() + timedelta(days=days),
            root_keys=_public(root_key),
            signer_keys=_public(signer_key),
            root_threshold=threshold,
            signer_threshold=signer_threshold,
        )
        create_file(out, envelope.to_json())
        _report(as_json, out, envelope, None)


@root_app.command("rotate")
def rotate(
    previous: Annotated[Path, typer.Argument(help="The root that is replaced.", exists=True)],
    out: Annotated[Path, typer.Option(help="Where to write the successor.")],
    key: KeyFiles = None,
    root_key: PublicKeys = None,
    signer_key: PublicKeys = None,
    threshold: Annotated[
        int | None, typer.Option(help="Root keys that must sign; as before unless told.", min=1)
    ] = None,
    signer_threshold: Annotated[
        int | None, typer.Option(help="Signers of a grant; as before unless told.", min=1)
    ] = None,
    days: Days = 365,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Draft the successor of a root and sign it with the keys at hand.

    --root-key and --signer-key name all keys of the new root; a role that is not named keeps its
    keys. Whoever's key is left out has no say any more: a withdrawn signer's grants are refused as
    soon as the data plane reads the new root. It must be signed by enough holders of the old root
    and enough of the new one.
    """
    with plainly_reported():
        old = pin_root(read_envelope(previous))
        document = old.document
        envelope = draft_root(
            version=document.version + 1,
            expires_at=utc_now() + timedelta(days=days),
            root_keys=_public(root_key) or list(old.keys("root").values()),
            signer_keys=_public(signer_key) or list(old.keys("signer").values()),
            root_threshold=threshold or old.threshold("root"),
            signer_threshold=signer_threshold or old.threshold("signer"),
        )
        envelope = cosign_root(envelope, *_signers(key, passphrase_file))
        create_file(out, envelope.to_json())
        _report(as_json, out, envelope, old)


@root_app.command("sign")
def sign(
    file: RootArgument,
    key: KeyFiles = None,
    previous: Before = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Add a holder's signature to a root, in the file; read `status` before you sign."""
    with plainly_reported():
        envelope = cosign_root(read_envelope(file), *_signers(key, passphrase_file))
        _replace_file(file, envelope.to_json())
        _report(as_json, file, envelope, None if previous is None else read_root(previous))


@root_app.command("status")
def status(file: RootArgument, previous: Before = None, as_json: AsJson = False) -> None:
    """Say what a root names, when it expires, who signed it and whose signature is missing.

    Ends with 3 while it is not signed by enough.
    """
    with plainly_reported():
        envelope = read_envelope(file)
        before = None if previous is None else read_root(previous)
        _report(as_json, file, envelope, before)
        if not all(s.enough for s in count_signatures(envelope, before)):
            raise typer.Exit(ExitCode.REFUSED)


@root_app.command("publish")
def publish(
    file: RootArgument,
    root: Annotated[
        Path, typer.Option("--root", help="The root trusted so far, or this one.", exists=True)
    ],
    policy: Annotated[Path, typer.Option(help="Folder of the policy zone.")],
    as_json: AsJson = False,
) -> None:
    """Publish a root to the policy zone: the data plane follows it from the one it pinned."""
    with plainly_reported():
        store = LocalFolderStore(policy, "policy")
        published = publish_root(store, read_envelope(file), trusted=read_root(root), now=utc_now())
        version = published.document.version
        say({"root_version": version}, [f"Published root {version} to {policy}."], as_json=as_json)


def _report(as_json: bool, file: Path, envelope: Envelope, before: Root | None) -> None:
    counted = count_signatures(envelope, before)
    raw = json.loads(envelope.payload)
    facts: dict[str, Json] = {
        "root": str(file),
        "version": raw["version"],
        "expires_at": raw["expires_at"],
        "root_keys": raw["roles"]["root"]["key_ids"],
        "signer_keys": raw["roles"]["signer"]["key_ids"],
        "signatures": [
            {"by": s.by, "signed": s.signed, "needed": s.needed, "waiting": list(s.waiting)}
            for s in counted
        ],
        "complete": all(s.enough for s in counted),
    }
    lines = [
        f"Root {raw['version']} in {file}, expires at {raw['expires_at']}.",
        *(f"  signer key {key_id}" for key_id in raw["roles"]["signer"]["key_ids"]),
        *(_words(s) for s in counted),
    ]
    say(facts, lines, as_json=as_json)


def _words(signatures: Signatures) -> str:
    said = f"  {signatures.signed} of {signatures.needed} signatures of {signatures.by}"
    if signatures.enough:
        return said + "."
    waiting = ", ".join(key_id[:16] for key_id in signatures.waiting)
    return f"{said}; not yet: {waiting}. Their holders run `governance grant root sign`."


def _public(files: list[Path] | None) -> list[PublicKey]:
    return [PublicKey.from_dict(_jwk(file)) for file in files or []]


def _jwk(file: Path) -> dict[str, object]:
    try:
        raw = json.loads(file.read_bytes())
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise SignatureRefusedError(f"{file.name} is no public key (JWK).")
    return raw


def _signers(files: list[Path] | None, phrase: Path | None) -> list[LocalSigner]:
    secret = read_passphrase(phrase)
    return [LocalSigner.from_pem(file.read_bytes(), secret) for file in files or []]


def read_passphrase(file: Path | None) -> bytes | None:
    """The first line of a file; None without one."""
    return file.read_bytes().splitlines()[0] if file else None


def read_envelope(file: Path) -> Envelope:
    """A signed document."""
    return Envelope.from_json(file.read_bytes())


def read_root(file: Path) -> Root:
    """A root of trust, as it says of itself."""
    return pin_root(read_envelope(file))


def _replace_file(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    create_file(part, data)
    part.replace(path)
